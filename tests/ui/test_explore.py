"""The page Explore on the lake that was counted by hand: charts, table, clicks, links, and saved views."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from tests.lakes import begin_lake
from tests.ui.known import WEEK, known_messages, save
from workbench import Workbench, ui
from workbench.alerts import rule_files
from workbench.metrics import METRICS
from workbench.roles import Actor, acting_as, find_people_with
from workbench.settings import load_settings
from workbench.ui import store as stores
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.panels import view_alerts
from workbench.ui.panels.exploration import exploration_frame, explored
from workbench.ui.session import PageSession
from workbench.ui.store import Store
from workbench.views.view_files import delete_view, save_view

ANA, BEN = Actor("ana", "viewer"), Actor("ben", "viewer")


@pytest.fixture(scope="module")
def known_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    home = tmp_path_factory.mktemp("explore") / "home"
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with begin_lake(settings) as lake:
        save(lake, known_messages())
        yield Store(lake, settings=settings)


@pytest.fixture
def explore_page() -> ui.Page:
    return load_page(next(info for info in discover_pages() if info.name == "explore"))


def opened(page: ui.Page, store: Store, query: str = "") -> PageSession:
    session = page.open(f"{WEEK}&{query}", store)
    session.is_served = True
    session.refresh()
    return session


def traces(session: PageSession, number: int = 0) -> list[dict[str, Any]]:
    return list(session.components[1 + number].figure["data"])


def texts(session: PageSession) -> list[list[str]]:
    return [[cell["text"] for cell in row["cells"]] for row in session.components[-1].rows]


def test_a_count_over_time_by_a_dimension_is_stacked(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "by=outcome&top=2&direction=all")
    drawn = {trace["name"]: list(trace["y"]) for trace in traces(session)}
    assert drawn == {
        "delivered": [40, 0, 0, 0, 10, 0, 0],
        "undelivered": [0, 8, 0, 0, 0, 0, 0],
        "4 others": [0, 2, 3, 4, 0, 5, 0],
    }
    assert session.components[1].figure["layout"]["barmode"] == "stack"
    assert session.components[1].title == "Messages by outcome and day"


def test_rates_are_lines_with_their_sample_and_small_ones_are_not_drawn(
    explore_page: ui.Page, known_store: Store
) -> None:
    session = opened(explore_page, known_store, "metric=delivery_rate&chart=stacked")
    chart = session.components[1]
    [trace] = traces(session)
    assert list(trace["y"]) == [1.0, None, None, None, None, None, None]
    assert trace["text"][1] == "– (only 10)"
    assert chart.subtitle == (
        "of 63 final · 4 in flight · 4 points of fewer than 30 not drawn · "
        "not stacked: Delivery rate cannot be added"
    )
    assert (chart.definition["sample_size"], chart.definition["in_flight"]) == (63, 4)
    assert known_store.lake.frame(chart.definition["sql"])["sample_size"].sum() == 63


def test_opt_outs_of_one_text_are_not_known_and_not_zero(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "metric=opt_outs&by=template&grain=none&direction=all")
    assert sorted(row[1] for row in texts(session)) == ["2", "–"]
    assert session.components[1].subtitle == "not known: inbound messages have no text to group by"


def test_currencies_have_axes_of_their_own(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "metric=spend&by=country&grain=none&direction=all")
    drawn = [(trace["xaxis"], trace["x"][trace["y"].index("Germany")]) for trace in traces(session)]
    assert drawn == [("x", pytest.approx(0.0158)), ("x2", pytest.approx(0.5))]
    assert texts(session) == [["US", "$0.447"], ["DE", "€0.500"]]
    assert session.components[-1].rows[1]["cells"][1]["more"] == ["$0.0158"]


def test_the_table_says_what_stands_behind_each_number(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(
        explore_page, known_store, "metric=messages&metric=error_rate&by=country&grain=none&compare=none"
    )
    table = session.components[-1]
    assert [column["label"] for column in table.columns] == ["Country", "Messages", "Error rate"]
    assert texts(session) == [["US", "57", "18.9 %"], ["DE", "10", "–"]]
    assert [row["cells"][2]["note"] for row in table.rows] == ["of 53", "only 10"]
    assert table.rows[0]["link"].startswith("messages?")
    assert "country=US" in table.rows[0]["link"]
    assert "metric=" not in table.rows[0]["link"]
    failed = opened(explore_page, known_store, "metric=not_delivered&by=country&grain=none&compare=none")
    assert "counted=not_delivered" in failed.components[-1].rows[0]["link"]
    # A weekday is no filter, and the others are no value: no list has exactly these.
    for query in (
        "metric=messages&by=country&by=weekday&grain=none",
        "metric=messages&by=outcome&grain=none&top=1",
    ):
        rows = opened(explore_page, known_store, f"{query}&compare=none").components[-1].rows
        assert rows[-1]["link"] is None


def test_a_person_in_two_groups_is_one_of_the_sample(explore_page: ui.Page, known_store: Store) -> None:
    whole, parts = (
        opened(explore_page, known_store, f"metric=reply_rate&compare=none&{by}").components[1].definition
        for by in ("grain=none", "grain=day")
    )
    assert parts["sample_size"] == whole["sample_size"]


def test_money_that_nobody_knows_is_not_drawn_as_none(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "metric=spend&grain=day&compare=none&direction=all")
    traces = session.components[1].figure["data"]
    assert not any(" 0.00" in str(text) for trace in traces for text in trace["text"])
    assert not any(value == 0 for trace in traces for value in trace["y"])


def test_another_period_stands_beside_where_the_lake_has_it(
    explore_page: ui.Page, known_store: Store
) -> None:
    session = explore_page.open("since=2025-03-05&until=2025-03-10&by=country&grain=none", known_store)
    session.refresh()
    # 28 February to 4 March: 50 outbound, all American.
    assert texts(session) == [["DE", "10", "–"], ["US", "7", "50"]]
    short = opened(explore_page, known_store, "grain=none")
    assert short.components[-1].subtitle == "Nothing to compare with: history begins 25 Feb 2025."
    assert [column["label"] for column in short.components[-1].columns] == ["All messages", "Messages"]


def test_a_click_filters_and_a_brush_zooms(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "by=country")
    first = traces(session)[0]
    assert set(first["customdata"]) == {"country=US"}
    session.components[1]._handle_msg({"click": {"key": "country=US", "series": "US"}})
    assert session.head.query == "?since=2025-03-03&until=2025-03-10&country=US&by=country"
    session.components[1]._handle_msg({"range": ["2025-03-03 14:00", "2025-03-05 11:00:00.5"]})
    assert session.head.query.startswith("?since=2025-03-04&until=2025-03-06&")
    for nothing in (["yesterday", "today"], ["2030-01-01", "2030-02-01"], []):
        session.components[1]._handle_msg({"range": nothing})
        assert session.head.query.startswith("?since=2025-03-04&until=2025-03-06&")
    plain = opened(explore_page, known_store)
    plain.components[1]._handle_msg({"click": {"key": "day=2025-03-07"}})
    assert plain.head.query == "?since=2025-03-07&until=2025-03-08"


def test_what_is_not_possible_is_said_and_left_out(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(
        explore_page, known_store, "metric=x&by=day&by=country&by=sender&by=status&top=0&chart=pie"
    )
    assert session.head.notices == [
        "No metric named “x”; the list of metrics has all names.",
        "day is about time: give it as the grain, not among the dimensions.",
        "At most 2 of “by” fit; left out: status.",
        "Top “0” is not possible; it is a whole number from 1 to 50.",
        "Chart “pie” is not known; allowed are auto, line, bar, stacked, heat, table.",
    ]
    assert session.head.query == "?since=2025-03-03&until=2025-03-10&by=country&by=sender"
    shared = opened(explore_page, known_store, "metric=error_rate&share=yes")
    assert shared.components[-1].subtitle.startswith("Error rate (error_rate) cannot be added")


def test_clearing_the_filters_keeps_the_question(explore_page: ui.Page, known_store: Store) -> None:
    session = opened(explore_page, known_store, "metric=segments&by=sender&country=US")
    session.head._handle_msg({"reset": True})
    assert session.head.query == "?metric=segments&by=sender"


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_explored(explore_page: ui.Page, known_store: Store, name: str) -> None:
    session = opened(explore_page, known_store, f"metric={name}&by=country&top=1")
    assert {component.state for component in session.components} <= {"ok", "empty"}, [
        component.message for component in session.components
    ]


@pytest.mark.parametrize(
    "query", ["by=country&grain=none&top=1", "metric=spend&metric=delivery_rate&by=outcome&grain=week&top=2"]
)
def test_the_notebook_cell_gives_the_same_numbers(
    explore_page: ui.Page, known_store: Store, query: str
) -> None:
    session = opened(explore_page, known_store, f"{query}&compare=none")
    cell = session.components[0].cell.replace("wb.explore(", "frame = wb.explore(")
    names: dict[str, Any] = {}
    assert known_store.settings is not None
    cell = cell.replace("Workbench()", f"Workbench({str(known_store.settings.home)!r})")
    exec(cell, names)
    names["wb"].close()
    page_frame = exploration_frame(explored(session.data()))
    frame = names["frame"]
    for column in ("value", "sample_size", "in_flight", "is_small"):
        pd.testing.assert_series_equal(frame[column], page_frame[column])


def test_a_view_is_saved_opened_changed_and_deleted_in_the_page(
    explore_page: ui.Page, known_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_store", known_store)
    with acting_as(ANA):
        session = opened(explore_page, known_store, "metric=undelivered_rate&by=country&grain=week")
        builder = session.components[0]
        builder._handle_msg({"save_view": {"title": "By country", "folder": "Delivery", "shared": False}})
        assert builder.notice == "Saved as “By country”."
        [view] = builder.views
        assert builder.saved == view["query"], "it is opened"
        assert (view["folder"], view["owner"], view["shared"], view["may_change"]) == (
            "Delivery", "ana", False, True
        )  # fmt: skip
        again = explore_page.open(view["query"], known_store)
        assert (again.filters.metric, again.filters.by, again.filters.grain) == (
            ["undelivered_rate"], ["country"], "week"
        )  # fmt: skip
        assert again.filters.view == "by-country"
    with acting_as(BEN):
        assert opened(explore_page, known_store).components[0].views == []
    with acting_as(ANA):
        builder._handle_msg(
            {"edit_view": {"name": "by-country", "title": "Undelivered", "folder": "", "shared": True}}
        )
    with acting_as(BEN):
        theirs = opened(explore_page, known_store).components[0]
        assert [(each["title"], each["may_change"]) for each in theirs.views] == [("Undelivered", False)]
        theirs._handle_msg({"delete_view": "by-country"})
        assert "is ana's" in theirs.notice
    with acting_as(ANA):
        builder._handle_msg({"delete_view": "by-country"})
        assert (builder.views, builder.deleted) == ([], "by-country")
        assert builder.saved == "", "the same view saved again is opened again"
        builder._handle_msg({"restore_view": "by-country"})
        assert [each["title"] for each in builder.views] == ["Undelivered"]
        assert builder.deleted == ""


def test_views_are_those_of_who_opened_the_page_whatever_thread_draws_it(
    explore_page: ui.Page, known_store: Store
) -> None:
    assert known_store.settings is not None
    with acting_as(ANA):
        view = save_view(known_store.settings.home, {"metric": ["spend"]}, title="Of Ana alone")
    here = threading.current_thread()
    find_people_with(lambda: ANA if threading.current_thread() is here else None)
    try:
        session = explore_page.open(WEEK, known_store)
        drawing = threading.Thread(target=session.refresh)
        drawing.start()
        drawing.join()
    finally:
        find_people_with(None)
    assert view.name in [each["name"] for each in session.components[0].views]
    assert session.components[0].problems == []
    with acting_as(ANA):
        delete_view(known_store.settings.home, view.name)


def test_a_view_is_mailed_and_no_longer_from_the_page(
    explore_page: ui.Page, known_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_store", known_store)
    with acting_as(Actor("ben@example.com", "agent")):
        builder = opened(explore_page, known_store, "metric=segments").components[0]
        assert (builder.may_mail, builder.mails) == (False, [])  # there is no [smtp]
        builder._handle_msg({"save_view": {"title": "Segments", "folder": "", "shared": False}})
        mail = {"name": "segments", "every": "week", "to": "ben@example.com"}
        builder._handle_msg({"subscribe": {**mail, "to": "else@example.com"}})
        assert "Only an admin may have a view mailed to else@example.com" in builder.notice
        builder._handle_msg({"subscribe": mail})
        assert builder.notice == "Mailed each week to ben@example.com, from the next one on."
        assert builder.mails == [
            {"name": "segments-week", "view": "segments", "text": "each week to ben@example.com"}
        ]
        builder._handle_msg({"unsubscribe": "segments-week"})
        assert builder.mails == []
        builder._handle_msg({"delete_view": "segments"})


def test_a_view_is_watched_and_no_longer_from_the_page(
    explore_page: ui.Page, known_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_store", known_store)
    # A server of an earlier test may have set who keeps alerts.
    monkeypatch.setattr(view_alerts, "_alerts", None)
    builder = opened(explore_page, known_store, "metric=undelivered_rate&by=country&country=US").components[0]
    assert not builder.may_watch
    monkeypatch.setattr(view_alerts, "_alerts", rule_files)
    with acting_as(Actor("ann@example.com", "agent")):
        builder = opened(explore_page, known_store, "metric=undelivered_rate").components[0]
        assert (builder.may_watch, builder.alerts) == (False, [])
    builder = opened(explore_page, known_store, "metric=undelivered_rate&by=country&country=US").components[0]
    assert (builder.may_watch, builder.limit_unit) == (True, "%")
    builder._handle_msg({"save_view": {"title": "Undelivered", "folder": "", "shared": True}})
    watch = {"name": "undelivered", "side": "above", "limit": "2.5 %", "window": "7d"}
    builder._handle_msg({"watch": {**watch, "limit": "a lot"}})
    assert builder.notice == "The limit is 'a lot'; write a number, as 5 or 0.5."
    builder._handle_msg({"watch": watch})
    words = "Undelivered rate above 2.5 % in the last week, for each country"
    assert builder.notice == (
        f"Watched: {words}. It stands on Overview and Health; nobody is told until [alerts] has targets or "
        "mail_to."
    )
    assert builder.alerts == [{"name": "undelivered-above", "view": "undelivered", "text": words}]
    assert known_store.settings is not None
    text = (known_store.settings.home / "alert_rules" / "undelivered-above.toml").read_text()
    assert 'where = { country = ["US"], direction = ' in text
    assert "above = 0.025\n" in text
    builder._handle_msg({"unwatch": "undelivered-above"})
    assert (builder.alerts, builder.notice) == ([], "The view is not watched any more.")
    builder._handle_msg({"delete_view": "undelivered"})
    # Money is watched by a budget.
    assert opened(explore_page, known_store, "metric=spend").components[0].limit_unit == ""


def test_a_view_has_the_same_numbers_at_a_prompt(known_store: Store) -> None:
    assert known_store.settings is not None
    with Workbench(known_store.settings) as wb:
        view = wb.views.save(
            f"explore?{WEEK}&metric=messages&by=outcome&grain=none&top=1&compare=none", title="Outcomes"
        )
        frame = wb.views.show(view.name)
    assert frame[["outcome", "value"]].values.tolist() == [["delivered", 50.0], ["4 others", 17.0]]
    assert frame.attrs["title"] == "Outcomes"
    assert frame.attrs["period"] == "3 Mar – 9 Mar 2025 (UTC)"

"""An open page, without a browser: filters in, content out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.messages import payload
from tests.ui.known import GERMAN, HOSTILE, OURS, WEEK, at, save
from tests.ui.rows_known import row_messages
from workbench import ui
from workbench.errors import LakeError
from workbench.lake import Lake, number_lookups
from workbench.roles import Actor, acting_as
from workbench.ui.navigation import discover_pages
from workbench.ui.page import Page, load_page
from workbench.ui.panels.kinds import Panel
from workbench.ui.session import PageSession, run_here
from workbench.ui.store import Store


@pytest.fixture
def overview() -> Page:
    return load_page(discover_pages()[0])


@pytest.fixture
def session(overview: Page, store: Store) -> PageSession:
    opened = overview.open(f"?{WEEK}", store)
    opened.refresh()
    return opened


def values(session: PageSession) -> dict[str, str]:
    cards = [
        card for component in session.components if hasattr(component, "cards") for card in component.cards
    ]
    return {card["name"]: card["lines"][0]["value"] for card in cards}


def component(session: PageSession, title: str) -> Any:
    return next(component for component in session.components if component.title == title)


def test_every_part_of_the_overview_draws(session: PageSession) -> None:
    alerts, *parts = session.components
    assert (alerts.title, alerts.state, alerts.visible) == ("Open alerts", "empty", False)
    assert [component.state for component in parts] == ["ok"] * len(parts)
    assert values(session)["messages"] == "72"
    assert session.head.period == {
        "label": "Chosen days",
        "text": "3 Mar – 9 Mar 2025 (UTC), against 24 Feb – 2 Mar 2025",
        "since": "2025-03-03",
        "until": "2025-03-10",
    }
    assert session.head.freshness["open"] == "4"
    assert session.head.freshness["priced"] == "98.2 %"
    assert session.layout.css_classes == []
    assert not session.empty.visible


def test_a_filter_from_the_drawer_moves_everything(session: PageSession) -> None:
    session.filter_menu._handle_msg({"filter": {**session.filter_menu.values, "country": ["DE"]}})
    assert values(session)["messages"] == "12"
    assert session.head.query == f"?{WEEK}&country=DE"
    assert session.head.chips[1] == {"name": "country", "label": "Country", "token": "DE", "kind": "country"}
    session.head._handle_msg({"remove": ["country", "DE"]})
    assert values(session)["messages"] == "72"


def test_the_drawer_counts_under_the_period_and_the_other_filters(session: PageSession) -> None:
    """Of the week, 62 are ours and 10 of the other sender, all of them to Germany."""
    session.apply(f"?{WEEK}&country=DE&direction=all")
    fields = {field["name"]: field for field in session.filter_menu.fields}
    counts = {name: {o["token"]: o["messages"] for o in fields[name]["options"]} for name in fields}
    assert counts["sender"] == {HOSTILE: 10, OURS: 2}
    assert counts["country"] == {"US": 60, "DE": 12}


def test_a_click_on_a_row_filters_and_a_second_one_lets_go(session: PageSession) -> None:
    senders = component(session, "Senders")
    senders._handle_msg({"click": {"key": HOSTILE}})
    assert session.filters.sender == [HOSTILE]
    assert values(session)["messages"] == "10"
    senders._handle_msg({"click": {"key": HOSTILE}})
    assert values(session)["messages"] == "72"


def test_a_click_on_a_day_looks_closer(session: PageSession) -> None:
    component(session, "Messages")._handle_msg({"click": {"key": "2025-03-04", "series": "Failed"}})
    assert session.head.query == "?since=2025-03-04&until=2025-03-05"
    assert values(session)["messages"] == "10"
    # A day is as close as it gets.
    component(session, "Messages")._handle_msg({"click": {"key": "12", "series": "Failed"}})
    assert session.head.query == "?since=2025-03-04&until=2025-03-05"


def test_what_a_link_asks_in_vain_is_said(session: PageSession) -> None:
    session.head._handle_msg({"address": f"?{WEEK}&country=ZZ&sender=<script>"})
    assert session.head.notices == [
        "Country “ZZ” is not known; allowed are US, DE.",
        f"Sender “<script>” is not known; allowed are +12025550110, {HOSTILE}.",
    ]
    assert values(session)["messages"] == "72"
    session.head._handle_msg({"dismiss": True})
    assert session.head.notices == []


def test_reset_is_the_plain_page(session: PageSession) -> None:
    session.head._handle_msg({"reset": True})
    assert session.head.query == ""
    assert session.head.chips == []


def test_days_without_messages_say_so(session: PageSession) -> None:
    session.apply("?since=2025-06-01&until=2025-06-08")
    chart = component(session, "Messages")
    assert (chart.state, chart.message) == (
        "empty",
        "No messages in this period with these filters. The newest message is of 8 Mar 2025.",
    )


def test_news_are_drawn_and_nothing_else(session: PageSession, known_lake: Lake) -> None:
    before = component(session, "Messages").figure
    session.refresh_if_new()
    assert component(session, "Messages").figure is before
    save(known_lake, [payload(901, **at(3, 9))])
    session.refresh_if_new()
    assert values(session)["messages"] == "73"


def numbers(session: PageSession) -> tuple[int, set[int]]:
    """The filter change that the heading names, and those that the parts show."""
    return session.head.asked, {component.answered for component in session.components}


def test_parts_say_which_filters_they_show(session: PageSession, known_lake: Lake) -> None:
    first, _ = numbers(session)
    assert numbers(session) == (first, {first})
    session.filter_menu._handle_msg({"asked": first + 1, "filter": {"country": ["DE"]}})
    assert numbers(session) == (first + 1, {first + 1})
    # News of the lake are numbers of the same filters: what stands there stays readable.
    save(known_lake, [payload(902, **at(3, 9))])
    session.refresh_if_new()
    assert numbers(session) == (first + 1, {first + 1})
    # The same again, and a value that is not possible, are answered too.
    for query in ({"country": ["DE"]}, {"country": ["ZZ"]}):
        asked = session.head.asked + 1
        session.filter_menu._handle_msg({"asked": asked, "filter": query})
        assert numbers(session) == (asked, {asked})
    # So are clicks that lead nowhere: a bar that is not there any more, an hour where no server answers.
    for key, period in (("1999-01-01", {}), ("12", {"since": ["2025-03-04"], "until": ["2025-03-05"]})):
        if period:
            session.apply({**period, "period": ["custom"]})
        asked = session.head.asked + 1
        component(session, "Messages")._handle_msg({"asked": asked, "click": {"key": key}})
        assert numbers(session) == (asked, {asked})
    # And what nobody can read: a key that is too long, a handler that breaks.
    chart = component(session, "Messages")
    asked = session.head.asked + 1
    chart._handle_msg({"asked": asked, "click": {"key": "9" * 300}})
    assert numbers(session) == (asked, {asked})

    def breaks(_: object) -> None:
        raise TypeError("broken")

    chart.on("click", breaks)
    with pytest.raises(TypeError, match="broken"):
        chart._handle_msg({"asked": asked + 1, "click": {"key": "9"}})
    [answered] = numbers(session)[1]
    assert answered == session.head.asked > asked
    # A heading that changes by itself is another one, too.
    session.filters.period = "7d"
    assert session.head.asked > asked
    assert numbers(session) == (session.head.asked, {session.head.asked})


def test_a_change_that_fails_is_said_on_every_part(session: PageSession, known_lake: Lake) -> None:
    asked = session.head.asked + 1
    known_lake.close()
    session.filter_menu._handle_msg({"asked": asked, "filter": {"country": ["DE"]}})
    assert {component.state for component in session.components} == {"error"}
    assert {component.answered for component in session.components} == {asked}


def test_a_question_that_was_overtaken_changes_nothing(session: PageSession) -> None:
    late: list[Any] = []
    session._run = late.append
    for number, country in ((5, "DE"), (6, "US")):
        session.filter_menu._handle_msg(
            {"asked": number, "filter": {**session.filter_menu.values, "country": [country]}}
        )
    session._run = run_here
    for steps in reversed(late):
        run_here(steps)
    assert session.head.query == f"?{WEEK}&country=US"
    assert numbers(session) == (6, {6})


def test_an_empty_lake_says_how_to_fill_it_and_fills(overview: Page, lake: Lake) -> None:
    session = overview.open(f"?{WEEK}", Store(lake))
    session.refresh()
    assert session.empty.visible
    assert session.layout.css_classes == ["not-shown"]
    assert [command for command, _ in session.empty.commands] == ["workbench sync", "workbench demo"]
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_runs values ('r1', 'AC1', now(), now(), 'done', 0, 0, 0, 1, null)"
        )
    )
    session.refresh_if_new()
    assert "found no messages" in session.empty.message
    assert "init" not in str(session.empty.commands)
    save(lake, [payload(1, **at(3, 3))])
    session.refresh_if_new()
    assert session.layout.css_classes == []
    assert values(session)["messages"] == "1"


def broken(data: ui.PageData) -> dict[str, Any]:
    raise ZeroDivisionError("a secret detail")


def refused(data: ui.PageData) -> dict[str, Any]:
    raise LakeError("The lake at X cannot be read: do Y.")


def test_a_part_that_fails_harms_no_other(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    panels: list[Panel] = [ui.Table("Broken", broken), ui.Table("Refused", refused), ui.Cards(["messages"])]
    session = Page("x", "X: test.", panels).open(f"?{WEEK}", store)
    session.refresh()
    assert [(component.state, component.message) for component in session.components] == [
        ("error", "This part could not be drawn. The reason is in the log of `workbench serve`."),
        ("error", "The lake at X cannot be read: do Y."),
        ("ok", ""),
    ]
    assert "a secret detail" in caplog.text


def test_a_lake_that_cannot_be_read_is_said_on_every_part(session: PageSession, known_lake: Lake) -> None:
    known_lake.close()
    session.refresh()
    assert {component.state for component in session.components} == {"error"}


def test_a_notebook_shows_the_page_without_its_shell(overview: Page, store: Store) -> None:
    ui.use_lake(store.lake)
    shown = overview.show(since="2025-03-03", until="2025-03-10", country="DE")
    head, _, layout = shown.objects
    assert head.query == f"?{WEEK}&country=DE"
    assert not head.owns_address
    alerts, cards = layout.objects[:2]
    assert not alerts.visible
    assert cards.cards[0]["lines"][0]["value"] == "12"


def test_no_full_number_reaches_the_browser(session: PageSession) -> None:
    from tests.ui.known import AMERICAN, GERMAN

    session.apply(f"?{WEEK}&sender=%2B1202***0110")
    everything = [session.head, session.filter_menu, *session.components]
    sent = "".join(
        str({name: getattr(component, name) for name in component.param}) for component in everything
    )
    assert "+12025550110" in sent
    for number in (AMERICAN, GERMAN):
        assert number not in sent


def test_a_whole_number_is_looked_up_once_and_within_limits(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_lookups, "LIMITS", ((5, timedelta(minutes=10)), (100, timedelta(days=1))))
    save(lake, row_messages())
    page = load_page(next(info for info in discover_pages() if info.name == "messages"))

    def trail() -> int:
        return int(lake.value("select count(*) from audit_events where action = 'number-lookup'"))

    with acting_as(Actor("vera", "viewer")):
        opened = page.open("?since=2025-03-01&until=2025-04-01", Store(lake))
        opened.refresh()
        rows = opened.components[0]

        def search(text: str) -> int:
            rows._handle_msg({"row_list": {"q": [text]}})
            return int(rows.total) if rows.state == "ok" else 0

        assert (search("6789"), search("56789"), trail()) == (1, 0, 0)
        assert (search(GERMAN), trail()) == (1, 1)
        opened.refresh()
        rows._handle_msg({"row_list": {"sort": ["contact"]}})
        assert (int(rows.total), trail()) == (1, 1)
        assert GERMAN not in str(rows.definition)
        for last in range(4):
            search(f"+491512345{last:04}")
        assert (opened.head.notices, trail()) == ([], 5)
        assert search(GERMAN) == 0
        assert "vera has looked up 5 whole numbers in 10 minutes" in opened.head.notices[0]
        assert (search("6789"), opened.head.notices, trail()) == (1, [], 5)

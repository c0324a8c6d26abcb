"""Answers are kept while the lake stands still, and never longer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from tests.messages import payload
from tests.ui.known import HOSTILE, at, save
from workbench.errors import LakeError
from workbench.lake import Lake
from workbench.metrics import compile_metric
from workbench.metrics.slices import Slice
from workbench.settings import Settings
from workbench.ui import store as store_module
from workbench.ui.filters import Option
from workbench.ui.store import Store, current_store, forget_lake, use_settings

MARCH = {"since": date(2025, 3, 1), "until": date(2025, 4, 1)}


def total(store: Store, **arguments: object) -> int:
    return int(store.metric("messages", **{**MARCH, **arguments}).frame["messages"].iloc[0])  # type: ignore[arg-type]


def test_the_same_question_is_asked_once(store: Store) -> None:
    assert store.metric("messages", **MARCH) is store.metric("messages", **MARCH)  # type: ignore[arg-type]
    assert total(store, where={"country": ["DE"]}) == 12
    assert total(store, where={"country": ["US"]}) == 60
    assert total(store, timezone="Asia/Tokyo") == 72


def test_a_commit_makes_every_answer_new(store: Store, known_lake: Lake) -> None:
    assert total(store) == 72
    assert store.freshness().messages == 122
    assert [option.token for option in store.options(("country",))["country"]] == ["US", "DE"]
    save(known_lake, [payload(900, **at(3, 9), to="+447400123456")])
    assert total(store) == 73
    assert store.freshness().messages == 123
    assert [option.token for option in store.options(("country",))["country"]] == ["US", "DE", "GB"]


def test_an_answer_ages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.metric("in_flight")
    monkeypatch.setattr(store_module, "_KEPT_SECONDS", 0)
    assert store.metric("in_flight") is not first


def test_only_so_many_answers_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "_KEPT_ANSWERS", 3)
    for day in range(1, 8):
        store.metric("messages", since=date(2025, 3, day))
    assert len(store._answers) == 3


def test_options_are_what_the_lake_holds(store: Store) -> None:
    options = store.options(("sender", "error_code", "messaging_service"))
    assert options["sender"] == (
        Option("+12025550110", "+12025550110", 112, "+12025550110", "+1202***0110"),
        Option(HOSTILE, HOSTILE, 10, HOSTILE, HOSTILE),
    )
    assert options["error_code"] == (
        Option(None, "none", 102),
        Option("30005", "30005", 10),
        Option("30003", "30003", 6),
        Option("21610", "21610", 2),
        Option("30007", "30007", 2),
    )
    assert options["messaging_service"] == (Option(None, "none", 122),)


def test_many_threads_may_ask_at_once(store: Store) -> None:
    days = [date(2025, 3, day) for day in range(1, 10)] * 5
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda day: total(store, since=day), days))
    # 40 on the third, 10, 3, 4, 10 and 5 on the days after.
    assert numbers == [72, 72, 72, 32, 22, 19, 15, 5, 0] * 5


def test_one_store_serves_the_process(settings: Settings) -> None:
    try:
        opened = use_settings(settings)
        assert current_store() is opened
        assert opened.timezone == "UTC"
    finally:
        forget_lake()


def test_questions_about_single_messages_read_the_lake_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a comparison, whose end moves on by minutes."""
    asked = {"since": date(2025, 3, 3), "until": datetime(2025, 3, 3, 20, 0, tzinfo=UTC)}
    store.metric("messages", by=("sender", "hour"), **asked)  # type: ignore[arg-type]
    first = store.metric("messages", by=("hour",), **asked)  # type: ignore[arg-type]
    assert first.frame["messages"].sum() == 40
    monkeypatch.setattr(Slice, "_fill", _never)
    later = {**asked, "until": datetime(2025, 3, 3, 8, 5, tzinfo=UTC)}
    counted = compile_metric("messages", **later)  # type: ignore[arg-type]
    result = store.metric("messages", by=("hour",), **later)  # type: ignore[arg-type]
    assert result.frame["messages"].sum() == store.lake.value(counted.sql, counted.parameters)
    assert store.metric("queue_wait_p50", where={"country": "DE"}, **asked).frame is not None  # type: ignore[arg-type]


def test_a_store_gives_back_what_its_engine_keeps(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store._renewal, "every", 1)
    before = store.lake.generation
    for number in range(3):
        save(store.lake, [payload(950 + number, **at(3, 9))])
        store.snapshot_id()
        assert total(store) == 73 + number
        assert int(store.metric("messages", by=("hour",), **MARCH).frame["messages"].sum()) == 73 + number  # type: ignore[arg-type]
    assert store.lake.generation > before


def test_a_renewal_that_fails_costs_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store._renewal, "every", 0)
    monkeypatch.setattr(store.lake, "_attach", _cannot)
    assert store.snapshot_id() == store.lake.snapshot_id()
    assert total(store) == 72


def test_all_rows_of_an_audit_are_not_kept(store: Store) -> None:
    rows = store.audit_rows("without-consent")
    assert len(rows) > 8
    assert all(rows is not kept for _, kept in store._answers.values())
    assert len(store.audit_rows("without-consent", limit=8)) == 8


def _cannot(_: bool) -> None:
    raise LakeError("not now")


def _never(*_: object) -> None:
    raise AssertionError("the lake was read again")

"""A slice says what the lake says, of its period; and no more is kept than may be."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from tests.messages import payload
from tests.ui.known import save
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.metrics import DIMENSIONS, METRICS, compile_metric, slices
from workbench.metrics.audits import AUDITS
from workbench.metrics.compile import find_metric
from workbench.metrics.queues import query_busiest, query_queues
from workbench.metrics.run import query_audit, query_metric
from workbench.metrics.slices import Slice, Slices
from workbench.metrics.texts import query_texts

#: Across the change to summer time in Berlin, to the middle of a day.
SINCE, UNTIL = datetime(2025, 3, 27, 23, tzinfo=UTC), datetime(2025, 4, 2, 12, 35, tzinfo=UTC)
PERIOD = (SINCE, UNTIL)
BERLIN = "Europe/Berlin"
FILTERS: list[dict[str, Any]] = [{}, {"direction": ["outbound-api"], "country": ["US", None]}]


@pytest.fixture(scope="module")
def period(traffic_lake: Lake) -> Iterator[Slice]:
    """In two portions, as if there were many messages."""
    found = Slice(traffic_lake, *PERIOD, timezone=BERLIN, messages=1_900_000)
    for source in ("message_facts", "sending_facts", "delivery_facts", "revocations"):
        found.value(f"select count(*) from {source}")
    yield found
    found.close()


class NoLake:
    """In the place of the lake once a slice holds what it needs."""

    def __init__(self, lake: Lake) -> None:
        self.memory = lake.memory

    def cursor(self) -> None:
        raise AssertionError("the lake was asked")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_is_what_the_lake_says(traffic_lake: Lake, period: Slice, name: str) -> None:
    everything, some = FILTERS
    for by, where, zone in (
        ((), everything, BERLIN),
        (("weekday", "hour"), some, BERLIN),
        (("day", "sender"), everything, "Asia/Kolkata"),
    ):
        asked = (name, by, where, SINCE, UNTIL)
        found, expected = (query_metric(one, *asked, timezone=zone) for one in (period, traffic_lake))
        pd.testing.assert_frame_equal(found.frame, expected.frame)
        assert found.sql == expected.sql


def test_what_is_held_is_not_read_again(traffic_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    period = Slice(traffic_lake, *PERIOD)
    before = query_metric(period, "peak_speed", (), {}, SINCE, UNTIL, timezone=BERLIN).frame
    assert period.rows_held == 0  # One question is not worth a slice.
    again = query_metric(period, "peak_speed", (), {}, SINCE, UNTIL, timezone=BERLIN).frame
    pd.testing.assert_frame_equal(before, again)
    query_metric(period, "queue_wait_p95", (), {}, SINCE, UNTIL, timezone=BERLIN)
    query_metric(period, "queue_wait_p95", (), {}, SINCE, UNTIL, timezone=BERLIN)
    monkeypatch.setattr(period, "_lake", NoLake(traffic_lake))
    after = query_metric(period, "queue_wait_p95", ("sender",), {"country": "US"}, SINCE, UNTIL)
    assert len(before) == 1
    assert len(after.frame) > 1
    # One row for each message of the period, though two views of it were asked.
    counted = compile_metric("messages", (), {}, SINCE, UNTIL, timezone=BERLIN)
    assert period.rows_held == traffic_lake.value(counted.sql, counted.parameters)


def test_texts_are_asked_of_the_lake(
    traffic_lake: Lake, period: Slice, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "body" in DIMENSIONS["boundary"].expression
    found, expected = (query_texts(one, {}, SINCE, UNTIL) for one in (period, traffic_lake))
    assert found.costs == expected.costs
    monkeypatch.setattr(period, "_lake", NoLake(traffic_lake))
    with pytest.raises(AssertionError, match="the lake was asked"):
        query_metric(period, "messages", ("boundary",), {}, SINCE, UNTIL)


@pytest.mark.parametrize("name", AUDITS)
def test_an_audit_shows_the_same_rows(traffic_lake: Lake, period: Slice, name: str) -> None:
    rows = [query_audit(one, name, {}, SINCE, UNTIL, limit=20) for one in (period, traffic_lake)]
    pd.testing.assert_frame_equal(rows[0], rows[1])
    assert find_metric(AUDITS[name].metric).source in period._held


def test_queues_and_busy_minutes_are_the_same(traffic_lake: Lake, period: Slice) -> None:
    for where in FILTERS:
        queues = [query_queues(one, where, SINCE, UNTIL, timezone=BERLIN) for one in (period, traffic_lake)]
        assert queues[0] == queues[1]
        busiest = [query_busiest(one, where, SINCE, UNTIL, timezone=BERLIN) for one in (period, traffic_lake)]
        assert list(busiest[0].minutes) == list(busiest[1].minutes)
        assert list(busiest[0].seconds) == list(busiest[1].seconds)


def test_a_commit_makes_a_new_slice(known_lake: Lake) -> None:
    kept, day = Slices(known_lake), datetime(2025, 3, 3, tzinfo=UTC)

    def messages() -> int:
        found = kept.of(known_lake.snapshot_id(), (day, day + timedelta(days=1), "UTC"))
        return _count(found)

    before = messages()
    save(known_lake, [payload(901, date_created=day, date_sent=day, date_updated=day)])
    assert messages() == before + 1
    assert _schemas(known_lake) == 1
    # A page that began before the commit ends with what the others see, and takes nothing away from them.
    earlier = kept.of(known_lake.snapshot_id() - 1, (day, day + timedelta(days=1), "UTC"))
    assert _count(earlier) == before + 1
    assert _schemas(known_lake) == 1


def test_a_slice_that_was_never_asked_goes_as_well(known_lake: Lake) -> None:
    kept, snapshot = Slices(known_lake), known_lake.snapshot_id()
    kept.of(snapshot, (None, None, "UTC"))
    after = kept.of(snapshot + 1, (None, None, "UTC"))
    assert _count(after) == 122


def test_slices_go_when_they_hold_too_much(known_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, snapshot, day = Slices(known_lake), known_lake.snapshot_id(), datetime(2025, 3, 3, tzinfo=UTC)
    monkeypatch.setattr(slices, "MOST_ROWS", 60)
    first = kept.of(snapshot, (day, day + timedelta(days=1), "UTC"))
    assert _count(first) == 40
    assert kept.of(snapshot, (day, day + timedelta(days=1), "UTC")) is first
    second = kept.of(snapshot, (None, None, "UTC"))
    assert _count(second) == 122
    # The first goes because it was asked of longest ago, and then the second because it is too much alone.
    kept.of(snapshot, (day, None, "UTC"))
    assert _schemas(known_lake) == 0


def test_slices_age_and_end_with_the_engine(known_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, snapshot = Slices(known_lake), known_lake.snapshot_id()
    first = kept.of(snapshot, (None, None, "UTC"))
    assert _count(first) == 122
    known_lake.renew()
    second = kept.of(snapshot, (None, None, "UTC"))
    assert second is not first
    assert _count(second) == 122
    monkeypatch.setattr(slices, "_AGES_AFTER_SECONDS", -1)
    assert kept.of(snapshot, (None, None, "UTC")) is not second


def test_half_a_period_answers_nothing(known_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a portion fails: the next question tries again, and nothing is left behind."""
    day = datetime(2025, 3, 3, tzinfo=UTC)
    period = Slice(known_lake, day, day + timedelta(days=2), messages=2_500_000)
    portions = [(day, day + timedelta(days=1)), ("no moment", None)]
    monkeypatch.setattr(period, "_portions", portions)
    sql = "select count(*) from message_facts"
    period.value(sql)
    for _ in range(2):
        with pytest.raises(UsageError, match="no moment"):
            period.value(sql)
    monkeypatch.setattr(period, "_portions", portions[:1])
    assert period.value(sql) == 40
    period.close()
    assert _schemas(known_lake) == 0


def test_a_slice_that_is_asked_stays_however_large(known_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "MOST_ROWS", 100)
    kept, snapshot = Slices(known_lake), known_lake.snapshot_id()
    whole = kept.of(snapshot, (None, None, "UTC"))
    assert _count(whole) == 122
    assert kept.of(snapshot, (None, None, "UTC")) is whole


def test_audits_of_many_messages_are_asked_of_the_lake(known_lake: Lake) -> None:
    many = Slice(known_lake, messages=5_000_000)
    assert many.value("select count(*) from audit_without_consent") > 0
    assert many.rows_held == 0
    assert _count(many) == 122


def _count(one: Slice) -> int:
    """What a slice holds; the first question is for the lake, and would have to say its period."""
    sql = "select count(*) from message_facts"
    one.value(sql)
    return int(one.value(sql))


def _schemas(lake: Lake) -> int:
    sql = "select count(*) from duckdb_schemas() where database_name = 'slices' and schema_name <> 'main'"
    return int(lake.value(f"{sql} and not internal"))

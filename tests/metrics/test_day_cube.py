"""A day cube says what the messages say: every metric by every dimension, before and after commits."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pandas as pd
import pytest

from tests.messages import payload, twilio_date
from tests.ui.known import save
from workbench.lake import Lake
from workbench.metrics import DIMENSIONS, METRICS, DayCube, compile_metric, freshness, freshness_of
from workbench.metrics.compile import Moment
from workbench.metrics.cube_sql import on_cube

BERLIN = "Europe/Berlin"
#: What a page may ask for: everything, whole days across a DST change, and a day that is cut short.
PERIODS: list[tuple[Moment, Moment]] = [
    (None, None),
    (date(2025, 3, 28), date(2025, 4, 2)),
    (date(2025, 3, 28), datetime(2025, 3, 30, 12, 35, tzinfo=UTC)),
]
FILTERS: list[dict[str, Any]] = [
    {},
    {"direction": ["outbound-api", "outbound-reply"], "country": ["US", None]},
    {"outcome": ["failed", "undelivered"], "weekday": [1, 7]},
]


def same(left: Any, right: Any) -> bool:
    if pd.isna(left) or pd.isna(right):
        return bool(pd.isna(left) and pd.isna(right))
    return math.isclose(left, right, rel_tol=1e-9) if isinstance(left, float) else bool(left == right)


class Messages:
    """The messages themselves, copied into memory, where many questions are quick."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def read(self) -> None:
        with self._lake.cursor() as cursor:
            cursor.execute("create schema if not exists memory.plain")
            cursor.execute("create or replace table memory.plain.message_facts as from message_facts")

    def metric(self, name: str, by: tuple[str, ...], zone: str, **asked: Any) -> pd.DataFrame:
        compiled = compile_metric(name, by, **asked, timezone=zone)
        with self._lake.memory() as cursor:
            cursor.execute("use memory.plain")
            return cursor.execute(compiled.sql, compiled.parameters).df()


@pytest.fixture
def plain(traffic_lake: Lake) -> Messages:
    messages = Messages(traffic_lake)
    messages.read()
    return messages


def assert_same(cube: DayCube, plain: Messages, name: str, by: tuple[str, ...], **asked: Any) -> bool:
    """Whether the cube answers at all; if it does, it must answer what the messages say."""
    found = cube.metric(name, by, asked["where"], asked["since"], asked["until"])
    if found is None:
        return False
    expected = plain.metric(name, by, cube.timezone, **asked)
    assert list(found.frame.columns) == list(expected.columns)
    pairs = zip(found.frame.itertuples(index=False), expected.itertuples(index=False), strict=True)
    for one, other in pairs:
        assert all(map(same, one, other)), (name, by, asked, one, other)
    return True


@pytest.mark.parametrize("zone", ["UTC", BERLIN, "Asia/Kolkata"])
def test_every_metric_by_every_dimension(traffic_lake: Lake, plain: Messages, zone: str) -> None:
    cube = DayCube(traffic_lake, zone)
    cube.follow(traffic_lake.snapshot_id())
    answered = set()
    # Each pair once, the periods in turn, so that every metric and every dimension meets all of them.
    for number, (name, dimension) in enumerate(product(METRICS, (None, *DIMENSIONS))):
        since, until = PERIODS[(number + number // len(DIMENSIONS)) % len(PERIODS)]
        by = (dimension,) if dimension else ()
        if assert_same(cube, plain, name, by, where={}, since=since, until=until):
            answered.add((name, dimension))
    # An hour is not in a cube; everything that pages ask for all the time is.
    assert ("messages", "hour") not in answered
    for name in ("messages", "delivery_rate", "spend", "cost_per_delivered", "in_flight", "opt_outs"):
        assert {(name, None), (name, "day"), (name, "sender"), (name, "outcome")} <= answered
    cube.close()


@pytest.mark.parametrize("where", FILTERS)
def test_filters_hold_on_a_cube(traffic_lake: Lake, plain: Messages, where: dict[str, Any]) -> None:
    cube = DayCube(traffic_lake, BERLIN)
    cube.follow(traffic_lake.snapshot_id())
    for name in ("messages", "delivery_rate", "spend", "segments_per_message", "opt_outs"):
        for since, until in PERIODS:
            asked = {"where": where, "since": since, "until": until}
            assert assert_same(cube, plain, name, ("week", "country"), **asked)
    assert cube.metric("messages", (), {"hour": 7}, None, None) is None
    cube.close()


def test_a_cube_follows_every_commit(traffic_lake: Lake, plain: Messages) -> None:
    cube = DayCube(traffic_lake, BERLIN)
    moment = datetime(2025, 3, 29, 22, 59, 30, tzinfo=UTC)
    message = payload(1, status="queued", price=None)
    message |= dict.fromkeys(("date_created", "date_sent", "date_updated"), twilio_date(moment))

    def check() -> None:
        cube.follow(traffic_lake.snapshot_id())
        plain.read()
        for name in ("messages", "in_flight", "delivery_rate", "spend", "segments"):
            for since, until in PERIODS:
                asked: dict[str, Any] = {"where": {}, "since": since, "until": until}
                assert assert_same(cube, plain, name, ("day", "sender"), **asked)
        fresh, raw = freshness_of(traffic_lake, cube), freshness(traffic_lake)
        assert (fresh.messages, fresh.open_messages) == (raw.messages, raw.open_messages)
        assert fresh.priced_share == pytest.approx(raw.priced_share)
        assert (fresh.oldest_message_at, fresh.newest_message_at) == (
            raw.oldest_message_at,
            raw.newest_message_at,
        )

    check()
    save(traffic_lake, [message])
    check()
    save(traffic_lake, [{**message, "status": "delivered", "price": "-0.25"}])
    check()
    buried = [message["sid"], message["account_sid"], datetime.now(UTC), "test"]
    traffic_lake.write(lambda cursor: cursor.execute("insert into tombstones values (?, ?, ?, ?)", buried))
    check()
    traffic_lake.write(lambda cursor: cursor.execute("delete from tombstones where reason = 'test'"))
    traffic_lake.write(
        lambda cursor: cursor.execute("delete from raw_messages where message_sid = ?", [message["sid"]])
    )
    check()
    cube.close()


def test_what_is_in_the_air_lands_by_the_clock(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    sent = now - timedelta(hours=72) + timedelta(seconds=2)
    times = dict.fromkeys(("date_created", "date_sent", "date_updated"), twilio_date(sent))
    save(lake, [{**payload(1, status="sent"), **times}])
    cube = DayCube(lake, "UTC")
    snapshot = lake.snapshot_id()
    cube.follow(snapshot)

    def in_flight() -> int:
        found = cube.metric("in_flight", (), {}, None, None)
        assert found is not None
        return int(found.frame["in_flight"].iloc[0])

    assert in_flight() == 1
    while datetime.now(UTC) < sent + timedelta(hours=72, seconds=1.5):
        pass
    cube.follow(snapshot)
    assert in_flight() == 1, "counted a moment ago"
    monkeypatch.setattr("workbench.metrics.day_cube._AGES_AFTER_SECONDS", 0)
    cube.follow(snapshot)
    assert in_flight() == 0


@pytest.mark.parametrize(
    ("expression", "on_a_cube"),
    [
        ("count(*)", "COALESCE(CAST(SUM(n) AS BIGINT), 0)"),
        ("sum(spend) filter (is_outbound)", "SUM(spend * n) FILTER(WHERE is_outbound)"),
        (
            "count(*) filter (status in ('a)', 'b')) + count(*)",
            "COALESCE(CAST(SUM(n) FILTER(WHERE status IN ('a)', 'b')) AS BIGINT), 0)"
            " + COALESCE(CAST(SUM(n) AS BIGINT), 0)",
        ),
        ("SUM(Spend)", "SUM(Spend * n)"),
        ("sum(segments + 1)", "SUM((segments + 1) * n)"),
        (
            "sum(case when is_outbound then 1 else 0 end)",
            "SUM((CASE WHEN is_outbound THEN 1 ELSE 0 END) * n)",
        ),
        (
            "count(distinct contact) filter ((not is_outbound and keyword = 'opt-out'))",
            "COUNT(DISTINCT opted_out)",
        ),
        ("count(distinct contact)", None),
        ("count(spend)", None),
        ("sum(distinct spend)", None),
        ("sum(length(body))", None),
        ("sum(segments * (select 2))", None),
        ("sum(segments) over ()", None),
        ("sum(random())", None),
        ("sum(n)", None),
        ("count(*) filter (day = date '2025-01-01')", None),
        ("median(segments)", None),
        ("max(spend)", None),
        ("count(*) filter (body is null)", None),
        ("count(*) filter (date_sent > date_created)", None),
        ("count(distinct sender)", None),
        ("count(*) filter (timezone($timezone, date_created) > date '2025-01-01')", None),
        ("count(*", None),
    ],
)
def test_what_a_cube_cannot_hold_is_left_to_the_messages(expression: str, on_a_cube: str | None) -> None:
    assert on_cube(expression) == on_a_cube


@pytest.mark.parametrize(
    ("expression", "dimension", "on_a_cube"),
    [
        ("cast(timezone($timezone, date_created) as date)", "day", "CAST(day AS DATE)"),
        ("cast(TIMEZONE( $timezone,  date_created ) as date)", "day", "CAST(day AS DATE)"),
        ("extract(hour from timezone($timezone, date_created))", "hour", None),
        ("sender", "sender", "sender"),
        ("upper(body)", "shouted", None),
    ],
)
def test_a_day_follows_from_a_day_and_an_hour_does_not(
    expression: str, dimension: str, on_a_cube: str | None
) -> None:
    assert on_cube(expression, dimension) == on_a_cube

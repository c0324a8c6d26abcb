"""The lake, a day cube and a slice give the same numbers: any metric, any dimensions, any filters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.lake import Lake
from workbench.metrics import DIMENSIONS, METRICS, DayCube, query_metric
from workbench.metrics.known_values import list_known
from workbench.metrics.slices import Slice

BERLIN = "Europe/Berlin"
#: Whole days in Berlin across the change to summer time there, so that each of the three may be asked.
SINCE, UNTIL = date(2025, 3, 28), date(2025, 4, 2)
PERIOD = (datetime(2025, 3, 27, 23, tzinfo=UTC), datetime(2025, 4, 1, 22, tzinfo=UTC))
_SLICED = ("message_facts", "sending_facts", "delivery_facts", "revocations")


@dataclass(frozen=True)
class Readers:
    """Three ways to the same messages, and the values that each dimension has in them."""

    lake: Lake
    cube: DayCube
    period: Slice
    known: dict[str, list[str | None]]


@pytest.fixture(scope="module")
def readers(traffic_lake: Lake) -> Iterator[Readers]:
    cube = DayCube(traffic_lake, BERLIN)
    cube.follow(traffic_lake.snapshot_id())
    period = Slice(traffic_lake, *PERIOD, timezone=BERLIN, messages=1_000)
    for source in _SLICED:
        period.value(f"select count(*) from {source}")
    known: dict[str, list[str | None]] = {
        name: [None, *_known_values(traffic_lake, name)] for name in DIMENSIONS
    }
    yield Readers(traffic_lake, cube, period, known)
    period.close()
    cube.close()


def _known_values(lake: Lake, name: str) -> list[str]:
    if "$timezone" in DIMENSIONS[name].expression:
        # Three of each kind: days of the period, a Monday, a first of the month, hours, weekdays.
        return {
            "day": ["2025-03-28", "2025-03-30", "2025-04-01"],
            "week": ["2025-03-24", "2025-03-31"],
            "month": ["2025-03-01", "2025-04-01"],
            "hour": ["2", "13", "23"],
            "weekday": ["1", "5", "7"],
        }[name]
    return list(list_known(lake, DIMENSIONS[name]))


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_all_readers_say_the_same(readers: Readers, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(METRICS)), "metric")
    by = tuple(data.draw(st.lists(st.sampled_from(list(DIMENSIONS)), max_size=2, unique=True), "by"))
    filtered = data.draw(st.lists(st.sampled_from(list(DIMENSIONS)), max_size=2, unique=True), "filtered")
    where = {
        dimension: data.draw(
            st.lists(st.sampled_from(readers.known[dimension]), max_size=3, unique=True), dimension
        )
        for dimension in filtered
    }
    _assert_same(readers, name, by, where)


def _assert_same(readers: Readers, name: str, by: tuple[str, ...], where: dict[str, Any]) -> None:
    asked: tuple[Any, ...] = (name, by, where, SINCE, UNTIL)
    # A wait that goes on is longer by the second that the next question comes later.
    tolerance: dict[str, Any] = {"rtol": 1e-9, "atol": 120 if name == "unanswered_age" else 1e-12}
    expected = query_metric(readers.lake, *asked, timezone=BERLIN).frame
    sliced = query_metric(readers.period, *asked, timezone=BERLIN).frame
    pd.testing.assert_frame_equal(sliced, expected, check_exact=False, **tolerance)
    cubed = readers.cube.metric(*asked)
    if cubed is not None:
        pd.testing.assert_frame_equal(
            cubed.frame, expected, check_dtype=False, check_exact=False, **tolerance
        )

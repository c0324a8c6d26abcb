"""Explored numbers: the first values with the rest as others, on the lake that was counted by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lakes import begin_lake
from tests.ui.known import known_messages, save
from workbench.errors import UnknownName, UsageError
from workbench.lake import Lake
from workbench.metrics import MetricResult, query_metric
from workbench.metrics.definitions import METRICS
from workbench.metrics.exploration import (
    OTHERS,
    ExploredRow,
    ExploreQuestion,
    explore,
    explored_frame,
    no_share_reason,
)
from workbench.settings import load_settings

SINCE, UNTIL = date(2025, 3, 3), date(2025, 3, 10)


@pytest.fixture(scope="module")
def known_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home: Path = tmp_path_factory.mktemp("explored") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
        yield lake


class Asking:
    def __init__(self, lake: Lake, since: date = SINCE, until: date = UNTIL) -> None:
        self.lake, self.period = lake, (since, until)

    def __call__(self, name: str, by: Sequence[str], where: Mapping[str, Any]) -> MetricResult:
        return query_metric(self.lake, name, by, where, *self.period)


def rows(lake: Lake, *metrics: str, **question: Any) -> list[ExploredRow]:
    return list(explore(ExploreQuestion(metrics, **question), Asking(lake)).metrics[0].rows)


def values(lake: Lake, *metrics: str, **question: Any) -> list[tuple[Any, ...]]:
    return [
        (*("others" if value is OTHERS else value for value in row.values), row.value)
        for row in rows(lake, *metrics, **question)
    ]


def test_the_first_values_and_the_rest_as_others(known_lake: Lake) -> None:
    assert values(known_lake, "messages", by=("outcome",), top=3) == [
        ("delivered", 50),
        ("undelivered", 8),
        ("received", 5),
        ("others", 9),  # 4 in flight, 3 unknown, 2 failed
    ]


def test_one_value_that_is_left_keeps_its_name(known_lake: Lake) -> None:
    assert values(known_lake, "messages", by=("outcome",), top=5)[-1] == ("failed", 2)


def test_a_rate_of_others_is_counted_by_its_own_definition(known_lake: Lake) -> None:
    # 4 March has 10 final and none delivered, the others 53 final and 50 delivered.
    assert values(known_lake, "delivery_rate", by=("error_code",), top=1) == [
        (None, pytest.approx(50 / 53)),
        ("others", 0.0),
    ]
    others = rows(known_lake, "delivery_rate", by=("error_code",), top=1)[1]
    assert (others.sample_size, others.in_flight) == (10, 0)


def test_two_currencies_are_never_added(known_lake: Lake) -> None:
    amounts = {(row.values[0], row.currency): row.value for row in rows(known_lake, "spend", by=("country",))}
    # Five received ones of 0.0079: three of the American, two of the German.
    assert amounts == {
        ("US", "USD"): pytest.approx(51 * 0.0083 + 3 * 0.0079),
        ("DE", "USD"): pytest.approx(2 * 0.0079),
        ("DE", "EUR"): pytest.approx(0.5),
    }


def test_highest_and_lowest_come_first_and_small_samples_last(known_lake: Lake) -> None:
    # Of 53 American final messages 40 arrived; ten German ones are fewer than the 30 that a rate needs.
    assert [row.values[0] for row in rows(known_lake, "delivery_rate", by=("country",), order="lowest")] == [
        "US",
        "DE",
    ]
    assert [row.values[0] for row in rows(known_lake, "messages", by=("country",), order="lowest")] == [
        "DE",
        "US",
    ]


def test_hours_keep_their_order_and_have_no_others(known_lake: Lake) -> None:
    assert values(known_lake, "messages", by=("weekday",), top=2) == [
        (1, 40), (2, 10), (3, 3), (4, 4), (5, 10), (6, 5)
    ]  # fmt: skip


def test_a_share_is_of_its_part_of_the_period(known_lake: Lake) -> None:
    shares = {
        (row.values[0], row.bucket.day): row.share
        for row in rows(known_lake, "messages", by=("outcome",), grain="day", share=True)
    }
    assert shares[("undelivered", 4)] == 0.8
    assert shares[("delivered", 3)] == 1.0


def test_another_period_has_the_same_values_beside(known_lake: Lake) -> None:
    question = ExploreQuestion(("messages",), ("error_code",), top=1)
    answer = explore(question, Asking(known_lake))
    before = explore(question, Asking(known_lake, date(2025, 2, 24), SINCE), answer.shown)
    frame = explored_frame(answer, before)
    # The week before had ten messages of code 30005, which this week does not know at all.
    assert frame["error_code"].fillna("none").tolist() == ["none", "3 others"]
    assert frame[["value", "before"]].values.tolist() == [[62.0, 40.0], [10.0, 10.0]]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"metrics": ()}, "There are 0 metrics; name 1 to 4."),
        ({"metrics": ("messages",), "by": ("country", "sender", "status")}, "name at most 2"),
        ({"metrics": ("messages",), "by": ("week",)}, "week is about time: give it as the grain"),
        ({"metrics": ("messages",), "grain": "year"}, "grain is 'year'; allowed are day, week, month"),
        ({"metrics": ("messages",), "order": "size "}, "order is 'size '; allowed are size, highest, lowest"),
        ({"metrics": ("messages",), "top": 0}, "top is 0; it is a whole number from 1 to 50"),
        ({"metrics": ("delivery_rate",), "share": True}, r"Delivery rate \(delivery_rate\) cannot be added"),
        ({"metrics": ("opt_outs",), "share": True}, r"cannot be added"),
    ],
)
def test_what_has_no_answer_is_refused(known_lake: Lake, question: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        explore(ExploreQuestion(**question), Asking(known_lake))


def test_a_name_that_is_none_is_named(known_lake: Lake) -> None:
    with pytest.raises(UnknownName, match="delivery_rat"):
        explore(ExploreQuestion(("delivery_rat",)), Asking(known_lake))


def test_what_may_be_added() -> None:
    addable = {name for name, metric in METRICS.items() if not no_share_reason(metric)}
    assert {"messages", "segments", "spend", "delivered", "not_delivered", "in_flight"} <= addable
    assert not {"opt_outs", "delivery_rate", "cost_per_delivered", "queue_p95", "peak_mps"} & addable


DIMENSIONS = ("country", "sender", "outcome", "error_code", "status", "sender_type", "weekday", "encoding")


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    by=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True),
    grain=st.sampled_from(["", "day", "week"]),
    top=st.integers(1, 4),
    order=st.sampled_from(["size", "highest", "lowest"]),
)
def test_the_parts_make_the_whole(known_lake: Lake, by: list[str], grain: str, top: int, order: Any) -> None:
    """Nothing is lost and nothing counted twice: 72 messages, 63 of them final and 50 of these delivered."""
    metrics = ("messages", "delivery_rate", "spend")
    answer = explore(ExploreQuestion(metrics, tuple(by), grain, top, order), Asking(known_lake))
    messages, rate, spend = answer.metrics
    assert sum(row.value or 0 for row in messages.rows) == 72
    assert sum(row.sample_size or 0 for row in rate.rows) == 63
    assert sum((row.value or 0) * (row.sample_size or 0) for row in rate.rows) == pytest.approx(50)
    for currency, total in (("USD", 51 * 0.0083 + 5 * 0.0079), ("EUR", 0.5)):
        amounts = [row.value or 0 for row in spend.rows if row.currency == currency]
        assert sum(amounts) == pytest.approx(total)

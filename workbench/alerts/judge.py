"""Whether what was measured is what a rule warns of. Pure.

Nothing is said where too few messages stand behind a number, or where fewer than half of them have a final
status, unless the limit is passed even if all others end well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from workbench.alerts.measurement import Measurement, Sample
from workbench.alerts.rule import AlertRule
from workbench.alerts.usual import (
    FEWEST_EXCESS,
    Difference,
    compare_count,
    compare_number,
    compare_share,
    passes_by_more_than_chance,
)
from workbench.metrics.definitions import METRICS

State = Literal["bad", "good", "unknown"]


@dataclass(frozen=True)
class Verdict:
    """What is so for one subject; `limit` is what the value is measured by, in the value's unit."""

    measurement: Measurement
    state: State
    limit: float | None = None
    usual: float | None = None


def judge(rule: AlertRule, measurement: Measurement) -> Verdict:
    """Judge one measurement; weeks before are looked at only where the limit alone does not say good."""
    above = rule.above if measurement.limit is None else measurement.limit
    limit = rule.below if rule.below is not None else above
    value = measurement.value
    if value is None or not has_enough(rule, measurement):
        return Verdict(measurement, "unknown", limit)
    if (above is not None and value <= above) or (rule.below is not None and value >= rule.below):
        return Verdict(measurement, "good", limit)
    if rule.change is None:
        return Verdict(measurement, "bad", limit)
    if rule.change > 1 and _counted(rule, measurement) < FEWEST_EXCESS:
        return Verdict(measurement, "good", limit)
    difference = _compare(rule, measurement)
    if difference is None:
        return Verdict(measurement, _judge_alone(rule, measurement, limit), limit)
    return Verdict(measurement, "bad" if difference.stands_out else "good", limit, difference.usual)


def _judge_alone(rule: AlertRule, measurement: Measurement, limit: float | None) -> State:
    """On the first days there is nothing to compare with, and a limit is better than silence."""
    if limit is None:
        return "unknown"
    if rule.above is not None and (rule.per or is_rate(rule)):
        sample = Sample(measurement.value, measurement.sample)
        return "bad" if passes_by_more_than_chance(sample, limit) else "good"
    return "bad"


def needs_usual(rule: AlertRule, measurement: Measurement) -> bool:
    """Whether the weeks before can make a difference."""
    return (
        rule.change is not None and judge(rule, measurement).state != "good" and has_enough(rule, measurement)
    )


def has_enough(rule: AlertRule, measurement: Measurement) -> bool:
    """Whether enough messages stand behind the number, and enough of them are final."""
    if measurement.sample is not None and measurement.sample < rule.minimum_sample:
        return False
    if measurement.sample is None or not is_rate(rule) or measurement.in_flight <= measurement.sample:
        return True
    # Even if all that are in flight end well.
    total = measurement.sample + measurement.in_flight
    least = (measurement.value or 0.0) * measurement.sample / total
    return rule.above is not None and rule.change is None and least > rule.above


def _counted(rule: AlertRule, measurement: Measurement) -> float:
    """How many messages the value stands for; more than enough where it counts none."""
    assert measurement.value is not None
    if rule.per or rule.state or is_rate(rule):
        return measurement.value * (measurement.sample or 0)
    return measurement.value if METRICS[rule.metric].unit == "count" else FEWEST_EXCESS


def is_rate(rule: AlertRule) -> bool:
    """Whether the value is a share of messages with a final status."""
    return bool(rule.metric) and METRICS[rule.metric].unit == "rate"


def _compare(rule: AlertRule, measurement: Measurement) -> Difference | None:
    assert rule.change is not None
    assert measurement.value is not None
    if rule.per or rule.state or is_rate(rule):
        return compare_share(Sample(measurement.value, measurement.sample), measurement.usual, rule.change)
    if METRICS[rule.metric].unit == "count":
        return compare_count(measurement.value, measurement.usual, rule.change)
    return compare_number(measurement.value, measurement.usual, rule.change)

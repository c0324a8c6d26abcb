"""The likely cause of a change: the error code, the sender and the country that carry most of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from workbench.alerts.cells import text_of
from workbench.alerts.measurement import Measurement
from workbench.alerts.rule import AlertRule
from workbench.display.formats import is_missing, rate
from workbench.display.names import value_name
from workbench.lake.connect import Readable
from workbench.messaging.error_codes import explain
from workbench.metrics.coverage import Coverage
from workbench.metrics.definitions import METRICS
from workbench.metrics.run import query_metric

_BEFORE = timedelta(days=7)
"""What is usual here is the average of so much time before."""
_CARRIES = 0.5
"""A value that has so much of the change is named."""
_NOT_ARRIVED: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "error_rate": ("not_delivered", {}),
    "error_rate_without_opt_outs": ("not_delivered", {}),
    "delivery_rate": ("not_delivered", {}),
    "failed_rate": ("not_delivered", {"outcome": "failed"}),
    "undelivered_rate": ("not_delivered", {"outcome": "undelivered"}),
}
"""The messages whose number moves a rate."""
_BELONGS = {"error_code": "has the code", "sender": "is of the sender", "country": "is with"}


def likely_cause(
    lake: Readable, coverage: Coverage, rule: AlertRule, measurement: Measurement, timezone: str
) -> str:
    """What carries the change, in sentences; empty where nothing stands out."""
    metric, narrowed = _NOT_ARRIVED.get(rule.metric, (rule.metric, {}))
    definition = METRICS.get(metric)
    if definition is None or definition.unit != "count" or definition.source != "message_facts":
        return ""
    where = {**rule.where, **narrowed, **measurement.group}
    # Without the days before nothing is "more than usual".
    is_known = coverage.holds(measurement.since - _BEFORE, measurement.since)
    carriers = {
        name: value
        for name in _BELONGS
        if is_known
        and name not in measurement.group
        and (value := _carrier(lake, metric, name, where, measurement, timezone)) is not None
    }
    code = measurement.group.get("error_code") or carriers.pop("error_code", ("", 0.0))[0]
    parts = [_code_text(code, is_named="error_code" in measurement.group)] if code else []
    if carriers:
        shares = [
            f"{rate(share)} {_BELONGS[name]} {value_name(name, value)}"
            for name, (value, share) in carriers.items()
        ]
        parts.append(f"Of what is more than usual, {' and '.join(shares)}.")
    return " ".join(parts)


def _carrier(
    lake: Readable,
    metric: str,
    dimension: str,
    where: Mapping[str, Any],
    measurement: Measurement,
    timezone: str,
) -> tuple[str, float] | None:
    """The value that has most of what is more than usual, with its share of it."""
    since, until = measurement.since, measurement.until
    now = _counts(lake, metric, dimension, where, since, until, timezone)
    before = _counts(lake, metric, dimension, where, since - _BEFORE, since, timezone)
    scale = (until - since) / _BEFORE
    more = {value: count - before.get(value, 0.0) * scale for value, count in now.items()}
    total = sum(excess for excess in more.values() if excess > 0)
    if not total:
        return None
    value = max(more, key=lambda each: more[each])
    share = more[value] / total
    return (value, share) if value is not None and share >= _CARRIES else None


def _counts(
    lake: Readable,
    metric: str,
    dimension: str,
    where: Mapping[str, Any],
    since: Any,
    until: Any,
    timezone: str,
) -> dict[str | None, float]:
    frame = query_metric(lake, metric, (dimension,), where, since, until, timezone=timezone).frame
    return {
        text_of(value): float(count)
        for value, count in zip(frame[dimension], frame[metric], strict=True)
        if not is_missing(count)
    }


def _code_text(code: str, *, is_named: bool) -> str:
    """What a code means and what to do; `is_named` where the title names it already."""
    explained = explain(int(code))
    assert explained is not None
    name = "" if is_named else f"{explained.code} {explained.title}: "
    return f"{name}{explained.meaning} To do: {explained.fix}"

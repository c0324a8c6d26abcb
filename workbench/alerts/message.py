"""The words of an alert: what, since when, how many, of how many, why, and where to look. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from workbench.alerts.judge import Verdict
from workbench.alerts.measurement import CHECK, Measurement
from workbench.alerts.rule import AlertRule
from workbench.display import formats
from workbench.display.names import value_name
from workbench.lake.alerts import AlertEvent
from workbench.lake.health import check_title
from workbench.messaging.addresses import mask
from workbench.messaging.error_codes import explain
from workbench.metrics.definitions import METRICS, compliance, cost, delivery, replies, segmentation, speed

_PAGES = {
    "failures": delivery.METRICS, "cost": cost.METRICS, "throughput": speed.METRICS, "inbox": replies.METRICS,
    "segmentation": segmentation.METRICS, "compliance": compliance.METRICS,
}  # fmt: skip
_WITHOUT_FILTERS = ("health", "inbox")
_FILTERED = (
    "country",
    "sender",
    "messaging_service",
    "outcome",
    "error_code",
    "status",
    "sender_type",
    "account",
)
_DIRECTIONS = {
    ("inbound",): "inbound", ("outbound-api", "outbound-call", "outbound-reply"): "outbound", (): "all",
}  # fmt: skip
_MOST_LISTED = 10


def page_of(rule: AlertRule) -> str:
    """The page that shows more of a rule."""
    return rule.page or page_of_metric(rule.metric)


def page_of_metric(name: str) -> str:
    """The page that shows more of a metric."""
    pages = (page for page, metrics in _PAGES.items() if any(each.name == name for each in metrics))
    return next(pages, "overview")


def title_of(rule: AlertRule, measurement: Measurement) -> str:
    """What it is about, on one line."""
    if not measurement.group:
        return rule.title
    return f"{rule.title}: {', '.join(_shown(*pair) for pair in measurement.group.items())}"


def evidence_of(rule: AlertRule, verdict: Verdict, timezone: str) -> str:
    """The number, its time, its sample, and what it is measured by."""
    measurement = verdict.measurement
    if rule.state:
        return measurement.evidence
    first, last = _clock(measurement.since, timezone), _clock(measurement.until, timezone)
    parts = [f"{_value_text(rule, measurement)} from {first} to {last} ({timezone})."]
    if verdict.limit is not None:
        side = "below" if rule.below is not None else "above"
        parts.append(f"The rule warns {side} {_number(rule, verdict.limit)}.")
    if verdict.usual is not None:
        parts.append(f"Usual at these hours is {_number(rule, verdict.usual)}.")
    if measurement.in_flight:
        parts.append(f"{formats.plural(measurement.in_flight, 'message')} in flight, not counted.")
    return " ".join(parts)


def link_of(rule: AlertRule, measurement: Measurement, timezone: str) -> str:
    """The address of exactly that view: the days of the window, and its filters."""
    page = page_of(rule)
    if not rule.metric or page in _WITHOUT_FILTERS:
        return page
    zone = ZoneInfo(timezone)
    since = measurement.since.astimezone(zone).date()
    until = (measurement.until - timedelta(microseconds=1)).astimezone(zone).date() + timedelta(days=1)
    return view_link(page, {**rule.where, **measurement.group}, since, until)


def view_link(page: str, where: Mapping[str, object], since: date, until: date) -> str:
    """The address of a page for these days, the last not included, with the filters that pages have."""
    if page in _WITHOUT_FILTERS:
        return page
    pairs = [("since", since.isoformat()), ("until", until.isoformat())]
    for name in _FILTERED:
        if name in where:
            pairs += [(name, _token(name, value)) for value in _values(where[name])]
    direction = tuple(sorted(map(str, _values(where.get("direction", ())))))
    if direction in _DIRECTIONS:
        pairs.append(("direction", _DIRECTIONS[direction]))
    return f"{page}?{urlencode(pairs)}"


def subject_line(events: Sequence[AlertEvent], notice: str) -> str:
    """The first line of a notice about events of one rule."""
    first = events[0]
    begins = {"opened": first.severity.capitalize(), "recovered": "Over"}.get(notice, "Still")
    more = f" and {len(events) - 1} more" if len(events) > 1 else ""
    return f"{begins}: {first.title}{more}"


def notice_text(events: Sequence[AlertEvent], notice: str, base: str | None, timezone: str) -> str:
    """The text of a notice.

    Args:
        base: where people open the pages; without one the text says how to get whole links.
    """
    parts = [_event_text(event, notice, base, timezone) for event in events[:_MOST_LISTED]]
    if len(events) > _MOST_LISTED:
        parts.append(f"And {len(events) - _MOST_LISTED} more: `workbench alerts list`.")
    return "\n\n".join(parts)


def short_text(events: Sequence[AlertEvent], notice: str, timezone: str) -> str:
    """The same for an SMS: the first line and since when."""
    return (
        f"{subject_line(events, notice)}. Since {_moment(events[0].began_at, timezone)}. See the workbench."
    )


def _event_text(event: AlertEvent, notice: str, base: str | None, timezone: str) -> str:
    began = _moment(event.began_at, timezone)
    if notice == "recovered" and event.recovered_at:
        lasted = formats.duration((event.recovered_at - event.began_at).total_seconds())
        lines = [event.title, f"From {began} to {_moment(event.recovered_at, timezone)}, {lasted}. It was:"]
    else:
        lines = [event.title, f"Since {began}."]
    lines.append(event.evidence)
    if event.cause:
        lines.append(f"Likely cause: {event.cause}")
    lines.append(
        f"{base.rstrip('/')}/{event.link}" if base else f"Page: {event.link} (whole links need [access] url)"
    )
    return "\n".join(lines)


def _value_text(rule: AlertRule, measurement: Measurement) -> str:
    metric = METRICS[rule.metric]
    number = _number(rule, measurement.value)
    if rule.per:
        hits = round((measurement.value or 0.0) * (measurement.sample or 0))
        per = f"{measurement.sample or 0:,} ({METRICS[rule.per].label.lower()})"
        return f"{metric.label}: {hits:,} of {per}, {number}"
    if measurement.sample is not None:
        return f"{metric.label}: {number} of {measurement.sample:,} {metric.sample_noun}"
    return f"{metric.label}: {number}"


def _number(rule: AlertRule, value: float | None) -> str:
    unit = "rate" if rule.per else METRICS[rule.metric].unit if rule.metric else "ratio"
    if unit == "count" and value is not None and value != round(value):
        return f"{value:,.1f}"
    return formats.value(value, unit)


def _shown(name: str, value: str | None) -> str:
    if name == "error_code" and value is not None:
        explained = explain(int(value))
        assert explained is not None
        return f"{explained.code} {explained.title}"
    if name == CHECK and value is not None:
        return check_title(value)
    return value_name(name, value)


def _token(name: str, value: object) -> str:
    """How a page's address writes a value: numbers masked."""
    if value is None:
        return "none"
    return mask(str(value)) if name == "sender" else str(value)


def _values(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _clock(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M}"


def _moment(moment: datetime, timezone: str) -> str:
    return f"{_clock(moment, timezone)} ({timezone})"


def group_of(event: AlertEvent) -> dict[str, str | None]:
    """The group of an event, as it was measured."""
    group: dict[str, str | None] = json.loads(event.group_values)
    return group

"""Alerts as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from workbench.alerts.rule import AlertRule
from workbench.display import formats
from workbench.lake.alerts import (
    AlertDelivery,
    AlertMute,
    read_deliveries,
    read_event_history,
    read_open_events,
)
from workbench.metrics.definitions import METRICS

if TYPE_CHECKING:
    from workbench.lake.connect import Lake
    from workbench.settings.alerts import AlertSettings
    from workbench.targets.answers import TargetAnswer

_LONG_AGO = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)


def open_frame(lake: Lake) -> pd.DataFrame:
    """Open alerts, the critical ones first."""
    told = _told(read_deliveries(lake, datetime.now(UTC)))
    rows = [
        [
            event.began_at, event.severity, event.rule, event.title, event.evidence, event.cause,
            told.get(event.event_id, "nobody"), event.link,
        ]
        for event in read_open_events(lake)
    ]  # fmt: skip
    columns = ["since", "severity", "rule", "title", "evidence", "cause", "told", "link"]
    return pd.DataFrame(rows, columns=columns)


def history_frame(lake: Lake, limit: int) -> pd.DataFrame:
    """Alerts that began, the newest first."""
    told = _told(read_deliveries(lake, _LONG_AGO))
    rows = [
        [
            event.began_at, event.recovered_at, event.severity, event.rule, event.title, event.evidence,
            told.get(event.event_id, "nobody"),
        ]
        for event in read_event_history(lake, limit)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["began", "ended", "severity", "rule", "title", "evidence", "told"])


def rules_frame(
    rules: Sequence[AlertRule], settings: AlertSettings, mutes: Sequence[AlertMute], now: datetime
) -> pd.DataFrame:
    """Every rule with what it watches; also those that are off."""
    muted = {mute.rule: mute for mute in mutes if mute.holds_at(now)}
    rows = [
        [rule.name, _state(muted.get(rule.name)), rule.severity, _watched(rule), _limit(rule)]
        for rule in rules
    ]
    off = [name for name, given in settings.rules.items() if not given.enabled]
    rows += [[name, "off", "", "", ""] for name in off]
    return pd.DataFrame(rows, columns=["rule", "state", "severity", "watches", "limit"])


def answers_frame(answers: Mapping[str, TargetAnswer]) -> pd.DataFrame:
    """What each target answered."""
    rows = [[name, answer.outcome, answer.detail] for name, answer in answers.items()]
    return pd.DataFrame(rows, columns=["target", "outcome", "detail"])


def _told(deliveries: Iterable[AlertDelivery]) -> dict[str, str]:
    """By event: each notice with its latest outcome."""
    latest = {(each.event_id, each.notice, each.target): each for each in deliveries}
    told: dict[str, list[str]] = {}
    for each in latest.values():
        detail = f" ({each.detail})" if each.outcome in ("failed", "unknown") and each.detail else ""
        told.setdefault(each.event_id, []).append(f"{each.notice} to {each.target}: {each.outcome}{detail}")
    return {event_id: "; ".join(parts) for event_id, parts in told.items()}


def _state(mute: AlertMute | None) -> str:
    if mute is None:
        return "on"
    return f"muted until {mute.muted_until:%Y-%m-%d %H:%M} UTC" if mute.muted_until else "muted"


def _watched(rule: AlertRule) -> str:
    if rule.state:
        return rule.title
    by = f" by {', '.join(rule.by)}" if rule.by else ""
    per = f" per {rule.per}" if rule.per else ""
    return f"{rule.metric}{per}{by}, {formats.duration(rule.window.total_seconds())}"


def _limit(rule: AlertRule) -> str:
    parts = []
    for side, limit in (("above", rule.above), ("below", rule.below)):
        if limit is not None:
            unit = "rate" if rule.per else METRICS[rule.metric].unit if rule.metric else ""
            parts.append(f"{side} {formats.value(limit, unit) if unit else f'{limit:g}'}")
    if rule.change is not None:
        parts.append(f"{rule.change:g} times the usual")
    if rule.minimum_sample:
        parts.append(f"from {formats.plural(rule.minimum_sample, 'message')} on")
    return ", ".join(parts)

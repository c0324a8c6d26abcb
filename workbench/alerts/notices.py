"""Which notices are due to whom: from the events, what was told before, mutes and quiet hours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.alerts.rule import AlertRule
from workbench.lake.alerts import AlertDelivery, AlertEvent, AlertMute
from workbench.targets.attempts import next_attempt

RECENTLY = timedelta(days=7)
"""An end that is older is told nobody any more."""


@dataclass(frozen=True)
class AlertNotice:
    """One message to one target about events of one rule; `attempt` counts from 1."""

    rule: str
    kind: str
    target: str
    attempt: int
    events: Sequence[AlertEvent]


@dataclass(frozen=True)
class NoticePlan:
    """What decides about notices beside the events: rules by name, targets, mutes, hours.

    `critical_only` are targets that get nothing else. `quiet_hours` is a text as ``22:00-07:00``.
    """

    rules: Mapping[str, AlertRule]
    targets: Sequence[str]
    critical_only: frozenset[str] = frozenset()
    mutes: Sequence[AlertMute] = ()
    quiet_hours: str | None = None
    timezone: str = "UTC"
    repeat: timedelta | None = None


def due_notices(
    plan: NoticePlan, events: Sequence[AlertEvent], told: Sequence[AlertDelivery], now: datetime
) -> list[AlertNotice]:
    """What to tell now, events of one rule together."""
    attempts: dict[tuple[str, str, str], list[AlertDelivery]] = {}
    for delivery in told:
        attempts.setdefault((delivery.event_id, delivery.notice, delivery.target), []).append(delivery)
    due: dict[tuple[str, str, str, int], list[AlertEvent]] = {}
    for event in events:
        for target in plan.targets:
            kind = _kind_due(plan, event, target, attempts, told, now)
            if kind is None:
                continue
            attempt = next_attempt(attempts.get((event.event_id, kind, target), []), now)
            if attempt:
                due.setdefault((event.rule, kind, target, attempt), []).append(event)
    return [
        AlertNotice(rule, kind, target, attempt, tuple(each))
        for (rule, kind, target, attempt), each in due.items()
    ]


def is_quiet(quiet_hours: str | None, timezone: str, now: datetime) -> bool:
    """Whether it is quiet hours; they may go over midnight."""
    if quiet_hours is None:
        return False
    first, last = (time.fromisoformat(text) for text in quiet_hours.split("-"))
    clock = now.astimezone(ZoneInfo(timezone)).time()
    return first <= clock < last if first <= last else clock >= first or clock < last


def _kind_due(
    plan: NoticePlan,
    event: AlertEvent,
    target: str,
    attempts: Mapping[tuple[str, str, str], Sequence[AlertDelivery]],
    told: Iterable[AlertDelivery],
    now: datetime,
) -> str | None:
    """The notice that an event is at for a target; None where nothing may be told."""
    if event.opened_at is None or event.rule not in plan.rules:
        return None
    is_critical = event.severity == "critical"
    if not is_critical and (target in plan.critical_only or is_quiet(plan.quiet_hours, plan.timezone, now)):
        return None
    if any(mute.rule == event.rule and mute.holds_at(now) for mute in plan.mutes):
        return None
    opened = attempts.get((event.event_id, "opened", target), [])
    if event.recovered_at is not None:
        # Who was not told that it began is not told that it ended.
        return "recovered" if opened and now - event.recovered_at < RECENTLY else None
    if not opened:
        return None if _is_quiet_after_notice(plan, event, target, told, now) else "opened"
    if opened[-1].outcome == "failed":
        return "opened"
    if plan.repeat is None:
        return None
    number = int((now - opened[0].claimed_at) / plan.repeat)
    return f"reminder {number}" if number else None


def _is_quiet_after_notice(
    plan: NoticePlan, event: AlertEvent, target: str, told: Iterable[AlertDelivery], now: datetime
) -> bool:
    """Whether the target heard of the same rule and subject a short time ago."""
    quiet = plan.rules[event.rule].quiet
    return any(
        delivery.rule == event.rule
        and delivery.subject == event.subject
        and delivery.target == target
        and delivery.event_id != event.event_id
        and delivery.notice == "opened"
        and delivery.outcome != "failed"
        and now - delivery.claimed_at < quiet
        for delivery in told
    )

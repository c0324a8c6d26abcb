"""What begins, goes on and ends: verdicts and the memory of a rule in, changed events out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.alerts.judge import Verdict
from workbench.alerts.rule import AlertRule
from workbench.lake.alerts import AlertEvent

CALM = timedelta(minutes=15)
"""A number must be good for so long before it counts as recovered; one look may be luck."""
FORGOTTEN = timedelta(days=1)
"""After so long without anything to measure an event ends: its sender may be gone."""
_SEEN_EVERY = timedelta(hours=1)

Begin = Callable[[AlertRule, Verdict], AlertEvent]


@dataclass(frozen=True)
class Changes:
    """Events that are new or differ from what the lake has, and ids of those that came to nothing."""

    saved: Sequence[AlertEvent] = ()
    dropped: Sequence[str] = ()


def evaluate(
    rule: AlertRule,
    verdicts: Mapping[str, Verdict],
    memory: Mapping[str, AlertEvent],
    now: datetime,
    begin: Begin,
) -> Changes:
    """Carry the events of one rule on to this moment.

    Args:
        verdicts: by subject; one that is missing was not measured.
        memory: by subject, the events that are not over.
        begin: makes a new event of a bad verdict, with its words.
    """
    saved, dropped = [], []
    for subject in dict.fromkeys([*memory, *verdicts]):
        verdict, event = verdicts.get(subject), memory.get(subject)
        state = verdict.state if verdict else "unknown"
        if event is None:
            if verdict and state == "bad":
                event = begin(rule, verdict)
                saved.append(_opened_if_due(event, rule, now))
            continue
        if state == "good" and event.opened_at is None:
            dropped.append(event.event_id)
            continue
        changed = _carried_on(event, rule, state, now)
        if verdict and state == "bad" and event.opened_at is None and changed.opened_at:
            changed = _told_anew(changed, begin(rule, verdict))
        if changed != event:
            saved.append(changed)
    return Changes(saved, dropped)


def _carried_on(event: AlertEvent, rule: AlertRule, state: str, now: datetime) -> AlertEvent:
    if state == "bad":
        seen_at = now if now - event.seen_at >= _SEEN_EVERY or event.good_since else event.seen_at
        return _opened_if_due(replace(event, good_since=None, seen_at=seen_at), rule, now)
    if state == "unknown":
        is_over = now - event.seen_at >= max(FORGOTTEN, rule.window)
        return replace(event, recovered_at=now) if is_over else event
    good_since = event.good_since or now
    calm = max(rule.lasting, CALM if rule.metric else timedelta(0))
    if now - good_since >= calm:
        return replace(event, good_since=good_since, recovered_at=now)
    return replace(event, good_since=good_since)


def _opened_if_due(event: AlertEvent, rule: AlertRule, now: datetime) -> AlertEvent:
    if event.opened_at is None and now - event.began_at >= rule.lasting:
        return replace(event, opened_at=now)
    return event


def _told_anew(event: AlertEvent, words: AlertEvent) -> AlertEvent:
    """The event with what is so at the moment it opens."""
    return replace(
        event, evidence=words.evidence, cause=words.cause, value=words.value, limit_value=words.limit_value,
        sample=words.sample, link=words.link,
    )  # fmt: skip

"""Tells the targets: each notice is claimed in the lake before, and its outcome noted after."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.alerts.message import notice_text, short_text, subject_line
from workbench.alerts.notices import AlertNotice
from workbench.alerts.targets import SMS, Target
from workbench.lake.alerts import AlertDelivery, AlertEvent, claim_deliveries, end_deliveries, read_deliveries
from workbench.lake.connect import Lake
from workbench.settings import Settings
from workbench.targets.answers import NoticeWords, TargetAnswer
from workbench.targets.attempts import interrupted

TEST = "test"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """One notice and how it ended."""

    notice: AlertNotice
    answer: TargetAnswer


def settle_interrupted(lake: Lake, told: Iterable[AlertDelivery], now: datetime) -> None:
    """Note as unknown what a process that ended has claimed and not noted; it is not sent again by itself."""
    end_deliveries(lake, interrupted(told, now))


def deliver(
    lake: Lake,
    settings: Settings,
    targets: Mapping[str, Target],
    notices: Sequence[AlertNotice],
    now: datetime,
) -> list[Told]:
    """Tell each notice to its target; those that another process has claimed are left to it."""
    told = []
    for notice in notices:
        claimed = claim_deliveries(lake, [_claim(notice, event, now) for event in notice.events])
        events = [event for event in notice.events if event.event_id in {each.event_id for each in claimed}]
        if not events:
            continue
        notice = replace(notice, events=tuple(events))
        answer = targets[notice.target].tell(_words(settings, notice, claimed[0].delivery_id))
        end_deliveries(
            lake,
            [replace(each, ended_at=now, outcome=answer.outcome, detail=answer.detail) for each in claimed],
        )
        told.append(Told(notice, answer))
    return told


def within_sms_cap(
    notices: Sequence[AlertNotice], told: Iterable[AlertDelivery], per_day: int | None, now: datetime
) -> tuple[list[AlertNotice], int]:
    """The notices without the SMS that are above the cap of a day, and how many these are; they wait."""
    # One SMS may be about several events, which share the moment of the claim.
    sent = {
        (each.target, each.claimed_at)
        for each in told
        if each.target.startswith(SMS) and each.outcome != "failed" and now - each.claimed_at < _A_DAY
    }
    left = (per_day or 0) - len(sent)
    kept, waiting = [], 0
    for notice in notices:
        if notice.target.startswith(SMS):
            if left <= 0:
                waiting += 1
                continue
            left -= 1
        kept.append(notice)
    return kept, waiting


def _claim(notice: AlertNotice, event: AlertEvent, now: datetime) -> AlertDelivery:
    return AlertDelivery(
        uuid.uuid4().hex,
        event.event_id,
        event.rule,
        event.subject,
        notice.kind,
        notice.target,
        notice.attempt,
        now,
    )


def _words(settings: Settings, notice: AlertNotice, key: str) -> NoticeWords:
    zone = settings.timezone
    return NoticeWords(
        subject_line(notice.events, notice.kind),
        notice_text(notice.events, notice.kind, settings.access.url, zone),
        short_text(notice.events, notice.kind, zone),
        key,
        is_critical=notice.kind != "recovered" and notice.events[0].severity == "critical",
    )


def tell_test(lake: Lake, settings: Settings, target: Target, key: str, now: datetime) -> TargetAnswer:
    """Send a test notice to one target; noted like any notice, so that an SMS counts towards the cap."""
    if target.name.startswith(SMS):
        notice = AlertNotice(TEST, TEST, target.name, 1, ())
        _, waiting = within_sms_cap(
            [notice], read_deliveries(lake, now - _A_DAY), settings.alerts.sms_per_day, now
        )
        if waiting:
            return TargetAnswer("failed", f"the {settings.alerts.sms_per_day} SMS of 24 hours are used up")
    (claimed,) = claim_deliveries(lake, [AlertDelivery(key, key, TEST, "", TEST, target.name, 1, now)])
    text = "This is a test of the alerts of your workbench. Nothing is wrong."
    answer = target.tell(NoticeWords("Test of the workbench's alerts", text, text, key))
    end_deliveries(lake, [replace(claimed, ended_at=now, outcome=answer.outcome, detail=answer.detail)])
    return answer

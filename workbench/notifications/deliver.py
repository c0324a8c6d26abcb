"""Tells people by mail and apprise: each notice is claimed in the lake before, its outcome noted after."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from workbench.lake.connect import Lake
from workbench.lake.notifications import (
    RECENT,
    Notification,
    NotificationDelivery,
    claim_notice,
    end_notice,
    read_answered,
    read_notification_deliveries,
    read_unread,
)
from workbench.notifications.addresses import read_addresses
from workbench.notifications.choices import TEXT, WAYS, NotificationChoice
from workbench.notifications.consume import current_choices
from workbench.notifications.decide import still_waiting
from workbench.notifications.due import AN_HOUR, DueNotice, due_notices, next_look_at
from workbench.notifications.happenings import describe
from workbench.notifications.words import notice_words
from workbench.settings import Secret, Settings
from workbench.targets.answers import NoticeWords, TargetAnswer
from workbench.targets.attempts import interrupted
from workbench.targets.by_apprise import tell_by_apprise
from workbench.targets.by_mail import tell_by_mail

_MAIL_SECONDS = 10.0
_LONGEST_LOOK = 3.0
"""Seconds after which the rest waits for the next look: others wait for this one."""


def tell(lake: Lake, settings: Settings, now: datetime) -> tuple[int, datetime | None]:
    """Tell everybody what is due by mail and apprise, for a few seconds at most.

    Returns:
        How many notices were told or tried, and when to look again even if nothing happens.

    Raises:
        ConfigError: the file of users or that of the addresses is damaged.
        LakeError: the lake cannot be read or written now.
    """
    choices = {
        name: choice
        for name, choice in current_choices(lake, settings).items()
        if any(choice.pace(way) != "off" for way in WAYS)
    }
    if not choices:
        return 0, None
    told = read_notification_deliveries(lake, now - RECENT)
    end_notice(lake, interrupted(told, now))
    unread = [each for each in read_unread(lake, now) if each.person in choices]
    waiting = still_waiting(unread, read_answered(lake, unread))
    addresses = read_addresses(settings.home)
    number, began = 0, time.monotonic()
    for person, choice in choices.items():
        own = [each for each in waiting if each.person == person]
        before = [each for each in told if each.person == person]
        for notice in due_notices(choice, own, before, now, settings.notifications.per_hour):
            if time.monotonic() - began > _LONGEST_LOOK:
                return number, now
            number += _tell_notice(lake, settings, choice, addresses.get(person), notice, now)
    return number, _next_look_at(lake, choices, waiting, now) if waiting else None


def _next_look_at(
    lake: Lake, choices: Mapping[str, NotificationChoice], waiting: list[Notification], now: datetime
) -> datetime | None:
    told = read_notification_deliveries(lake, now - RECENT)
    moments = (
        next_look_at(
            choice,
            [each for each in waiting if each.person == person],
            [each for each in told if each.person == person],
            now,
        )
        for person, choice in choices.items()
    )
    return min((moment for moment in moments if moment), default=None)


def _tell_notice(
    lake: Lake,
    settings: Settings,
    choice: NotificationChoice,
    address: Secret | None,
    notice: DueNotice,
    now: datetime,
) -> bool:
    key = uuid.uuid4().hex
    claims = [
        NotificationDelivery(
            uuid.uuid4().hex, key, each.notification_id, each.person, notice.way, notice.attempt, now
        )
        for each in notice.notifications
    ]
    if not claim_notice(lake, claims):
        return False
    conversations = {each.conversation_id for each in notice.notifications}
    described = describe(lake, conversations, with_text=choice.outside == TEXT)
    words = notice_words(notice.notifications, notice.why, choice, described, settings.access.url, key)
    _end(lake, claims, _tell_on(settings, notice.way, choice, address, words), now)
    return True


def _tell_on(
    settings: Settings, way: str, choice: NotificationChoice, address: Secret | None, words: NoticeWords
) -> TargetAnswer:
    if way == "mail":
        return tell_by_mail(settings, [choice.mail_to], words, seconds=_MAIL_SECONDS)
    if address is None:
        return TargetAnswer("failed", "no apprise_address is set")
    return tell_by_apprise(address, words)


def tell_test(lake: Lake, settings: Settings, person: str, now: datetime) -> Mapping[str, TargetAnswer]:
    """Send a test notice on each way that is on for a person; noted like any, so it counts for the cap."""
    choice = current_choices(lake, settings)[person]
    address = read_addresses(settings.home).get(person)
    text = "This is a test of the notifications of your workbench."
    answers = {}
    for way in WAYS:
        if choice.pace(way) == "off":
            continue
        if _is_cap_reached(lake, settings, person, now):
            answers[way] = TargetAnswer("failed", "the notices of this hour are used up")
            continue
        key = uuid.uuid4().hex
        claim = NotificationDelivery(key, key, key, person, way, 1, now)
        claim_notice(lake, [claim])
        answers[way] = _tell_on(
            settings,
            way,
            choice,
            address,
            NoticeWords("Test of the workbench's notifications", text, text, key),
        )
        _end(lake, [claim], answers[way], now)
    return answers


def _is_cap_reached(lake: Lake, settings: Settings, person: str, now: datetime) -> bool:
    told = read_notification_deliveries(lake, now - AN_HOUR)
    return len({each.notice_id for each in told if each.person == person}) >= settings.notifications.per_hour


def _end(lake: Lake, claims: list[NotificationDelivery], answer: TargetAnswer, now: datetime) -> None:
    end_notice(
        lake,
        [replace(each, ended_at=now, outcome=answer.outcome, detail=answer.detail) for each in claims],
    )

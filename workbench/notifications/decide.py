"""Who is told that something happened, and to which burst it belongs. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workbench.lake.notifications import Notification
from workbench.notifications.choices import NotificationChoice

BURST = timedelta(minutes=1)
"""Messages of one conversation that come within this time are one notification."""
NEWS_FOR = timedelta(days=1)
"""What happened longer ago when it came in, as in a backfill, is told nobody."""


@dataclass(frozen=True)
class Happening:
    """Something in a conversation. `kind` is message, assigned or mention.

    `actor` is who did it, as the audit trail names people; `named` are those it is about: whom the
    conversation was given to, or whom the note names, each of a team. Of a message, `owners` are those who
    have the conversation: one person, or all of a team; none where it is nobody's.
    """

    kind: str
    conversation_id: str
    happened_at: datetime
    actor: str = ""
    owners: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


def is_told(person: str, choice: NotificationChoice, happening: Happening) -> bool:
    """Whether a person is told; nobody is told of what they did themselves."""
    if happening.actor.partition(":")[2] == person:
        return False
    # At this machine a user's name may have capitals; people write names as they like.
    name = person.lower()
    if happening.kind == "message":
        return {
            "off": False,
            "mine": name in happening.owners,
            "mine-and-unassigned": not happening.owners or name in happening.owners,
            "all": True,
        }[choice.messages]
    wants = choice.assigned if happening.kind == "assigned" else choice.mentions
    return wants and name in happening.named


def note(
    happenings: Iterable[Happening],
    choices: Mapping[str, NotificationChoice],
    unread: Iterable[Notification],
    now: datetime,
) -> list[Notification]:
    """The notifications that are new, or longer by what happened.

    Args:
        choices: of everybody who may be told.
        unread: what people have not read yet.
    """
    bursts = {
        (each.person, each.conversation_id): each
        for each in unread
        if each.kind == "message" and now - each.noted_at < BURST
    }
    changed: dict[str, Notification] = {}
    for happening in happenings:
        if now - happening.happened_at > NEWS_FOR:
            continue
        for person, choice in choices.items():
            if not is_told(person, choice, happening):
                continue
            key = (person, happening.conversation_id)
            notification = _longer(bursts.get(key), happening) if happening.kind == "message" else None
            notification = notification or _new(person, happening, now)
            if happening.kind == "message":
                bursts[key] = notification
            changed[notification.notification_id] = notification
    return list(changed.values())


def _longer(burst: Notification | None, happening: Happening) -> Notification | None:
    if burst is None:
        return None
    last_at = max(burst.last_at, happening.happened_at)
    return replace(burst, events=burst.events + 1, last_at=last_at)


def _new(person: str, happening: Happening, now: datetime) -> Notification:
    return Notification(
        uuid.uuid4().hex,
        person,
        happening.kind,
        happening.conversation_id,
        1,
        happening.happened_at,
        happening.happened_at,
        now,
    )


def still_waiting(unread: Iterable[Notification], answered: Mapping[str, datetime]) -> list[Notification]:
    """What is still worth telling: no message that somebody has answered, or whose conversation is resolved.

    Args:
        answered: when a conversation was answered or resolved last, by its id.
    """
    return [
        each
        for each in unread
        if each.kind != "message" or (at := answered.get(each.conversation_id)) is None or at < each.last_at
    ]

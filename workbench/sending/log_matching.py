"""Which messages in Twilio's log are the ones that somebody began to send before a crash. Pure.

Twilio takes no key with a request, so a message is recognised by what it is: recipient, sender or service,
text, and a creation within the minutes after its intent. Messages that are known to be the outcomes of other
intents do not count. Of two identical intents the older takes the older message; as both are the same to the
recipient, it matters only that their number is right. Where a row of the log could be ours and nothing proves
it, the answer is `undecided`: nothing is sent on a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from workbench.messaging.message import MessageRow
from workbench.sending.outbox import Intent

BEFORE, AFTER = timedelta(seconds=30), timedelta(minutes=15)
"""How far a message may have been created before and after its intent, clocks made equal."""


@dataclass(frozen=True)
class LogMatch:
    """How an intent ended: `accepted` as a message, `absent` from the log for good, or `undecided`."""

    answer: Literal["accepted", "absent", "undecided"]
    row: MessageRow | None = None
    reason: str = ""


@dataclass(frozen=True)
class UnreadableRow:
    """A row of the log that cannot be read as a message; what can be told of it, else None."""

    problem: str
    message_sid: str | None = None
    contact: str | None = None
    """As the outbox holds it."""
    date_created: datetime | None = None
    is_inbound: bool = False


def match_intents(
    intents: Sequence[Intent],
    rows: Sequence[MessageRow],
    *,
    unreadable: Sequence[UnreadableRow] = (),
    rivals: Sequence[Intent] = (),
    claimed: Collection[str],
    contact_of: Callable[[MessageRow], str | None],
    fingerprint_of: Callable[[MessageRow], str],
    clock_offset: timedelta,
    now: datetime,
    settle_after: timedelta,
) -> dict[str, LogMatch]:
    """A decision for every intent, by its key.

    Args:
        intents: unfinished ones of processes that will not finish them.
        rows: the log around them, as Twilio shows it now.
        unreadable: rows of it that cannot be read. An intent that may be one of them is not absent.
        rivals: messages to the same people that somebody is sending right now.
        claimed: SIDs that are known outcomes.
        contact_of: a row's contact as the outbox holds it.
        clock_offset: Twilio's clock minus ours.
        settle_after: before so much time has passed a request may still be on its way.
    """
    free = sorted(
        (row for row in rows if row.is_outbound and row.message_sid not in claimed),
        key=lambda row: (row.date_created, row.message_sid),
    )
    decisions: dict[str, LogMatch] = {}
    for intent in sorted(intents, key=lambda intent: (intent.intended_at, intent.key)):
        near = [row for row in free if _may_be(intent, row, contact_of, clock_offset)]
        exact = [row for row in near if fingerprint_of(row) == intent.fingerprint]
        alike = sum(_is_alike(intent, rival) for rival in rivals)
        if exact and len(exact) <= alike:
            decisions[intent.key] = LogMatch(
                "undecided", reason="The same text is being sent to them right now."
            )
        elif exact:
            decisions[intent.key] = LogMatch("accepted", exact[0])
            free.remove(exact[0])
    for intent in intents:
        if intent.key not in decisions:
            near = [row for row in free if _may_be(intent, row, contact_of, clock_offset)]
            doubtful = [
                row
                for row in unreadable
                if row.message_sid not in claimed and _may_be_unreadable(intent, row, clock_offset)
            ]
            decisions[intent.key] = _without_match(intent, near, doubtful, now, settle_after)
    return decisions


def _without_match(
    intent: Intent,
    near: Sequence[MessageRow],
    doubtful: Sequence[UnreadableRow],
    now: datetime,
    settle_after: timedelta,
) -> LogMatch:
    if intent.fingerprint is None and len(near) == 1 and not doubtful:
        # Twilio fills in the text of a content template: there is none to compare, and no other row is near.
        return LogMatch("accepted", near[0])
    if near:
        return LogMatch(
            "undecided", reason="Twilio's log holds another text to the same recipient at that time."
        )
    if doubtful:
        return LogMatch(
            "undecided",
            reason=f"A row of Twilio's log that may be this message cannot be read: {doubtful[0].problem}",
        )
    looked_at = intent.intended_at + settle_after
    if now < looked_at:
        return LogMatch(
            "undecided", reason=f"It may still be on its way; look again after {looked_at:%H:%M:%S} UTC."
        )
    return LogMatch("absent")


def _is_alike(intent: Intent, rival: Intent) -> bool:
    return (rival.contact, rival.fingerprint) == (intent.contact, intent.fingerprint)


def _may_be(
    intent: Intent, row: MessageRow, contact_of: Callable[[MessageRow], str | None], offset: timedelta
) -> bool:
    if not _is_near(intent, row.date_created, offset) or contact_of(row) != intent.contact:
        return False
    if intent.messaging_service_sid is not None:
        return row.messaging_service_sid == intent.messaging_service_sid
    return row.from_address == intent.sender


def _may_be_unreadable(intent: Intent, row: UnreadableRow, offset: timedelta) -> bool:
    """Whether the row may be the intended message: nothing that can be read of it says otherwise."""
    if row.is_inbound or (row.contact is not None and row.contact != intent.contact):
        return False
    return row.date_created is None or _is_near(intent, row.date_created, offset)


def _is_near(intent: Intent, created: datetime, offset: timedelta) -> bool:
    """Whether a message of that moment can be the one that was intended."""
    intended_at = intent.intended_at + offset
    return intended_at - BEFORE <= created <= intended_at + AFTER

"""Consent at a glance: what stands between us and this contact, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.conversations.find import Conversation
from workbench.lake import Lake
from workbench.lake.consent import EVERYTHING, Side, find_suppressions

Standing = Literal["opted-out", "opted-in", "unknown"]


@dataclass(frozen=True)
class ConsentGlance:
    """Whether the contact may be written to from here, since when, and who heard it."""

    standing: Standing
    scope: str | None = None
    source: str | None = None
    since: datetime | None = None


def read_consent(lake: Lake, conversation: Conversation) -> ConsentGlance:
    """An opt-out that would block a reply weighs more than any opt-in."""
    side = Side(conversation.account_sid, conversation.sender, conversation.service)
    with lake.cursor() as cursor:
        held = find_suppressions(cursor, [conversation.contact], side).get(conversation.contact)
    if held:
        scope, source, since = held[-1]
        return ConsentGlance("opted-out", scope, source, since)
    rows = lake.rows(
        """
        select scope, source, since from consent_state
        where state = 'opt-in' and person_of(address) = person_of($contact) and (
            scope in ($everything, $our_side)
            or scope in (
                select sender from conversation_lines where our_side = $our_side and contact = $contact
            )
        )
        order by since desc
        """,
        {"contact": conversation.contact, "everything": EVERYTHING, "our_side": conversation.our_side},
    )
    return ConsentGlance("opted-in", *rows[0]) if rows else ConsentGlance("unknown")

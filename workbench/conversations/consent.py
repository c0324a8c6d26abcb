"""Consent at a glance: what stands between us and this contact, in one line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.conversations.find import Conversation
from workbench.lake import Lake
from workbench.lake.consent import EVERYTHING

Standing = Literal["opted-out", "opted-in", "unknown"]


@dataclass(frozen=True)
class ConsentGlance:
    """Whether the contact may be written to from here, since when, and who heard it."""

    standing: Standing
    scope: str | None = None
    source: str | None = None
    since: datetime | None = None


def read_consent(lake: Lake, conversation: Conversation) -> ConsentGlance:
    """An opt-out that reaches this conversation weighs more than any opt-in."""
    rows = lake.rows(
        """
        select state, scope, source, since from consent_state
        where address = $contact and (
            scope in ($everything, $our_side)
            or scope in (
                select sender from conversation_lines where our_side = $our_side and contact = $contact
            )
        )
        order by state = 'opt-out' desc, since desc
        """,
        {"contact": conversation.contact, "everything": EVERYTHING, "our_side": conversation.our_side},
    )
    if not rows:
        return ConsentGlance("unknown")
    state, scope, source, since = rows[0]
    return ConsentGlance("opted-out" if state == "opt-out" else "opted-in", scope, source, since)

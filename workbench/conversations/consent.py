"""The consent of one contact, in one line: opted in, opted out, or not on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.conversations.find import Conversation
from workbench.lake.connect import LakeVersion
from workbench.lake.consent import EVERYTHING, Side, find_suppressions

Standing = Literal["opted-out", "opted-in", "unknown"]


@dataclass(frozen=True)
class ConsentGlance:
    """Whether the contact may be written to by this side, since when, and from which source."""

    standing: Standing
    scope: str | None = None
    source: str | None = None
    since: datetime | None = None


def read_consent(lake: LakeVersion, conversation: Conversation) -> ConsentGlance:
    """The consent that holds for a reply: an opt-out that would block it wins over any opt-in."""
    side = Side(conversation.account_sid, conversation.sender, conversation.service)
    opt_outs = find_suppressions(lake.cursor, [conversation.contact], side).get(conversation.contact)
    if opt_outs:
        scope, source, since = opt_outs[-1]
        return ConsentGlance("opted-out", scope, source, since)
    if not lake.rows(_HAS_OPTED_IN_SQL, [conversation.contact]):
        return ConsentGlance("unknown")
    rows = lake.rows(
        _OPT_INS_SQL,
        {"contact": conversation.contact, "everything": EVERYTHING, "our_side": conversation.our_side},
    )
    return ConsentGlance("opted-in", *rows[0]) if rows else ConsentGlance("unknown")


#: Most people have not, which this finds out quickly.
_HAS_OPTED_IN_SQL = """
    select 1 from consent_events where kind = 'opt-in' and person_of(address) = person_of(?) limit 1
"""
_OPT_INS_SQL = """
    select scope, source, since from consent_state
    where state = 'opt-in' and person_of(address) = person_of($contact) and (
        scope in ($everything, $our_side)
        or scope in (select sender from conversation_lines where our_side = $our_side and contact = $contact)
    )
    order by since desc
"""

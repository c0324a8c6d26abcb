"""Finds one conversation, by its id or by the contact's address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from workbench.errors import NotFound, UsageError
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.lake.number_context import read_number_context
from workbench.messaging.address_reader import NumberContext, read_address
from workbench.messaging.addresses import mask
from workbench.messaging.person import address_spellings
from workbench.messaging.privacy import HASH_MARK

_ID = re.compile(r"C[VW][0-9a-f]{24}")


@dataclass(frozen=True)
class Conversation:
    """Names one conversation. Our side is the SID of a messaging service, or one of our senders."""

    conversation_id: str
    our_side: str
    contact: str
    account_sid: str
    last_sender: str | None

    @property
    def service(self) -> str | None:
        """The messaging service that answers, if one does."""
        return self.our_side if self.our_side.startswith("MG") else None

    @property
    def sender(self) -> str | None:
        """The sender that answers where no messaging service does."""
        return None if self.service else self.our_side

    @property
    def contacts(self) -> list[str]:
        """The contact's address in every spelling of its number, on the same channel."""
        return list(address_spellings(self.contact))

    @property
    def is_reachable(self) -> bool:
        """Whether the lake kept the contact's address, so that it can be written to."""
        return "***" not in self.contact and HASH_MARK not in self.contact

    def __repr__(self) -> str:
        return f"Conversation({self.conversation_id!r}: {mask(self.contact)} with {self.our_side})"


def find_conversation(
    lake: Lake, reference: str, *, our_side: str | None = None, context: NumberContext | None = None
) -> Conversation:
    """The conversation that a reference names.

    Args:
        reference: its id (that of any of its messages), or the contact's address as people type it; of
            several conversations with that contact the latest is meant, unless ``our_side`` says which.
        our_side: one of our senders or messaging services.
        context: how the address is read; by default with what the lake knows.

    Raises:
        UsageError: there is none.
    """
    reference = reference.strip()
    if _ID.fullmatch(reference):
        return _only(
            _by_id(lake, reference), f"No conversation {reference} in this lake; sync, then look again."
        )
    if matches := _by_contact(lake, reference, our_side):
        return Conversation(*matches[0])
    address = read_address(reference, context or read_number_context(lake))
    matches = _by_contact(lake, address, our_side)
    side = f" with {our_side}" if our_side else ""
    return _only(
        matches,
        f"No conversation with {mask(address)}{side} in this lake. `workbench conversations` lists them.",
    )


def find_pair(lake: Lake, our_side: str, contact: str) -> Conversation | None:
    """The conversation of one of our sides with an address in any spelling; None where there is none."""
    matches = _by_contact(lake, contact, our_side)
    return next((Conversation(*row) for row in matches if row[1] == our_side), None)


def is_conversation_id(reference: str) -> bool:
    """Whether a reference is the id of a conversation, and so no contact's address."""
    return _ID.fullmatch(reference.strip()) is not None


def _by_id(lake: Lake, conversation_id: str) -> list[tuple[Any, ...]]:
    """Whose it is, then its messages: asked in one query, all conversations of the lake are put together."""
    pairs = lake.rows(
        "select distinct our_side, contact from conversation_lines where conversation_id = ?",
        [conversation_id],
    )
    return [
        row
        for our_side, contact in pairs
        for row in lake.rows(
            f"{_SELECT} where our_side = ? and contact = ? group by our_side, contact", [our_side, contact]
        )
    ]


def _by_contact(lake: Lake, address: str, our_side: str | None) -> list[tuple[Any, ...]]:
    return lake.rows(
        f"{_SELECT} where list_contains($contacts::varchar[], contact) "
        "and ($our_side is null or our_side = $our_side or sender = $our_side) "
        "group by our_side, contact order by contact = $contact desc, max(date_created) desc",
        {"contact": address, "contacts": list(address_spellings(address)), "our_side": our_side},
    )


_SELECT = """
    select
        min({'at': date_created, 'id': conversation_id})['id'], our_side, contact, max(account_sid),
        max({'at': date_created, 'sender': sender}) filter (sender is not null)['sender']
    from conversation_lines
"""


def _only(matches: list[tuple[Any, ...]], message: str) -> Conversation:
    if not matches:
        raise NotFound(message)
    return Conversation(*matches[0])


def require_reachable(conversation: Conversation) -> None:
    """Refuse a conversation whose contact's number the lake does not keep.

    Raises:
        UsageError: it keeps numbers masked or hashed.
    """
    if not conversation.is_reachable:
        raise UsageError(
            f"The lake keeps no whole number of {mask(conversation.contact)} (see [privacy] mode), so "
            "nothing can be sent to it from here. Use `workbench send --to` with the number."
        )


def reveal(lake: Lake, conversation: Conversation, actor: str) -> str:
    """The contact's whole address; the audit row is written first."""
    lake.write(
        lambda cursor: append_audit(
            cursor,
            "reveal",
            actor=actor,
            subject=mask(conversation.contact),
            detail={"conversation": conversation.conversation_id},
        )
    )
    return conversation.contact

"""Begins a conversation with somebody who has none: who writes from our side, and to whom.

Nothing is stored by it. The lake has the conversation with its first message, and until then the session that
began it does.
"""

from __future__ import annotations

from typing import LiteralString

from workbench.conversations.drafts import DraftStore
from workbench.conversations.find import Conversation, find_pair
from workbench.conversations.listing import StateRow
from workbench.display.names import sender_label
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.conversation_ids import keyed_id
from workbench.lake.number_context import read_number_context
from workbench.lake.secret_key import saving_key
from workbench.messaging.address_reader import read_person
from workbench.messaging.addresses import channel
from workbench.messaging.message import conversation_id
from workbench.messaging.privacy import privacy_mode
from workbench.settings import Settings

NEW_STATE = StateRow("new", False, None, None, [], None)
"""Of a conversation without any message."""


class BegunConversations:
    """The conversations that one browser began.

    Args:
        drafts: where what is typed is kept; it finds a begun conversation again after a reload.
    """

    def __init__(self, lake: Lake, settings: Settings, drafts: DraftStore) -> None:
        self._lake, self._settings, self._drafts = lake, settings, drafts
        self._begun: dict[str, Conversation] = {}

    def sides(self) -> dict[str, str]:
        """The services, and the senders of none, that can write: each with its name, the usual one first."""
        account = self._account
        if account is None:
            return {}
        is_masked = self._settings.privacy.mask_own_numbers
        names = {
            side: name or side if side.startswith("MG") else sender_label(side, name, is_masked=is_masked)
            for side, name in self._lake.rows(_SIDES_SQL, [account])
        }
        usual = self._settings.sending.service or self._settings.sending.sender
        return dict(sorted(names.items(), key=lambda pair: (pair[0] != usual, pair[1].lower())))

    def begin(self, to: str, side: str) -> Conversation:
        """The conversation of a number with one of our sides: the one that is there, or a new one.

        Args:
            to: a number as people type it.
            side: one of :meth:`sides`.

        Raises:
            UsageError: it is not the number of a person, no such side can write, or the two are of
                different channels; or the lake keeps no whole numbers.
        """
        if privacy_mode(self._settings.privacy.mode).needs_key:
            raise UsageError(
                "This lake keeps no whole numbers (see [privacy] mode), so no conversation begins here. Use "
                "`workbench send --to` with the number."
            )
        sides = self.sides()
        if side not in sides:
            allowed = ", ".join(sides) or "none: sync the account first"
            raise UsageError(f"Nothing can be sent from {side!r}; there are {allowed}.")
        context = read_number_context(self._lake, self._settings.sending.default_country)
        contact = _on_channel_of(side, read_person(to, context))
        existing = find_pair(self._lake, side, contact)
        return existing or self._keep(side, contact)

    def find(self, conversation: str, person: str) -> Conversation | None:
        """A begun conversation by its id: of this browser, else one that the person has a draft for."""
        if conversation in self._begun:
            return self._begun[conversation]
        draft = self._drafts.read(person, conversation)
        if draft is None:
            return None
        key = self._key()
        side = next((s for s in self.sides() if _id(s, draft.contact, key) == conversation), None)
        if side is None:
            return None
        return find_pair(self._lake, side, draft.contact) or self._keep(side, draft.contact)

    def is_begun(self, conversation: Conversation) -> bool:
        """Whether it was begun here; it may have messages by now."""
        return conversation.conversation_id in self._begun

    def stored_id(self, conversation: Conversation) -> str:
        """The id by which the lake has a conversation; empty where it has no message of it.

        The id changes where a messaging service sends the first message and has not chosen the sender yet.
        """
        if not self.is_begun(conversation):
            return conversation.conversation_id
        stored = find_pair(self._lake, conversation.our_side, conversation.contact)
        return stored.conversation_id if stored else ""

    def known_to_lake(self, conversation: Conversation) -> Conversation:
        """The conversation as the lake has it, so that something can be decided about it.

        Raises:
            UsageError: nothing was sent yet, or the service has not chosen the sender yet.
        """
        if not self.is_begun(conversation):
            return conversation
        stored = find_pair(self._lake, conversation.our_side, conversation.contact)
        if stored is None:
            raise UsageError("Nothing was sent in this conversation yet. Send a message first.")
        if stored.last_sender is None:
            raise UsageError("Twilio has not chosen the sender of this message yet. Try again in a moment.")
        return stored

    def _keep(self, side: str, contact: str) -> Conversation:
        sender = None if side.startswith("MG") else side
        begun = Conversation(_id(side, contact, self._key()), side, contact, self._account or "", sender)
        self._begun[begun.conversation_id] = begun
        return begun

    def _key(self) -> bytes:
        """The lake's; a lake without messages may have none yet."""
        return self._lake.write(saving_key)

    @property
    def _account(self) -> str | None:
        credentials = self._settings.optional_credentials
        return credentials.account_sid if credentials else None


def _id(side: str, contact: str, key: bytes) -> str:
    """As the lake would store it."""
    return keyed_id(conversation_id(side, contact) or "", key)


def _on_channel_of(side: str, contact: str) -> str:
    """The contact's address on the channel of our sender; a service has senders of several.

    Raises:
        UsageError: it names another channel.
    """
    ours, theirs = channel(side), channel(contact)
    if side.startswith("MG") or ours == theirs:
        return contact
    if theirs == "sms":
        return f"{ours}:{contact}"
    raise UsageError(
        f"This is an address of {theirs}, and the sender is one of {ours}. Choose another sender."
    )


_SIDES_SQL: LiteralString = """
    select messaging_service_sid, friendly_name from messaging_services
    where account_sid = $1 and removed_at is null
    union all
    select sender, friendly_name from senders
    where account_sid = $1 and removed_at is null and sender not in (select sender from sender_pools)
        and (can_sms is distinct from false or contains(sender, ':'))
"""

"""All conversations of a lake as a table in memory: it makes lists and searches fast.

After a commit only the conversations that it touched are read again. Everything is read again where that is
not known, and now and then.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import LiteralString

from workbench.conversations.find import Conversation
from workbench.conversations.found_lines import FoundLines
from workbench.conversations.touched import TouchedConversations
from workbench.errors import LakeError
from workbench.lake import Lake
from workbench.lake.changed_tables import read_changed_tables

log = logging.getLogger(__name__)

REST = 4.0
"""After the table was brought up to date, it is not done again for so many times as long as that took."""
_LONGEST_REST = 15.0
_LONGEST_AGE = 600.0
_SNOOZES_EVERY = 10.0
_MOST_TOUCHED = 2_000
_REMEMBERED = 5_000
_names = itertools.count(1)

EVERYTHING = "conversations"
"""The lake's view: the same rows, and slower."""
LONGEST_BODY = 240
"""Characters of the last message that the table keeps."""


@dataclass
class _Touched:
    """What commits changed."""

    contacts: set[str] = field(default_factory=set)
    conversation_ids: set[str] = field(default_factory=set)
    has_names: bool = False


class ConversationCache:
    """One lake's conversations. Safe to use from several threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.RLock()
        self._table: LiteralString = ""
        self._snapshot: int | None = None
        self._generation = lake.generation
        self._made_at = self._renewed_at = self._snoozes_at = self._took = 0.0
        self._touched = TouchedConversations(lake)
        self.found = FoundLines(lake)
        """What searches of these conversations find."""
        self._pairs: set[tuple[str, str]] = set()
        self._side_names: Mapping[str, str] = {}
        self._changed: OrderedDict[tuple[str, str], int] = OrderedDict()
        self._version = self._names_at = 0

    def table_name(self, rest: float = REST) -> LiteralString:
        """The table's name, for a query of this lake; see :data:`SUMMARY_COLUMNS`.

        Args:
            rest: how many times as long as the last renewal took the next one waits.
        """
        with self._lock:
            self._forget_lost()
            now = time.monotonic()
            if not self._table or now - self._made_at > _LONGEST_AGE:
                self._make(self._lake.snapshot_id())
            elif not self.seconds_to_wait(rest):
                self._bring_up_to_date()
            return self._table

    @property
    def names_table(self) -> LiteralString:
        """The table of contacts' names by `person`, beside the one that `table_name` gave."""
        return f"{self._table}_names"

    @property
    def snapshot(self) -> int | None:
        """The lake's version that the table shows; it may be older than the lake."""
        return self._snapshot

    @property
    def version(self) -> int:
        """Grows whenever a row of the table changes."""
        return self._version

    def changed_at(self, conversation: Conversation) -> int:
        """The version in which a conversation changed last; 0 for one that did not since the table began."""
        return self._changed.get((conversation.our_side, conversation.contact), 0)

    def has_changed(self, conversation: Conversation, version: int) -> bool:
        """Whether a conversation, or the name of any contact, changed after this version."""
        return self.changed_at(conversation) > version or self._names_at > version

    def find(self, conversation_id: str) -> Conversation | None:
        """The conversation whose first message has this id, if the table has it."""
        table = self.table_name()
        with self._lake.memory() as cursor:
            rows = cursor.execute(
                "select conversation_id, our_side, contact, account_sid, last_sender "
                f"from {table} where conversation_id = ?",
                [conversation_id],
            ).fetchall()
        return Conversation(*rows[0]) if rows else None

    def side_names(self) -> Mapping[str, str]:
        """What our senders and messaging services are called, for those that have a name."""
        self.table_name()
        return self._side_names

    def seconds_to_wait(self, rest: float) -> float:
        """How long :meth:`table_name` gives the table as it is, whatever is committed."""
        due_at = self._renewed_at + min(self._took * rest, _LONGEST_REST)
        return max(0.0, due_at - time.monotonic())

    def renew(self, contacts: Collection[str]) -> None:
        """Bring these contacts' conversations up to date, so that a person's own change shows at once."""
        with self._lock:
            self._forget_lost()
            if self._table and contacts:
                self._renew(_Touched(contacts=set(contacts)))

    def _forget_lost(self) -> None:
        """Forget the table if the lake's engine was renewed: the table went with the old one."""
        if self._generation != self._lake.generation:
            self._table, self._generation = "", self._lake.generation

    def _bring_up_to_date(self) -> None:
        began, before = time.monotonic(), self._snapshot
        snapshot = self._lake.snapshot_id()
        touched = _Touched() if snapshot == before else self._read_touched(snapshot)
        if touched is None or len(touched.contacts) + len(touched.conversation_ids) > _MOST_TOUCHED:
            self._make(snapshot)
            return
        if began - self._snoozes_at > _SNOOZES_EVERY:
            touched.contacts |= self._ended_snoozes()
            self._snoozes_at = began
        if touched.has_names:
            self._make_names()
        if touched.contacts or touched.conversation_ids:
            self._renew(touched)
        self._snapshot, self._renewed_at = snapshot, time.monotonic()
        if touched.contacts or touched.conversation_ids or touched.has_names or snapshot != before:
            self._took = self._renewed_at - began

    def _ended_snoozes(self) -> set[str]:
        """A snooze ends without a commit."""
        with self._lake.memory() as cursor:
            ended = cursor.execute(
                f"select contact from {self._table} where state = 'snoozed' and snoozed_until <= now()"
            )
            return {contact for (contact,) in ended.fetchall()}

    def _read_touched(self, snapshot: int) -> _Touched | None:
        """What commits up to this version changed; None where that is not known."""
        if self._snapshot is None:
            return None
        try:
            changed = read_changed_tables(self._lake, self._snapshot)
            if changed.names is None or changed.names & _OF_EVERYTHING:
                return None
            touched = _Touched(has_names="contact_events" in changed.names)
            span = {"first": self._snapshot + 1, "last": snapshot}
            for table in sorted(changed.names & _CHANGES.keys()):
                rows = self._lake.rows(_CHANGES[table], span)
                pairs = {(sender, service) for _, _, sender, service in rows if sender and service}
                if not pairs <= self._pairs:
                    # A sender in a service's pool makes other conversations of its messages.
                    return None
                touched.contacts |= {row[0] for row in rows if row[0]}
                touched.conversation_ids |= {row[1] for row in rows if row[1]}
            return touched
        except LakeError as error:
            log.debug("the commits after %s cannot be compared: %s", self._snapshot, error)
            return None

    def _renew(self, touched: _Touched) -> None:
        computed = self._touched.compute(touched.contacts, touched.conversation_ids)
        lines = self._touched.lines
        with self._lake.cursor() as cursor:
            cursor.execute("begin")
            pairs = cursor.execute(
                f"delete from {self._table} where contact in (select contact from {lines} "
                "union all select unnest(?::varchar[])) returning our_side, contact",
                [list(touched.contacts)],
            ).fetchall()
            pairs += cursor.execute(
                f"insert into {self._table} {_summaries(computed, lines)} returning our_side, contact"
            ).fetchall()
            cursor.execute("commit")
        self._note_changed(set(pairs))

    def _note_changed(self, pairs: set[tuple[str, str]]) -> None:
        self._version += 1
        for pair in pairs:
            self._changed[pair] = self._version
            self._changed.move_to_end(pair)
        while len(self._changed) > _REMEMBERED:
            self._changed.popitem(last=False)

    def _make(self, snapshot: int) -> None:
        began, name = time.monotonic(), f"memory.main.conversations_{next(_names):d}"
        old = self._table
        with self._lake.cursor() as cursor:
            cursor.execute(f"create table {name} as {_summaries(EVERYTHING, 'message_facts')}")
            self._pairs = set(cursor.execute(_PAIRS_SQL).fetchall())
            self._side_names = dict(cursor.execute(_SIDE_NAMES_SQL).fetchall())
            if old:
                changed = cursor.execute(
                    f"select distinct our_side, contact from ((from {name} except from {old}) "
                    f"union all (from {old} except from {name}))"
                ).fetchall()
                cursor.execute(f"drop table {old}")
                cursor.execute(f"drop table if exists {old}_names")
                self._note_changed(set(changed))
        self._table, self._snapshot = name, snapshot
        self._make_names()
        self._made_at = self._renewed_at = time.monotonic()
        self._took = self._made_at - began

    def _make_names(self) -> None:
        self._version += 1
        self._names_at = self._version
        with self._lake.cursor() as cursor:
            cursor.execute(f"create or replace table {self.names_table} as {NAMES_SQL}")


def _summaries(conversations: LiteralString, messages: LiteralString) -> LiteralString:
    return f"""
        select
            c.*, person_of(c.contact) as person, left(m.body, {LONGEST_BODY:d}) as last_body,
            m.is_outbound as last_is_outbound, m.status as last_status,
            coalesce(m.media_count, 0) as last_media, m.encoding as last_encoding
        from {conversations} c join {messages} m on m.message_sid = c.last_message_sid
    """


NAMES_SQL: LiteralString = """
    select
        own.person_key as person, coalesce(main.name, own.name) as name,
        coalesce(main.labels, own.labels) as contact_labels, own.language, own.time_zone,
        person_of(own.merged_into) as merged_person, given.addresses
    from contact_overlay own
    left join contact_overlay main on main.person_key = person_of(own.merged_into)
    left join (
        select person_of(address) as person, list(distinct address) as addresses
        from contact_events group by 1
    ) given on given.person = own.person_key
"""
"""The names of contacts and what else people said of them, by person."""

#: Tables whose rows decide about more than the conversations that they name.
_OF_EVERYTHING = frozenset({"senders", "messaging_services", "tombstones", "erased_people"})
_PAIRS_SQL = """
    select distinct sender, messaging_service_sid from raw_messages
    where sender is not null and messaging_service_sid is not null
    union select sender, messaging_service_sid from sender_pools
"""
_SIDE_NAMES_SQL = """
    select messaging_service_sid, max(friendly_name) from messaging_services
    where friendly_name is not null group by 1
    union all
    select sender, max(friendly_name) from senders where friendly_name is not null group by 1
"""
#: By table: contact, conversation, sender and service of the rows that changed.
_CHANGES: Mapping[str, LiteralString] = {
    "raw_messages": """
        select distinct contact, null, sender, messaging_service_sid
        from ducklake_table_changes('lake', 'main', 'raw_messages', $first, $last)
    """,
    "conversation_events": """
        select distinct null, conversation_id, null, null
        from ducklake_table_changes('lake', 'main', 'conversation_events', $first, $last)
    """,
    "outbox_events": """
        select distinct contact, null, null, null
        from ducklake_table_changes('lake', 'main', 'outbox_events', $first, $last)
        where starts_with(actor, 'rule:') and message_sid is not null
    """,
}

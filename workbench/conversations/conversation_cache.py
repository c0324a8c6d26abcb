"""All conversations in which the contact wrote, as a table in memory: it makes lists and searches fast.

The table is made again after a commit, and once a minute because a snooze ends without one.
"""

from __future__ import annotations

import itertools
import threading
import time
from typing import LiteralString

from workbench.conversations.find import Conversation
from workbench.lake import Lake

#: After a table was made, it is not made again for four times as long as that took.
_REST = 4
_LONGEST_AGE = 60.0
_names = itertools.count(1)

EVERYTHING = "conversations"
"""The lake's view: it also has the contacts to whom only we wrote, and is slower."""


class ConversationCache:
    """One lake's conversations with at least one message of the contact. Safe to use from several threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._table: LiteralString = ""
        self._snapshot: int | None = None
        self._generation = lake.generation
        self._made_at = self._took = 0.0
        self._quiet = 0

    def table_name(self) -> LiteralString:
        """The table's name, for a query of this lake."""
        with self._lock:
            self._forget_lost()
            snapshot, age = self._lake.snapshot_id(), time.monotonic() - self._made_at
            is_old = snapshot != self._snapshot and age > self._took * _REST
            if not self._table or is_old or age > _LONGEST_AGE:
                self._make(snapshot)
            return self._table

    def renew(self, conversation: Conversation) -> None:
        """Bring one conversation up to date, so that a person's own change shows at once."""
        pair = [conversation.our_side, conversation.contact]
        with self._lock:
            self._forget_lost()
            if not self._table:
                return
            with self._lake.cursor() as cursor:
                cursor.execute("begin")
                cursor.execute(f"delete from {self._table} where our_side = ? and contact = ?", pair)
                cursor.execute(
                    f"insert into {self._table} select * from conversations "
                    "where our_side = ? and contact = ? and received > 0",
                    pair,
                )
                cursor.execute("commit")

    @property
    def snapshot(self) -> int | None:
        """The lake's version that the table shows; it may be older than the lake."""
        return self._snapshot

    @property
    def quiet(self) -> int:
        """The number of conversations that are not in the table, because the contact never wrote."""
        return self._quiet

    def _forget_lost(self) -> None:
        """Forget the table if the lake's engine was renewed: the table went with the old one."""
        if self._generation != self._lake.generation:
            self._table, self._generation = "", self._lake.generation

    def _make(self, snapshot: int) -> None:
        began, name = time.monotonic(), f"memory.main.conversations_{next(_names):d}"
        with self._lake.cursor() as cursor:
            cursor.execute(f"create table {name} as select * from conversations where received > 0")
            pairs = cursor.execute("select count(distinct (our_side, contact)) from conversation_lines")
            conversations = int(pairs.fetchall()[0][0])
            listed = int(cursor.execute(f"select count(*) from {name}").fetchall()[0][0])
            if self._table:
                cursor.execute(f"drop table {self._table}")
        self._table, self._snapshot, self._quiet = name, snapshot, max(0, conversations - listed)
        self._made_at = time.monotonic()
        self._took = self._made_at - began

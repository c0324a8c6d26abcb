"""Everybody who wrote, as a table in this process's memory: a list, its counts and a search are then instant.

It is made anew when somebody has committed, and now and then because snoozes end by the clock.
"""

from __future__ import annotations

import itertools
import threading
import time

from workbench.lake import Lake

#: A list that takes long to make is not made again for as many times that long.
_REST = 4
_LONGEST_AGE = 60.0
_names = itertools.count(1)

EVERYTHING = "conversations"
"""The view itself: also those to whom only we wrote, and slower."""


class Board:
    """One lake's conversations with at least one message of the contact. Safe to use from several threads."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._lock = threading.Lock()
        self._table = ""
        self._snapshot: int | None = None
        self._made_at = self._took = 0.0
        self._quiet = 0

    def table(self, *, after: int | None = None) -> str:
        """The table's name, for a query of this lake.

        ``after`` is a snapshot that must be in it: one's own commit shows at once.
        """
        with self._lock:
            snapshot, age = self._lake.snapshot_id(), time.monotonic() - self._made_at
            is_old = snapshot != self._snapshot and age > self._took * _REST
            is_behind = after is not None and (self._snapshot is None or self._snapshot < after)
            if not self._table or is_old or is_behind or age > _LONGEST_AGE:
                self._make(snapshot)
            return self._table

    @property
    def quiet(self) -> int:
        """How many conversations are not in it, because the contact never wrote."""
        return self._quiet

    def _make(self, snapshot: int) -> None:
        began, name = time.monotonic(), f"memory.main.board_{next(_names)}"
        with self._lake.cursor() as cursor:
            cursor.execute(f"create table {name} as select * from conversations where received > 0")  # noqa: S608
            pairs = cursor.execute("select count(distinct (our_side, contact)) from conversation_lines")
            whole = int(pairs.fetchall()[0][0])
            held = int(cursor.execute(f"select count(*) from {name}").fetchall()[0][0])  # noqa: S608
            if self._table:
                cursor.execute(f"drop table {self._table}")
        self._table, self._snapshot, self._quiet = name, snapshot, max(0, whole - held)
        self._made_at = time.monotonic()
        self._took = self._made_at - began

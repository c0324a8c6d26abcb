"""The lines of some contacts' conversations, worked out in memory from their messages alone.

The views of the lake read every message, whatever is asked of them. Here the messages of a few contacts are
copied into a schema of memory whose tables have the names that the views use, and the very text of the views
runs on these.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import LiteralString

import duckdb

from workbench.lake import Lake
from workbench.lake.views import known_views

_numbers = itertools.count(1)


class TouchedConversations:
    """One schema of memory, filled again for each call. Its owner calls it from one thread at a time."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._schema: LiteralString = f"memory.touched_{next(_numbers):d}"
        self._generation = 0

    def compute(self, contacts: Collection[str], conversation_ids: Collection[str]) -> LiteralString:
        """The name of a table with their rows of the view `conversations`.

        Args:
            contacts: addresses as the lake has them.
            conversation_ids: ids of any of their messages.

        Raises:
            LakeError: the lake cannot be read now.
        """
        with self._lake.cursor() as cursor:
            if self._generation != self._lake.generation:
                self._make_schema(cursor)
            self._copy(cursor, contacts, conversation_ids)
        with self._lake.memory() as cursor:
            cursor.execute(f"use {self._schema}")
            cursor.execute("create or replace table computed as select * from conversations")
        return f"{self._schema}.computed"

    def _make_schema(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.execute(f"drop schema if exists {self._schema} cascade")
        cursor.execute(f"create schema {self._schema}")
        for source in _SOURCES:
            cursor.execute(f"create table {self._schema}.{source} as select * from {source} limit 0")
        with self._lake.memory() as memory:
            memory.execute(f"use {self._schema}")
            # Working hours are no part of a line.
            memory.execute("create macro business_seconds(began_at, ended_at) as null::double")
            for name in _VIEWS:
                memory.execute(known_views()[name].sql)
        self._generation = self._lake.generation

    def _copy(
        self, cursor: duckdb.DuckDBPyConnection, contacts: Collection[str], conversation_ids: Collection[str]
    ) -> None:
        cursor.execute("begin")
        for source in _SOURCES:
            cursor.execute(f"delete from {self._schema}.{source}")
        lines: LiteralString = f"{self._schema}.conversation_lines"
        cursor.execute(
            f"insert into {lines} select * from conversation_lines where contact in "
            "(select unnest($contacts::varchar[]) union all select contact from raw_messages "
            "where conversation_id in (select unnest($ids::varchar[])))",
            {"contacts": list(contacts), "ids": list(conversation_ids)},
        )
        cursor.execute(
            f"insert into {self._schema}.conversation_events select * from conversation_events "
            f"where conversation_id in (select conversation_id from {lines})"
        )
        cursor.execute(
            f"insert into {self._schema}.conversation_actions select * from conversation_actions "
            f"where event_id in (select event_id from {self._schema}.conversation_events)"
        )
        cursor.execute(
            f"insert into {self._schema}.automatic_replies select * from automatic_replies "
            f"where message_sid in (select message_sid from {lines} where is_outbound)"
        )
        cursor.execute("commit")

    @property
    def lines(self) -> LiteralString:
        """The table of the copied messages."""
        return f"{self._schema}.conversation_lines"


_SOURCES: tuple[LiteralString, ...] = (
    "conversation_lines", "conversation_events", "conversation_actions", "automatic_replies"
)  # fmt: skip
_VIEWS = ("reply_blocks", "conversations")

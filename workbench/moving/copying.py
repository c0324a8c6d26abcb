"""Copies the tables of a lake, brings them up to date with what is written meanwhile, and compares them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from workbench.errors import LakeError
from workbench.moving.both_lakes import (
    LAST_TABLE,
    NEW,
    NEW_CATALOG,
    OLD,
    OLD_CATALOG,
    PROGRESS_TABLE,
    BothLakes,
    LakeChanges,
    TableSum,
)


@dataclass(frozen=True)
class MoveProgress:
    """What a move does now, for whoever watches."""

    step: str
    table: str = ""
    rows: int = 0
    """Of the table just done."""


OnMoveProgress = Callable[[MoveProgress], None]


class ComparedAt(NamedTuple):
    """The versions of both lakes at which a table was compared whole and found equal."""

    old: int
    new: int


class TableCopies:
    """The tables of the new lake, and how far each is."""

    def __init__(self, lakes: BothLakes, on_progress: OnMoveProgress) -> None:
        self._lakes, self._on_progress = lakes, on_progress
        self._compared: dict[str, ComparedAt] = {}
        self._names = [table for table in lakes.tables() if table != LAST_TABLE]

    def bring_up(self) -> float:
        """Copy what is not there yet, and take over what changed since; how many seconds it took."""
        began, lakes = time.monotonic(), self._lakes
        until, progress, written = lakes.old_snapshot(), lakes.progress(), lakes.written()
        empty = [table for table in self._names if table not in written and table not in progress]
        with lakes.one_commit():
            for table in empty:
                lakes.note_progress(table, until)
        for table in self._names:
            at = until if table in empty else progress.get(table)
            if at is None or self._must_copy(table, at, until):
                self._copy(table, until)
            elif table in self._changes(at, until).by_row:
                with lakes.one_commit():
                    rows = lakes.apply_changes(table, at, until)
                self._on_progress(MoveProgress("changes", table, rows))
        self._advance(until)
        return time.monotonic() - began

    def compare(self) -> None:
        """Compare every table whole that was not compared since it was copied.

        Raises:
            LakeError: one differs; the next run copies it again.
        """
        lakes, new_at, written = self._lakes, self._lakes.new_snapshot(), self._lakes.written()
        for table, old_at in lakes.progress().items():
            if table in self._compared:
                continue
            if table not in written:
                self._compared[table] = ComparedAt(old_at, new_at)
                continue
            old, new = lakes.sum_of(OLD, table, old_at), lakes.sum_of(NEW, table, new_at)
            self._on_progress(MoveProgress("compare", table, old.rows))
            if old != new:
                lakes.forget_progress(table)
                raise _differs(table, old, new)
            self._compared[table] = ComparedAt(old_at, new_at)

    def take_last_changes(self) -> ComparedAt | None:
        """While nobody writes: take over the last changes and compare them; None where a table must be copied
        again, which takes too long for that.

        Raises:
            LakeError: what the new lake was given is not what changed in the old one.
        """
        lakes = self._lakes
        until, progress = lakes.old_snapshot(), lakes.progress()
        for table in self._names:
            if table not in self._compared or self._must_copy(table, progress[table], until):
                return None
            if self._must_copy(table, self._compared[table].old, until):
                return None
        with lakes.one_commit():
            for table in self._names:
                if table in self._changes(progress[table], until).by_row:
                    lakes.apply_changes(table, progress[table], until)
            self._set_progress(until)
        reached = ComparedAt(until, lakes.new_snapshot())
        for table in self._names:
            self._compare_changes(table, reached)
        return reached

    def _compare_changes(self, table: str, reached: ComparedAt) -> None:
        before, lakes = self._compared[table], self._lakes
        old_changes = self._changes(before.old, reached.old)
        new_changes = lakes.changes(NEW_CATALOG, before.new, reached.new)
        is_rewritten = new_changes.rewritten is None or table in new_changes.rewritten
        if not is_rewritten and table not in old_changes.by_row | new_changes.by_row:
            return
        old = lakes.sum_of_changes(OLD, table, before.old, reached.old)
        new = lakes.sum_of_changes(NEW, table, before.new, reached.new)
        if is_rewritten or old != new:
            lakes.forget_progress(table)
            raise _differs(table, old, new)

    def _copy(self, table: str, until: int) -> None:
        self._compared.pop(table, None)
        with self._lakes.one_commit():
            rows = self._lakes.copy_table(table, until)
        self._on_progress(MoveProgress("copy", table, rows))

    def _must_copy(self, table: str, after: int, until: int) -> bool:
        rewritten = self._changes(after, until).rewritten
        return rewritten is None or table in rewritten

    def _changes(self, after: int, until: int) -> LakeChanges:
        return self._lakes.changes(OLD_CATALOG, after, until)

    def _advance(self, until: int) -> None:
        with self._lakes.one_commit():
            self._set_progress(until)

    def _set_progress(self, until: int) -> None:
        """Tables in which nothing changed are as far as the others."""
        self._lakes.engine.execute(
            f"update {PROGRESS_TABLE} set snapshot = ? where snapshot < ?", [until, until]
        )


def compare_versions(lakes: BothLakes, at: ComparedAt, on_progress: OnMoveProgress) -> dict[str, TableSum]:
    """Compare every table of two versions whole.

    Raises:
        LakeError: one differs.
    """
    sums, written = dict[str, TableSum](), lakes.written()
    for table in lakes.tables():
        if table == LAST_TABLE:
            continue
        if table not in written:
            sums[table] = TableSum(0, 0)
            continue
        old, new = lakes.sum_of(OLD, table, at.old), lakes.sum_of(NEW, table, at.new)
        on_progress(MoveProgress("compare", table, old.rows))
        if old != new:
            raise _differs(table, old, new)
        sums[table] = old
    return sums


def _differs(table: str, old: TableSum, new: TableSum) -> LakeError:
    return LakeError(
        f"The table {table} of the new lake is not that of the old one: {new.rows:,} rows with the hash "
        f"{shown_checksum(new)} instead of {old.rows:,} with {shown_checksum(old)}. Has somebody else "
        "written to the new lake? The old lake stays as it is; run the same again, which copies that table "
        "anew, or end it with `workbench lake move --abandon`."
    )


def shown_checksum(table_sum: TableSum) -> str:
    """The last 64 bits, which fit into a line."""
    return f"{table_sum.checksum % 2**64:016x}"

"""Which tables of the lake changed since a version of it, told by the catalog alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.lake.address import METADATA
from workbench.lake.connect import Lake

_CHANGE = re.compile(r"[a-z_]+:([0-9]+)")
"""One change of a version, as `inserted_into_table:43`; the number is the table's."""


@dataclass(frozen=True)
class ChangedTables:
    """The present version, and the tables that changed; None where that is not known, so all may have."""

    snapshot: int
    names: frozenset[str] | None


def read_changed_tables(lake: Lake, after: int) -> ChangedTables:
    """What changed in the versions after this one.

    Raises:
        LakeError: the lake cannot be read now.
    """
    with lake.version() as version:
        current = int(version.value("FROM ducklake_current_snapshot('lake')"))
        if current == after:
            return ChangedTables(current, frozenset())
        changes = version.rows(
            f"select changes_made from {METADATA}.ducklake_snapshot_changes where snapshot_id > ?", [after]
        )
        numbers = _table_numbers([text or "" for (text,) in changes])
        if numbers is None or len(changes) != current - after:
            return ChangedTables(current, None)
        tables = version.rows(
            f"select distinct table_id, table_name from {METADATA}.ducklake_table where end_snapshot is null"
        )
    # On a shared catalog every write takes its turn in a table of its own, which is no news to anybody.
    names = {name for number, name in tables if number in numbers} - {"write_turn"}
    return ChangedTables(current, frozenset(names))


def _table_numbers(changes: list[str]) -> set[int] | None:
    matches = [_CHANGE.fullmatch(change) for text in changes for change in text.split(",") if change]
    numbers = {int(match[1]) for match in matches if match}
    return numbers if all(matches) else None

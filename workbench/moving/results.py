"""What a move would do, what it did, and how it was ended, as commands and notebooks show it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from workbench.display.formats import plural


@dataclass(frozen=True)
class MovePlan:
    """What a move would do, and what stands in its way."""

    old: str
    new: str
    data: str
    rows: Mapping[str, int]
    """By table, those that have any."""
    size: int
    """Bytes of the old lake's files."""
    obstacles: tuple[str, ...]
    afterwards: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        lines = [
            f"From {self.old} to {self.new} with the files in {self.data}: "
            f"{plural(sum(self.rows.values()), 'row')} in {plural(len(self.rows), 'table')}, "
            f"{self.size / 2**20:,.1f} MB. Old versions of the lake are not carried along.",
            *(f"  {name:<28} {rows:>14,}" for name, rows in self.rows.items()),
            *(f"In the way: {obstacle}" for obstacle in self.obstacles),
        ]
        if not self.obstacles:
            lines.append(f"Nothing is in the way. Add --confirm to move it. {self.afterwards}")
        return "\n".join(lines)


@dataclass(frozen=True)
class TableMoved:
    """A table that is the same in both lakes."""

    table: str
    rows: int
    checksum: str
    """Over every column of every row, whatever their order."""


@dataclass(frozen=True)
class LakeMove:
    """A move that is done; the old lake waits to be released."""

    old: str
    new: str
    data: str
    tables: tuple[TableMoved, ...]
    seconds_waited: float
    """How long writers had to wait."""
    afterwards: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        width = max((len(moved.table) for moved in self.tables), default=0)
        lines = [
            f"  {moved.table:<{width}} {moved.rows:>14,}  {moved.checksum}"
            for moved in self.tables
            if moved.rows
        ]
        total = sum(moved.rows for moved in self.tables)
        return "\n".join(
            [
                f"The lake is at {self.new} now, with its files in {self.data}: {plural(total, 'row')} in "
                f"{plural(len(self.tables), 'table')}, compared by count and hash. Writers waited "
                f"{self.seconds_waited:.1f} s.",
                *lines,
                self.afterwards,
                f"The old lake, {self.old}, is as it was and refuses everything. When all is well: "
                "`workbench lake move --release-old` sets it aside, with --delete for good. Until then it "
                "holds whoever is erased from now on.",
            ]
        )


@dataclass(frozen=True)
class MoveEnded:
    """A move that was given up, or whose old lake was released."""

    old: str
    new: str
    what: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        return self.what

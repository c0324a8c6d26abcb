"""Brings a lake to this version of the program, and says beforehand what that does."""

from __future__ import annotations

import importlib.metadata
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.display.formats import plural
from workbench.errors import NothingKnown, WorkbenchError

if TYPE_CHECKING:
    from workbench.lake.upgrade import LakeUpgrade, TableChange
    from workbench.settings import Settings

_PENDING = 1


@dataclass(frozen=True)
class UpgradeCheck:
    """What an upgrade would do, or has done.

    `lake` is None where there is no lake yet; `took` is the seconds it took, None where nothing was done.
    """

    program: str
    lake: LakeUpgrade | None
    wrong_packages: tuple[str, ...] = field(default=())
    took: float | None = None

    @property
    def exit_code(self) -> int:
        """0: nothing is left to do. 1: the lake is older than the program, or packages do not fit."""
        is_pending = self.lake is not None and self.lake.is_pending and self.took is None
        return _PENDING if is_pending or self.wrong_packages else 0

    def as_dict(self) -> dict[str, Any]:
        seconds = self.lake.seconds if self.lake else None
        return {**asdict(self), "exit_code": self.exit_code, "estimated_seconds": seconds}

    def lines(self) -> list[tuple[str, str]]:
        """The same in words, as (label, value)."""
        lines = [("workbench", f"{self.program}; a newer one is not looked for")]
        lines += [("package", text) for text in self.wrong_packages]
        if not self.wrong_packages:
            lines.append(("packages", "all fit this version"))
        if self.lake is None:
            return [*lines, ("lake", "there is none yet")]
        return lines + _lake_lines(self.lake, self.took)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<14}{value}" for name, value in self.lines())


def _lake_lines(lake: LakeUpgrade, took: float | None) -> list[tuple[str, str]]:
    state = f"{lake.lake} has schema {lake.version:03d} and {plural(lake.messages, 'message')}"
    if not lake.is_pending:
        return [("lake", f"{state}; this is the schema of this version")]
    lines = [
        ("lake", f"{state}; this version wants {lake.wanted}"),
        ("migrations", f"{len(lake.migrations)}: {', '.join(lake.migrations) or 'none'}"),
        *(("table", _table_line(change)) for change in lake.tables),
        ("views", f"{len(lake.views)} made anew"),
    ]
    if took is not None:
        return [*lines, ("done", f"in {took:.1f} s; the lake has schema {lake.wanted}")]
    return [
        *lines,
        ("takes", f"about {lake.seconds} s, in one commit: all of it or nothing"),
        ("backup", "the catalog is copied to backups/ in the home first, to go back within a day"),
        ("to do it", "run `workbench upgrade`; the next command that opens the lake would do it, too"),
    ]


def _table_line(change: TableChange) -> str:
    rows = f", up to {plural(change.rows, 'row')}" if change.rows else ""
    return f"{change.table}: {', '.join(change.actions)}{rows}"


def check_upgrade(settings: Settings) -> UpgradeCheck:
    """What an upgrade would do. The lake is only read, and no network is used.

    Raises:
        LakeTooNew: a newer version has written the lake.
        LakeError: it cannot be read.
    """
    from workbench.doctor.machine import wrong_packages
    from workbench.lake.upgrade import read_upgrade

    try:
        lake = read_upgrade(settings)
    except NothingKnown:
        lake = None
    needed = importlib.metadata.requires("workbench") or []
    return UpgradeCheck(importlib.metadata.version("workbench"), lake, tuple(wrong_packages(needed)))


def upgrade(settings: Settings) -> UpgradeCheck:
    """Bring the lake to this version, as every opening for writing does.

    Returns:
        What was done.

    Raises:
        WorkbenchError: the installed packages are not those that this version needs.
        LakeError: as :func:`check_upgrade`, or it cannot be written.
    """
    from workbench.lake import open_lake

    check = check_upgrade(settings)
    if check.wrong_packages:
        raise WorkbenchError(
            "Nothing was changed, because packages do not fit this version: "
            f"{' '.join(check.wrong_packages)} Install workbench again."
        )
    if check.lake is None or not check.lake.is_pending:
        return check
    began = time.monotonic()
    open_lake(settings, may_begin=False).close()
    return UpgradeCheck(check.program, check.lake, took=time.monotonic() - began)

"""How far a move is: a file of the home, so that a run that was killed goes on where it was.

Which tables were copied stands in the new lake itself, in the same commit as their rows (`both_lakes.py`).
"""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from workbench.errors import LakeError
from workbench.files import write_whole
from workbench.home import MOVE_FILE
from workbench.lake.address import LakeAddress, without_password

Stage = Literal["begun", "copying", "switching", "moved"]
"""`begun`: the new lake may be half made. `switching`: the old one is, or is about to be, marked.
`moved`: the old one waits to be released."""


@dataclass(frozen=True)
class MovePlace:
    """Where one of the two lakes is; a password of the connection string is not kept."""

    kind: str
    catalog: str
    data: str

    def address(self, current: LakeAddress | None = None) -> LakeAddress:
        """The address; with the password where the settings name the same place with one."""
        if current and place_of(current) == self:
            return current
        return LakeAddress(self.kind, self.catalog, self.data)


def place_of(address: LakeAddress) -> MovePlace:
    """What is kept of an address."""
    return MovePlace(address.kind, without_password(address.catalog), address.data.rstrip("/") + "/")


@dataclass(frozen=True)
class MoveState:
    """A move that was begun and whose old lake was not released yet."""

    old: MovePlace
    new: MovePlace
    started_at: str
    stage: Stage = "begun"
    move_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    old_snapshot: int | None = None
    new_snapshot: int | None = None
    """The versions that are equal, as the old lake was marked."""
    seconds_waited: float | None = None
    """How long writers had to wait."""
    is_checked: bool = False
    """Whether both versions were compared whole after the switch."""
    sums: dict[str, list[str]] = field(default_factory=dict)
    """Rows and sum of hashes by table, as that comparison found them."""


def read_state(home: Path) -> MoveState | None:
    """The move of this home; None where there is none.

    Raises:
        LakeError: the file is unreadable.
    """
    path = home / MOVE_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        old, new = (MovePlace(**content.pop(name)) for name in ("old", "new"))
        return MoveState(old, new, **content)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LakeError(
            f"{path}, which says how far the move of the lake is, is unreadable. Put it back from a copy "
            "of the home; if no move was begun, remove it."
        ) from error


def save_state(home: Path, state: MoveState) -> None:
    write_whole(home / MOVE_FILE, json.dumps(asdict(state), indent=1) + "\n")


def at_stage(home: Path, state: MoveState, stage: Stage) -> MoveState:
    """The move, written down at another stage."""
    changed = replace(state, stage=stage)
    save_state(home, changed)
    return changed


def forget_state(home: Path) -> None:
    (home / MOVE_FILE).unlink(missing_ok=True)

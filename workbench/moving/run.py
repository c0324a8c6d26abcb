"""Moves a lake: copies it, takes over what is written meanwhile, compares, switches.

Each step can be killed and repeated.

The old lake is marked as moved in one step, while writers wait (``lake/moved.py``): before it the old lake is
the lake, after it the new one.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import LakeBusy, LakeRefused, UsageError
from workbench.home import MOVE_LOCK, REMOVALS_LOCK
from workbench.lake.address import LakeAddress, lake_address, without_password
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.info import read_info
from workbench.lake.lock import only_one
from workbench.lake.moved import writers_wait
from workbench.lake.opening import adopt_lake, open_lake
from workbench.lake.purge import purge
from workbench.lake.set_aside import lake_entries, move_aside, new_set_aside_folder
from workbench.moving.both_lakes import LAST_TABLE, PROGRESS_TABLE, BothLakes, TableSum
from workbench.moving.copying import (
    ComparedAt,
    MoveProgress,
    OnMoveProgress,
    TableCopies,
    compare_versions,
    shown_checksum,
)
from workbench.moving.features import copy_features, refuse_other_features
from workbench.moving.places import (
    make_lake,
    refuse_foreign,
    remove_lake,
    settings_at,
    why_not_free,
)
from workbench.moving.results import LakeMove, MoveEnded, MovePlan, TableMoved
from workbench.moving.settings_file import AddressSource, address_source, write_address
from workbench.moving.state import (
    MoveState,
    at_stage,
    forget_state,
    place_of,
    read_state,
    save_state,
)
from workbench.roles import current_actor
from workbench.settings import Settings

_SHORT_SECONDS = 2.0
"""When bringing the new lake up to date takes no longer than this, writers can wait for the rest."""
_MOST_PASSES, _MOST_ATTEMPTS = 8, 5
_ROOM = 1.1
"""Of a disk, for each byte of the old files."""


@dataclass(frozen=True)
class Move:
    """The two ends of a move, with the settings that lead to the new one."""

    settings: Settings
    """Those in force, with the home."""
    new_settings: Settings
    old: LakeAddress
    new: LakeAddress
    source: AddressSource

    @property
    def home(self) -> Path:
        return self.settings.home


def plan_move(settings: Settings, to: str, data: str | None) -> MovePlan:
    """What a move would do, and what stands in its way; nothing is changed.

    Raises:
        UsageError: the new address is none.
        NothingKnown: there is no lake yet.
    """
    new_settings = settings_at(settings, to, data)
    move = _move_of(settings, new_settings)
    with open_lake(settings, read_only=True) as lake:
        info = read_info(lake)
    return MovePlan(
        old=move.old.shown,
        new=move.new.shown,
        data=move.new.data,
        rows={table: rows for table, rows in info.rows.items() if rows},
        size=info.data_size + (info.catalog_size or 0),
        obstacles=tuple(_obstacles(move, info.data_size)),
        afterwards=(
            "Afterwards workbench.toml names the new lake."
            if move.source.is_file
            else f"Afterwards you set {' and '.join(move.source.variables)} to the new place."
        ),
    )


def _obstacles(move: Move, size: int) -> Iterator[str]:
    state = read_state(move.home)
    if state is not None:
        yield f"a move to {state.new.address().shown} was begun and is not ended. {_ways_on(state)}"
        return
    if move.source.is_file and without_password(move.new.catalog) != move.new.catalog:
        yield (
            f"{move.new.shown} has a password, which does not belong into workbench.toml. Leave it out, "
            "and give it in PGPASSWORD or in a file that PGPASSFILE names (~/.pgpass)."
        )
    reason = why_not_free(move.new_settings)
    if reason:
        yield reason
        return
    if not move.new.is_bucket:
        folder = Path(move.new.data)
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free
        if free < size * _ROOM:
            yield f"{folder} has {free / 2**20:,.0f} MB free, and the files take {size / 2**20:,.0f} MB."


def _ways_on(state: MoveState) -> str:
    if state.stage == "moved":
        return "It is done: `workbench lake move --release-old` lets the old lake go."
    return "Run the same command again to go on, or `workbench lake move --abandon` to give it up."


def _move_of(settings: Settings, new_settings: Settings) -> Move:
    return Move(
        settings, new_settings, lake_address(settings), lake_address(new_settings), address_source(settings)
    )


def move_lake(settings: Settings, to: str, data: str | None, on_progress: OnMoveProgress) -> LakeMove:
    """Move the lake, or go on with a move that was killed.

    Raises:
        UsageError: the new address is none, or another move was begun.
        LakeRefused: the place is not free, or something cannot be carried over.
        LakeBusy: another move runs, or somebody is erased right now; the same can be run again.
        LakeError: the lakes differ, or one cannot be used; the old one stays the lake.
    """
    new_settings = settings_at(settings, to, data)
    with only_one(settings.home / MOVE_LOCK, "move"):
        state = read_state(settings.home)
        if state is None:
            move, state = _begin(settings, new_settings)
        else:
            move = _resumed(settings, new_settings, state)
        if state.stage == "begun":
            refuse_foreign(move.new, move.home)
            remove_lake(move.new, move.home)
            make_lake(new_settings)
            state = at_stage(move.home, state, "copying")
        with BothLakes(move.old, move.new, move.home) as lakes:
            if lakes.mark() is None:
                state = _copy_and_switch(move, lakes, state, on_progress)
            _take_identity(lakes)
        return _finish(move, state, on_progress)


def _begin(settings: Settings, new_settings: Settings) -> tuple[Move, MoveState]:
    # Brings it up to date, so that both lakes have the same tables and views.
    open_lake(settings, may_begin=False).close()
    move = _move_of(settings, new_settings)
    with open_lake(settings, read_only=True) as lake:
        size = read_info(lake).data_size
    obstacle = next(_obstacles(move, size), None)
    if obstacle:
        raise LakeRefused(f"The lake cannot be moved there: {obstacle}")
    state = MoveState(place_of(move.old), place_of(move.new), datetime.now(UTC).isoformat())
    save_state(settings.home, state)
    return move, state


def _resumed(settings: Settings, new_settings: Settings, state: MoveState) -> Move:
    move = _move_of(settings, new_settings)
    if state.stage == "moved":
        raise UsageError(
            f"The lake was moved to {state.new.address().shown} already, and the old one, "
            f"{state.old.address().shown}, was not released yet. {_ways_on(state)}"
        )
    if place_of(move.new) != state.new:
        raise UsageError(
            f"A move to {state.new.address().shown} (--data {state.new.data}) was begun and is not ended; "
            f"this one goes to {move.new.shown} (--data {move.new.data}). {_ways_on(state)}"
        )
    old = state.old.address(move.old)
    if state.stage != "switching" and place_of(move.old) != state.old:
        raise UsageError(
            f"The move that was begun is of the lake at {old.shown}, and the settings name "
            f"{move.old.shown} now. Set the old address again, or give the move up with `workbench lake "
            "move --abandon`."
        )
    return replace(move, old=old)


def _copy_and_switch(
    move: Move, lakes: BothLakes, state: MoveState, on_progress: OnMoveProgress
) -> MoveState:
    lakes.begin_progress()
    copy_features(lakes)
    copies = TableCopies(lakes, on_progress)
    for _ in range(_MOST_ATTEMPTS):
        for _ in range(_MOST_PASSES):
            seconds = copies.bring_up()
            copies.compare()
            if seconds < _SHORT_SECONDS:
                break
        refuse_other_features(lakes)
        on_progress(MoveProgress("switch"))
        with _no_removal(move.home), writers_wait(move.old) as mark:
            began = datetime.now(UTC)
            reached = copies.take_last_changes()
            if reached is not None:
                state = replace(
                    state, stage="switching", old_snapshot=reached.old, new_snapshot=reached.new,
                    seconds_waited=(datetime.now(UTC) - began).total_seconds(),
                )  # fmt: skip
                save_state(move.home, state)
                mark(move.new.shown)
                waited = (datetime.now(UTC) - began).total_seconds()
        if reached is not None:
            state = replace(state, seconds_waited=waited)
            save_state(move.home, state)
            return state
    raise LakeBusy(
        "The old lake is tidied up so often that its last changes could not be taken over. Stop `workbench "
        "lake compact` and erasures elsewhere, and run the same again; what was copied stays."
    )


@contextmanager
def _no_removal(home: Path) -> Iterator[None]:
    """An erasure ends on the lake on which it began."""
    with only_one(home / REMOVALS_LOCK, "erasure or retention run"):
        yield


def _finish(move: Move, state: MoveState, on_progress: OnMoveProgress) -> LakeMove:
    """The old lake is marked: everything from here on can be repeated until it is done."""
    assert state.old_snapshot is not None
    assert state.new_snapshot is not None
    with adopt_lake(move.new_settings, lambda lake: None) as lake:
        _note_in_trail(lake, move, state)
        if move.source.is_file:
            write_address(move.home, move.new_settings)
        with BothLakes(move.old, move.new, move.home) as lakes:
            at = ComparedAt(state.old_snapshot, state.new_snapshot)
            if not state.is_checked:
                sums = compare_versions(lakes, at, on_progress)
                state = replace(state, is_checked=True, sums=_as_texts(sums))
                save_state(move.home, state)
        on_progress(MoveProgress("purge"))
        # What was deleted while it was copied lies in files of the new lake, perhaps of an erased person.
        purge(lake)
    state = at_stage(move.home, state, "moved")
    return LakeMove(
        old=move.old.shown,
        new=move.new.shown,
        data=move.new.data,
        tables=tuple(_moved(state)),
        seconds_waited=state.seconds_waited or 0.0,
        afterwards=move.source.advice(move.new, move.new_settings.lake.data),
    )


def _take_identity(lakes: BothLakes) -> None:
    with lakes.one_commit():
        lakes.engine.execute(f"delete from {LAST_TABLE}")
        lakes.engine.execute(f"insert into {LAST_TABLE} by name select * from old_lake.main.{LAST_TABLE}")
        lakes.engine.execute(f"drop table if exists {PROGRESS_TABLE}")


def _note_in_trail(lake: Lake, move: Move, state: MoveState) -> None:
    if lake.value(
        "select 1 from audit_events where action = 'lake-move' and contains(detail, ?)", [state.move_id]
    ):
        return
    detail = {"move_id": state.move_id, "from": move.old.shown, "to": move.new.shown}
    lake.write(lambda cursor: append_audit(cursor, "lake-move", actor=current_actor(), detail=detail))


def _as_texts(sums: dict[str, TableSum]) -> dict[str, list[str]]:
    """For the file of the move: JSON's numbers are too short for these."""
    return {table: [str(table_sum.rows), str(table_sum.checksum)] for table, table_sum in sums.items()}


def _moved(state: MoveState) -> Iterator[TableMoved]:
    for table, (rows, checksum) in sorted(state.sums.items()):
        yield TableMoved(table, int(rows), shown_checksum(TableSum(int(rows), int(checksum))))


def abandon_move(settings: Settings) -> MoveEnded:
    """Remove what was begun at the new place, and nothing else.

    Raises:
        UsageError: no move was begun, or it is past the switch.
        LakeRefused: what lies there is not of this move.
    """
    with only_one(settings.home / MOVE_LOCK, "move"):
        state = _require_state(settings)
        old, new = state.old.address(lake_address(settings)), state.new.address()
        if state.stage == "moved" or (state.stage == "switching" and _is_marked(old, new, settings.home)):
            raise UsageError(
                f"The lake is at {new.shown} already. "
                + (_ways_on(state) if state.stage == "moved" else "Run the same move again to finish it.")
            )
        refuse_foreign(new, settings.home)
        remove_lake(new, settings.home)
        forget_state(settings.home)
        what = f"The move is given up, and what was begun at {new.shown} and {new.data} is removed."
        return MoveEnded(old.shown, new.shown, f"{what} The lake is at {old.shown} as before.")


def release_old_lake(settings: Settings, *, delete: bool) -> MoveEnded:
    """Let the old lake go: set aside what lies in files of this machine, or delete all of it.

    Raises:
        UsageError: no move is done, or the settings still name the old lake.
    """
    with only_one(settings.home / MOVE_LOCK, "move"):
        state = _require_state(settings)
        old, new = state.old.address(), state.new.address(lake_address(settings))
        if state.stage != "moved":
            raise UsageError(f"The move to {new.shown} is not done. {_ways_on(state)}")
        if place_of(lake_address(settings)) != state.new:
            raise UsageError(
                f"The settings name {lake_address(settings).shown}, and the lake was moved to {new.shown}. "
                f"{address_source(settings).advice(new, state.new.data)}"
            )
        if delete:
            remove_lake(old, settings.home)
            what = f"The old lake, {old.shown} with its files in {old.data}, is deleted."
        else:
            what = _set_aside(old, settings.home)
        detail = {"move_id": state.move_id, "old": old.shown, "is_deleted": delete}
        with open_lake(settings, may_begin=False) as lake:
            lake.write(
                lambda cursor: append_audit(cursor, "lake-move-release", actor=current_actor(), detail=detail)
            )
        forget_state(settings.home)
        return MoveEnded(old.shown, new.shown, what)


def _set_aside(old: LakeAddress, home: Path) -> str:
    if old.kind != "sqlite":
        return (
            f"The old lake stays where it is, {old.shown} with its files in {old.data}, and refuses "
            "everything. Nothing of this product looks at it any more; its database and files are yours to "
            "remove."
        )
    folder = new_set_aside_folder(home)
    if not old.is_bucket:
        move_aside(lake_entries(Path(old.data)), folder / "files")
    move_aside([Path(f"{old.catalog}{suffix}") for suffix in ("-wal", "-shm", "-journal", "")], folder)
    files = f" Its files stay in {old.data}." if old.is_bucket else ""
    return f"The old lake is set aside in {folder}.{files} It still holds whoever was erased since the move."


def _require_state(settings: Settings) -> MoveState:
    state = read_state(settings.home)
    if state is None:
        raise UsageError(
            "No move of the lake was begun in this home. `workbench lake move --to …` begins one."
        )
    return state


def _is_marked(old: LakeAddress, new: LakeAddress, home: Path) -> bool:
    with BothLakes(old, new, home) as lakes:
        return lakes.mark() is not None

"""A machine as a member of its fleet: takes what is newer there, and gives what was changed here.

Taking holds the home's own lock and reads the rows inside it, so that two processes of a machine never put an
older file over a newer one. Giving holds a lock in the database: the newest is taken, the change is written
to the database and committed, and only then do the files of the home change. So a process that is killed
anywhere leaves the change done for everybody, or not begun.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from workbench.errors import LakeRefused
from workbench.home import FLEET_STATE, holds_secrets
from workbench.lake.address import LakeAddress, lake_address
from workbench.lake.fleet.database import connected, is_fleet
from workbench.lake.fleet.fleet_key import (
    KEY_VARIABLE,
    FleetKey,
    key_path,
    next_key_path,
    read_fleet_key,
    read_key_file,
)
from workbench.lake.fleet.home_copy import (
    STATE_LOCK,
    HomeState,
    KnownFile,
    Standing,
    compare,
    local_digests,
    put_shared,
    read_state,
    write_state,
)
from workbench.lake.fleet.rows import (
    FleetRow,
    OpenedRow,
    lock_changes,
    read_fleet_row,
    read_revisions,
    read_rows,
    write_rows,
)
from workbench.lake.lock import exclusive
from workbench.settings import Settings


@dataclass(frozen=True)
class TakenFiles:
    """What came of a look at the fleet's files."""

    names: tuple[str, ...] = ()
    """Files that this home has anew, or no more."""
    conflicts: tuple[str, ...] = ()
    """Files that were changed here and there; nothing was done about them."""
    changed_here: tuple[str, ...] = ()
    """Files that were changed here by hand, and that the fleet does not have yet."""

    @property
    def secret_conflicts(self) -> tuple[str, ...]:
        return tuple(name for name in self.conflicts if holds_secrets(name))


@dataclass(frozen=True)
class FleetMember:
    """This home, with what it reaches its fleet by."""

    home: Path
    address: LakeAddress
    key: FleetKey

    def require_fleet(self, connection: psycopg.Connection) -> FleetRow:
        """The fleet, which must have been begun with this machine's key.

        Raises:
            LakeRefused: there is none, or it has another key.
        """
        row = read_fleet_row(connection)
        if row is None:
            raise LakeRefused(
                f"The database of {self.address.shown} knows no fleet. `workbench fleet init` on the machine "
                "that has the right files begins one."
            )
        if row.key_check != self.key.check:
            raise LakeRefused(
                f"This machine's fleet key (check value {self.key.check}) is not that of the fleet "
                f"({row.key_check}): nothing was read or written. Give this machine the key of the others "
                f"({KEY_VARIABLE}, or the file that [lake] fleet_key_file names)."
            )
        return row

    def take(self, connection: psycopg.Connection) -> TakenFiles:
        """Put what is newer in the fleet into the home; files that somebody changed here stay.

        Raises:
            LakeRefused: another key, or a row that no machine of the fleet wrote.
        """
        row = self.require_fleet(connection)
        with exclusive(self.home / STATE_LOCK):
            state = read_state(self.home, row.fleet_id)
            local, revisions = local_digests(self.home), read_revisions(connection)
            standings = compare(local, state.files, revisions)
            unclear = {name for name, standing in standings.items() if _must_be_read(standing)}
            rows = read_rows(connection, self.key, unclear)
            taken, known = self._take_rows(standings, local, rows, dict(state.files))
            # Also where nothing is new: a home with this file belongs to the fleet.
            if known != state.files or not (self.home / FLEET_STATE).exists():
                write_state(self.home, HomeState(row.fleet_id, known))
        return taken

    def _take_rows(
        self,
        standings: Mapping[str, Standing],
        local: Mapping[str, str],
        rows: Mapping[str, OpenedRow],
        known: dict[str, KnownFile],
    ) -> tuple[TakenFiles, dict[str, KnownFile]]:
        names, conflicts = [], []
        for name, standing in standings.items():
            if not _must_be_read(standing):
                continue
            row = rows.get(name)
            if row and standing is Standing.CHANGED_THERE:
                put_shared(self.home, name, row.content)
                names.append(name)
            elif row is None or row.digest != local.get(name):
                conflicts.append(name)
                continue
            known[name] = KnownFile(row.revision, row.digest)
        changed = tuple(name for name, each in standings.items() if each is Standing.CHANGED_HERE)
        return TakenFiles(tuple(names), tuple(conflicts), changed), known

    def take_over(self, connection: psycopg.Connection, names: tuple[str, ...]) -> None:
        """Put the fleet's files in place of this home's, whatever they hold.

        Raises:
            LakeRefused: as in :meth:`take`.
        """
        row = self.require_fleet(connection)
        with exclusive(self.home / STATE_LOCK):
            rows = read_rows(connection, self.key, names)
            for name in names:
                put_shared(self.home, name, rows[name].content if name in rows else None)
            self._note(row.fleet_id, rows)

    def give(self, connection: psycopg.Connection, contents: Mapping[str, bytes | None]) -> int:
        """Write these files as the fleet's newest, in a transaction that holds :func:`lock_changes`."""
        return write_rows(connection, self.key, contents)

    def put_given(self, fleet_id: str, revision: int, contents: Mapping[str, bytes | None]) -> None:
        """Once the database has them: the same files in the home."""
        with exclusive(self.home / STATE_LOCK):
            state = read_state(self.home, fleet_id)
            for name, content in contents.items():
                last = state.files.get(name)
                # Another process of this machine may have taken a still newer one.
                if last is None or last.revision <= revision:
                    put_shared(self.home, name, content)
            rows = {name: OpenedRow(revision, content) for name, content in contents.items()}
            self._note(fleet_id, rows)

    def _note(self, fleet_id: str, rows: Mapping[str, OpenedRow]) -> None:
        state = read_state(self.home, fleet_id)
        known = dict(state.files)
        for name, row in rows.items():
            last = known.get(name)
            if last is None or last.revision <= row.revision:
                known[name] = KnownFile(row.revision, row.digest)
        write_state(self.home, replace(state, fleet_id=fleet_id, files=known))


def _must_be_read(standing: Standing) -> bool:
    return standing in (Standing.CHANGED_THERE, Standing.CONFLICT)


def member_of(settings: Settings) -> FleetMember | None:
    """This machine as a member of a fleet; None where its lake is on this machine alone, or it has no key.

    Raises:
        ConfigError: the address or the key is wrong.
    """
    address = lake_address(settings)
    if not is_fleet(address):
        return None
    if next_key_path(settings).exists():
        _finish_rekey(settings, address)
    key = read_fleet_key(settings)
    return FleetMember(settings.home, address, key) if key else None


def _finish_rekey(settings: Settings, address: LakeAddress) -> None:
    """Put the next key in its place, if `workbench fleet rekey` was killed just before it did."""
    following = next_key_path(settings)
    with connected(address) as connection:
        fleet = read_fleet_row(connection)
    with suppress(FileNotFoundError):  # another process did it
        if fleet and fleet.key_check == read_key_file(following).check:
            os.replace(following, key_path(settings))


@contextmanager
def changing_fleet(member: FleetMember) -> Iterator[dict[str, bytes | None]]:
    """A change of shared files by name, filled in by the caller; done for every machine, or not at all.

    Raises:
        LakeError: the database does not answer, or another machine holds its lock.
        LakeRefused: a file of the change is in conflict, or as in :meth:`FleetMember.take`.
    """
    contents: dict[str, bytes | None] = {}
    with connected(member.address) as connection:
        with connection.transaction():
            lock_changes(connection)
            fleet_id = member.require_fleet(connection).fleet_id
            conflicts = member.take(connection).conflicts
            yield contents
            refuse_conflicts(name for name in conflicts if name in contents)
            revision = member.give(connection, contents) if contents else 0
        if contents:
            member.put_given(fleet_id, revision, contents)


def refuse_conflicts(names: Iterable[str]) -> None:
    """Raises LakeRefused where there are any, with both ways out."""
    listed = " ".join(names)
    if listed:
        raise LakeRefused(
            f"Changed both on this machine and in its fleet: {listed}. Nothing is overwritten by itself: "
            f"`workbench fleet take {listed}` gets the fleet's, `workbench fleet push {listed}` gives this "
            "machine's to all; without --confirm both only say what they would do."
        )

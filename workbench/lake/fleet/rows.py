"""The rows of a fleet in the database: who it is (key, version), and the sealed files that machines share.

A file's revision is the number of the change that wrote it, counted over all files, so that one question
tells whether anything is new. A file that was deleted keeps a row that says so.
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

import psycopg

from workbench.errors import LakeBusy
from workbench.home import is_shared
from workbench.lake.fleet.fleet_key import FleetKey
from workbench.lake.fleet.home_copy import digest_of
from workbench.roles import current_actor

_CHANGES_LOCK = 0x77_62_66_73
"""Of the advisory lock of who changes shared files; any number that nobody else takes."""

_LOCK_WAIT = "8s"
"""Less than the server is given for a statement (`database.py`)."""
_LONGEST_CHANGE = "60s"
"""After this the server lets go of the lock of a machine that it hears nothing of."""


@dataclass(frozen=True)
class FleetRow:
    """What the database says of the fleet itself."""

    fleet_id: str
    key_check: str
    version: str
    begun_at: datetime


@dataclass(frozen=True)
class OpenedRow:
    """A shared file as the database has it; no content: it was deleted."""

    revision: int
    content: bytes | None

    @property
    def digest(self) -> str | None:
        return None if self.content is None else digest_of(self.content)


def read_fleet_row(connection: psycopg.Connection) -> FleetRow | None:
    """What the database says of the fleet; None before `workbench fleet init`."""
    row = connection.execute("select fleet_id, key_check, version, begun_at from fleet").fetchone()
    return FleetRow(*row) if row else None


def begin_fleet(connection: psycopg.Connection, fleet_id: str, key_check: str, version: str) -> None:
    """Write the row of a new fleet, in place of an earlier one and all its files."""
    connection.execute("delete from shared_files")
    connection.execute("delete from fleet")
    connection.execute(
        "insert into fleet (fleet_id, key_check, version, begun_at) values (%s, %s, %s, clock_timestamp())",
        [fleet_id, key_check, version],
    )


def write_key_check(connection: psycopg.Connection, key_check: str) -> None:
    connection.execute("update fleet set key_check = %s", [key_check])


def write_version(connection: psycopg.Connection, version: str) -> None:
    connection.execute("update fleet set version = %s", [version])


def lock_changes(connection: psycopg.Connection) -> None:
    """In a transaction, let nobody else change shared files until it ends.

    Raises:
        LakeBusy: another machine holds it for too long.
    """
    connection.execute("select set_config('lock_timeout', %s, true)", [_LOCK_WAIT])
    connection.execute(
        "select set_config('idle_in_transaction_session_timeout', %s, true)", [_LONGEST_CHANGE]
    )
    try:
        connection.execute("select pg_advisory_xact_lock(%s)", [_CHANGES_LOCK])
    except psycopg.errors.LockNotAvailable as error:
        raise LakeBusy(
            f"Another machine of the fleet has been changing shared files for {_LOCK_WAIT}, so nothing was "
            "changed here. Run the same command again; `workbench fleet status` shows the machines."
        ) from error


def read_newest(connection: psycopg.Connection) -> tuple[str | None, int]:
    """The check value of the fleet's key, and the highest revision: what differs when anything changed."""
    row = connection.execute(
        "select (select key_check from fleet), (select coalesce(max(revision), 0) from shared_files)"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def read_revisions(connection: psycopg.Connection) -> dict[str, int]:
    """The revision of every shared file by name, also of deleted ones."""
    rows = connection.execute("select name, revision from shared_files order by name").fetchall()
    # A newer version may share more; and no name may lead out of the home.
    return {name: revision for name, revision in rows if is_shared(name)}


def read_rows(connection: psycopg.Connection, key: FleetKey, names: Collection[str]) -> dict[str, OpenedRow]:
    """These files, opened.

    Raises:
        LakeRefused: a row is not what a machine of this fleet wrote.
    """
    rows = connection.execute(
        "select name, revision, content from shared_files where name = any(%s)", [list(names)]
    ).fetchall()
    return {
        name: OpenedRow(revision, key.unseal(name, revision, bytes(content or b"")))
        for name, revision, content in rows
    }


def write_rows(connection: psycopg.Connection, key: FleetKey, contents: Mapping[str, bytes | None]) -> int:
    """Write these files as the next revision, in a transaction that holds :func:`lock_changes`."""
    revision = read_newest(connection)[1] + 1
    for name, content in contents.items():
        _write_row(connection, name, revision, key.seal(name, revision, content))
    return revision


def seal_anew(connection: psycopg.Connection, old: FleetKey, new: FleetKey) -> int:
    """Seal every row with another key, in a transaction that holds :func:`lock_changes`; how many."""
    names = [name for (name,) in connection.execute("select name from shared_files").fetchall()]
    rows = read_rows(connection, old, names)
    for name, row in rows.items():
        connection.execute(
            "update shared_files set content = %s where name = %s",
            [new.seal(name, row.revision, row.content), name],
        )
    write_key_check(connection, new.check)
    return len(rows)


def _write_row(connection: psycopg.Connection, name: str, revision: int, sealed: bytes) -> None:
    connection.execute(
        "insert into shared_files (name, revision, content, changed_at, changed_by) "
        "values (%s, %s, %s, clock_timestamp(), %s) "
        "on conflict (name) do update set revision = excluded.revision, content = excluded.content, "
        "changed_at = excluded.changed_at, changed_by = excluded.changed_by",
        [name, revision, sealed, f"{current_actor()} on {socket.gethostname()}"],
    )

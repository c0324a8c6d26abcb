"""Which machines serve a lake: each long-running process keeps a row fresh while it lives."""

from __future__ import annotations

import hashlib
import logging
import socket
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.fleet.database import asked_quickly

log = logging.getLogger(__name__)

SEEN_EVERY = 5.0
"""Seconds between two signs of life of a process."""


@dataclass(frozen=True)
class Machine:
    """A process of a machine; times by the server's clock."""

    machine: str
    home: str
    version: str
    roles: str
    """What the process does: `hooks`, `pages`, `worker` or `api`."""
    key_check: str | None
    started_at: datetime
    seen_at: datetime
    lag_seconds: float
    """Seconds since the last sign of life. A living process gives one every 5 seconds."""


def machine_name(home: Path) -> str:
    """A machine's name in a fleet: its host's name, and a short hash of the home's path.

    Two homes of one host are two machines.
    """
    place = hashlib.blake2s(str(home).encode(), digest_size=4).hexdigest()
    return f"{socket.gethostname()}-{place}"


def seen(address: LakeAddress, home: Path, roles: str, key_check: str | None = None) -> None:
    """Note a sign of life of a process now.

    Raises:
        LakeError: the server does not answer.
    """
    with asked_quickly(address) as connection:
        connection.execute(_INSERT, _row(home, roles, key_check))


def read_machines(address: LakeAddress) -> list[Machine]:
    """Every process that did not end in an orderly way since, by machine and roles.

    Raises:
        LakeError: the server does not answer.
    """
    with asked_quickly(address) as connection:
        return machines_of(connection)


def machines_of(connection: psycopg.Connection) -> list[Machine]:
    """As :func:`read_machines`, on a connection that is there."""
    rows = connection.execute(
        "select machine, home, version, roles, key_check, started_at, seen_at, "
        "extract(epoch from clock_timestamp() - seen_at)::float8 from machines order by machine, roles"
    ).fetchall()
    return [Machine(*row) for row in rows]


class Presence:
    """The row of one process, kept fresh by the keeper."""

    def __init__(self, home: Path, roles: str, key_check: str | None) -> None:
        self.every = SEEN_EVERY
        self._row = _row(home, roles, key_check)
        self._is_begun = False

    def beat(self, connection: psycopg.Connection) -> None:
        if not self._is_begun:
            connection.execute(_FORGET)
        connection.execute(_INSERT if self._is_begun else _BEGUN, self._row)
        self._is_begun = True

    def trouble(self) -> None:
        """Nothing to do: the row tells its age."""

    def end(self, address: LakeAddress) -> None:
        try:
            with asked_quickly(address) as connection:
                machine, _, _, roles, _ = self._row
                connection.execute("delete from machines where machine = %s and roles = %s", [machine, roles])
        except LakeError as error:
            log.debug("the row of this process stays, as it could not be removed: %s", error)


def _row(home: Path, roles: str, key_check: str | None) -> tuple[str, str, str, str, str | None]:
    return machine_name(home), str(home), version("workbench"), roles, key_check


_INSERT = """
    insert into machines (machine, home, version, roles, key_check, started_at, seen_at)
    values (%s, %s, %s, %s, %s, now(), now())
    on conflict (machine, roles) do update set
        home = excluded.home, version = excluded.version, seen_at = excluded.seen_at,
        key_check = coalesce(excluded.key_check, machines.key_check)
"""
_BEGUN = f"{_INSERT}, started_at = excluded.started_at"
_FORGET = "delete from machines where seen_at < now() - interval '7 days'"
"""A machine that did not come back for so long is not missed any more."""

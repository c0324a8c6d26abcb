"""The machines that the database knows, and who leads what: for versions, `fleet status` and the doctor.

Reads the tables that the machines themselves keep; writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg


@dataclass(frozen=True)
class RosterMachine:
    """A machine, and how long ago it gave a sign of life, by the server's clock."""

    machine: str
    home: str
    version: str
    roles: str
    key_check: str | None
    started_at: datetime
    lag_seconds: float


@dataclass(frozen=True)
class RosterLease:
    """Who leads something, since when, and as the how-manieth."""

    name: str
    holder: str
    machine: str
    term: int
    taken_at: datetime
    is_held: bool


def read_roster(connection: psycopg.Connection) -> tuple[RosterMachine, ...]:
    rows = connection.execute(
        "select machine, home, version, roles, key_check, started_at, "
        "extract(epoch from clock_timestamp() - seen_at)::float8 from machines order by machine"
    ).fetchall()
    return tuple(RosterMachine(*row) for row in rows)


def read_roster_leases(connection: psycopg.Connection) -> tuple[RosterLease, ...]:
    rows = connection.execute(
        "select name, holder, machine, term, taken_at, expires_at > clock_timestamp() from leases "
        "order by name"
    ).fetchall()
    return tuple(RosterLease(*row) for row in rows)

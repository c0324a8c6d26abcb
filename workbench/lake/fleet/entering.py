"""Lets a machine into its fleet: the right key, the fleet's version, and no file with secrets in doubt."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable

import psycopg
from packaging.version import InvalidVersion, Version

from workbench.errors import LakeRefused
from workbench.home import FLEET_STATE
from workbench.lake.fleet.database import connected
from workbench.lake.fleet.machines import Machine, machines_of
from workbench.lake.fleet.member import FleetMember, TakenFiles, refuse_conflicts
from workbench.lake.fleet.rows import lock_changes, read_fleet_row, write_version

ALIVE_SECONDS = 30.0
"""A machine that gave a sign of life within this time is there."""


def product_version() -> str:
    return importlib.metadata.version("workbench")


def enter(member: FleetMember) -> TakenFiles | None:
    """Take what is newer in the fleet; None where none was begun in this database.

    Raises:
        LakeRefused: another key or version, a file with secrets in conflict, a row that nobody of us wrote.
        LakeError: the database does not answer.
    """
    with connected(member.address) as connection:
        # A home that was a member before is refused where the fleet is gone.
        if read_fleet_row(connection) is None and not (member.home / FLEET_STATE).exists():
            return None
        fleet = member.require_fleet(connection)
        if fleet.version != product_version():
            _settle_version(member, connection)
        taken = member.take(connection)
    refuse_conflicts(taken.secret_conflicts)
    return taken


def _settle_version(member: FleetMember, connection: psycopg.Connection) -> None:
    """Refuse this machine's version, or make it the fleet's. Raises LakeRefused."""
    with connection.transaction():
        lock_changes(connection)
        fleet = member.require_fleet(connection)
        problem = version_problem(product_version(), fleet.version, machines_of(connection))
        if problem:
            raise LakeRefused(problem)
        write_version(connection, product_version())


def version_problem(own: str, fleets: str, machines: Iterable[Machine]) -> str | None:
    """Why a machine of this version may not take part; None if it may. Pure."""
    if _is_older(own, fleets):
        return (
            f"This machine has workbench {own} and its fleet has {fleets}. Install {fleets} here, as on the "
            "other machines; until then nothing is read or written from here."
        )
    older = [
        f"{machine.machine} ({machine.version})"
        for machine in machines
        if machine.lag_seconds < ALIVE_SECONDS and _is_older(machine.version, own)
    ]
    if own == fleets or not older:
        return None
    return (
        f"This machine has workbench {own}, and machines with an older one still run: {', '.join(older)}. "
        f"Stop them, wait {ALIVE_SECONDS:.0f} s, and start this one again: its version is the fleet's then, "
        "and the others come back once they have it, too (docs/fleet.md)."
    )


def _is_older(version: str, than: str) -> bool:
    try:
        return Version(version) < Version(than)
    except InvalidVersion:
        return version < than

"""How a fleet stands: its machines, who leads, the key, and the files of this home beside the fleet's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from workbench.errors import LakeError
from workbench.lake.address import lake_address
from workbench.lake.fleet.database import connected
from workbench.lake.fleet.entering import ALIVE_SECONDS, product_version
from workbench.lake.fleet.fleet_key import read_fleet_key
from workbench.lake.fleet.home_copy import Standing, too_large
from workbench.lake.fleet.leases import PROCESS_THAT_SENDS, Lease, leases_of
from workbench.lake.fleet.machines import Machine, machines_of
from workbench.lake.fleet.manage import FileStanding, list_standings, require_shared_lake
from workbench.lake.fleet.member import FleetMember, member_of
from workbench.lake.fleet.rows import FleetRow, read_fleet_row, read_newest
from workbench.settings import Settings


@dataclass(frozen=True)
class FleetStatus:
    """How a fleet stands, as one of its machines sees it."""

    home: str
    own_version: str
    own_key_check: str | None
    fleet: FleetRow | None
    revision: int
    machines: Sequence[Machine]
    leases: Sequence[Lease]
    files: Sequence[FileStanding]
    too_large: Sequence[str]
    problem: str | None
    """Why the files could not be compared."""

    @property
    def key(self) -> str:
        """In a word, how this machine's key stands to the fleet's."""
        if self.own_key_check is None:
            return "missing"
        if self.fleet is None:
            return "no fleet yet"
        return "right" if self.own_key_check == self.fleet.key_check else "another"

    @property
    def gone(self) -> list[Machine]:
        """Machines without a sign of life."""
        return [machine for machine in self.machines if machine.lag_seconds >= ALIVE_SECONDS]

    def named(self, standing: Standing) -> list[str]:
        """The files that stand so."""
        return [each.name for each in self.files if each.standing is standing]

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "home": self.home,
            "version": self.own_version,
            "key": self.key,
            "key_check": self.own_key_check,
            "fleet": asdict(self.fleet) if self.fleet else None,
            "revision": self.revision,
            "files": [
                {"name": each.name, "standing": each.standing.value, "revision": each.revision}
                for each in self.files
            ],
            "too_large": list(self.too_large),
            "problem": self.problem,
            "machines": [
                asdict(machine) | {"is_alive": machine.lag_seconds < ALIVE_SECONDS}
                for machine in self.machines
            ],
            "leaders": [asdict(lease) for lease in self.leases],
        }

    def lines(self) -> list[str]:
        """For people."""
        return [*self._fleet_lines(), *self._machine_lines(), *self._file_lines()]

    def _fleet_lines(self) -> list[str]:
        if self.fleet is None:
            return [
                "No fleet was begun in this database: `workbench fleet init` on the machine with the files."
            ]
        keys = {
            "right": f"right (check value {self.own_key_check})",
            "another": f"ANOTHER ONE (check value {self.own_key_check}, not {self.fleet.key_check})",
            "missing": f"MISSING here (the fleet's check value is {self.fleet.key_check})",
        }
        return [
            f"Fleet     begun {_moment(self.fleet.begun_at)}, version {self.fleet.version}, "
            f"revision {self.revision} of its files",
            f"Here      {self.home}, version {self.own_version}, key {keys[self.key]}",
        ]

    def _machine_lines(self) -> list[str]:
        machines = [
            f"Machine   {machine.machine}: {machine.roles or 'no role'}, version {machine.version}, "
            f"last sign of life {machine.lag_seconds:,.0f} s ago"
            f"{' (GONE)' if machine.lag_seconds >= ALIVE_SECONDS else ''}, {machine.home}"
            for machine in self.machines
        ]
        leaders = [
            f"Leader    {lease.name}: {lease.machine}{'' if lease.is_held else ' (lapsed)'}, "
            f"since {_moment(lease.taken_at)}, term {lease.term}"
            for lease in self.leases
            # Who gave a lease back is no longer of interest.
            if lease.is_held or lease.holder
        ]
        return [*(machines or ["Machine   none gave a sign of life yet"]), *leaders]

    def _file_lines(self) -> list[str]:
        if self.problem:
            return [f"Files     not compared: {self.problem}"]
        if self.fleet is None or self.key != "right":
            return []
        words = {
            Standing.CONFLICT: "CONFLICT: `workbench fleet take` or `workbench fleet push` settles it",
            Standing.CHANGED_HERE: "changed here: `workbench fleet push` gives it to the others",
            Standing.CHANGED_THERE: "newer in the fleet: the next command or server takes it",
        }
        lines = [
            f"File      {name}: {text}" for standing, text in words.items() for name in self.named(standing)
        ]
        lines += [f"File      {name}: too large to be shared" for name in self.too_large]
        return [*lines, f"Files     {len(self.named(Standing.SAME))} as in the fleet"]


def read_fleet_status(settings: Settings) -> FleetStatus:
    """How the fleet of this lake stands; changes nothing.

    Raises:
        ConfigError: the lake is on one machine alone, or this machine's key is no key.
        LakeError: the database does not answer.
    """
    require_shared_lake(settings)
    key, member = read_fleet_key(settings), member_of(settings)
    with connected(lake_address(settings)) as connection:
        fleet, (_, revision) = read_fleet_row(connection), read_newest(connection)
        machines = machines_of(connection)
        leases = [lease for lease in leases_of(connection) if not lease.name.startswith(PROCESS_THAT_SENDS)]
    files, problem = (
        _compared(member) if member and fleet and member.key.check == fleet.key_check else ([], None)
    )
    return FleetStatus(
        home=str(settings.home),
        own_version=product_version(),
        own_key_check=key.check if key else None,
        fleet=fleet,
        revision=revision,
        machines=machines,
        leases=leases,
        files=files,
        too_large=too_large(settings.home) if files else [],
        problem=problem,
    )


def _compared(member: FleetMember) -> tuple[list[FileStanding], str | None]:
    try:
        return list_standings(member), None
    except LakeError as error:
        return [], str(error)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S %Z}"

"""Checks of a fleet: its machines, its versions, its key, and the files that its machines share."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.display.formats import duration, plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.lake.fleet.fleet_key import key_path
from workbench.lake.fleet.home_copy import Standing
from workbench.lake.fleet.status import FleetStatus, read_fleet_status
from workbench.private_files import mode_for_others
from workbench.settings import Settings


def check_fleet(examination: Examination) -> Iterator[CheckResult]:
    """The machines of a fleet live, have one version and one key, and agree about the files they share."""
    settings = examination.settings
    if not settings.catalog.startswith("postgres:"):
        yield skipped("The lake is on this machine alone.")
        return
    status = read_fleet_status(settings)
    if status.fleet is None:
        yield skipped("The machines of this lake share no files: no fleet was begun.")
        return
    troubles = [*_key_troubles(settings, status), *_file_troubles(status), *_machine_troubles(status)]
    yield from troubles
    if not troubles:
        yield fine(
            f"{plural(len(status.machines), 'server')} of the fleet with signs of life; here is revision "
            f"{status.revision} of its files."
        )


def _key_troubles(settings: Settings, status: FleetStatus) -> Iterator[CheckResult]:
    if status.key == "missing":
        yield warning(
            "This lake has a fleet, and this machine has no key of it: its users, tokens and settings are "
            "its own.",
            "Give it the key of the others, then `workbench fleet join` (docs/fleet.md).",
        )
    if status.key == "another":
        yield failure(
            "This machine's fleet key is not that of the fleet, so every command is refused.",
            "Give it the key of the others (docs/fleet.md).",
        )
    path = key_path(settings)
    if settings.lake.fleet_key is None and path.exists() and (mode := mode_for_others(path)):
        yield failure(f"{path} can be read by others ({mode}).", f"Run `chmod 600 {path}`.")


def _file_troubles(status: FleetStatus) -> Iterator[CheckResult]:
    if status.problem:
        yield failure(status.problem, "`workbench fleet status` shows the fleet.")
    for name in status.named(Standing.CONFLICT):
        yield failure(
            "A file was changed on this machine and in the fleet.",
            "`workbench fleet take NAME` gets the fleet's, `workbench fleet push NAME` gives this one.",
            subject=name,
        )
    for name in status.named(Standing.CHANGED_HERE):
        yield warning(
            "A file was changed on this machine, and the others do not have it.",
            "`workbench fleet push` gives it to them.",
            subject=name,
        )
    for name in status.too_large:
        yield warning("A file is too large for a fleet to share.", "Make it smaller.", subject=name)


def _machine_troubles(status: FleetStatus) -> Iterator[CheckResult]:
    for machine in status.gone:
        yield warning(
            f"A machine of the fleet gave no sign of life for {duration(machine.lag_seconds)}.",
            "Start `workbench serve` there again, if it shall still take part.",
            subject=f"{machine.machine} ({machine.roles})",
        )
    for machine in status.machines:
        if status.fleet and machine.version != status.fleet.version:
            yield failure(
                f"A machine has version {machine.version}, and its fleet has {status.fleet.version}.",
                "Install the fleet's version there and start it again.",
                subject=f"{machine.machine} ({machine.roles})",
            )

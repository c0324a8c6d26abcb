"""The repairs that the doctor can make by itself: each is safe, and made only after somebody said yes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.doctor.check_result import Diagnosis


@dataclass(frozen=True)
class Repair:
    """A repair of what a check says: what it does, in words, and how."""

    check: str
    what: str
    make: Callable[[], object]


def repairs_for(
    home: Path, diagnosis: Diagnosis, installation: Installation | None = None
) -> Iterator[Repair]:
    """The repairs of what is wrong, in the order of the checks; each at most once.

    Args:
        installation: None where the settings are too wrong to open one; few repairs are left then.
    """
    offered: set[str] = set()
    for result in diagnosis.results:
        if result.state not in ("warning", "failure"):
            continue
        repair = _repair_for(home, installation, result.check, result.subject)
        if repair and repair.what not in offered:
            offered.add(repair.what)
            yield repair


def _repair_for(home: Path, installation: Installation | None, check: str, subject: str) -> Repair | None:
    if check == "secret-files":
        path = home / subject
        return Repair(check, f"close {path} to others (mode 0600)", partial(path.chmod, 0o600))
    if installation is None:
        return None
    if check in ("lake-files", "unknown-files", "removals"):
        from workbench.api.jobs import maintain

        return Repair(check, "run the maintenance of the lake", partial(maintain, installation))
    if check == "quarantine" and subject:
        from workbench.api.sync import Sync

        retry = partial(Sync(installation), retry_quarantined=True)
        return Repair(check, "read again what could not be read", retry)
    if check == "days-read":
        from workbench.api.sync import Sync

        return Repair(check, "sync the days that are missing", partial(Sync(installation)))
    return None

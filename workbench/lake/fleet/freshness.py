"""Whether what a server knows of its fleet is fresh enough to let somebody in by it.

Loads nothing of the database, since every server of a single machine asks it, too.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from workbench.errors import LakeError, LakeRefused
from workbench.lake.fleet.shared_files import enter_fleet
from workbench.settings import Settings

LONGEST_UNSEEN_SECONDS = 10.0
"""After so long without an answer of the fleet's database nobody is let in."""


class _Look(Protocol):
    @property
    def seen_at(self) -> float: ...
    @property
    def conflicts(self) -> tuple[str, ...]: ...


_looks: dict[Path, _Look] = {}


def require_current(home: Path, name: str) -> None:
    """Refuse to believe a shared file while it may be out of date; on a single machine it never is.

    Raises:
        LakeError: the fleet's database was not reached for too long.
        LakeRefused: the file was changed on this machine and in the fleet.
    """
    look = _looks.get(home)
    if look is None:
        return
    unseen = time.monotonic() - look.seen_at
    if unseen > LONGEST_UNSEEN_SECONDS:
        raise LakeError(
            f"The fleet's database was not reached for {unseen:.0f} s, so {name} may be out of date and "
            "nobody is let in by it. It goes on by itself once the database answers."
        )
    if name in look.conflicts:
        raise LakeRefused(
            f"{name} was changed on this machine and in its fleet, so nobody is let in by it: `workbench "
            f"fleet take {name}` or `workbench fleet push {name}` settles that."
        )


@contextmanager
def watching_fleet(settings: Settings) -> Iterator[None]:
    """While a server runs: what changes in its fleet holds here, too. Nothing where there is no fleet.

    Raises:
        LakeError, ConfigError: as :func:`workbench.lake.fleet.shared_files.enter_fleet`.
    """
    enter_fleet(settings)
    if not settings.catalog.startswith("postgres:"):
        yield
        return
    from workbench.lake.fleet.member import member_of
    from workbench.lake.fleet.watch import FleetWatch

    member = member_of(settings)
    if member is None:
        yield
        return
    watch = FleetWatch(member)
    _looks[settings.home] = watch
    watch.start()
    try:
        yield
    finally:
        del _looks[settings.home]
        watch.close()

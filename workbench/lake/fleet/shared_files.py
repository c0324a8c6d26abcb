"""The one way in which the product changes files that the machines of a fleet share.

On one machine a change holds the lock of these files, as ever. In a fleet it holds a lock in the database
too, sees the newest files of all machines, and is in the database before it is in the home.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import ConfigError
from workbench.files import create_whole, write_whole
from workbench.home import FLEET_STATE, is_shared
from workbench.lake.lock import exclusive
from workbench.settings import Settings, load_settings

if TYPE_CHECKING:
    from workbench.lake.fleet.member import FleetMember, TakenFiles

_RECENT_SECONDS = 2.0
"""So long a look at the fleet counts for the next opening in the same process; servers look as often."""

_members: dict[Path, FleetMember] = {}
_looked_at: dict[tuple[Path, str, str], float] = {}


class FileChanges:
    """What a change writes and removes; it happens when the block of :func:`change_files` ends, or not."""

    def __init__(self) -> None:
        self.contents: dict[Path, bytes | None] = {}

    def write(self, path: Path, text: str) -> None:
        """Make this the content of a file, which only its owner can read."""
        self.contents[path] = text.encode()

    def remove(self, path: Path) -> None:
        self.contents[path] = None

    def move(self, source: Path, target: Path) -> None:
        """Give a file another name in the home."""
        self.contents[target] = self.contents.get(source) or source.read_bytes()
        self.remove(source)


@contextmanager
def change_files(home: Path, lock_name: str) -> Iterator[FileChanges]:
    """Change files of a home that a fleet may share: all of the change or nothing, one change after another.

    Args:
        lock_name: of the file in the home whose lock the change holds on this machine.

    Raises:
        LakeError: in a fleet, the database does not take the change; nothing happened then.
    """
    with exclusive(home / lock_name):
        changes, member = FileChanges(), fleet_member(home)
        if member is None:
            yield changes
            for path, content in changes.contents.items():
                _put(path, content)
            return
        from workbench.lake.fleet.member import changing_fleet

        with changing_fleet(member) as contents:
            yield changes
            for path, content in changes.contents.items():
                name = path.relative_to(home).as_posix()
                if not is_shared(name):
                    raise ConfigError(f"{path} is no file that the machines of a fleet share.")
                contents[name] = content


def create_shared(home: Path, name: str, text: str) -> None:
    """Make a file that stays as it is, such as a key; in a fleet the first machine's is everybody's."""
    if fleet_member(home) is None:
        # Of two processes at once the first one's stays.
        create_whole(home / name, text)
        return
    with change_files(home, f"{name}.lock") as changes:
        if not (home / name).exists():
            changes.write(home / name, text)


def fleet_member(home: Path) -> FleetMember | None:
    """The membership of a home in a fleet; None where it belongs to none.

    Raises:
        ConfigError: it belongs to one, and the settings do not say how to reach it.
    """
    if home in _members:
        return _members[home]
    if not (home / FLEET_STATE).exists():
        return None
    from workbench.lake.fleet.member import member_of

    member = member_of(load_settings(home=home))
    if member is None:
        raise ConfigError(
            f"{home} belongs to a fleet ({FLEET_STATE} is there), and there is no key of it, or the lake is "
            "not on PostgreSQL. Set WORKBENCH_LAKE, WORKBENCH_LAKE_DATA and WORKBENCH_FLEET_KEY as on the "
            f"other machines; or, if this machine left the fleet for good, remove {home / FLEET_STATE}."
        )
    _members[home] = member
    return member


def enter_fleet(settings: Settings) -> TakenFiles | None:
    """Before a process uses the home: take what is newer in the fleet. None where there is nothing to do.

    Raises:
        LakeRefused: another key or version, a file with secrets in conflict, a row that nobody of us wrote.
        LakeError: the database does not answer.
        ConfigError: the key is wrong, or missing on a machine of a fleet.
    """
    if not settings.may_be_in_fleet:
        return None
    from workbench.lake.fleet.member import member_of

    member = member_of(settings)
    if member is None:
        _members.pop(settings.home, None)
        fleet_member(settings.home)  # refuses where one is needed
        return None
    asked = (member.home, member.address.catalog, member.key.check)
    if time.monotonic() - _looked_at.get(asked, float("-inf")) < _RECENT_SECONDS:
        return None
    from workbench.lake.fleet.entering import enter

    taken = enter(member)
    if taken is not None:
        _members[member.home] = member
        _looked_at[asked] = time.monotonic()
    return taken


def _put(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_whole(path, content)

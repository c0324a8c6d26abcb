"""What `workbench fleet` does: begins a fleet, joins one, settles files, and changes its key.

Each step is in the database first and in the home afterwards, so that a killed command is run again.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import ConfigError, LakeRefused, UnknownName, UsageError
from workbench.files import create_whole, write_whole
from workbench.home import is_shared
from workbench.lake.address import lake_address
from workbench.lake.fleet.database import connected, is_fleet
from workbench.lake.fleet.entering import product_version
from workbench.lake.fleet.fleet_key import (
    KEY_VARIABLE,
    FleetKey,
    key_path,
    new_key_text,
    next_key_path,
    read_fleet_key,
    read_key_file,
)
from workbench.lake.fleet.home_copy import (
    MOST_BYTES,
    Standing,
    compare,
    local_digests,
    read_shared,
    read_state,
    too_large,
)
from workbench.lake.fleet.member import FleetMember, TakenFiles, member_of
from workbench.lake.fleet.rows import (
    begin_fleet,
    lock_changes,
    read_fleet_row,
    read_revisions,
    read_rows,
    seal_anew,
)
from workbench.settings import Settings

_SET_ASIDE = "set-aside"


@dataclass(frozen=True)
class FileStanding:
    """A shared file of a home beside the fleet's."""

    name: str
    standing: Standing
    revision: int | None
    """The fleet's; None where it does not have the file."""
    is_here: bool


@dataclass(frozen=True)
class BegunFleet:
    """What `workbench fleet init` did."""

    names: tuple[str, ...]
    key_check: str
    made_key: Path | None
    """The file of the key that was made; None where one was given."""
    left_out: tuple[str, ...]


def require_shared_lake(settings: Settings) -> None:
    """Raises ConfigError where the lake is on one machine alone."""
    if not is_fleet(lake_address(settings)):
        raise ConfigError(
            "A fleet needs WORKBENCH_LAKE=postgres:… (and WORKBENCH_LAKE_DATA, a folder that every machine "
            "sees or s3://bucket/prefix/): this lake is a SQLite file of one machine. docs/fleet.md says how "
            "to go from one machine to several."
        )


def require_member(settings: Settings) -> FleetMember:
    """This machine as a member. Raises ConfigError where the lake is not shared or there is no key."""
    require_shared_lake(settings)
    member = member_of(settings)
    if member is None:
        raise ConfigError(
            f"This machine has no key of a fleet: set {KEY_VARIABLE}, or copy the file of another machine to "
            f"{key_path(settings)}. The first machine makes it by `workbench fleet init`."
        )
    return member


def init_fleet(settings: Settings, *, replace: bool = False) -> BegunFleet:
    """Begin a fleet with the files of this home; make its key where none is given.

    Args:
        replace: in place of the fleet that is there, whose key may be lost.

    Raises:
        ConfigError: the lake is on one machine alone.
        UsageError: there is a fleet already.
        LakeError: the database does not answer.
    """
    require_shared_lake(settings)
    made = None
    if member_of(settings) is None:
        if not replace:
            # Before a key is made that would not fit.
            with connected(lake_address(settings)) as connection:
                if read_fleet_row(connection):
                    raise _begun_already(settings)
        create_whole(key_path(settings), new_key_text() + "\n")
        made = key_path(settings)
    member = require_member(settings)
    names = tuple(local_digests(member.home))
    contents = {name: read_shared(member.home, name) for name in names}
    fleet_id = secrets.token_hex(8)
    with connected(member.address) as connection:
        with connection.transaction():
            lock_changes(connection)
            if read_fleet_row(connection) and not replace:
                raise _begun_already(settings)
            begin_fleet(connection, fleet_id, member.key.check, product_version())
            revision = member.give(connection, contents)
        member.put_given(fleet_id, revision, contents)
        member.take(connection)
    return BegunFleet(names, member.key.check, made, tuple(too_large(member.home)))


def _begun_already(settings: Settings) -> UsageError:
    return UsageError(
        f"{lake_address(settings).shown} has a fleet already. On a machine that is new in it: `workbench "
        "fleet join`. To give it this machine's files: `workbench fleet push`. Where its key is lost: "
        "`workbench fleet init --replace`, on the machine that has the right files."
    )


def join_fleet(settings: Settings) -> TakenFiles:
    """Take everything that the fleet shares into this home.

    Raises:
        ConfigError, LakeRefused, LakeError: there is no fleet, no key or another key, or no answer.
    """
    member = require_member(settings)
    with connected(member.address) as connection:
        return member.take(connection)


def list_standings(member: FleetMember) -> list[FileStanding]:
    """Every shared file of the home and of the fleet; nothing is changed.

    Raises:
        LakeRefused, LakeError: as :func:`join_fleet`.
    """
    with connected(member.address) as connection:
        fleet = member.require_fleet(connection)
        local, revisions = local_digests(member.home), read_revisions(connection)
        standings = compare(local, read_state(member.home, fleet.fleet_id).files, revisions)
        doubtful = [name for name, standing in standings.items() if standing is Standing.CONFLICT]
        rows = read_rows(connection, member.key, doubtful)
    for name in doubtful:
        if name in rows and rows[name].digest == local.get(name):
            standings[name] = Standing.SAME
    return [
        FileStanding(name, standing, revisions.get(name), name in local)
        for name, standing in standings.items()
        if name in local or standing is not Standing.SAME
    ]


def choose(standings: Sequence[FileStanding], names: Collection[str], *, push: bool) -> list[FileStanding]:
    """The files that a push or take is about: those named, else all that changed on its side. Pure.

    Raises:
        UnknownName: a name is no shared file here or there.
    """
    by_name = {each.name: each for each in standings}
    if not names:
        usual = Standing.CHANGED_HERE if push else Standing.CHANGED_THERE
        return [each for each in standings if each.standing is usual]
    for name in names:
        if name not in by_name:
            raise UnknownName("shared file", name, by_name, remedy=_shared_ones(name))
    return [by_name[name] for name in dict.fromkeys(names) if by_name[name].standing is not Standing.SAME]


def _shared_ones(name: str) -> str:
    if is_shared(name):
        return f"A file that is not there, or has more than {MOST_BYTES:,} bytes, is not shared."
    return "Names are paths in the home, such as workbench.toml or views/week.toml."


def push_files(member: FleetMember, files: Sequence[FileStanding]) -> None:
    """Give these files of the home to the fleet, also where it has others; a missing one is deleted there.

    Args:
        files: as they were shown: what was changed in the fleet since is not overwritten.

    Raises:
        LakeRefused: as :func:`join_fleet`; or a file was changed in the fleet meanwhile.
        LakeError: the database does not answer.
        ConfigError: a file cannot be read.
    """
    contents = {each.name: read_shared(member.home, each.name) for each in files}
    with connected(member.address) as connection:
        with connection.transaction():
            lock_changes(connection)
            fleet_id = member.require_fleet(connection).fleet_id
            revisions = read_revisions(connection)
            for each in files:
                if revisions.get(each.name) != each.revision:
                    raise LakeRefused(
                        f"{each.name} was changed in the fleet while this command ran, so nothing was given "
                        "to it. Run the command again without --confirm to see how the files stand."
                    )
            revision = member.give(connection, contents)
        member.put_given(fleet_id, revision, contents)


def take_files(member: FleetMember, names: Sequence[str]) -> Path | None:
    """Put the fleet's files in place of this home's; the folder in which these are kept, if there were any.

    Raises:
        LakeRefused, LakeError: as :func:`join_fleet`.
    """
    folder = member.home / _SET_ASIDE / f"fleet-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
    for name in names:
        content = read_shared(member.home, name)
        if content is not None:
            write_whole(folder / name, content)
    with connected(member.address) as connection:
        member.take_over(connection, tuple(names))
    return folder if folder.exists() else None


def rekey_fleet(settings: Settings) -> tuple[int, Path, str]:
    """Seal everything with a new key; how many files, the file of the key, and its check value.

    The key is in a file before the database has it: a killed command loses none.

    Raises:
        ConfigError, LakeRefused, LakeError: as :func:`join_fleet`.
    """
    member = require_member(settings)
    path, following = key_path(settings), next_key_path(settings)
    following.unlink(missing_ok=True)
    create_whole(following, new_key_text() + "\n")
    key = read_key_file(following)
    with connected(member.address) as connection, connection.transaction():
        lock_changes(connection)
        member.require_fleet(connection)
        files = seal_anew(connection, member.key, key)
    with suppress(FileNotFoundError):  # another process of this machine did it (`member.py`)
        os.replace(following, path)
    return files, path, key.check


def given_key(settings: Settings) -> FleetKey | None:
    """The key of this machine; None if it has none, or what it has is none."""
    try:
        return read_fleet_key(settings)
    except ConfigError:
        return None

"""Commands around a fleet: several machines on one lake, and what they share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.cli.group import main
from workbench.cli.options import confirm_option, value_format_option
from workbench.cli.output import print_value, say, say_nothing_done
from workbench.errors import LakeRefused, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.lake.fleet.manage import BegunFleet, FileStanding
    from workbench.lake.fleet.member import TakenFiles


@main.group()
def fleet() -> None:
    """Let several machines of one PostgreSQL lake share keys, users, tokens, settings … (docs/fleet.md)."""


@fleet.command()
@click.option("--replace", is_flag=True, help="In place of the fleet that is there, as when its key is lost.")
@confirm_option("Of --replace: really throw away what that fleet shares.")
@value_format_option()
def init(replace: bool, confirm: bool, format: str) -> None:
    """Begin a fleet with the files of this home, and make its key where none is given."""
    from workbench.lake.fleet.manage import init_fleet, require_shared_lake
    from workbench.settings import load_settings

    settings = load_settings()
    require_shared_lake(settings)
    if confirm and not replace:
        raise UsageError("--confirm is of --replace; beginning a fleet needs none.")
    if replace and not confirm:
        say_nothing_done(
            f"What the fleet of this lake shares would be replaced by the files of {settings.home}; its "
            "other machines are refused until they have the new key.",
            "do it",
        )
        return
    begun = init_fleet(settings, replace=replace)
    print_value(
        {
            "files": begun.names,
            "key_check": begun.key_check,
            "key_file": begun.made_key and str(begun.made_key),
        },
        format,
        f"The fleet has {len(begun.names)} files of {settings.home}: {', '.join(begun.names) or 'none yet'}.",
    )
    _say_how_to_join(begun)


def _say_how_to_join(begun: BegunFleet) -> None:
    for name in begun.left_out:
        say(f"Notice: {name} is too large to be shared.", err=True)
    if begun.made_key:
        key = f"the content of {begun.made_key} as WORKBENCH_FLEET_KEY, or that file"
        say(
            f"The key of the fleet is new, in {begun.made_key}. Keep a copy where your passwords are: no "
            "backup has it, and without it nobody can read what the database keeps.",
            err=True,
        )
    else:
        key = "the same WORKBENCH_FLEET_KEY or key file"
    say(
        f"Give each other machine, by a safe way, {key}, with the same WORKBENCH_LAKE and "
        "WORKBENCH_LAKE_DATA; then run `workbench fleet join` there. Start `workbench serve` again on this "
        "machine.",
        err=True,
    )


@fleet.command()
@value_format_option()
def join(format: str) -> None:
    """Take everything that the fleet shares into this home; a file that differs here is named and left."""
    from workbench.lake.fleet.manage import join_fleet
    from workbench.settings import load_settings

    settings = load_settings()
    taken = join_fleet(settings)
    print_value(
        {"taken": taken.names, "conflicts": taken.conflicts, "changed_here": taken.changed_here},
        format,
        f"{settings.home} is of the fleet; new here: {', '.join(taken.names) or 'nothing'}.",
    )
    _say_what_is_left(taken)


def _say_what_is_left(taken: TakenFiles) -> None:
    if taken.changed_here:
        say(
            f"Notice: only on this machine so far: {', '.join(taken.changed_here)}. `workbench fleet push` "
            "gives it to the others.",
            err=True,
        )
    if taken.conflicts:
        names = " ".join(taken.conflicts)
        raise LakeRefused(
            f"These files here differ from the fleet's, and were left: {names}. `workbench fleet take "
            f"{names}` gets the fleet's (yours go to set-aside/), `workbench fleet push {names}` gives yours "
            "to all."
        )


@fleet.command()
@value_format_option()
def status(format: str) -> None:
    """Show machines, who leads what, the key, versions, and how this machine's files stand to the fleet's."""
    from workbench.lake.fleet.status import read_fleet_status
    from workbench.settings import load_settings

    current = read_fleet_status(load_settings())
    print_value(current, format, "\n".join(current.lines()))


@fleet.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@confirm_option("Really give them to all machines.")
@value_format_option()
def push(files: tuple[str, ...], confirm: bool, format: str) -> None:
    """Give files that were changed on this machine to all: those named, or every one.

    A FILE is a path in the home, as workbench.toml or dashboards/week.py. One that was changed in the fleet,
    too, is overwritten there only if it is named.
    """
    from workbench.lake.fleet.manage import choose, list_standings, push_files, require_member
    from workbench.settings import load_settings

    member = require_member(load_settings())
    standings = list_standings(member)
    chosen = choose(standings, files, push=True)
    if confirm and chosen:
        push_files(member, chosen)
    _say_chosen(chosen, "given to the fleet", confirm=confirm, format=format)
    _say_conflicts(standings, chosen)


@fleet.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@confirm_option("Really put them in place of this machine's.")
@value_format_option()
def take(files: tuple[str, ...], confirm: bool, format: str) -> None:
    """Get the fleet's files in place of this machine's, which go to set-aside/ in the home.

    Without FILE those that are newer in the fleet, which every command takes anyway.
    """
    from workbench.lake.fleet.manage import choose, list_standings, require_member, take_files
    from workbench.settings import load_settings

    member = require_member(load_settings())
    standings = list_standings(member)
    chosen = choose(standings, files, push=False)
    kept = take_files(member, [each.name for each in chosen]) if confirm and chosen else None
    _say_chosen(chosen, "taken from the fleet", confirm=confirm, format=format)
    if kept:
        say(f"This machine's own are in {kept}.", err=True)
    _say_conflicts(standings, chosen)


def _say_chosen(chosen: Sequence[FileStanding], what: str, *, confirm: bool, format: str) -> None:
    names = [each.name for each in chosen]
    verb = "was" if confirm else "would be"
    lines = [f"{each.name} {verb} {what} ({_words(each)})" for each in chosen]
    print_value({"files": names, "is_done": confirm}, format, "\n".join(lines) or "Nothing differs.")
    if names and not confirm:
        say_nothing_done("Nothing was changed.", "do it")


def _words(each: FileStanding) -> str:
    from workbench.lake.fleet.home_copy import Standing

    if each.standing is Standing.CONFLICT:
        return "changed on both sides"
    if each.standing is Standing.CHANGED_THERE:
        return "newer in the fleet"
    if each.revision is None:
        return "only on this machine"
    return "changed here" if each.is_here else "deleted here"


def _say_conflicts(standings: Sequence[FileStanding], chosen: Sequence[FileStanding]) -> None:
    from workbench.lake.fleet.home_copy import Standing

    names = [each.name for each in standings if each.standing is Standing.CONFLICT and each not in chosen]
    if names:
        say(
            f"Notice: changed on both sides, and left: {' '.join(names)}. Name them to `workbench fleet "
            "push` or `workbench fleet take`.",
            err=True,
        )


@fleet.command()
@confirm_option("Really change the key; every other machine is refused until it has the new one.")
@value_format_option()
def rekey(confirm: bool, format: str) -> None:
    """Make a new key and seal everything that the fleet shares with it, as when a machine was lost."""
    from workbench.lake.fleet.manage import rekey_fleet, require_member
    from workbench.settings import load_settings

    settings = load_settings()
    require_member(settings)
    if not confirm:
        say_nothing_done("Every machine but this one would be refused until it has the new key.", "do it")
        return
    files, path, check = rekey_fleet(settings)
    print_value(
        {"files": files, "key_check": check, "key_file": str(path)},
        format,
        f"{files} files are sealed with a new key (check value {check}), which is in {path}.",
    )
    if settings.lake.fleet_key is not None:
        say(
            f"Notice: WORKBENCH_FLEET_KEY still holds the old key here: set it to the content of {path}, or "
            "unset it so that the file counts.",
            err=True,
        )
    say("Give the new key to the other machines and start `workbench serve` again on all.", err=True)

"""Commands that copy an installation elsewhere, and back."""

from __future__ import annotations

import sys

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import format_option, value_format_option
from workbench.cli.output import print_frame, print_value, say, say_notices
from workbench.errors import BackupError, UsageError
from workbench.settings.secret import Secret
from workbench.terminal import stopped_by_signals

_STEPS = {
    "home": "files of the home",
    "catalog": "the catalog of the lake",
    "data": "data files of the lake",
    "manifest": "the list of it all",
    "erasures": "what was erased since",
    "lake": "the lake into its place",
}


@main.command()
@click.argument("target", required=False)
@click.option(
    "--keep", type=click.IntRange(1), help="Remove all but so many of the newest backups afterwards."
)
@value_format_option()
def backup(target: str | None, keep: int | None, format: str) -> None:
    """Copy everything to a folder or s3://bucket/prefix/ while all goes on, and read it back.

    Only what the target lacks is copied. With WORKBENCH_BACKUP_PASSPHRASE (backup_passphrase in
    credentials.toml) it is encrypted. Without TARGET it goes where [backup] target says.
    """
    with stopped_by_signals() as stop, Workbench() as wb:
        made = wb.backup(target, keep=keep, on_progress=_say_step, stop=stop)
    say_notices(made.notices())
    print_value(made, format, made.sentence())


@main.command()
@click.argument("source")
@click.option("--at", help="The newest backup made until then, as 2026-09-30 or 2026-09-30T14:00; or an id.")
@click.option("--check", is_flag=True, help="Only read everything back and say what is damaged.")
@click.option("--list", "only_list", is_flag=True, help="Only list the backups that are there.")
@format_option()
def restore(source: str, at: str | None, check: bool, only_list: bool, format: str) -> None:
    """Put a backup back into an empty home (WORKBENCH_HOME), the newest one by default.

    People who were erased since, and what retention removed, do not come back. Nothing is sent until somebody
    runs `workbench outbox release`. Exit code 1 when a check finds damage.
    """
    if check and only_list:
        raise UsageError("--check reads the backups and --list names them; give one of the two.")
    if only_list and at:
        raise UsageError("--list names every backup; leave --at.")
    if only_list:
        _list(source, format)
    elif check:
        _check(source, at)
    else:
        from workbench.api.backup import restore_from

        restored = restore_from(source, _passphrase(source), at, on_progress=_say_step)
        print_value(restored, format if format == "json" else "table", restored.sentence())


def _list(source: str, format: str) -> None:
    import pandas as pd

    from workbench.api.backup import list_at

    rows = [listed.as_dict() for listed in list_at(source, _passphrase(source))]
    print_frame(pd.DataFrame(rows), format)


def _check(source: str, at: str | None) -> None:
    from workbench.api.backup import check_at

    problems = check_at(source, _passphrase(source), at)
    for problem in problems:
        say(problem)
    if problems:
        raise BackupError(f"{len(problems):,} files of the backups at {source} are damaged or missing.")
    say(f"Every file of the backups at {source} is there and is what was put there.")


def _passphrase(source: str) -> Secret | None:
    """That of the settings; asked for on a terminal where encrypted backups have none."""
    from workbench.api.backup import needs_passphrase
    from workbench.settings import load_settings

    passphrase = load_settings().backup.passphrase
    if passphrase is None and sys.stdin.isatty() and needs_passphrase(source):
        return Secret(click.prompt("Passphrase of the backups", hide_input=True, err=True))
    return passphrase


def _say_step(step: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"… {_STEPS.get(step, step)}", err=True)

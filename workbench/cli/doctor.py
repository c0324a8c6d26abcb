"""The command that says what is wrong."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli import completion
from workbench.cli.group import main
from workbench.cli.options import value_format_option
from workbench.cli.output import print_value
from workbench.errors import ConfigError

if TYPE_CHECKING:
    from workbench.doctor.check_result import Diagnosis


@main.command()
@click.argument("names", nargs=-1, metavar="[CHECK]…", shell_complete=completion.checks)
@click.option("--offline", is_flag=True, help="Ask neither Twilio nor the public address.")
@click.option("--all", "all_results", is_flag=True, help="Show what is fine, too.")
@click.option("--fix", is_flag=True, help="Ask for each repair that is safe, and make it.")
@value_format_option()
def doctor(names: tuple[str, ...], offline: bool, all_results: bool, fix: bool, format: str) -> None:
    """Say what is wrong with the account, the webhooks, the lake and this machine, each with its repair.

    It changes nothing without --fix. Exit code 0: all is fine, 1: there are warnings, 2: something failed.
    """
    from workbench.doctor.check_result import lines_of

    diagnosis = _diagnose(names, offline)
    if fix and _fix(diagnosis):
        diagnosis = _diagnose(names, offline)
    text = "\n".join(lines_of(diagnosis, all_results=all_results))
    print_value(diagnosis, format, text)
    sys.exit(diagnosis.exit_code)


def _diagnose(names: tuple[str, ...], offline: bool) -> Diagnosis:
    """The diagnosis; where the settings are too wrong to open anything, of them and this machine only."""
    try:
        with Workbench() as wb:
            return wb.doctor(names, offline=offline)
    except ConfigError as error:
        from workbench.api.doctor import diagnose_without_settings

        return diagnose_without_settings(error, names)


def _fix(diagnosis: Diagnosis) -> bool:
    """Make the repairs that somebody says yes to; whether any was made."""
    from workbench.api import Installation
    from workbench.api.repairs import repairs_for
    from workbench.settings.read import find_current_home

    made = 0
    try:
        installation = Installation()
    except ConfigError:
        installation = None
    for repair in repairs_for(find_current_home(), diagnosis, installation):
        if click.confirm(f"{repair.check}: {repair.what}?", err=True):
            repair.make()
            made += 1
    if installation:
        installation.close()
    if not made:
        click.echo("Nothing was repaired; what is left needs a person.", err=True)
    return made > 0


@main.command()
@click.argument("code", shell_complete=completion.codes)
@value_format_option()
def explain(code: str, format: str) -> None:
    """Explain an error code of Twilio: what it means, what to do, and how often it happened here."""
    with Workbench() as wb:
        explanation = wb.explain(code)
    print_value(explanation, format)

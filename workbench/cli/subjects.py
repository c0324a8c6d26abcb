"""Commands for the people whose data it is: what is on record, and its erasure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.options import confirm_option, out_option, value_format_option
from workbench.cli.output import print_json, say, say_nothing_done
from workbench.errors import TRY_AGAIN

if TYPE_CHECKING:
    from workbench.api.subject import ErasureReport
    from workbench.compliance.orders import ErasurePlan


@main.group()
def subject() -> None:
    """One person's rights: everything on record about them, and its erasure."""


@subject.command("export")
@click.argument("address")
@out_option("Folder for HTML and JSON.", folder=True, required=True)
def subject_export(address: str, out: Path) -> None:
    """Write everything on record about one person as HTML and JSON; audited."""
    with Workbench() as wb:
        for path in wb.subject.export(address, out):
            click.echo(path)


@subject.command("erase")
@click.argument("address")
@click.option("--local-only", is_flag=True, help="Leave Twilio out.")
@click.option(
    "--twilio",
    type=click.Choice(["delete", "redact"]),
    default="delete",
    show_default=True,
    help="What is asked of Twilio: the messages away, or only their texts.",
)
@confirm_option("Do it; without it only say what would go.")
@value_format_option()
def subject_erase(
    address: str, local_only: bool, twilio: Literal["delete", "redact"], confirm: bool, format: str
) -> None:
    """Erase one person: their messages at Twilio, and every row, file and old copy here.

    Only a keyed hash stays, so that they are not synced or messaged again. A proof says what was erased, what
    Twilio confirmed and what Twilio keeps. Exit code 3: Twilio could not remove everything yet, run it again.
    """
    if local_only:
        refuse_idle("with --local-only", "twilio")
    with Workbench() as wb:
        report = wb.subject.erase(address, local_only=local_only, twilio=twilio, confirm=confirm)
    if format == "json":
        print_json(report)
    else:
        _say_erasure(report)
    if report.proof is None:
        asked = "Twilio would be left out." if local_only else f"At Twilio: {twilio} each of their messages."
        say_nothing_done(f"{asked} Nothing was done.", "do it")
    if report.pending:
        click.echo(f"{report.pending:,} messages are not confirmed by Twilio; run the same again.", err=True)
        sys.exit(TRY_AGAIN)


@subject.command("readmit")
@click.argument("address")
@click.option("--because", required=True, help="What they asked for and where that is written down.")
@confirm_option("Do it; without it nothing is done.")
def subject_readmit(address: str, because: str, confirm: bool) -> None:
    """Let a person who was erased in again, because they came back by themselves; audited.

    From then on their messages are kept and they may be written to. They have agreed to nothing by that:
    `workbench consent import` says what they agreed to.
    """
    with Workbench() as wb:
        if not wb.subject.readmit(address, because=because, confirm=confirm):
            say_nothing_done("Nothing was done.", "let them in again")
            return
    click.echo("They are let in again: messages from now on are kept.")


def _say_erasure(report: ErasureReport) -> None:
    _say_plan(report.plan)
    if report.proof is None:
        return
    for item in report.proof["asked_of_twilio"]:
        count = "" if item["messages"] is None else f"{item['messages']:,} messages, "
        click.echo(f"Twilio: {count}{item['asked']}: {item['outcome']}")
    for path in report.paths:
        click.echo(f"Proof: {path}")
    for sentence in report.backups.sentences() if report.backups else ():
        say(sentence)


def _say_plan(plan: ErasurePlan) -> None:
    say(f"{plan.person}:")
    for name, count in plan.rows.items():
        click.echo(f"  {name}: {count:,} rows")
    for name, count in plan.mentions.items():
        click.echo(f"  {name}: the number in {count:,} other rows")
    if plan.attachments:
        click.echo(f"  attachments: {len(plan.attachments):,} files")
    for name in plan.files.changeable:
        say(f"  file {name}")
    for name in plan.files.kept:
        say(f"  file {name} stays: change it by hand")
    if plan.is_empty:
        click.echo("  nothing on record here")

"""Commands for the people whose data it is: what is on record, and its erasure."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.errors import TRY_AGAIN

if TYPE_CHECKING:
    from workbench.compliance.orders import ErasurePlan


@main.group()
def subject() -> None:
    """One person's rights: everything on record about them, and its erasure."""


@subject.command("export")
@click.argument("address")
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for HTML and JSON."
)
def subject_export(address: str, out: Path) -> None:
    """Write everything on record about one person as HTML and JSON; audited."""
    with Workbench() as wb:
        for path in wb.export_subject(address, out):
            click.echo(path)


@subject.command("erase")
@click.argument("address")
@click.option("--local-only", is_flag=True, help="Leave Twilio out.")
@click.option(
    "--twilio",
    "way",
    type=click.Choice(["delete", "redact"]),
    default="delete",
    show_default=True,
    help="What is asked of Twilio: the messages away, or only their texts.",
)
@click.option("--confirm", is_flag=True, help="Do it; without it only say what would go.")
def subject_erase(address: str, local_only: bool, way: Literal["delete", "redact"], confirm: bool) -> None:
    """Erase one person: their messages at Twilio, and every row, file and old copy here.

    Only a keyed hash stays, so that they are not synced or messaged again. A proof says what was erased, what
    Twilio confirmed and what Twilio keeps. Exit code 3: Twilio could not remove everything yet, run it again.
    """
    if local_only:
        refuse_idle("with --local-only", "way")
    with Workbench() as wb:
        report = wb.erase_subject(address, local_only=local_only, way=way, confirm=confirm)
    _say_plan(report.plan)
    if report.proof is None:
        twilio = "Twilio would be left out." if local_only else f"At Twilio: {way} each of their messages."
        click.echo(f"{twilio} Nothing was done. Add --confirm to do it.", err=True)
        return
    for item in report.proof["asked_of_twilio"]:
        count = "" if item["messages"] is None else f"{item['messages']:,} messages, "
        click.echo(f"Twilio: {count}{item['asked']}: {item['outcome']}")
    for path in report.paths:
        click.echo(f"Proof: {path}")
    if report.pending:
        click.echo(f"{report.pending:,} messages are not confirmed by Twilio; run the same again.", err=True)
        sys.exit(TRY_AGAIN)


@subject.command("readmit")
@click.argument("address")
@click.option("--because", required=True, help="What they asked for and where that is written down.")
@click.option("--confirm", is_flag=True, help="Do it; without it nothing is done.")
def subject_readmit(address: str, because: str, confirm: bool) -> None:
    """Let a person who was erased in again, because they came back by themselves; audited.

    From then on their messages are kept and they may be written to. They have agreed to nothing by that:
    `workbench consent import` says what they agreed to.
    """
    if not confirm:
        click.echo("Nothing was done. Add --confirm to let them in again.", err=True)
        return
    with Workbench() as wb:
        wb.readmit_subject(address, because=because)
    click.echo("They are let in again: messages from now on are kept.")


def _say_plan(plan: ErasurePlan) -> None:
    click.echo(f"{plan.person}:")
    for name, count in plan.rows.items():
        click.echo(f"  {name}: {count:,} rows")
    for name, count in plan.mentions.items():
        click.echo(f"  {name}: the number in {count:,} other rows")
    if plan.attachments:
        click.echo(f"  attachments: {len(plan.attachments):,} files")
    for name in plan.files.changeable:
        click.echo(f"  file {name}")
    for name in plan.files.kept:
        click.echo(f"  file {name} stays: change it by hand")
    if plan.is_empty:
        click.echo("  nothing on record here")

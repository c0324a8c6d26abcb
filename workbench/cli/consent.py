"""Commands of consent: the ledger, files in and out, and messages that may take it back in free words."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from workbench.api import Workbench
from workbench.api.consent import REVOCATION_STATES
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.options import (
    address_column_option,
    confirm_option,
    country_option,
    file_argument,
    format_option,
    out_option,
    timezone_option,
    value_format_option,
)
from workbench.cli.output import print_frame, print_json, print_value, say, say_nothing_done

if TYPE_CHECKING:
    from workbench.compliance.consent_files import ConsentFile

_SHOWN_REJECTS = 20


@main.group()
def consent() -> None:
    """What people said about being messaged: the ledger, from files, by person, as a file."""


@consent.command("import")
@file_argument()
@click.option("--scope", help="Of lines that name none: *, a sender, a messaging service MG…, topic:NAME.")
@country_option()
@timezone_option("Of dates that name none, as America/New_York.")
@address_column_option()
@confirm_option("Write it to the ledger; without it only look.")
def consent_import(file: Path, confirm: bool, **options: Any) -> None:
    """Bring in opt-ins and opt-outs from CSV with the columns address and kind; shows them first.

    CSV in any dialect and encoding, XLSX or JSON; `-` is stdin. Optional columns: scope, source, evidence,
    wording_version, date. A do-not-contact list is such a file with kind opt-out and --scope '*'. Exit code 1
    when a line could not be used.
    """
    with Workbench() as wb:
        told, added = wb.consent.import_file(file, confirm=confirm, **options)
    _say_consent_file(told)
    if added is None:
        say_nothing_done("Nothing was written.", "write it to the ledger")
    else:
        click.echo(f"{added:,} new events in the ledger, {len(told.events) - added:,} were there already.")
    if told.rejects:
        sys.exit(1)


def _say_consent_file(told: ConsentFile) -> None:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in told.kinds.items()) or "no usable line"
    say(f"{told.name}: {kinds}, of {told.people:,} people; {len(told.rejects):,} lines rejected.")
    if told.unknown_columns:
        say(f"Notice: columns that were not read: {', '.join(told.unknown_columns)}.", err=True)
    for reject in told.rejects[:_SHOWN_REJECTS]:
        say(f"Rejected: line {reject.line}: {reject.reason}.", err=True)
    if len(told.rejects) > _SHOWN_REJECTS:
        click.echo(f"Rejected: {len(told.rejects) - _SHOWN_REJECTS:,} more lines.", err=True)


@consent.command("show")
@click.argument("address")
@out_option("Write the proof there: HTML and JSON.", folder=True)
def consent_show(address: str, out: Path | None) -> None:
    """Show what one person said, as JSON; with --out as proof to hand over, which is audited."""
    with Workbench() as wb:
        if out is None:
            print_json(wb.consent.show(address))
            return
        for path in wb.consent.show(address, out=out):
            click.echo(path)


@consent.command("export")
@out_option("A new file.", required=True)
def consent_export(out: Path) -> None:
    """Write the whole ledger as CSV, numbers unmasked; audited."""
    with Workbench() as wb:
        count = wb.consent.export(out)
    click.echo(f"{count:,} events written to {out}, readable by you only.")


@consent.command("push")
@confirm_option("Tell Twilio; without it only say how much.")
def consent_push(confirm: bool) -> None:
    """Tell Twilio's Consent API what people said, 25 at once; needs the Compliance Toolkit, not for HIPAA.

    Exit code 1 when Twilio refused one.
    """
    with Workbench() as wb:
        push = wb.consent.push(confirm=confirm)
    click.echo(f"{len(push.items):,} states to tell; {push.left_out:,} that Twilio has no place for.")
    if not confirm:
        say_nothing_done("Nothing was told.", "tell it")
        return
    click.echo(f"{push.accepted:,} taken, {len(push.refused):,} refused.")
    for answer in push.refused:
        say(f"Refused: {answer.problem} ({answer.error_code}).", err=True)
    if push.refused:
        sys.exit(1)


@consent.command("blocked")
@format_option()
def consent_blocked(format: str) -> None:
    """List who must not be messaged, by what scope and why; numbers masked."""
    with Workbench() as wb:
        print_frame(wb.consent.blocked(), format)


@consent.command("revocations")
@click.option(
    "--state",
    type=click.Choice(REVOCATION_STATES),
    default="waiting",
    show_default=True,
    help="Which of them.",
)
@format_option()
def consent_revocations(state: Any, format: str) -> None:
    """List messages that may ask in free words to be left alone, with the time left to honour them."""
    with Workbench() as wb:
        print_frame(wb.consent.revocations(state), format)


@consent.command("decide")
@click.argument("message_sid")
@click.argument("decision", type=click.Choice(["opt-out", "not-opt-out"]))
@click.option("--scope", help="What an opt-out reaches; default: the sender or service written to. * is all.")
@click.option("--note", help="Why, for whoever asks later.")
@value_format_option()
def consent_decide(
    message_sid: str,
    decision: Literal["opt-out", "not-opt-out"],
    scope: str | None,
    note: str | None,
    format: str,
) -> None:
    """Write down what a message means: an opt-out or not, by you, now. Audited."""
    if decision != "opt-out":
        refuse_idle(f"on {decision}", "scope")
    with Workbench() as wb:
        made = wb.consent.decide(message_sid, decision, scope=scope, note=note)
    reach = f" of {made.scope}" if made.decision == "opt-out" else ""
    print_value(made, format, f"{made.contact}: {made.decision}{reach}, decided by {made.actor}.")


@consent.command("undo")
@click.argument("message_sid")
@click.option(
    "--decision-id", help="The decision that is meant, of `consent revocations`; default: the last."
)
@value_format_option()
def consent_undo(message_sid: str, decision_id: str | None, format: str) -> None:
    """Undo the last decision on a message: the one before it holds again, or it waits again. Audited.

    With --decision-id it is refused if somebody decided since. An undo is not undone: decide anew.
    """
    with Workbench() as wb:
        made = wb.consent.undo(message_sid, decision_id=decision_id)
    print_value(made, format, f"{made.contact}: {made.decision} again, by {made.actor}.")


@consent.command("record")
@click.argument("address")
@click.argument("kind", type=click.Choice(["opt-in", "opt-out"]))
@click.option("--source", required=True, help="Where they said it: web form, phone call, paper form.")
@click.option("--scope", default="*", show_default=True, help="*, a sender, a service MG…, topic:NAME.")
@click.option("--date", help="When they said it, as 2026-03-01T09:30; an opt-in needs it.")
@timezone_option("Of a date that names none, as America/New_York.")
@click.option("--evidence", help="What proves it: a text, or where the file or the recording is.")
@click.option("--wording-version", help="Which text they agreed to.")
@country_option()
@value_format_option()
def consent_record(address: str, kind: Literal["opt-in", "opt-out"], format: str, **options: Any) -> None:
    """Write down one opt-in or opt-out, with its evidence; an opt-out holds from now on. Audited."""
    with Workbench() as wb:
        recorded = wb.consent.record(address, kind, **options)
    again = "" if recorded.is_new else " It was on record already."
    print_value(recorded, format, f"{recorded.contact}: {recorded.kind} of {recorded.scope}.{again}")


@consent.command("remove")
@click.argument("address")
@click.option("--because", required=True, help="Why, for whoever asks later.")
@click.option("--scope", default="*", show_default=True, help="The entry's, as `consent blocked` lists it.")
@confirm_option("Remove it; without it only see that it is there.")
def consent_remove(address: str, because: str, scope: str, confirm: bool) -> None:
    """Take one entry off the do-not-contact list; who opted out themself stays on it. Audited."""
    with Workbench() as wb:
        removed = wb.consent.remove(address, because=because, scope=scope, confirm=confirm)
    if removed is None:
        say_nothing_done("It is on the list; nothing was removed.", "remove it")
        return
    rest = f" Still blocked in {', '.join(removed.still_blocked)}." if removed.still_blocked else ""
    click.echo(f"{removed.contact} is off the list in the scope {removed.scope}.{rest}")

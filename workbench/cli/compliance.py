"""Commands of compliance: consent, free-text revocations, audits, retention, the audit trail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.output import format_option, print_frame, print_json

if TYPE_CHECKING:
    from workbench.compliance.consent_files import ConsentFile

_SHOWN_REJECTS = 20


@main.group()
def consent() -> None:
    """What people said about being messaged: the ledger, from files, by person, as a file."""


@consent.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--scope", help="Of lines that name none: *, a sender, a messaging service MG…, topic:NAME.")
@click.option("--country", help="Of numbers without a country code, as US.")
@click.option("--timezone", help="Of dates that name none, as America/New_York.")
@click.option("--address-column", metavar="NAME", help="The numbers' column, where several can be it.")
@click.option("--confirm", is_flag=True, help="Write it to the ledger; without it only look.")
def consent_import(
    file: Path,
    scope: str | None,
    country: str | None,
    timezone: str | None,
    address_column: str | None,
    confirm: bool,
) -> None:
    """Bring in opt-ins and opt-outs from CSV with the columns address and kind; shows them first.

    CSV in any dialect and encoding, or XLSX; `-` is stdin. Optional columns: scope, source, evidence,
    wording_version, date. A do-not-contact list is such a file with kind opt-out and --scope '*'. Exit code 1
    when a line could not be used.
    """
    with Workbench() as wb:
        told, added = wb.import_consent(
            file,
            scope=scope,
            country=country,
            timezone=timezone,
            address_column=address_column,
            confirm=confirm,
        )
    _say_consent_file(told)
    if added is None:
        click.echo("Nothing was written. Add --confirm to write it to the ledger.", err=True)
    else:
        click.echo(f"{added:,} new events in the ledger, {len(told.events) - added:,} were there already.")
    if told.rejects:
        sys.exit(1)


def _say_consent_file(told: ConsentFile) -> None:
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in told.kinds.items()) or "no usable line"
    click.echo(f"{told.name}: {kinds}, of {told.people:,} people; {len(told.rejects):,} lines rejected.")
    if told.unknown_columns:
        click.echo(f"Notice: columns that were not read: {', '.join(told.unknown_columns)}.", err=True)
    for reject in told.rejects[:_SHOWN_REJECTS]:
        click.echo(f"Rejected: line {reject.line}: {reject.reason}.", err=True)
    if len(told.rejects) > _SHOWN_REJECTS:
        click.echo(f"Rejected: {len(told.rejects) - _SHOWN_REJECTS:,} more lines.", err=True)


@consent.command("show")
@click.argument("address")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write the proof there: HTML and JSON."
)
def consent_show(address: str, out: Path | None) -> None:
    """Show what one person said, as JSON; with --out as proof to hand over, which is audited."""
    with Workbench() as wb:
        if out is None:
            print_json(wb.consent(address))
            return
        for path in wb.consent_proof(address, out):
            click.echo(path)


@consent.command("export")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A new file.")
def consent_export(out: Path) -> None:
    """Write the whole ledger as CSV, numbers unmasked; audited."""
    with Workbench() as wb:
        count = wb.export_consent(out)
    click.echo(f"{count:,} events written to {out}, readable by you only.")


@consent.command("push")
@click.option("--confirm", is_flag=True, help="Tell Twilio; without it only say how much.")
def consent_push(confirm: bool) -> None:
    """Tell Twilio's Consent API what people said, 25 at once; needs the Compliance Toolkit, not for HIPAA.

    Exit code 1 when Twilio refused one.
    """
    with Workbench() as wb:
        push = wb.push_consent(confirm=confirm)
    click.echo(f"{len(push.items):,} states to tell; {push.left_out:,} that Twilio has no place for.")
    if not confirm:
        click.echo("Nothing was told. Add --confirm to tell it.", err=True)
        return
    click.echo(f"{push.accepted:,} taken, {len(push.refused):,} refused.")
    for answer in push.refused:
        click.echo(f"Refused: {answer.problem} ({answer.error_code}).", err=True)
    if push.refused:
        sys.exit(1)


@consent.command("blocked")
@format_option()
def consent_blocked(format: str) -> None:
    """List who must not be messaged, by what scope and why; numbers masked."""
    with Workbench() as wb:
        print_frame(wb.do_not_contact(), format)


@main.group(invoke_without_command=True)
@click.option(
    "--state",
    type=click.Choice(["waiting", "opt-out", "not-opt-out", "all"]),
    default="waiting",
    show_default=True,
    help="Which of them.",
)
@format_option()
@click.pass_context
def revocations(context: click.Context, state: str, format: str) -> None:
    """List messages that may ask in free words to be left alone, with the time left to honour them."""
    if context.invoked_subcommand is not None:
        refuse_idle(f"with `revocations {context.invoked_subcommand}`", "state", "format")
    else:
        with Workbench() as wb:
            print_frame(wb.revocations(None if state == "all" else state), format)


@revocations.command("decide")
@click.argument("message_sid")
@click.argument("decision", type=click.Choice(["opt-out", "not-opt-out"]))
@click.option("--scope", help="What an opt-out reaches; default: the sender or service written to. * is all.")
@click.option("--note", help="Why, for whoever asks later.")
def revocations_decide(message_sid: str, decision: str, scope: str | None, note: str | None) -> None:
    """Write down what a message means: an opt-out or not, by you, now. Audited."""
    if decision != "opt-out":
        refuse_idle(f"on {decision}", "scope")
    with Workbench() as wb:
        made = wb.decide_revocation(message_sid, decision, scope=scope, note=note)
    reach = f" of {made.scope}" if made.decision == "opt-out" else ""
    click.echo(f"{made.contact}: {made.decision}{reach}, decided by {made.actor}.")


@main.command()
@click.argument("audit", required=False)
@click.option("--since", help="First moment included, as 2026-09-01, in your time zone.")
@click.option("--until", help="First moment not included any more.")
@format_option()
def compliance(audit: str | None, since: str | None, until: str | None, format: str) -> None:
    """Show what should not have been sent: every audit with its count, or the rows of one.

    Exit code 1 when a count that must be zero is not.
    """
    with Workbench() as wb:
        if audit is not None:
            print_frame(wb.breaches(audit, since=since, until=until), format)
            return
        frame = wb.audits(since, until)
    print_frame(frame, format)
    if (frame["must_be_zero"] & (frame["value"] > 0)).any():
        sys.exit(1)


@main.group()
def retention() -> None:
    """How long what is kept: [retention] in workbench.toml."""


@retention.command("run")
@click.option("--confirm", is_flag=True, help="Remove it; without it only count.")
@format_option()
def retention_run(confirm: bool, format: str) -> None:
    """Remove what is older than [retention] says: bodies, messages, alerts, status_events, in days."""
    with Workbench() as wb:
        frame = wb.run_retention(confirm=confirm)
    print_frame(frame, format)
    if not confirm:
        click.echo("Nothing was removed. Add --confirm to remove it.", err=True)


@main.group()
def audit() -> None:
    """The trail of who did what that matters; each row is chained to the one before it."""


@audit.command("show")
@click.option("--action", help="Only this, as consent-import, revocation-decision, export, erase.")
@click.option("--actor", help="Only by them, as local:ops.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Newest rows.")
@format_option()
def audit_show(action: str | None, actor: str | None, limit: int, format: str) -> None:
    """Show the trail, the newest row first."""
    with Workbench() as wb:
        print_frame(wb.audit(action, actor, limit), format)


@audit.command("verify")
@click.option("--anchor", help="What an earlier verification printed, kept somewhere else.")
def audit_verify(anchor: str | None) -> None:
    """Prove that no row of the trail was altered, removed, moved or cut off; exit code 1 otherwise."""
    with Workbench() as wb:
        check = wb.verify_audit(anchor)
    for problem in check.problems:
        click.echo(f"{problem.kind}: {problem.text}.")
    if not check.is_whole:
        click.echo(f"The trail is broken in {len(check.problems)} places.", err=True)
        sys.exit(1)
    rows = "1 row" if check.rows == 1 else f"{check.rows:,} rows"
    click.echo(f"{rows}, unbroken. Keep this elsewhere for the next time: {check.tail}")

"""Commands that read and answer conversations, and those of contacts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.output import format_option, print_frame, print_json
from workbench.table_files import SHOWN_PROBLEMS

VIEWS = ("waiting", "open", "pending", "snoozed", "resolved", "all")


@main.command()
@click.option(
    "--waiting", is_flag=True, help="Only those with a question that has no answer, longest wait first."
)
@click.option("--view", type=click.Choice(VIEWS), default="open", show_default=True, help="Which ones.")
@click.option("--search", default="", help="Part of a text, a name or a number; or a message SID.")
@click.option("--limit", type=click.IntRange(1, 500), default=30, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def conversations(waiting: bool, view: str, search: str, limit: int, as_json: bool) -> None:
    """List conversations: who wrote, what was said last, who waits for an answer. Numbers are masked."""
    if waiting:
        refuse_idle("with --waiting", "view")
    with Workbench() as wb:
        frame = wb.conversations("waiting" if waiting else view, search=search, limit=limit)
    left_out = frame.attrs["total"] - len(frame)
    if not as_json:
        frame["last"] = [_short(text) for text in frame["last"]]
    print_frame(frame, "json" if as_json else "table")
    if left_out > 0:
        click.echo(f"{left_out:,} more are not shown; see --limit and --search.", err=True)


@main.command()
@click.argument("reference", metavar="CONVERSATION")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="Latest messages.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of messages.")
def conversation(reference: str, limit: int, as_json: bool) -> None:
    """Show one conversation, by its id or by the contact's number: each message and what became of it."""
    with Workbench() as wb:
        found = wb.conversation(reference)
        if as_json:
            print_frame(found.messages(limit), "json")
        else:
            click.echo(found.text(limit))


@main.command()
@click.argument("reference", metavar="CONVERSATION")
@click.option("--body", help="The text; {{ first_name }} is a blank, {{ '{{' }} a pair of braces.")
@click.option("--template", help="Name of a template instead; see `workbench templates`.")
@click.option("--var", "variables", multiple=True, metavar="NAME=VALUE", help="Fills a blank; repeatable.")
@click.option("--media", multiple=True, metavar="URL", help="Attachment, up to 10 times.")
@click.option("--batch", help="Name under which the same text is sent once. Default: this answer.")
@click.option("--ignore-quiet-hours", is_flag=True, help="Send in quiet hours too; it is audited.")
@click.option("--confirm", is_flag=True, help="Really send; without it only what would happen is shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reply(
    reference: str,
    batch: str | None,
    ignore_quiet_hours: bool,
    confirm: bool,
    as_json: bool,
    **content: Any,
) -> None:
    """Answer a conversation, once, from our side of it: only with --confirm, and to nobody who opted out.

    CONVERSATION is its id (see `workbench conversations`) or the contact's number. Exit code 0: Twilio has
    it, now or from before; or without --confirm: it could be sent. 1: blocked or failed.
    """
    from workbench.cli.sending import message_options

    body, options = message_options(batch, content)
    with Workbench() as wb:
        result = wb.reply(reference, body, confirm=confirm, ignore_quiet_hours=ignore_quiet_hours, **options)
    if as_json:
        print_json(result.as_dict())
    else:
        click.echo(repr(result))
    sys.exit(0 if result.is_done or result.state == "unconfirmed" else 1)


@main.group()
def contacts() -> None:
    """Who the contacts are: list them, name them, merge them, files in and out."""


@contacts.command("list")
@click.option("--search", default="", help="Part of a name, a label or a number.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many at most."
)
@format_option()
def list_contacts(search: str, limit: int, format: str) -> None:
    """List contacts, the latest first; numbers are masked."""
    with Workbench() as wb:
        frame = wb.contacts(search, limit=limit)
    print_frame(frame, format)
    if frame.attrs["total"] > len(frame):
        click.echo(f"{frame.attrs['total'] - len(frame):,} more are not shown; see --limit.", err=True)


@contacts.command("edit")
@click.argument("number")
@click.option("--name", help="What to call them; empty takes it back.")
@click.option("--labels", help="Labels with commas between; empty takes them back.")
@click.option("--language", help="A tag such as en or pt-BR.")
@click.option("--time-zone", "time_zone", help="A name such as America/Chicago, instead of the number's.")
def edit_contact(number: str, **values: str | None) -> None:
    """Say something about a contact."""
    with Workbench() as wb:
        change_id = wb.edit_contact(
            number, **{name: text for name, text in values.items() if text is not None}
        )
    click.echo(
        f"Changed; `workbench contacts undo {change_id}` takes it back." if change_id else "Nothing changed."
    )


@contacts.command("merge")
@click.argument("number")
@click.argument("into")
def merge_contacts(number: str, into: str) -> None:
    """Make two numbers one person, with the name and labels of the second."""
    with Workbench() as wb:
        change_id = wb.merge_contacts(number, into)
    click.echo(f"Merged; `workbench contacts undo {change_id}` takes it back.")


@contacts.command("changes")
@format_option()
def contact_changes(format: str) -> None:
    """List the latest edits, merges and imports, each with the id that undoes it."""
    with Workbench() as wb:
        print_frame(wb.contact_changes(), format)


@contacts.command("undo")
@click.argument("change_id")
def undo_contact_change(change_id: str) -> None:
    """Take back an edit, a merge or an import."""
    with Workbench() as wb:
        fields = wb.undo_contact_change(change_id)
    click.echo(f"{fields:,} {'field is' if fields == 1 else 'fields are'} what they were before.")


@contacts.command("import")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--country", "default_country", help="Where numbers without a country code are, as US.")
@click.option("--address-column", metavar="NAME", help="The numbers' column, where several can be it.")
@click.option("--confirm", is_flag=True, help="Really import; without it only what would change is shown.")
@format_option()
def import_contacts(
    path: Path, default_country: str | None, address_column: str | None, confirm: bool, format: str
) -> None:
    """Import names, labels, languages and time zones from a CSV file with the column `address`.

    CSV in any dialect and encoding, or XLSX; `-` is stdin. Shows what changes; writes it with --confirm, all
    of it or, while a line is wrong, nothing.
    """
    with Workbench() as wb:
        frame = wb.import_contacts(
            path, confirm=confirm, default_country=default_country, address_column=address_column
        )
    print_frame(frame, format)
    problems = frame.attrs["problems"]
    for line, reason in problems[:SHOWN_PROBLEMS]:
        click.echo(f"Line {line}: {reason}", err=True)
    if len(problems) > SHOWN_PROBLEMS:
        click.echo(f"{len(problems) - SHOWN_PROBLEMS:,} more lines, {len(problems):,} in all.", err=True)
    if frame.attrs["change_id"]:
        click.echo(f"Imported; `workbench contacts undo {frame.attrs['change_id']}` takes it back.", err=True)
    elif not confirm:
        click.echo("Nothing was written; --confirm imports it.", err=True)
    sys.exit(1 if problems else 0)


@contacts.command("export")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
def export_contacts(path: Path) -> None:
    """Write every contact to a CSV file, with whole numbers; the export is kept in the audit trail."""
    with Workbench() as wb:
        count = wb.export_contacts(path)
    click.echo(f"{count:,} contacts are in {path} (mode 0600).", err=True)


def _short(text: object, longest: int = 60) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= longest else words[: longest - 1] + "…"

"""Commands of contacts: list them, name them, merge them, files in and out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import (
    address_column_option,
    confirm_option,
    country_option,
    file_argument,
    format_option,
    limit_option,
    out_option,
    search_option,
    timezone_option,
)
from workbench.cli.output import print_frame, say, say_nothing_done
from workbench.table_files import SHOWN_PROBLEMS


@main.group()
def contacts() -> None:
    """Who the contacts are: list them, name them, merge them, files in and out."""


@contacts.command("list")
@search_option("Part of a name or a label; a number whole, or the digits that are shown.")
@limit_option(50, 100_000, "How many at most.")
@format_option()
def list_contacts(search: str, limit: int, format: str) -> None:
    """List contacts, the latest first; numbers are masked."""
    with Workbench() as wb:
        frame = wb.contacts.list(search=search, limit=limit)
    print_frame(frame, format)
    if frame.attrs["total"] > len(frame):
        click.echo(f"{frame.attrs['total'] - len(frame):,} more are not shown; see --limit.", err=True)


@contacts.command("edit")
@click.argument("number")
@click.option("--name", help="What to call them; empty takes it back.")
@click.option("--labels", help="Labels with commas between; empty takes them back.")
@click.option("--language", help="A tag such as en or pt-BR.")
@timezone_option("A name such as America/Chicago, instead of the number's.")
def edit_contact(number: str, **values: str | None) -> None:
    """Say something about a contact."""
    with Workbench() as wb:
        change_id = wb.contacts.edit(number, **values)
    click.echo(
        f"Changed; `workbench contacts undo {change_id}` takes it back." if change_id else "Nothing changed."
    )


@contacts.command("merge")
@click.argument("number")
@click.argument("into")
def merge_contacts(number: str, into: str) -> None:
    """Make two numbers one person, with the name and labels of the second."""
    with Workbench() as wb:
        change_id = wb.contacts.merge(number, into)
    click.echo(f"Merged; `workbench contacts undo {change_id}` takes it back.")


@contacts.command("changes")
@limit_option(50, what="The latest so many.")
@format_option()
def contact_changes(limit: int, format: str) -> None:
    """List the latest edits, merges and imports, each with the id that undoes it."""
    with Workbench() as wb:
        print_frame(wb.contacts.changes(limit=limit), format)


@contacts.command("undo")
@click.argument("change_id")
def undo_contact_change(change_id: str) -> None:
    """Take back an edit, a merge or an import."""
    with Workbench() as wb:
        fields = wb.contacts.undo(change_id)
    click.echo(f"{fields:,} {'field is' if fields == 1 else 'fields are'} what they were before.")


@contacts.command("import")
@file_argument()
@country_option()
@address_column_option()
@confirm_option("Really import; without it only what would change is shown.")
@format_option()
def import_contacts(file: Path, confirm: bool, format: str, **options: Any) -> None:
    """Import names, labels, languages and time zones from a CSV file with the column `address`.

    CSV in any dialect and encoding, XLSX or JSON; `-` is stdin. Shows what changes; writes it with --confirm,
    all of it or, while a line is wrong, nothing.
    """
    with Workbench() as wb:
        frame = wb.contacts.import_file(file, confirm=confirm, **options)
    print_frame(frame, format)
    problems = frame.attrs["problems"]
    for line, reason in problems[:SHOWN_PROBLEMS]:
        say(f"Line {line}: {reason}", err=True)
    if len(problems) > SHOWN_PROBLEMS:
        click.echo(f"{len(problems) - SHOWN_PROBLEMS:,} more lines, {len(problems):,} in all.", err=True)
    if frame.attrs["change_id"]:
        click.echo(f"Imported; `workbench contacts undo {frame.attrs['change_id']}` takes it back.", err=True)
    elif not confirm:
        say_nothing_done("Nothing was written.", "import it")
    sys.exit(1 if problems else 0)


@contacts.command("export")
@out_option("A new file.", required=True)
def export_contacts(out: Path) -> None:
    """Write every contact to a CSV file, with whole numbers; the export is kept in the audit trail."""
    with Workbench() as wb:
        count = wb.contacts.export(out)
    click.echo(f"{count:,} contacts are in {out} (mode 0600).", err=True)

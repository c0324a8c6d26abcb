"""Commands that send, and what belongs to it: templates, segments, the outbox."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.api import Workbench
from workbench.cli import completion
from workbench.cli.batch_file import (
    Confirmation,
    batch_name,
    earlier_batch_name,
    read_batch_file,
    read_confirmation,
)
from workbench.cli.group import ListGroup, main
from workbench.cli.message_options import batch_option, content_options, message_options, sender_options
from workbench.cli.options import (
    TEXT,
    confirm_option,
    file_argument,
    format_option,
    read_pairs,
    search_option,
    value_format_option,
    var_option,
)
from workbench.cli.output import print_frame, print_json, print_value, say, say_nothing_done, say_notices
from workbench.errors import NothingKnown, UsageError

if TYPE_CHECKING:
    from workbench.sending.results import BatchResult
    from workbench.settings import Settings

STATES = ("intended", "accepted", "refused", "unsent", "unclear")


@main.command()
@click.option("--to", required=True, help="The recipient, as +14155552671 or whatsapp:+14155552671.")
@sender_options
@content_options
@batch_option("send")
@confirm_option("Really send; without it only what would happen is shown.")
@value_format_option()
def send(
    to: str, batch: str | None, confirm: bool, format: str, ignore_quiet_hours: bool, **content: Any
) -> None:
    """Send one message, once: to nobody who opted out, and only with --confirm.

    Exit code 0: Twilio has it, now or from before; or without --confirm: it could be sent. 1: blocked or
    failed.
    """
    body, options = message_options(batch, content)
    with Workbench() as wb:
        sent = wb.send(to, body, confirm=confirm, ignore_quiet_hours=ignore_quiet_hours, **options)
    print_value(sent, format)
    if not sent.is_done and sent.state != "unconfirmed":
        sys.exit(1)


@main.command("send-batch")
@file_argument()
@sender_options
@content_options
@batch_option("the file's name")
@click.option("--to-column", metavar="NAME", help="The recipients' column, where it is not `to`.")
@click.option(
    "--confirm",
    type=read_confirmation,
    metavar="COUNT[:READING]",
    help="Really send: the number of rows, and what stands for how they were read, as shown without it.",
)
@value_format_option()
def send_batch(
    file: Path,
    batch: str | None,
    to_column: str | None,
    confirm: Confirmation | None,
    format: str,
    ignore_quiet_hours: bool,
    **content: Any,
) -> None:
    """Send to every row of a CSV, XLSX or JSON file, at the pace the sender may keep; `-` is stdin.

    The column `to` (or phone, mobile …) is the recipient; the others fill the blanks of the body or
    template, or `body` is the text of each. A row with a blank that has no value is blocked. Ctrl-C ends it
    after the messages in hand; the same command goes on where it ended. Exit code 1 while a row is not sent.
    """
    from workbench.terminal import batch_progress, stopped_by_signals

    body, options = message_options(batch or batch_name(file), content)
    with Workbench() as wb:
        if batch is None:
            _refuse_other_name(wb, file)
        asked = {**options, "body": body, "ignore_quiet_hours": ignore_quiet_hours}
        people = read_batch_file(file, to_column, {**asked, "of home": _said_at_home(wb.settings, asked)})
        count = None if confirm is None else people.check(confirm)
        with stopped_by_signals() as stop, batch_progress() as on_progress:
            done = wb.send_batch(
                people.frame, body, confirm=count, ignore_quiet_hours=ignore_quiet_hours, stop=stop,
                on_progress=on_progress, to_column=people.column, **options,
            )  # fmt: skip
    if confirm is None:
        say_notices(people.preview([result.to for result in done.results]))
    if format == "table":
        _show_unsent(done, people.lines)
    print_value(done, format)
    if confirm is not None and not done.is_done:
        sys.exit(1)
    if confirm is None and set(done.counts) == {"blocked"}:
        sys.exit(1)


def _refuse_other_name(wb: Workbench, file: Path) -> None:
    """Refuse a packed file of which a batch went out under the name that versions before gave it.

    Raises:
        UsageError: with both names; under the new one everybody would get the same again.
    """
    name, earlier = batch_name(file), earlier_batch_name(file)
    if earlier is None:
        return
    try:
        rows = wb.sql("select 1 from outbox_events where batch = $name", {"name": earlier})
    except NothingKnown:
        return
    if len(rows):
        raise UsageError(
            f"{file.name} was sent as the batch {earlier!r} by a version before; now it is {name!r}, as "
            f"without packing. Nothing was sent. Give --batch {earlier} to go on with that batch, or --batch "
            f"{name} to send to all of them again."
        )


def _show_unsent(done: BatchResult, lines: list[int]) -> None:
    """The rows that need a look."""
    rows = done.frame
    rows.insert(0, "line", lines)
    unsent = rows[~rows["state"].isin(["sent", "scheduled", "already_sent"])]
    if len(unsent):
        print_frame(unsent[["line", "to", "state", "segments", "price", "currency", "reasons"]], "table")


def _said_at_home(settings: Settings, asked: Mapping[str, Any]) -> list[str | None]:
    """What the home says about the messages of a call: its template, and the settings that change them."""
    from workbench.sending.template_files import find_template

    sending, name = settings.sending, asked.get("template")
    if asked["body"] is not None:
        # One text too many: the call itself refuses that.
        name = None
    return [
        repr(find_template(settings.home, name)) if name is not None else None,
        sending.sender, sending.service, sending.default_country, sending.business_name, sending.opt_out_line,
    ]  # fmt: skip


@main.group(cls=ListGroup)
def outbox() -> None:
    """What was sent from here and how it ended; alone it lists."""


@outbox.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only what ended so; `unclear` needs a look.")
@format_option()
def outbox_list(state: str | None, format: str) -> None:
    """Show what was sent from here and how it ended; recipients are masked."""
    with Workbench() as wb:
        print_frame(wb.outbox.list(state=state), format)


@outbox.command("settle")
@format_option()
def outbox_settle(format: str) -> None:
    """Look in Twilio's log for messages whose end nobody recorded; never sends."""
    with Workbench() as wb:
        print_frame(wb.outbox.settle(), format)


@outbox.command("release")
@confirm_option("Let messages be sent again.")
def outbox_release(confirm: bool) -> None:
    """After a restore: let messages be sent again, once somebody has synced and looked at what was sent."""
    with Workbench() as wb:
        if wb.outbox.release(confirm=confirm):
            say("Messages are sent again.")
        else:
            say_nothing_done("Nothing was released.", "let messages be sent again")


@outbox.command("cancel")
@click.argument("message_sid")
@value_format_option()
def outbox_cancel(message_sid: str, format: str) -> None:
    """Cancel a scheduled message."""
    with Workbench() as wb:
        cancelled = wb.outbox.cancel(message_sid)
    print_value(cancelled, format, f"{cancelled.message_sid} is {cancelled.status}.")


@main.group(cls=ListGroup)
def templates() -> None:
    """Texts that are ready, files in the folder `templates` of the home; alone it lists."""


@templates.command("list")
@search_option("Only those with these words.")
@format_option()
def templates_list(search: str, format: str) -> None:
    """List the templates, or those with certain words: files in the folder `templates` of the home."""
    from workbench.sending.template_files import FOLDER

    with Workbench() as wb:
        frame = wb.templates.list(search=search)
        say_notices(frame.attrs["notices"])
        if frame.empty:
            words = f" with {search!r}" if search else ""
            click.echo(f"No template{words} in {wb.settings.home / FOLDER}.", err=True)
        print_frame(frame, format)


@templates.command("show")
@click.argument("name", shell_complete=completion.templates)
@var_option()
def templates_show(name: str, variables: tuple[str, ...]) -> None:
    """Show one template with its blanks filled, as it would be sent."""
    with Workbench() as wb:
        say(wb.templates.show(name, variables=read_pairs("--var", variables, "first_name=Ana")))


@templates.command("save")
@click.argument("name")
@click.option("--body", required=True, help="The text, with its blanks.")
@click.option("--title", help="What the inbox calls it.")
@click.option("--shortcut", help="What is typed after a slash in the inbox to put it in, as refund.")
@value_format_option()
def templates_save(name: str, body: str, title: str | None, shortcut: str | None, format: str) -> None:
    """Write a template, a new one or in place of what it was; what is not given stays as it is."""
    with Workbench() as wb:
        template = wb.templates.save(name, body=body, title=title, shortcut=shortcut)
    typed = f", typed as /{template.shortcut}" if template.shortcut else ""
    print_value(template, format, f"{template.name} is saved{typed}.")


@templates.command("remove")
@click.argument("name", shell_complete=completion.templates)
@confirm_option("Remove its file; without it only see that it is there.")
def templates_remove(name: str, confirm: bool) -> None:
    """Remove a template."""
    with Workbench() as wb:
        if not wb.templates.remove(name, confirm=confirm):
            say_nothing_done("It is there; nothing was removed.", "remove it")
            return
    click.echo(f"{name} is removed.")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("text", type=TEXT)
@click.option("--smart-encoding", is_flag=True, help="As a messaging service with Smart Encoding sends it.")
@value_format_option()
def segments(text: str, smart_encoding: bool, format: str) -> None:
    """Count the billed segments of a text, and say what makes it more; - takes it from standard input."""
    from workbench.messaging.segments import count_segments

    count = count_segments(text, smart_encoding)
    if format == "json":
        print_json(count)
        return
    click.echo(f"{_segments(count.segments)} in {count.encoding}, {count.units} units")
    for number, part in enumerate(count.per_segment, start=1):
        click.echo(f"{number:>3}  {part!r}")
    if count.forcing:
        click.echo(f"Forced to UCS-2 by: {' '.join(map(repr, count.forcing))}")
    if count.suggestion is not None:
        shorter = count_segments(count.suggestion)
        click.echo(f"In GSM-7 ({shorter.segments}): {count.suggestion!r}")


def _segments(count: int) -> str:
    return "1 segment" if count == 1 else f"{count} segments"

"""Commands that send, and what belongs to it: templates, segments, the outbox."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.api import Workbench
from workbench.cli.batch_file import Confirmation, batch_name, read_batch_file, read_confirmation
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.output import format_option, print_frame, print_json, say_notices
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.messaging.templates import Template
    from workbench.settings import Settings

_PAIR = "NAME=VALUE"
_VALIDITY = click.IntRange(1, 36_000)
STATES = ("intended", "accepted", "refused", "unsent", "unclear")


def _content_options(command: Any) -> Any:
    """What a message can be made of, for one recipient or many."""
    options = [
        click.option("--from", "sender", help="Our address, as +12025550110 or whatsapp:+12025550110."),
        click.option("--service", help="SID of a messaging service, which then chooses the sender."),
        click.option("--body", help="The text; {{ first_name }} is a blank, {{ '{{' }} a pair of braces."),
        click.option("--template", help="Name of a template instead; see `workbench templates`."),
        click.option("--var", "variables", multiple=True, metavar=_PAIR, help="Fills a blank; repeatable."),
        click.option("--media", multiple=True, metavar="URL", help="Attachment, up to 10 times."),
        click.option("--at", help="When Twilio shall send it, as 2026-11-30T09:00."),
        click.option("--validity", "validity_seconds", type=_VALIDITY, help="Seconds it may wait at Twilio."),
        click.option("--content-sid", help="Content template of WhatsApp or RCS, HX…"),
        click.option("--content-var", "content_variables", multiple=True, metavar=_PAIR, help="One of its."),
        click.option("--ignore-quiet-hours", is_flag=True, help="Send in quiet hours too; it is audited."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@main.command()
@click.option("--to", required=True, help="The recipient, as +14155552671 or whatsapp:+14155552671.")
@_content_options
@click.option("--batch", help="Name under which the same text is sent once. Default: send.")
@click.option("--confirm", is_flag=True, help="Really send; without it only what would happen is shown.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def send(
    to: str, batch: str | None, confirm: bool, as_json: bool, ignore_quiet_hours: bool, **content: Any
) -> None:
    """Send one message, once: to nobody who opted out, and only with --confirm.

    Exit code 0: Twilio has it, now or from before; or without --confirm: it could be sent. 1: blocked or
    failed.
    """
    body, options = message_options(batch, content)
    with Workbench() as wb:
        sent = wb.send(to, body, confirm=confirm, ignore_quiet_hours=ignore_quiet_hours, **options)
    if as_json:
        print_json(sent.as_dict())
    else:
        click.echo(repr(sent))
    if not sent.is_done and sent.state != "unconfirmed":
        sys.exit(1)


@main.command("send-batch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@_content_options
@click.option("--batch", help="Name under which the same text is sent once. Default: the file's name.")
@click.option("--to-column", metavar="NAME", help="The recipients' column, where it is not `to`.")
@click.option(
    "--confirm",
    type=read_confirmation,
    metavar="COUNT[:READING]",
    help="Really send: the number of rows, and what stands for how they were read, as shown without it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with a result for each row.")
def send_batch(
    file: Path,
    batch: str | None,
    to_column: str | None,
    confirm: Confirmation | None,
    as_json: bool,
    ignore_quiet_hours: bool,
    **content: Any,
) -> None:
    """Send to every row of a CSV or XLSX file, at the pace the sender may keep; `-` is stdin.

    The column `to` (or phone, mobile …) is the recipient; the others fill the blanks of the body or
    template, or `body` is the text of each. A row with a blank that has no value is blocked. Ctrl-C ends it
    after the messages in hand; the same command goes on where it ended. Exit code 1 while a row is not sent.
    """
    from workbench.terminal import batch_progress, stopped_by_signals

    body, options = message_options(batch or batch_name(file), content)
    with Workbench() as wb:
        asked = {**options, "body": body, "ignore_quiet_hours": ignore_quiet_hours}
        people = read_batch_file(file, to_column, {**asked, "of home": _said_at_home(wb.settings, asked)})
        count = None if confirm is None else people.check(confirm)
        with stopped_by_signals() as stop, batch_progress() as on_progress:
            done = wb.send_batch(
                people.frame, body, confirm=count, ignore_quiet_hours=ignore_quiet_hours, stop=stop,
                on_progress=on_progress, to_column=people.column, **options,
            )  # fmt: skip
    if confirm is None:
        say_notices(people.preview([one.to for one in done.results]))
    if as_json:
        print_json(done.as_dict())
    else:
        rows = done.frame
        rows.insert(0, "line", people.lines)
        shown = rows[~rows["state"].isin(["sent", "scheduled", "already_sent"])]
        if len(shown):
            print_frame(shown[["line", "to", "state", "segments", "price", "currency", "reasons"]], "table")
        click.echo(repr(done))
    if confirm is not None and not done.is_done:
        sys.exit(1)
    if confirm is None and set(done.counts) == {"blocked"}:
        sys.exit(1)


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


@main.command()
@click.argument("message_sid")
def cancel(message_sid: str) -> None:
    """Cancel a scheduled message."""
    with Workbench() as wb:
        click.echo(f"{message_sid} is {wb.cancel(message_sid).status}.")


@main.command()
@click.option("--state", type=click.Choice(STATES), help="Only what ended so; `unclear` needs a look.")
@click.option(
    "--settle", is_flag=True, help="First look in Twilio's log for what nobody recorded the end of."
)
@format_option()
def outbox(state: str | None, settle: bool, format: str) -> None:
    """Show what was sent from here and how it ended; recipients are masked."""
    with Workbench() as wb:
        if settle:
            settled = wb.settle()
            say_notices(f"{row.key}: {row.answer}. {row.reason}" for row in settled.itertuples())
        print_frame(wb.outbox(state), format)


@main.command()
@click.argument("search", default="")
@click.option("--show", metavar="NAME", help="Show one, filled with --var.")
@click.option(
    "--var", "variables", multiple=True, metavar="NAME=VALUE", help="Fills a blank; may be repeated."
)
@format_option()
def templates(search: str, show: str | None, variables: tuple[str, ...], format: str) -> None:
    """List the templates, or those with certain words: files in the folder `templates` of the home."""
    from workbench.sending.template_files import FOLDER, read_templates

    if show is None:
        refuse_idle("without --show", "variables")
    else:
        refuse_idle("with --show", "search", "format")
    with Workbench() as wb:
        if show is not None:
            click.echo(wb.render_template(show, _pairs("--var", variables)))
            return
        say_notices(read_templates(wb.settings.home)[1])
        found = wb.templates(search)
        if not found:
            click.echo(
                f"No template{f' with {search!r}' if search else ''} in {wb.settings.home / FOLDER}.",
                err=True,
            )
        print_frame(_template_frame(found), format)


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("text", type=click.UNPROCESSED)
@click.option("--smart-encoding", is_flag=True, help="As a messaging service with Smart Encoding sends it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def segments(text: str, smart_encoding: bool, as_json: bool) -> None:
    """Count the billed segments of a text, and say what makes it more; - takes it from standard input."""
    from dataclasses import asdict

    from workbench.messaging.segments import count_segments

    if text == "-":
        # The line end that `echo` and editors put last is no part of the text.
        text = sys.stdin.read().removesuffix("\n")
    count = count_segments(text, smart_encoding)
    if as_json:
        print_json(asdict(count))
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


def message_options(batch: str | None, content: dict[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """The text and the options of the notebook call; what was not given is left out."""
    options = {name: value for name, value in content.items() if value not in (None, ())}
    for name, option in (("variables", "--var"), ("content_variables", "--content-var")):
        if name in options:
            options[name] = _pairs(option, options[name])
    if batch is not None:
        options["batch"] = batch
    return options.pop("body", None), options


def _pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"{option} is {text!r}; write name=value, as first_name=Ana.")
        if name.strip() in pairs:
            raise UsageError(f"{option} {name.strip()} is given twice; only the last would have an effect.")
        pairs[name.strip()] = value
    return pairs


def _template_frame(found: list[Template]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        {
            "name": one.name, "title": one.title, "tags": ", ".join(one.tags),
            "blanks": ", ".join(one.variables), "text": one.body or one.content_sid,
        }
        for one in found
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["name", "title", "tags", "blanks", "text"])

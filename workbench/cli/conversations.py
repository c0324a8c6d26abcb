"""Commands that read and answer conversations."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.message_options import batch_option, content_options, message_options
from workbench.cli.no_effect import refuse_idle
from workbench.cli.options import (
    confirm_option,
    format_option,
    limit_option,
    out_option,
    search_option,
    value_format_option,
)
from workbench.cli.output import print_frame, print_value, say, say_notices

VIEWS = ("waiting", "open", "pending", "snoozed", "resolved", "all")


@main.command()
@click.option(
    "--waiting", is_flag=True, help="Only those with a question that has no answer, longest wait first."
)
@click.option("--view", type=click.Choice(VIEWS), default="open", show_default=True, help="Which ones.")
@search_option(
    "In these: part of a text or a name; a message SID; a number whole, or its digits that are shown."
)
@click.option("--assignee", help="Only those that this person or team has.")
@click.option("--mine", is_flag=True, help="Only those that you have, or a team of yours.")
@click.option("--label", help="Only those with this label.")
@click.option("--language", help="Only those who write in it, as es; unknown: where no text says it clearly.")
@click.option("--order", type=click.Choice(["longest", "newest"]), help="Longest wait or newest first.")
@limit_option(30, 500, "How many at most.")
@format_option()
def conversations(waiting: bool, view: str, format: str, **options: Any) -> None:
    """List conversations: who wrote, what was said last, who waits for an answer. Numbers are masked."""
    if waiting:
        refuse_idle("with --waiting", "view")
    with Workbench() as wb:
        frame = wb.conversations("waiting" if waiting else view, **options)
    searched = "waiting" if waiting else view
    if options["search"] and searched != "all":
        say_notices([f"Searched among the {searched} conversations; --view all searches all of them."])
    left_out = frame.attrs["total"] - len(frame)
    if format == "table":
        frame["last"] = [_short(text) for text in frame["last"]]
    print_frame(frame, format)
    if left_out > 0:
        click.echo(f"{left_out:,} more are not shown; see --limit and --search.", err=True)


@main.command()
@click.argument("reference", metavar="CONVERSATION")
@click.option("--our-side", help="Which of our senders or services, where a number wrote to several.")
@limit_option(50, 1000, "Latest messages.")
@out_option("Write all of it to this file instead: .txt or .json, the number masked.")
@click.option("--whole", is_flag=True, help="With --out: with the contact's whole number.")
@format_option()
def conversation(
    reference: str, our_side: str | None, limit: int, out: Path | None, whole: bool, format: str
) -> None:
    """Show one conversation, by its id or by the contact's number: each message and what became of it.

    An export with --out is in the audit trail.
    """
    if out:
        refuse_idle("with --out", "limit", "format")
    else:
        refuse_idle("without --out", "whole")
    with Workbench() as wb:
        opened = wb.conversation(reference, our_side=our_side)
        if out:
            say(f"Wrote {opened.export(out, whole=whole)}.")
        elif format == "table":
            say(opened.text(limit))
        else:
            print_frame(opened.messages(limit), format)


@main.command()
@click.argument("reference", metavar="CONVERSATION")
@content_options
@batch_option("this answer")
@confirm_option("Really send; without it only what would happen is shown.")
@value_format_option()
def reply(
    reference: str,
    batch: str | None,
    ignore_quiet_hours: bool,
    confirm: bool,
    format: str,
    **content: Any,
) -> None:
    """Answer a conversation, once, from our side of it: only with --confirm, and to nobody who opted out.

    CONVERSATION is its id (see `workbench conversations`) or the contact's number. Exit code 0: Twilio has
    it, now or from before; or without --confirm: it could be sent. 1: blocked or failed.
    """
    body, options = message_options(batch, content)
    with Workbench() as wb:
        result = wb.reply(reference, body, confirm=confirm, ignore_quiet_hours=ignore_quiet_hours, **options)
    print_value(result, format)
    sys.exit(0 if result.is_done or result.state == "unconfirmed" else 1)


def _short(text: object, longest: int = 60) -> str:
    words = " ".join(str(text or "").split())
    return words if len(words) <= longest else words[: longest - 1] + "…"

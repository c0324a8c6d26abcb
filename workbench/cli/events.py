"""Commands of events: list, webhooks, deliveries, replay, test."""

from __future__ import annotations

import sys

import click

from workbench.api import Workbench
from workbench.cli.group import ListGroup, main
from workbench.cli.options import format_option, limit_option
from workbench.cli.output import print_frame, say


@main.group(cls=ListGroup)
def events() -> None:
    """What happened, and who was told of it by signed webhooks (docs/events.md)."""


@events.command(name="list")
@click.option("--kind", help="Only this, as message.received.")
@limit_option(50, what="At most so many events.")
@format_option()
def list_events(kind: str | None, limit: int, format: str) -> None:
    """Show what happened lately, the newest first."""
    with Workbench() as wb:
        print_frame(wb.events.list(kind=kind, limit=limit), format)


@events.command()
@format_option()
def webhooks(format: str) -> None:
    """Show the receivers of the settings, and how many deliveries wait or were given up."""
    with Workbench() as wb:
        print_frame(wb.events.webhooks(), format)


@events.command()
@click.argument("webhook", required=False)
@click.option("--state", help="Only waiting, claimed, delivered, or dead: given up.")
@limit_option(50, what="At most so many deliveries.")
@format_option()
def deliveries(webhook: str | None, state: str | None, limit: int, format: str) -> None:
    """Show what was sent and what waits, the newest first."""
    with Workbench() as wb:
        print_frame(wb.events.deliveries(webhook, state=state, limit=limit), format)


@events.command()
@click.argument("webhook")
@click.option(
    "--position", "positions", type=int, multiple=True, help="This one, also if it was delivered; repeatable."
)
def replay(webhook: str, positions: tuple[int, ...]) -> None:
    """Send again, with the same ids, what was given up."""
    with Workbench() as wb:
        count = wb.events.replay(webhook, positions=positions)
    say(f"{count:,} deliveries to {webhook} are sent again by `workbench serve`.", err=True)


@events.command()
@click.argument("webhook", required=False)
@format_option()
def test(webhook: str | None, format: str) -> None:
    """Post a test event to each webhook, or to one, and say what it answered.

    Exit code 1 where one of them did not take it.
    """
    with Workbench() as wb:
        frame = wb.events.test(webhook)
    print_frame(frame, format)
    sys.exit(0 if (frame["outcome"] == "delivered").all() else 1)

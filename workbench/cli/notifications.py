"""Commands of notifications: what a person is told of the inbox, on which way and when."""

from __future__ import annotations

import sys
from typing import Any

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import format_option, value_format_option
from workbench.cli.output import print_frame, print_value

_person = click.argument("person", required=False)


@main.group()
def notifications() -> None:
    """What a person is told of the inbox, on which way and when."""


@notifications.command()
@_person
@format_option()
def show(person: str | None, format: str) -> None:
    """Show your choices, or for an admin those of PERSON, and what did not arrive lately."""
    with Workbench() as wb:
        print_frame(wb.notifications.show(person), format)


@notifications.command(name="set")
@_person
@click.option("--messages", help="New messages of: mine, mine-and-unassigned, all, off.")
@click.option("--assigned/--no-assigned", default=None, help="When a conversation is given to them.")
@click.option("--mentions/--no-mentions", default=None, help="When a private note names them, as @ana.")
@click.option("--browser/--no-browser", default=None, help="In open pages.")
@click.option("--mail", help="How soon by mail: now, 15m, 1h, a time of day as 08:00, off.")
@click.option("--mail-to", help="Their mail address.")
@click.option("--apprise", help="How soon at their address of apprise; as --mail.")
@click.option("--apprise-address", help="That address, a secret; - asks for it, an empty text removes it.")
@click.option("--quiet", help='When nothing is told: "22:00-07:00, Sat-Sun 00:00-24:00".')
@click.option("--timezone", help="Of their quiet times and times of day, as Europe/Berlin.")
@click.option("--urgent", help='Told in quiet times too: "message, assigned, mention".')
@click.option("--outside", help="What a notice says outside of the pages: masked, nothing, text.")
@format_option()
def set_choices(person: str | None, format: str, **choices: Any) -> None:
    """Change some of your choices, or for an admin those of PERSON; `default` takes one back."""
    if choices["apprise_address"] == "-":
        choices["apprise_address"] = _read_address()
    with Workbench() as wb:
        print_frame(wb.notifications.set(person, **choices), format)


def _read_address() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Address", hide_input=True, err=True))
    return sys.stdin.readline().strip()


@notifications.command()
@_person
@format_option()
def test(person: str | None, format: str) -> None:
    """Send a test notice on each way that is on, and say what it answered.

    Exit code 1 where one of them did not take it.
    """
    with Workbench() as wb:
        frame = wb.notifications.test(person)
    print_frame(frame, format)
    sys.exit(0 if (frame["outcome"] == "delivered").all() else 1)


@notifications.command()
@value_format_option()
def run(format: str) -> None:
    """Look once for what is new, and tell what is due; `workbench serve` does it by itself."""
    with Workbench() as wb:
        done = wb.notifications.run()
    print_value(done, format, str(done))

"""Commands of alerts: list, history, test, mute, unmute, run."""

from __future__ import annotations

import sys

import click

from workbench.api import Workbench
from workbench.cli.group import ListGroup, main
from workbench.cli.options import format_option, limit_option, value_format_option
from workbench.cli.output import print_frame, print_value, say, say_notices


@main.group(cls=ListGroup)
def alerts() -> None:
    """What is wrong now by the rules of [alerts], who was told, and what is muted."""


@alerts.command(name="list")
@click.option("--rules", is_flag=True, help="Instead the rules: what each watches, and whether it is muted.")
@format_option()
def list_alerts(rules: bool, format: str) -> None:
    """Show the open alerts, the critical ones first."""
    with Workbench() as wb:
        frame = wb.alerts.list(rules=rules)
    print_frame(frame, format)


@alerts.command()
@limit_option(50, what="At most so many alerts.")
@format_option()
def history(limit: int, format: str) -> None:
    """Show the alerts that began, the newest first, and how each notice of them ended."""
    with Workbench() as wb:
        print_frame(wb.alerts.history(limit=limit), format)


@alerts.command()
@click.argument("target", required=False)
@format_option()
def test(target: str | None, format: str) -> None:
    """Send a test notice to each target, or to one, and say what it answered.

    Exit code 1 where one of them did not take it.
    """
    with Workbench() as wb:
        frame = wb.alerts.test(target)
    print_frame(frame, format)
    sys.exit(0 if (frame["outcome"] == "delivered").all() else 1)


@alerts.command()
@click.argument("rule")
@click.option("--hours", type=float, help="For so long. Default: until it is unmuted.")
def mute(rule: str, hours: float | None) -> None:
    """Tell nobody of a rule; what it finds is still noted and shown on the pages."""
    with Workbench() as wb:
        wb.alerts.mute(rule, hours=hours)
    until = f"for {hours:g} hours" if hours else f"until `workbench alerts unmute {rule}`"
    say(f"{rule} is muted {until}.", err=True)


@alerts.command()
@click.argument("rule")
def unmute(rule: str) -> None:
    """Tell of a rule again, also of what is open already."""
    with Workbench() as wb:
        was_muted = wb.alerts.unmute(rule)
    say(f"{rule} {'tells again' if was_muted else 'was not muted'}.", err=True)


@alerts.command()
@value_format_option()
def run(format: str) -> None:
    """Look at every rule now, and tell the targets; `workbench serve` does it by itself, every minute."""
    with Workbench() as wb:
        done = wb.alerts.run()
    say_notices(done.problems)
    print_value(done, format, str(done))
    sys.exit(1 if done.problems else 0)

"""Commands of rules: list, test, enable, disable, history."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.api import Workbench
from workbench.cli.group import ListGroup, main
from workbench.cli.options import file_argument, format_option, limit_option
from workbench.cli.output import print_frame, say


@main.group(cls=ListGroup)
def rules() -> None:
    """What is done by itself on what happens: [[rules]] of workbench.toml, and the built-in rules."""


@rules.command(name="list")
@format_option()
def list_rules(format: str) -> None:
    """Show every rule in its order, and how often each fired in the last 7 days."""
    with Workbench() as wb:
        print_frame(wb.rules.list(), format)


@rules.command()
@file_argument(required=False)
@click.option("--since", help="First day of the messages of the lake. Default: 7 days ago.")
@click.option("--rule", metavar="NAME", help="This rule only, also where it is off.")
@limit_option(10_000, what="At most so many of the latest messages.")
@format_option()
def test(file: Path | None, since: str | None, rule: str | None, limit: int, format: str) -> None:
    """Show what the rules would have done on past messages, or on the texts of FILE; changes nothing."""
    with Workbench() as wb:
        frame = wb.rules.test(file, since=since, rule=rule, limit=limit)
    print_frame(frame, format)
    facts = frame.attrs
    what = f"messages since {facts['since']:%Y-%m-%d}" if facts["since"] else "texts"
    say(
        f"{facts['matched']:,} of {facts['messages']:,} {what}, as of {facts['as_of']:%Y-%m-%d %H:%M} UTC. "
        "Nothing was changed. Labels, names and languages are those of now; opt-outs, quiet hours and caps "
        "are asked when an answer is sent.",
        err=True,
    )


@rules.command()
@click.argument("rule")
def enable(rule: str) -> None:
    """Switch a rule on; workbench.toml stays as it is."""
    with Workbench() as wb:
        wb.rules.enable(rule)
    say(f"{rule} is on. `workbench rules disable {rule}` switches it off.", err=True)


@rules.command()
@click.argument("rule")
def disable(rule: str) -> None:
    """Switch a rule off; workbench.toml stays as it is. A built-in rule cannot be switched off."""
    with Workbench() as wb:
        wb.rules.disable(rule)
    say(f"{rule} is off. `workbench rules enable {rule}` switches it on.", err=True)


@rules.command()
@click.argument("rule", required=False)
@limit_option(50, what="At most so many.")
@format_option()
def history(rule: str | None, limit: int, format: str) -> None:
    """Show what rules did, the newest first, and why an answer was not sent."""
    with Workbench() as wb:
        print_frame(wb.rules.history(rule, limit=limit), format)

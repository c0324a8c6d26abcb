"""Commands about campaigns: texts, services and batches with what people did after them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import (
    ZONE_OF_CALL,
    allow_unknown_option,
    format_option,
    moment_options,
    read_filters,
    timezone_option,
    where_option,
)
from workbench.cli.output import print_frame

Command = TypeVar("Command", bound=Callable[..., Any])
_IN_TABLE = [
    "campaign", "text", "messages", "delivery_rate", "reply_rate", "opt_out_rate", "people", "health",
    "spend",
]  # fmt: skip


def _campaign_options(command: Command) -> Command:
    """What makes a campaign, and of which messages."""
    decorated: Any = command
    for option in (
        format_option(),
        allow_unknown_option(),
        timezone_option(ZONE_OF_CALL),
        moment_options,
        where_option(),
        click.option(
            "--kind",
            default="template",
            show_default=True,
            help="What makes a campaign: template, messaging_service or batch.",
        ),
    ):
        decorated = option(decorated)
    return cast(Command, decorated)


@main.group()
def campaigns() -> None:
    """Which text is answered, which one drives people away, and what each costs."""


@campaigns.command("list")
@_campaign_options
def campaigns_list(format: str, where: tuple[str, ...], **asked: Any) -> None:
    """List the campaigns of a period, the one with the most messages first.

    Replies and opt-outs count in the seven days after a delivered message, each person once. `--format json`
    gives every column, with the interval of each rate.
    """
    with Workbench() as wb:
        frame = wb.campaigns.list(where=read_filters(where), **asked)
    print_frame(frame[_IN_TABLE] if format == "table" else frame, format)


@campaigns.command("show")
@click.argument("campaign")
@_campaign_options
def campaigns_show(campaign: str, format: str, where: tuple[str, ...], **asked: Any) -> None:
    """Show one campaign by the id that `workbench campaigns list` gives."""
    with Workbench() as wb:
        frame = wb.campaigns.show(campaign, where=read_filters(where), **asked)
    if format == "table":
        # One campaign reads better from the top down.
        frame = frame.T.reset_index().set_axis(["", *map(str, range(1, len(frame) + 1))], axis=1)
    print_frame(frame, format)


@campaigns.command("compare")
@click.argument("first")
@click.argument("second", required=False)
@click.option("--day", help="Compare the first before and from this day, instead of a second one.")
@_campaign_options
def campaigns_compare(
    first: str, second: str | None, day: str | None, format: str, where: tuple[str, ...], **asked: Any
) -> None:
    """Compare two campaigns, or one before and from a day, in sentences.

    Example: workbench campaigns compare T0123456789ab --day 2026-09-01
    """
    with Workbench() as wb:
        frame = wb.campaigns.compare(first, second, day=day, where=read_filters(where), **asked)
    print_frame(frame[["metric", "sentence"]] if format == "table" else frame, format)

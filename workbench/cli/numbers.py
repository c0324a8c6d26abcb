"""Commands that ask the lake: metrics and SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.output import format_option, print_frame
from workbench.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


@main.command()
@click.argument("query")
@format_option()
def sql(query: str, format: str) -> None:
    """Run SQL on the lake, read-only; `messages` is the message log. Shows everything, unmasked.

    Example: workbench sql "select status, count(*), sum(spend) from messages group by 1"
    """
    with Workbench() as wb:
        print_frame(wb.sql(query), format)


@main.command()
@click.argument("name")
@click.option("--by", default="", help="Dimensions to group by, as day,sender.")
@click.option("--where", multiple=True, metavar="DIMENSION=VALUE", help="Filter; may be repeated.")
@click.option("--since", help="First moment included, as 2026-09-01, in your time zone.")
@click.option("--until", help="First moment not included any more.")
@format_option()
def metric(
    name: str, by: str, where: tuple[str, ...], since: str | None, until: str | None, format: str
) -> None:
    """Show one metric, by any dimensions. `workbench metric list` names them all.

    Rates come with their sample size and what is in flight, money with its currency and priced share.
    """
    if name == "list":
        click.echo(_registry())
        return
    with Workbench() as wb:
        frame = wb.metric(name, by=_names(by), where=_filters(where), since=since, until=until)
    if format == "table":
        click.echo(_caption(frame, since, until), err=True)
    print_frame(frame, format)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _filters(texts: tuple[str, ...]) -> dict[str, list[str | None]]:
    """`country=US` filters; the same dimension twice means either value, an empty value means none."""
    filters: dict[str, list[str | None]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--where is {text!r}; write dimension=value, as country=US.")
        filters.setdefault(name.strip(), []).append(value.strip() or None)
    return filters


def _registry() -> str:
    from workbench.metrics import DIMENSIONS, METRICS

    lines = ["Metrics"] + [f"  {item.name:<22}{item.description}" for item in METRICS.values()]
    lines += ["", "Dimensions"] + [f"  {item.name:<22}{item.description}" for item in DIMENSIONS.values()]
    return "\n".join(lines)


def _caption(frame: pd.DataFrame, since: str | None, until: str | None) -> str:
    about = frame.attrs
    period = f"from {since or 'the first message'} up to, not including, {until or 'what comes next'}"
    return f"{about['label']}: {about['description']}\n{period} ({about['timezone']}), as of {about['as_of']}"

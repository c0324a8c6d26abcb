"""Commands that ask the lake: metrics and SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.output import format_option, print_frame
from workbench.errors import UsageError
from workbench.settings import load_settings

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
@click.option("--by", multiple=True, help="Dimensions to group by, as day,sender; may be repeated.")
@click.option(
    "--where",
    multiple=True,
    metavar="DIMENSION=VALUE",
    help="Filter, as country=US,CA or error_code= for none; may be repeated.",
)
@click.option("--since", help="First moment included, as 2026-09-01, in your time zone.")
@click.option("--until", help="First moment not included any more.")
@click.option("--allow-unknown", is_flag=True, help="Answer also for values that the lake has never seen.")
@format_option()
def metric(
    name: str,
    by: tuple[str, ...],
    where: tuple[str, ...],
    since: str | None,
    until: str | None,
    allow_unknown: bool,
    format: str,
) -> None:
    """Show one metric, by any dimensions. `workbench metric list` names them all.

    Rates come with their sample size and what is in flight, money with its currency and priced share.
    """
    from workbench.metrics.own.current import use_own_metrics

    if name == "list":
        refuse_idle("with `metric list`", "by", "where", "since", "until", "allow_unknown", "format")
        use_own_metrics(load_settings().home)
        click.echo(_registry())
        return
    with Workbench() as wb:
        use_own_metrics(wb.settings.home)  # their dimensions may be filtered by
        frame = wb.metric(
            name, by=by, where=_filters(where), since=since, until=until, allow_unknown=allow_unknown
        )
    if format == "table":
        click.echo(_caption(frame, since, until), err=True)
    print_frame(frame, format)


def _filters(texts: tuple[str, ...]) -> dict[str, list[str | None]]:
    """`country=US,CA` filters; the same dimension twice means either value, an empty value means none."""
    from workbench.metrics.filter_values import find_dimension, split_values

    filters: dict[str, list[str | None]] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"--where is {text!r}; write dimension=value, as country=US.")
        name = name.strip()
        filters.setdefault(name, []).extend(split_values(find_dimension(name), value.strip()))
    return filters


def _registry() -> str:
    from workbench.metrics import DIMENSIONS, METRICS

    width = max(map(len, [*METRICS, *DIMENSIONS])) + 2
    lines = ["Metrics"] + [f"  {item.name:<{width}}{item.description}" for item in METRICS.values()]
    lines += ["", "Dimensions"] + [
        f"  {item.name:<{width}}{item.description}" for item in DIMENSIONS.values()
    ]
    return "\n".join(lines)


def _caption(frame: pd.DataFrame, since: str | None, until: str | None) -> str:
    about = frame.attrs
    period = f"from {since or 'the first message'} up to, not including, {until or 'what comes next'}"
    return f"{about['label']}: {about['description']}\n{period} ({about['timezone']}), as of {about['as_of']}"

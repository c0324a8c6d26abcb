"""Commands that ask the lake: metrics and SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli import completion
from workbench.cli.group import main
from workbench.cli.options import (
    TEXT,
    ZONE_OF_CALL,
    allow_unknown_option,
    by_option,
    engine_option,
    format_option,
    moment_options,
    read_filters,
    timezone_option,
    where_option,
)
from workbench.cli.output import print_frame

if TYPE_CHECKING:
    import pandas as pd


@main.command()
@click.argument("query", type=TEXT)
@click.option(
    "--allow-files",
    is_flag=True,
    help="Any statement: read and write files, attach databases. The lake itself stays read-only.",
)
@format_option()
def sql(query: str, allow_files: bool, format: str) -> None:
    """Run SQL on the lake, read-only; `messages` is the message log. Shows everything, unmasked.

    Takes one query (SELECT, FROM, WITH, VALUES, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN), which sees the lake and
    no other file or database. `-` takes it from stdin.

    Example: workbench sql "select status, count(*), sum(spend) from messages group by 1"
    """
    with Workbench() as wb:
        print_frame(wb.sql(query, allow_files=allow_files), format)


@main.command()
@click.argument("name", shell_complete=completion.metrics)
@by_option()
@where_option()
@moment_options
@timezone_option(ZONE_OF_CALL)
@allow_unknown_option()
@engine_option()
@format_option()
def metric(
    name: str,
    by: tuple[str, ...],
    where: tuple[str, ...],
    since: str | None,
    until: str | None,
    timezone: str | None,
    allow_unknown: bool,
    engine: str,
    format: str,
) -> None:
    """Show one metric, by any dimensions. `workbench metrics` names them all.

    Rates come with their sample size and what is in flight, money with its currency and priced share.
    """
    from workbench.metrics.own.current import use_own_metrics

    with Workbench() as wb:
        use_own_metrics(wb.settings.home)  # their dimensions may be filtered by
        frame = wb.metric(
            name,
            by=by,
            where=read_filters(where),
            since=since,
            until=until,
            timezone=timezone,
            allow_unknown=allow_unknown,
            engine=engine,
        )
    if format == "table":
        click.echo(_caption(frame, since, until), err=True)
    print_frame(frame, format)


@main.command("what-if")
@click.option(
    "--per-second",
    type=float,
    multiple=True,
    help="A limit to try, in segments a second; may be repeated. Default: usual ones above that of now.",
)
@where_option()
@moment_options
@timezone_option(ZONE_OF_CALL)
@format_option()
def what_if(
    per_second: tuple[float, ...],
    where: tuple[str, ...],
    since: str | None,
    until: str | None,
    timezone: str | None,
    format: str,
) -> None:
    """Show what a higher limit would have changed: the longest run of each sender, worked out again.

    Nothing is sent. Example: workbench what-if --per-second 10 --where sender=+18335550108
    """
    with Workbench() as wb:
        frame = wb.metrics.what_if(per_second, read_filters(where), since, until, timezone=timezone)
    print_frame(frame, format)


@main.command()
@click.argument("metrics", nargs=-1, required=True, shell_complete=completion.metrics)
@by_option()
@click.option("--grain", type=click.Choice(["day", "week", "month"]), help="Over time, in such steps.")
@where_option()
@moment_options
@click.option(
    "--compare",
    type=click.Choice(["none", "previous", "year"]),
    default="none",
    show_default=True,
    help="The numbers of another period beside: as many days before, or the same days last year.",
)
@click.option(
    "--top", type=click.IntRange(1, 50), default=8, show_default=True,
    help="So many values have rows of their own; the rest are one row.",
)  # fmt: skip
@click.option(
    "--order",
    type=click.Choice(["size", "highest", "lowest"]),
    default="size",
    show_default=True,
    help="Which values come first: those with most messages behind them, or by the first metric.",
)
@click.option("--share", is_flag=True, help="Each number as a part of the total, too.")
@timezone_option(ZONE_OF_CALL)
@allow_unknown_option()
@format_option()
def explore(
    metrics: tuple[str, ...],
    by: tuple[str, ...],
    grain: str | None,
    where: tuple[str, ...],
    since: str | None,
    until: str | None,
    compare: str,
    top: int,
    order: str,
    share: bool,
    timezone: str | None,
    allow_unknown: bool,
    format: str,
) -> None:
    """Show METRICS by up to two dimensions and time, with the rest of the values as others.

    Example: workbench explore undelivered_rate --by country --grain week --since 2026-09-01
    """
    from workbench.metrics.own.current import use_own_metrics

    with Workbench() as wb:
        use_own_metrics(wb.settings.home)  # their dimensions may be filtered by
        frame = wb.explore(
            metrics,
            by=by,
            grain=grain,
            where=read_filters(where),
            since=since,
            until=until,
            compare=compare,
            top=top,
            order=order,
            share=share,
            timezone=timezone,
            allow_unknown=allow_unknown,
        )
    for metric, reason in frame.attrs["no_answer"].items():
        click.echo(f"{metric} is not known: {reason}.", err=True)
    print_frame(frame, format)


@main.command()
@format_option()
def metrics(format: str) -> None:
    """List the metrics that there are, with what each one counts."""
    with Workbench() as wb:
        frame = wb.metrics()
    print_frame(frame[["name", "description"]] if format == "table" else frame, format)


@main.command()
@format_option()
def dimensions(format: str) -> None:
    """List the dimensions that metrics can be grouped and filtered by."""
    with Workbench() as wb:
        print_frame(wb.dimensions(), format)


def _caption(frame: pd.DataFrame, since: str | None, until: str | None) -> str:
    about = frame.attrs
    end = f"up to, not including, {until}" if until else "up to now"
    period = f"from {since or 'the first message'} {end}"
    missing = f"\nNot known: {about['no_answer']}." if about["no_answer"] else ""
    return (
        f"{about['label']}: {about['description']}\n{period} ({about['timezone']}), as of {about['as_of']}"
        f"{missing}"
    )

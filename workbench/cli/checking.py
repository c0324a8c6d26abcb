"""Commands that say how far the lake is, and prove that it equals Twilio."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import WATCH, day_options, interval_seconds, value_format_option
from workbench.cli.output import print_json, print_value, say, say_notices
from workbench.display.control_characters import shown_as_text
from workbench.errors import TRY_AGAIN, WorkbenchError
from workbench.render import render_reconcile
from workbench.terminal import reconcile_progress, stopped_by_signals

if TYPE_CHECKING:
    from workbench.api.status import Status


@main.command()
@day_options(
    "First GMT day, as 2026-09-01. Default: the last 7 days.",
    "First GMT day not to compare any more. Default: tomorrow.",
)
@click.option("--repair", is_flag=True, help="Bring what is missing, correct what differs, compare again.")
@value_format_option()
def reconcile(since: str | None, until: str | None, repair: bool, format: str) -> None:
    """Prove that the lake equals Twilio: every day's rows, spend and statuses, compared anew.

    Each difference is shown with its reason and kept in the table `reconcile_gaps`. Exit code 1 while one has
    no explanation.
    """
    with stopped_by_signals() as stop, Workbench() as wb, reconcile_progress() as on_day:
        report = wb.reconcile(since, until, repair=repair, on_day=on_day, stop=stop)
    say_notices(report.notices)
    print_value(report, format, None if format == "json" else render_reconcile(report))
    if report.unexplained:
        sys.exit(1)


@main.command()
@click.option(
    "--runs", type=click.IntRange(0), default=0, show_default=True, help="List so many runs of each job, too."
)
@click.option("--watch", metavar="INTERVAL", is_flag=False, flag_value="5s", help=WATCH)
@value_format_option()
def status(runs: int, watch: str | None, format: str) -> None:
    """Show how far the sync is, what is open, how fresh the numbers are, what runs and what waits."""
    with pandas_left_out(), Workbench() as wb:
        if watch is None:
            print_value(wb.status(runs=runs), format)
        else:
            _watch(lambda: wb.status(runs=runs), interval_seconds(watch), format)


def _watch(read: Callable[[], Status], seconds: float, format: str) -> None:
    """Show the status again and again: on a terminal in the same place, elsewhere one after the other."""
    is_in_place = sys.stdout.isatty() and format != "json"
    with stopped_by_signals() as stop:
        while not stop.is_set():
            try:
                status: Status | None = read()
            except WorkbenchError as error:
                if error.exit_code != TRY_AGAIN:
                    raise
                status = None
                say(f"Tried again in {seconds:g} s: {error}", err=True)
            if status and format == "json":
                print_json(status.as_dict(), one_line=True)
            elif status:
                click.echo(
                    _redrawn(repr(status), *shutil.get_terminal_size())
                    if is_in_place
                    else shown_as_text(repr(status)) + "\n"
                )
            sys.stdout.flush()
            stop.wait(seconds)


def _redrawn(text: str, columns: int, rows: int) -> str:
    """The text with what a terminal needs to write it over the last one; what does not fit is said."""
    lines = shown_as_text(text).splitlines()
    if len(lines) >= rows:
        left_out = len(lines) - (rows - 2)
        lines = [*lines[: rows - 2], f"… {left_out} more lines; without --watch all are shown"]
    fitted = [line if len(line) <= columns else line[: columns - 1] + "…" for line in lines]
    return "\x1b[H" + "\n".join(f"{line}\x1b[K" for line in fitted) + "\x1b[J"


@contextmanager
def pandas_left_out() -> Iterator[None]:
    """For a short command that makes no frame: DuckDB would load pandas at the first parameter of a query.

    It does that to recognise pandas' values, and takes more time for it than for all that is asked here.
    """
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["pandas"]

"""Commands that say how far the lake is, and prove that it equals Twilio."""

from __future__ import annotations

import sys

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import day_options, value_format_option
from workbench.cli.output import print_value, say_notices
from workbench.render import render_reconcile
from workbench.terminal import reconcile_progress, stopped_by_signals


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
@value_format_option()
def status(format: str) -> None:
    """Show how far the sync is, what is open, and how fresh the numbers are."""
    with Workbench() as wb:
        status = wb.status()
    print_value(status, format)

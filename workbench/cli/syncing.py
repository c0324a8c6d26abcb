"""Commands that bring the account in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.options import (
    WATCH,
    country_option,
    day_options,
    file_argument,
    interval_seconds,
    timezone_option,
    value_format_option,
)
from workbench.cli.output import print_json, print_value, say, say_notices
from workbench.errors import UsageError
from workbench.sync.shared.memory import spared_upkeep
from workbench.terminal import stopped_by_signals, sync_progress

if TYPE_CHECKING:
    from workbench.sync.imports.bulk_export import BulkExportSummary
    from workbench.sync.imports.summary import ImportSummary
    from workbench.sync.shared.request import SyncSummary


@main.group(invoke_without_command=True)
@day_options(
    "First GMT day, as 2026-09-01. Default: where the lake begins.",
    "First GMT day not to read any more. Default: now.",
)
@click.option("--full", is_flag=True, help="Read every day again, also those that are complete.")
@click.option(
    "--subaccounts", is_flag=True, help="The open subaccounts too. [sync] subaccounts does it always."
)
@click.option(
    "--messages-only", is_flag=True, help="Leave out senders, usage, prices, audits and the like this time."
)
@click.option(
    "--retry-quarantined", is_flag=True, help="Read again what could not be read before, and nothing else."
)
@click.option("--watch", metavar="INTERVAL", help=WATCH)
@click.option("--bulk-export", is_flag=True, help="Bring in the days that Twilio exported to files instead.")
@click.option("--create-job", is_flag=True, help="With --bulk-export: ask Twilio to export the days first.")
@click.option(
    "--start-anew", is_flag=True, help="The catalog is lost: set the old files aside and begin an empty lake."
)
@click.option(
    "--adopt-files", is_flag=True, help="Take the lake's folder of files; set aside what it does not know."
)
@click.option(
    "--set-damaged-aside", is_flag=True, help="With --full: take unreadable files of messages out first."
)
@value_format_option()
@click.pass_context
def sync(
    context: click.Context,
    since: str | None,
    until: str | None,
    full: bool,
    subaccounts: bool,
    messages_only: bool,
    retry_quarantined: bool,
    watch: str | None,
    bulk_export: bool,
    create_job: bool,
    start_anew: bool,
    adopt_files: bool,
    set_damaged_aside: bool,
    format: str,
) -> None:
    """Bring the account into the lake, and read again what was not final.

    Messages every time; senders, services, usage, balance, prices, alerts and the list of attachments at most
    hourly. Can be stopped at any moment and run beside a server or notebooks.
    """
    if context.invoked_subcommand is not None:
        refuse_idle(f"with `sync {context.invoked_subcommand}`", *context.params)
        return
    if create_job and not bulk_export:
        raise UsageError("--create-job asks Twilio for an export; give it with --bulk-export.")
    if bulk_export and (watch or subaccounts or messages_only):
        raise UsageError(
            "--bulk-export brings in files once, of one account: leave --watch, --subaccounts and "
            "--messages-only."
        )
    if retry_quarantined and (since or until or full or messages_only or watch or bulk_export):
        raise UsageError(
            "--retry-quarantined reads what is in quarantine, whatever its day: leave --since, --until, "
            "--full, --messages-only, --watch and --bulk-export."
        )
    if watch and (since or until or full or messages_only):
        raise UsageError(
            "--watch keeps the lake up to date; give --since, --until, --full or --messages-only to a sync "
            "before it."
        )
    if set_damaged_aside and not full:
        raise UsageError(
            "--set-damaged-aside takes messages out; give it with --full, which reads them anew."
        )
    _mend_lake(start_anew, adopt_files, set_damaged_aside)
    with spared_upkeep():
        if bulk_export:
            _sync_bulk_export(since, until, full, create_job, format)
        elif watch:
            _watch(watch, subaccounts, format)
        else:
            _sync_once(since, until, full, subaccounts, messages_only, retry_quarantined, format)


def _mend_lake(start_anew: bool, adopt_files: bool, set_damaged_aside: bool) -> None:
    """The ways out of a refused opening, before the sync itself."""
    if not (start_anew or adopt_files or set_damaged_aside):
        return
    from workbench.lake import open_lake, set_aside
    from workbench.settings import load_settings

    settings = load_settings()
    if start_anew:
        click.echo(f"Begun anew; the old files are in {set_aside.start_anew(settings)}.", err=True)
    if adopt_files:
        moved = set_aside.adopt_files(settings)
        click.echo(f"The files are this catalog's; {moved:,} that it does not know were set aside.", err=True)
    if set_damaged_aside:
        with open_lake(settings) as lake:
            damaged = set_aside.set_damaged_aside(lake)
        for file in damaged:
            say(f"Set aside: {file.path} held {file.held}.", err=True)


def _sync_once(
    since: str | None,
    until: str | None,
    full: bool,
    subaccounts: bool,
    messages_only: bool,
    retry_quarantined: bool,
    format: str,
) -> None:
    with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
        summary = wb.sync(
            since,
            until,
            full=full,
            subaccounts=subaccounts or None,
            messages_only=messages_only,
            retry_quarantined=retry_quarantined,
            on_progress=on_progress,
            stop=stop,
        )
    _show_sync(summary, format)


def _watch(interval: str, subaccounts: bool, format: str) -> None:
    every_seconds = interval_seconds(interval)
    with stopped_by_signals() as stop, Workbench() as wb:
        wb.sync.watch(
            every_seconds,
            subaccounts=subaccounts or None,
            stop=stop,
            on_sync=lambda summary: _show_sync(summary, format, one_line=True),
            on_trouble=lambda error: say(f"Tried again in {interval}: {error}", err=True),
        )


def _show_sync(summary: SyncSummary, format: str, *, one_line: bool = False) -> None:
    accounts = (summary, *summary.subaccounts)
    say_notices(notice for account in accounts for notice in account.notices)
    if format == "json":
        print_json(summary.as_dict(), one_line=one_line)
        return
    for account in accounts:
        click.echo(account.sentence())


def _sync_bulk_export(
    since: str | None, until: str | None, full: bool, create_job: bool, format: str
) -> None:
    with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
        summary = wb.sync.bulk_export(
            since, until, full=full, create_job=create_job, on_progress=on_progress, stop=stop
        )
    say_notices(summary.remarks())
    _print_summary(summary, format)
    if not summary.is_complete:
        sys.exit(1)


@sync.command("import")
@file_argument("files", nargs=-1, required=True)
@click.option("--account-sid", help="Whose messages they are. Default: the account of the settings.")
@click.option("--currency", help="Of prices that name none, as USD. Default: the account's.")
@timezone_option("Of dates that name none, as Europe/Berlin.")
@country_option("Of numbers that lost their country code, as US. Default: [sending]'s.")
@value_format_option()
def import_command(
    files: tuple[Path, ...],
    account_sid: str | None,
    currency: str | None,
    timezone: str | None,
    country: str | None,
    format: str,
) -> None:
    """Bring in files of messages: BulkExport's JSON lines or the console's CSV log, plain or gzipped.

    The console's log may have been saved again by a spreadsheet, also as XLSX; `-` is stdin. For history that
    Twilio no longer lists. What the lake knows better stays, and the same file again changes
    nothing. Exit code 1 when a line could not be used.
    """
    with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
        summary = wb.sync.import_files(
            *files,
            account_sid=account_sid,
            currency=currency,
            timezone=timezone,
            country=country,
            on_progress=on_progress,
            stop=stop,
        )
    say_notices(summary.remarks())
    _print_summary(summary, format)
    if not summary.is_complete:
        sys.exit(1)


def _print_summary(summary: ImportSummary | BulkExportSummary, format: str) -> None:
    print_value(summary, format, summary.sentence())

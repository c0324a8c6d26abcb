"""The command line: each command parses, calls one function, prints.

stdout is data, stderr is everything else. Exit codes: 0 done, 1 failed, 2 wrong use or configuration,
3 try again, 130 interrupted. Heavy imports load inside the commands, so that ``--help`` is instant.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from workbench.api import Workbench
from workbench.errors import UsageError, WorkbenchError
from workbench.render import FORMATS, json_value, render_frame, render_reconcile
from workbench.terminal import reconcile_progress, stopped_by_signals, sync_progress

if TYPE_CHECKING:
    import pandas as pd

    from workbench.sync.bulk_export import BulkExportSummary
    from workbench.sync.import_summary import ImportSummary
    from workbench.sync.run import SyncSummary

INTERRUPTED = 130
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


class _Group(click.Group):
    """Turns our errors into one line on stderr and the exit code of their class."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except WorkbenchError as error:
            _fail(f"Error: {error}", error.exit_code)
        except KeyboardInterrupt:
            _fail("Interrupted. What was committed is kept; run the same command to go on.", INTERRUPTED)
        except BrokenPipeError:
            # The reader of our output went away: nothing is wrong and nobody is left to tell.
            sys.stdout = None
            ctx.exit(0)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            _fail(f"Error: {error.strerror or error}: {error.filename or 'no file named'}.", 1)
        except Exception as error:
            _fail(f"Error: {type(error).__name__}: {error} (an unexpected one; --debug shows where)", 1)


def _fail(message: str, code: int) -> NoReturn:
    context = click.get_current_context(silent=True)
    if context and context.find_root().params.get("debug"):
        traceback.print_exc()
    click.echo(message, err=True)
    sys.exit(code)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="workbench")
def main(debug: bool) -> None:
    """An honest local copy of your Twilio message log, and what it costs, delivers and fails.

    Start with `workbench demo` (no account needed) or `workbench init` (yours).
    """


@main.command()
@click.option("--account-sid", envvar="TWILIO_ACCOUNT_SID", help="AC… from the console's front page.")
@click.option("--api-key", envvar="TWILIO_API_KEY", help="SK…; asked for its secret. Better than the token.")
@click.option("--timezone", default="UTC", show_default=True, help="Reporting time zone, as Europe/Berlin.")
@click.option("--since", help="First day to sync, as 2026-01-31. Default: everything Twilio still lists.")
@click.option(
    "--credentials",
    "store",
    type=click.Choice(["file", "environment"]),
    default="file",
    show_default=True,
    help="Where secrets stay: a file only you can read, or your environment.",
)
def init(account_sid: str | None, api_key: str | None, timezone: str, since: str | None, store: str) -> None:
    """Set up an account: check the credentials against Twilio, then write the settings.

    Secrets come from TWILIO_AUTH_TOKEN or TWILIO_API_SECRET, or are asked for without an echo.
    """
    from workbench.setup import initialize

    def ask(text: str, hidden: bool) -> str:
        return str(click.prompt(text, hide_input=hidden, err=True))

    lines = initialize(account_sid, api_key, timezone, since, store, ask=ask)
    for line in lines:
        click.echo(line, err=True)


@main.command()
@click.option("--since", help="First GMT day, as 2026-09-01. Default: where the lake begins.")
@click.option("--until", help="First GMT day not to read any more. Default: now.")
@click.option("--full", is_flag=True, help="Read every day again, also those that are complete.")
@click.option(
    "--subaccounts", is_flag=True, help="The open subaccounts too. [sync] subaccounts does it always."
)
@click.option(
    "--messages-only", is_flag=True, help="Leave out senders, usage, prices and the like this time."
)
@click.option("--watch", metavar="INTERVAL", help="Go on syncing, as every 5m, until Ctrl-C or SIGTERM.")
@click.option("--bulk-export", is_flag=True, help="Bring in the days that Twilio exported to files instead.")
@click.option("--create-job", is_flag=True, help="With --bulk-export: ask Twilio to export the days first.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON summary on stdout, one per sync.")
def sync(
    since: str | None,
    until: str | None,
    full: bool,
    subaccounts: bool,
    messages_only: bool,
    watch: str | None,
    bulk_export: bool,
    create_job: bool,
    as_json: bool,
) -> None:
    """Bring the account into the lake, and read again what was not final.

    Messages every time; senders, services, usage, balance, prices, alerts and the list of attachments at most
    hourly. Can be stopped at any moment and run beside a server or notebooks.
    """
    if create_job and not bulk_export:
        raise UsageError("--create-job asks Twilio for an export; give it with --bulk-export.")
    if bulk_export and (watch or subaccounts or messages_only):
        raise UsageError(
            "--bulk-export brings in files once, of one account: leave --watch, --subaccounts and "
            "--messages-only."
        )
    if bulk_export:
        _sync_bulk_export(since, until, full, create_job, as_json)
    elif watch is None:
        with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
            summary = wb.sync(
                since,
                until,
                full=full,
                subaccounts=subaccounts or None,
                messages_only=messages_only,
                on_progress=on_progress,
                stop=stop,
            )
        _show_sync(summary, as_json)
    elif since or until or full or messages_only:
        raise UsageError(
            "--watch keeps the lake up to date; give --since, --until, --full or --messages-only to a sync "
            "before it."
        )
    else:
        _watch(watch, subaccounts, as_json)


def _watch(interval: str, subaccounts: bool, as_json: bool) -> None:
    every_seconds = _seconds(interval)
    with stopped_by_signals() as stop, Workbench() as wb:
        wb.watch(
            every_seconds,
            subaccounts=subaccounts or None,
            stop=stop,
            on_sync=lambda summary: _show_sync(summary, as_json, one_line=True),
            on_trouble=lambda error: click.echo(f"Tried again in {interval}: {error}", err=True),
        )


def _show_sync(summary: SyncSummary, as_json: bool, *, one_line: bool = False) -> None:
    _say_notices(notice for one in (summary, *summary.subaccounts) for notice in one.notices)
    if as_json:
        _print_json(summary.as_dict(), one_line=one_line)
        return
    for one in (summary, *summary.subaccounts):
        click.echo(_sentence(one))


def _sentence(summary: SyncSummary) -> str:
    last = summary.until - timedelta(days=1)
    text = (
        f"{summary.account_sid}: {summary.since} to {last} (GMT), {summary.listed:,} messages read with "
        f"{summary.requests:,} requests in {summary.seconds:.1f} s; {summary.added:,} new, "
        f"{summary.changed:,} changed, {summary.open_messages:,} open, {summary.unresolved:,} unresolved."
    )
    if summary.deleted:
        text += f" {summary.deleted:,} were deleted at Twilio and are gone from the views here."
    if summary.catalog:
        parts = ", ".join(f"{name} {count:,}" for name, count in summary.catalog.items())
        text += f" Around them, rows new or changed: {parts}."
    return text


def _sync_bulk_export(
    since: str | None, until: str | None, full: bool, create_job: bool, as_json: bool
) -> None:
    with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
        summary = wb.sync_bulk_export(
            since, until, full=full, create_job=create_job, on_progress=on_progress, stop=stop
        )
    _say_notices(summary.notices)
    _say_notices(f"{day} did not come in: {reason}" for day, reason in summary.failed_days.items())
    _say_notices(summary.imported.bad_line_texts())
    _print_summary(summary, as_json)
    if not summary.is_complete:
        sys.exit(1)


@main.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--account-sid", help="Whose messages they are. Default: the account of the settings.")
@click.option("--currency", help="Of prices that name none, as USD. Default: the account's.")
@click.option("--timezone", help="Of dates that name none, as Europe/Berlin.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_command(
    files: tuple[Path, ...],
    account_sid: str | None,
    currency: str | None,
    timezone: str | None,
    as_json: bool,
) -> None:
    """Bring in files of messages: BulkExport's JSON lines or the console's CSV log, plain or gzipped.

    For history that Twilio no longer lists. What the lake knows better stays, and the same file again changes
    nothing. Exit code 1 when a line could not be used.
    """
    with stopped_by_signals() as stop, Workbench() as wb, sync_progress() as on_progress:
        summary = wb.import_files(
            *files,
            account_sid=account_sid,
            currency=currency,
            timezone=timezone,
            on_progress=on_progress,
            stop=stop,
        )
    _say_notices(summary.notices)
    _say_notices(summary.bad_line_texts())
    _print_summary(summary, as_json)
    if not summary.is_complete:
        sys.exit(1)


@main.command()
@click.option("--since", help="First GMT day, as 2026-09-01. Default: the last 7 days.")
@click.option("--until", help="First GMT day not to compare any more. Default: tomorrow.")
@click.option("--repair", is_flag=True, help="Bring what is missing, correct what differs, compare again.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def reconcile(since: str | None, until: str | None, repair: bool, as_json: bool) -> None:
    """Prove that the lake equals Twilio: every day's rows, spend and statuses, compared anew.

    Each difference is shown with its reason and kept in the table `reconcile_gaps`. Exit code 1 while one has
    no explanation.
    """
    with stopped_by_signals() as stop, Workbench() as wb, reconcile_progress() as on_day:
        report = wb.reconcile(since, until, repair=repair, on_day=on_day, stop=stop)
    _say_notices(report.notices)
    if as_json:
        _print_json(report.as_dict())
    else:
        click.echo(render_reconcile(report))
    if report.unexplained:
        sys.exit(1)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(as_json: bool) -> None:
    """Show how far the sync is, what is open, and how fresh the numbers are."""
    with Workbench() as wb:
        found = wb.status()
    if as_json:
        _print_json(found.as_dict())
    else:
        click.echo(repr(found))


def _format_option(default: str = "table") -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option(
        "--format", type=click.Choice(FORMATS), default=default, show_default=True, help="Form of the output."
    )


@main.command()
@click.argument("query")
@_format_option()
def sql(query: str, format: str) -> None:
    """Run SQL on the lake, read-only; `messages` is the message log. Shows everything, unmasked.

    Example: workbench sql "select status, count(*), sum(spend) from messages group by 1"
    """
    with Workbench() as wb:
        _print_frame(wb.sql(query), format)


@main.command()
@click.argument("name")
@click.option("--by", default="", help="Dimensions to group by, as day,sender.")
@click.option("--where", multiple=True, metavar="DIMENSION=VALUE", help="Filter; may be repeated.")
@click.option("--since", help="First moment included, as 2026-09-01, in your time zone.")
@click.option("--until", help="First moment not included any more.")
@_format_option()
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
    _print_frame(frame, format)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="0: any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Only this machine, for now.")
def serve(port: int, host: str) -> None:
    """Serve the dashboards on this machine."""
    from workbench.config import load_settings
    from workbench.server.pages import serve_pages

    serve_pages(load_settings(), port=port, host=host)


_messages_option = click.option(
    "--messages",
    type=click.IntRange(1_000, 5_000_000),
    default=50_000,
    show_default=True,
    help="About how many messages its traffic has.",
)
_days_option = click.option(
    "--days",
    type=click.IntRange(1, 399),
    default=90,
    show_default=True,
    help="How far back its traffic goes.",
)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="Of the dashboards."
)
@_messages_option
@_days_option
@click.option("--fresh", is_flag=True, help="Forget the last demo and begin again.")
def demo(port: int, messages: int, days: int, fresh: bool) -> None:
    """Open the product on a simulated account: no credentials, nothing is ever sent."""
    from workbench.demo import run_demo

    run_demo(port=port, messages=messages, days=days, fresh=fresh)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5008, show_default=True, help="0: any free one."
)
@_messages_option
@_days_option
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same account.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is sent to it here."
)
@click.option("--start", help="First day of its traffic; --days is ignored then.")
@click.option(
    "--latency-ms", type=click.IntRange(0, 60_000), default=0, show_default=True, help="Added to each answer."
)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def simulate(**options: Any) -> None:
    """Run the simulated Twilio account alone, for tests and trials of your own."""
    from workbench.demo import run_simulator

    run_simulator(**options)


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


def _print_frame(frame: pd.DataFrame, format: str) -> None:
    if format == "parquet" and sys.stdout.isatty():
        raise UsageError(
            "Parquet is not text: send it to a file, as `… --format parquet > messages.parquet`."
        )
    click.echo(render_frame(frame, format), nl=False)


def _print_json(value: object, *, one_line: bool = False) -> None:
    click.echo(json.dumps(value, indent=None if one_line else 2, ensure_ascii=False, default=json_value))


def _print_summary(summary: ImportSummary | BulkExportSummary, as_json: bool) -> None:
    if as_json:
        _print_json(summary.as_dict())
    else:
        click.echo(summary.sentence())


def _say_notices(notices: Iterable[str]) -> None:
    for notice in notices:
        click.echo(f"Notice: {notice}", err=True)


def _seconds(text: str) -> float:
    """`90s`, `5m`, `1h` in seconds."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdigit() or int(number) == 0:
        raise UsageError(f"--watch is {text!r}; write a number with s, m or h, as 90s, 5m or 1h.")
    return int(number) * _UNITS[unit]


if __name__ == "__main__":
    main()

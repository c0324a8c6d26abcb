"""Commands of compliance: audits, retention, the audit trail."""

from __future__ import annotations

import sys
from typing import Any

import click

from workbench.api import Workbench
from workbench.cli import completion
from workbench.cli.group import main
from workbench.cli.no_effect import OnceGroup
from workbench.cli.options import (
    ZONE_OF_CALL,
    confirm_option,
    engine_option,
    format_option,
    limit_option,
    moment_options,
    read_filters,
    timezone_option,
    value_format_option,
    where_option,
)
from workbench.cli.output import print_frame, print_value, say_nothing_done


class _Compliance(OnceGroup):
    """`workbench compliance` is `counts`, `workbench compliance NAME` the rows of one audit."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not ctx.resilient_parsing and not asks_help and (not args or args[0] not in self.commands):
            args = ["rows" if args and not args[0].startswith("-") else "counts", *args]
        return super().parse_args(ctx, args)


@main.group(cls=_Compliance)
def compliance() -> None:
    """What should not have been sent: every audit with its count (the default), or the rows of one."""


@compliance.command()
@moment_options
@timezone_option(ZONE_OF_CALL)
@engine_option()
@format_option()
def counts(since: str | None, until: str | None, timezone: str | None, engine: str, format: str) -> None:
    """Show every audit with its count; exit code 1 when a count that must be zero is not."""
    with Workbench() as wb:
        frame = wb.compliance.counts(since=since, until=until, timezone=timezone, engine=engine)
    print_frame(frame, format)
    if (frame["must_be_zero"] & (frame["value"] > 0)).any():
        sys.exit(1)


@compliance.command()
@click.argument("audit", shell_complete=completion.audits)
@where_option()
@moment_options
@timezone_option(ZONE_OF_CALL)
@limit_option(None, what="At most so many rows. Default: all.")
@engine_option()
@format_option()
def rows(audit: str, where: tuple[str, ...], format: str, **options: Any) -> None:
    """List the rows that one audit counts, as quiet-hours; contacts masked."""
    from workbench.metrics.own.current import use_own_metrics

    with Workbench() as wb:
        use_own_metrics(wb.settings.home)  # their dimensions may be filtered by
        print_frame(wb.compliance.rows(audit, where=read_filters(where), **options), format)


@main.group()
def retention() -> None:
    """How long what is kept: [retention] in workbench.toml."""


@retention.command("run")
@confirm_option("Remove it; without it only count.")
@format_option()
def retention_run(confirm: bool, format: str) -> None:
    """Remove what is older than [retention] says: bodies, messages, alerts, status_events, in days."""
    with Workbench() as wb:
        frame = wb.retention.run(confirm=confirm)
    print_frame(frame, format)
    if not confirm:
        say_nothing_done("Nothing was removed.", "remove it")


@main.group()
def audit() -> None:
    """The trail of who did what that matters; each row is chained to the one before it."""


@audit.command("show")
@click.option("--action", help="Only this, as consent-import, revocation-decision, export, erase.")
@click.option("--actor", help="Only by them, as local:ops.")
@limit_option(100, what="Newest rows.")
@format_option()
def audit_show(action: str | None, actor: str | None, limit: int, format: str) -> None:
    """Show the trail, the newest row first."""
    with Workbench() as wb:
        print_frame(wb.audit.show(action=action, actor=actor, limit=limit), format)


@audit.command("verify")
@click.option("--anchor", help="What an earlier verification printed, kept somewhere else.")
@value_format_option()
def audit_verify(anchor: str | None, format: str) -> None:
    """Prove that no row of the trail was altered, removed, moved or cut off; exit code 1 otherwise."""
    with Workbench() as wb:
        check = wb.audit.verify(anchor=anchor)
    rows = "1 row" if check.rows == 1 else f"{check.rows:,} rows"
    broken = "\n".join(f"{problem.kind}: {problem.text}." for problem in check.problems)
    whole = f"{rows}, unbroken. Keep this elsewhere for the next time: {check.tail}"
    print_value(check, format, whole if check.is_whole else broken)
    if not check.is_whole:
        click.echo(f"The trail is broken in {len(check.problems)} places.", err=True)
        sys.exit(1)

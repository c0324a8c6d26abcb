"""Commands of reports: list, run, schedule, send."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.api import Workbench
from workbench.cli import completion
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.options import (
    FILE,
    allow_unknown_option,
    day_options,
    format_option,
    out_option,
    read_pairs,
    split_list,
)
from workbench.cli.output import print_frame, say, say_notices
from workbench.errors import UsageError, WorkbenchError

if TYPE_CHECKING:
    from workbench.reports.run import ReportRun


@main.group()
def reports() -> None:
    """Reports as files to keep and to hand on: HTML, PDF, the executed notebook, and what they stand on."""


@reports.command(name="list")
@format_option()
def list_reports(format: str) -> None:
    """Name the reports there are, with their parameters."""
    from workbench.reports.notebooks import own_report_problems

    with Workbench() as wb:
        say_notices(own_report_problems(wb.settings.home))
        frame = wb.reports.list()
    if format != "table":
        print_frame(frame, format)
        return
    for name in frame["report"].unique():
        rows = frame[frame["report"] == name]
        click.echo(f"{name}: {rows['title'].iloc[0]}. {rows['description'].iloc[0]}")
        width = rows["parameter"].str.len().max() + 2
        for row in rows.itertuples():
            default = f" [{row.default}]" if row.default else ""
            click.echo(f"  {row.parameter:<{width}}{row.allowed}{default}: {row.help}")


@reports.command(name="run")
@click.argument("name", shell_complete=completion.reports)
@day_options("First day in it, as 2026-09-01; default: its last whole month or week.", "First day after it.")
@click.option(
    "-p", "--param", "parameters", multiple=True, metavar="NAME=VALUE",
    help="A parameter; may be repeated.",
)  # fmt: skip
@click.option(
    "--params",
    type=FILE,
    help="CSV, XLSX or JSON file of parameters (- is stdin): its columns name them, each row is a run.",
)
@click.option("--format", "formats", default="html,pdf,ipynb", show_default=True, help="Files to write.")
@out_option("Folder; default: reports/ of the home.", folder=True)
@click.option("--paper", help="Of the PDF: A4 or Letter. Default: the setting `paper`, else by time zone.")
@click.option("--strict", is_flag=True, help="Exit 3 where the data is stale, gapped or unpriced.")
@allow_unknown_option()
def run_report(
    name: str,
    since: str | None,
    until: str | None,
    parameters: tuple[str, ...],
    params: Path | None,
    formats: str,
    out: Path | None,
    paper: str | None,
    strict: bool,
    allow_unknown: bool,
) -> None:
    """Run one report and write its files, readable by you only. `workbench reports list` names them.

    Prints the files. What speaks against the data is in red at the report's top, and on stderr.
    """
    pairs = read_pairs("--param", parameters, "senders=+12025550110")
    given = {key: value.strip() for key, value in pairs.items()}
    given |= {key: value for key, value in (("since", since), ("until", until)) if value}
    if allow_unknown:
        given["allow_unknown"] = "true"
    rows: list[dict[str, Any]] = [given]
    if params:
        from workbench.reports.parameters import read_rows

        rows = read_rows(params)
        _refuse_overruled(given, rows, params)
        rows = [{**given, **row} for row in rows]
    with Workbench() as wb:
        wb.reports.run_rows(
            name, rows, formats=split_list(formats), out=out, paper=paper, strict=strict, on_run=_show
        )


def _refuse_overruled(given: dict[str, str], rows: list[dict[str, Any]], file: Path) -> None:
    """A file's value wins over one that all its runs share."""
    for name in given:
        if all(name in row for row in rows):
            raise UsageError(
                f"{name} has no effect: {file} has a column of that name. Leave one of them out."
            )


def _show(done: ReportRun | WorkbenchError) -> None:
    if isinstance(done, WorkbenchError):
        say(f"Error: {done}", err=True)
        return
    say(done.title, err=True)
    for path in (*done.files, done.manifest):
        click.echo(str(path))
    for text in (*done.problems, *done.findings):
        say(f"Notice: {text}", err=True)


@reports.command()
@format_option()
def schedule(format: str) -> None:
    """Show the reports of `[reports]` in the settings: what is due, and the line for cron."""
    from workbench.reports.schedule import schedule_lines

    with Workbench() as wb:
        if format == "table":
            click.echo("\n".join(schedule_lines(wb.settings, sys.executable)))
        else:
            print_frame(wb.reports.schedule(), format)


@reports.command()
def due() -> None:
    """Run the reports of `[reports]` whose period is over and that were not made yet; for cron."""
    with Workbench() as wb:
        click.echo(wb.reports.due(on_run=_show), err=True)


@reports.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", multiple=True, help="Address; may be repeated. Default: [smtp] to.")
@click.option("--format", "formats", default="pdf", show_default=True, help="Files to attach.")
@click.option(
    "--link", help="Attach nothing and give this address of the folder, as https://files.example.com/."
)
def send(manifest: Path, to: tuple[str, ...], formats: str, link: str | None) -> None:
    """Mail a report that was made, by its manifest; its files must be unchanged.

    The server is in `[smtp]` of the settings, its password in WORKBENCH_SMTP_PASSWORD.
    """
    if link is not None:
        refuse_idle("with --link, which attaches nothing", "formats")
    with Workbench() as wb:
        for address in wb.reports.send(manifest, to, formats=split_list(formats), link=link):
            click.echo(f"Sent to {address}", err=True)

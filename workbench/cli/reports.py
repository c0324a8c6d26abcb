"""Commands of reports: list, run, schedule, send."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.no_effect import refuse_idle
from workbench.cli.output import say_notices
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.reports.run import ReportRun


@main.group()
def report() -> None:
    """Reports as files to keep and to hand on: HTML, PDF, the executed notebook, and what they stand on."""


@report.command(name="list")
def list_reports() -> None:
    """Name the reports there are, with their parameters."""
    from workbench.reports.notebooks import discover_reports, own_report_problems

    home = load_settings().home
    say_notices(own_report_problems(home))
    for found in discover_reports(home=home).values():
        click.echo(f"{found.name}: {found.title}. {found.description}")
        width = max((len(item.name) for item in found.parameters), default=0) + 2
        for item in found.parameters:
            default = "" if item.default in (None, "", []) else f" [{item.default}]"
            click.echo(f"  {item.name:<{width}}{item.allowed}{default}: {item.help}")


@report.command(name="run")
@click.argument("name")
@click.option("--since", help="First day in it, as 2026-09-01; default: its last whole month or week.")
@click.option("--until", help="First day after it.")
@click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter; may be repeated.")
@click.option(
    "--params",
    "file",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="CSV or XLSX file of parameters (- is stdin): its first line names them, each further one is a run.",
)
@click.option("--format", "formats", default="html,pdf,ipynb", show_default=True, help="Files to write.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Folder; default: reports/ of the home."
)
@click.option("--strict", is_flag=True, help="Exit 3 where the data is stale, gapped or unpriced.")
@click.option("--allow-unknown", is_flag=True, help="Report also on values that the lake has never seen.")
def run_report(
    name: str,
    since: str | None,
    until: str | None,
    params: tuple[str, ...],
    file: Path | None,
    formats: str,
    out: Path | None,
    strict: bool,
    allow_unknown: bool,
) -> None:
    """Run one report and write its files, readable by you only. `workbench report list` names them.

    Prints the files. What speaks against the data is in red at the report's top, and on stderr.
    """
    given = {**_pairs(params), **{k: v for k, v in (("since", since), ("until", until)) if v}}
    if allow_unknown:
        given["allow_unknown"] = "true"
    rows: list[dict[str, Any]] = [given]
    if file:
        from workbench.reports.parameters import read_rows

        rows = read_rows(file)
        _refuse_overruled(given, rows, file)
        rows = [{**given, **row} for row in rows]
    chosen = [word.strip() for word in formats.split(",") if word.strip()]
    with Workbench() as wb:
        wb.report_rows(name, rows, formats=chosen, out=out, strict=strict, on_run=_show)


def _refuse_overruled(given: dict[str, str], rows: list[dict[str, Any]], file: Path) -> None:
    """A file's value wins over one that all its runs share."""
    for name in given:
        if all(name in row for row in rows):
            raise UsageError(
                f"{name} has no effect: {file} has a column of that name. Leave one of them out."
            )


def _show(done: ReportRun | WorkbenchError) -> None:
    if isinstance(done, WorkbenchError):
        click.echo(f"Error: {done}", err=True)
        return
    click.echo(done.title, err=True)
    for path in (*done.files, done.manifest):
        click.echo(str(path))
    for text in (*done.problems, *done.findings):
        click.echo(f"Notice: {text}", err=True)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--param is {text!r}; write name=value, as senders=+12025550110.")
        if name.strip() in pairs:
            raise UsageError(
                f"--param {name.strip()} is given twice; several values go into one, with commas."
            )
        pairs[name.strip()] = value.strip()
    return pairs


@report.command()
def schedule() -> None:
    """Show the reports of `[reports]` in the settings: what is due, and the line for cron."""
    import sys

    from workbench.reports.schedule import schedule_lines

    with Workbench() as wb:
        for line in schedule_lines(wb.settings, sys.executable):
            click.echo(line)


@report.command()
def due() -> None:
    """Run the reports of `[reports]` whose period is over and that were not made yet; for cron."""
    with Workbench() as wb:
        click.echo(wb.run_due_reports(on_run=_show), err=True)


@report.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--to", "to", multiple=True, help="Address; may be repeated. Default: [smtp] to.")
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
    chosen = [word.strip() for word in formats.split(",") if word.strip()]
    with Workbench() as wb:
        for address in wb.send_report(manifest, to, formats=chosen, link=link):
            click.echo(f"Sent to {address}", err=True)

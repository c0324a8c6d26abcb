"""Commands of the schedule, for machines where no server runs."""

from __future__ import annotations

import sys

import click

from workbench.cli import completion
from workbench.cli.group import main


@main.group()
def schedule() -> None:
    """Run the jobs of the schedule from cron or systemd instead of from `workbench serve`."""


@schedule.command()
@click.argument("job", shell_complete=completion.jobs)
def run(job: str) -> None:
    """Run one job now: sync, maintenance, reconcile, reports or retention.

    It is noted in the table `job_runs` and in `workbench status`; one job at a time.
    """
    from workbench.api import Installation
    from workbench.api.jobs import run_job
    from workbench.terminal import stopped_by_signals

    with stopped_by_signals() as stop, Installation() as installation:
        done = run_job(installation, job, stop=stop)
    click.echo(f"{done.job}: {done.detail}")


@schedule.command(name="print")
@click.option(
    "--format", type=click.Choice(["cron", "systemd"]), default="cron", show_default=True, help="For whom."
)
def print_schedule(format: str) -> None:
    """Print the schedule as a crontab or as systemd units."""
    from workbench.server.schedule import schedule_of
    from workbench.server.schedule_text import schedule_text
    from workbench.settings import load_settings

    settings = load_settings()
    rules = schedule_of(settings)
    click.echo(schedule_text(rules, format, home=str(settings.home), python=sys.executable), nl=False)

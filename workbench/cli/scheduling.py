"""Commands of the schedule, for machines where no server runs."""

from __future__ import annotations

import logging
import sys

import click

from workbench.cli import completion
from workbench.cli.group import main
from workbench.errors import WorkbenchError

log = logging.getLogger(__name__)


@main.group()
def schedule() -> None:
    """Run the jobs of the schedule from cron or systemd instead of from `workbench serve`."""


@schedule.command()
@click.argument("job", shell_complete=completion.jobs)
@click.option("--as-service", is_flag=True, hidden=True, expose_value=True)
@click.option("--after-term", type=int, hidden=True, expose_value=True)
def run(job: str, as_service: bool, after_term: int | None) -> None:
    """Run one job now: sync, maintenance, cancellations, reconcile, reports or retention.

    It is noted in the table `job_runs` and in `workbench status`; one job at a time.
    """
    from workbench.api import Installation
    from workbench.api.jobs import run_job
    from workbench.logs.set_up import set_up_service_logs
    from workbench.terminal import stopped_by_signals

    with stopped_by_signals() as stop, Installation() as installation:
        if as_service:
            set_up_service_logs(installation.settings, "jobs")
        try:
            done = run_job(installation, job, stop=stop, after_term=after_term)
        except WorkbenchError as error:
            if not as_service:
                raise
            log.error("the job %s did not do its work: %s", job, error)
            sys.exit(error.exit_code)
    click.echo(f"{done.job}: {done.detail}")


@schedule.command(name="print")
@click.option(
    "--format", type=click.Choice(["cron", "systemd"]), default="cron", show_default=True, help="For whom."
)
def print_schedule(format: str) -> None:
    """Print the schedule as a crontab or as systemd units."""
    from workbench.api.schedule import schedule_of
    from workbench.server.schedule_text import schedule_text
    from workbench.settings import load_settings

    settings = load_settings()
    rules = schedule_of(settings)
    click.echo(schedule_text(rules, format, home=str(settings.home), python=sys.executable), nl=False)

"""Commands about the settings: what holds and why, whether all of it is possible, a file to start from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from workbench.cli.group import main
from workbench.cli.options import format_option
from workbench.cli.output import print_frame, say, say_notices
from workbench.errors import ConfigError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.settings import Settings


@main.group()
def config() -> None:
    """See and check the settings: environment, workbench.toml and credentials.toml."""


@config.command()
@format_option()
def show(format: str) -> None:
    """Show every setting with its value and where that came from; never a secret."""
    import pandas as pd

    from workbench.settings import load_settings
    from workbench.settings.describe import effective_settings
    from workbench.settings.read import read_settings

    settings, reading = load_settings(), read_settings()
    rows = effective_settings(settings, reading)
    say_notices(reading.notices)
    print_frame(pd.DataFrame(rows, columns=["setting", "value", "source"], dtype="object"), format)


@config.command()
def check() -> None:
    """Check all settings and what they need of each other; exit code 2 with every problem there is."""
    from workbench.settings.read import read_settings

    reading = read_settings()
    problems = list(reading.problems)
    if reading.settings:
        problems += [text for text in _problems_together(reading.settings) if text not in problems]
        problems += _problems_of_own_files(reading.settings)
    say_notices(reading.notices)
    for problem in problems:
        say(f"Error: {problem}", err=True)
    if problems:
        sys.exit(ConfigError.exit_code)
    assert reading.settings
    click.echo(f"The settings of {reading.settings.home} are possible.", err=True)


@config.command()
def template() -> None:
    """Print a workbench.toml that names every setting in a comment, with its default or an example."""
    from workbench.settings.describe import settings_template

    click.echo(settings_template(), nl=False)


def _problems_together(settings: Settings) -> Iterator[str]:
    """What only the room that uses a setting can tell: values that are possible alone, but not together."""
    from workbench.conversations.business_hours import business_hours
    from workbench.events.webhooks import event_webhooks
    from workbench.lake.address import lake_address
    from workbench.lake.fleet.fleet_key import read_fleet_key
    from workbench.lake.own_keywords import check_keywords
    from workbench.reports.mail import mail_settings
    from workbench.reports.schedule import check_entries
    from workbench.server.access.settings import access_settings
    from workbench.server.hook_settings import hook_settings

    checks: list[Callable[[Settings], object]] = [
        lake_address, access_settings, hook_settings, business_hours, _check_quiet_hours, check_entries,
        lambda settings: check_keywords(settings.keywords), _check_alerts, event_webhooks,
        read_fleet_key,
    ]  # fmt: skip
    if settings.smtp.host or any(entry.to for entry in settings.reports.values()):
        checks.append(mail_settings)
    for require in checks:
        try:
            require(settings)
        except WorkbenchError as error:
            yield str(error)


def _problems_of_own_files(settings: Settings) -> list[str]:
    """What is wrong with the pages, metrics, reports and templates of the users' own, and with rules."""
    from workbench.alerts.rule_files import read_rule_files
    from workbench.api.new import own_file_problems
    from workbench.automation.rules import rule_problems
    from workbench.conversations.owners import team_problems

    return [
        *own_file_problems(settings.home), *rule_problems(settings), *team_problems(settings),
        *read_rule_files(settings)[1],
    ]  # fmt: skip


def _check_alerts(settings: Settings) -> None:
    from workbench.alerts.rules import alert_rules
    from workbench.alerts.targets import check_targets
    from workbench.metrics.own.current import use_own_metrics

    use_own_metrics(settings.home)
    alert_rules(settings.alerts)
    check_targets(settings)


def _check_quiet_hours(settings: Settings) -> None:
    from workbench.compliance.checks import quiet_hours_rules

    quiet_hours_rules(settings.home)

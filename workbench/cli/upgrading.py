"""The command that brings a lake to this version."""

from __future__ import annotations

import sys

import click

from workbench.cli.group import main
from workbench.cli.options import value_format_option
from workbench.cli.output import print_value


@main.command()
@click.option("--check", is_flag=True, help="Only say what would happen; exit code 1 while something would.")
@value_format_option()
def upgrade(check: bool, format: str) -> None:
    """Bring the lake to the schema of this version, and say what was done.

    The program itself is upgraded by whatever installed it (`uv tool upgrade`, `pipx upgrade`, `git pull` and
    `make setup`). Nothing here uses the network.
    """
    from workbench.api.upgrade import check_upgrade
    from workbench.api.upgrade import upgrade as run_upgrade
    from workbench.settings import load_settings

    settings = load_settings()
    result = check_upgrade(settings) if check else run_upgrade(settings)
    print_value(result, format)
    sys.exit(result.exit_code)

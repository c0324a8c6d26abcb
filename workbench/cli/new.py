"""Commands that begin a file of the users' own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.api import Installation
from workbench.api.new import New
from workbench.cli.group import main

if TYPE_CHECKING:
    from workbench.api.new import NewFile


@main.group()
def new() -> None:
    """Begin a page, metric, dimension, report or template of your own, in the home.

    Each is a small file that works as it is, with comments that say what to change. Nothing is written over.
    """


@new.command()
@click.argument("name")
def page(name: str) -> None:
    """Begin a page of the dashboards, dashboards/NAME.py."""
    with Installation() as installation:
        _say(New(installation).page(name))


@new.command()
@click.argument("name")
def metric(name: str) -> None:
    """Begin a metric, metrics/NAME.toml."""
    with Installation() as installation:
        _say(New(installation).metric(name))


@new.command()
@click.argument("name")
def dimension(name: str) -> None:
    """Begin a dimension to group and filter by, metrics/NAME.toml."""
    with Installation() as installation:
        _say(New(installation).dimension(name))


@new.command()
@click.argument("name")
def report(name: str) -> None:
    """Begin a report, reports/NAME.ipynb."""
    with Installation() as installation:
        _say(New(installation).report(name))


@new.command()
@click.argument("name")
def template(name: str) -> None:
    """Begin a text to send again and again, templates/NAME.toml."""
    with Installation() as installation:
        _say(New(installation).template(name))


def _say(made: NewFile) -> None:
    click.echo(str(made.path))
    click.echo(made.next_steps, err=True)

"""Commands around the people who sign in with a password."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from workbench.cli.group import main
from workbench.cli.options import format_option, role_option
from workbench.cli.output import print_frame
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.server.access.users import Users
    from workbench.settings import Settings


@main.group()
def users() -> None:
    """Say who may sign in to the pages with a password."""


@users.command()
@click.argument("name")
@role_option()
def add(name: str, role: str) -> None:
    """Add NAME. The password is asked for, or is the first line of standard input; never an argument."""
    settings, known = _open()
    known.check_new(name)
    user = known.add(name, role, _new_password())
    _note(settings, "user-added", user.name, role=role)
    click.echo(f"{user.name} may sign in, as {role}.", err=True)


@users.command(name="list")
@format_option()
def list_users(format: str) -> None:
    """List who may sign in."""
    import pandas as pd

    _, known = _open()
    rows = [{"name": user.name, "role": user.role} for user in known.all().values()]
    print_frame(pd.DataFrame(rows, columns=["name", "role"]), format)


@users.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove NAME; whatever they have open ends within seconds."""
    from workbench.conversations.owners import team_problems

    settings, known = _open()
    user = known.remove(name)
    _note(settings, "user-removed", user.name, role=user.role)
    click.echo(f"{user.name} cannot sign in any more.", err=True)
    for problem in team_problems(settings):
        click.echo(f"Notice: {problem}", err=True)


@users.command()
@click.argument("name")
def passwd(name: str) -> None:
    """Give NAME another password; their sessions end."""
    settings, known = _open()
    known.get(name)
    user = known.set_password(name, _new_password())
    _note(settings, "user-password-set", user.name)
    click.echo(f"{user.name} has a new password.", err=True)


def _open() -> tuple[Settings, Users]:
    from workbench.server.access.users import Users
    from workbench.settings import load_settings

    settings = load_settings()
    return settings, Users(settings.home)


def _new_password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("There is no password: type it when asked, or give it as a line on stdin.")
    return password


def _note(settings: Settings, action: str, name: str, **detail: Any) -> None:
    """Into the audit trail now if the lake can be written, else with the next sign-in or command."""
    from workbench.errors import WorkbenchError
    from workbench.roles import local_actor
    from workbench.server.access.trail import Trail

    trail = Trail(settings)
    trail.note(action, local_actor(), user=name, **detail)
    try:
        trail.deliver()
    except WorkbenchError as error:
        click.echo(f"Notice: the audit trail follows later: {error}", err=True)

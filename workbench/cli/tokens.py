"""Commands around the tokens of programs."""

from __future__ import annotations

import click

from workbench.api import Workbench
from workbench.cli.group import main
from workbench.cli.options import format_option, role_option
from workbench.cli.output import print_frame


@main.group()
def tokens() -> None:
    """Say which programs may use the HTTP interface, and what they may do (docs/http.md)."""


@tokens.command()
@click.argument("name")
@role_option()
@click.option("--scopes", default="", help="Limit it to these, as conversations:read,messages:write.")
@click.option("--expires", help="Its last day ends before this: 2027-01-31, or 90d from now. Default: never.")
def create(name: str, role: str, scopes: str, expires: str | None) -> None:
    """Make a token for the program NAME and print it once; nobody can show it again."""
    with Workbench() as wb:
        new = wb.tokens.create(name, role=role, scopes=scopes, expires=expires)
    click.echo(new.text)
    click.echo(f"{new.name} may come in, as {new.role}. Keep the token: it is shown only now.", err=True)


@tokens.command(name="list")
@format_option()
def list_tokens(format: str) -> None:
    """List the tokens with their roles, ends and last uses."""
    with Workbench() as wb:
        print_frame(wb.tokens.list(), format)


@tokens.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Take the token NAME no more, from the next request on."""
    with Workbench() as wb:
        wb.tokens.revoke(name)
    click.echo(f"{name} cannot come in any more.", err=True)

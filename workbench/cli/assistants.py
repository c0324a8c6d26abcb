"""Commands for assistants: the server that they ask, and what their programs need to start it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from workbench.cli.group import ListGroup, main
from workbench.cli.options import value_format_option
from workbench.cli.output import print_json, say
from workbench.roles import ROLES


class _ServeGroup(ListGroup):
    """`workbench mcp` is `workbench mcp serve`: programs start it by two words."""

    usual = "serve"


@main.group(cls=_ServeGroup)
def mcp() -> None:
    """Let an assistant ask this installation, by the Model Context Protocol (docs/assistants.md)."""


_ROLE = click.option(
    "--role", type=click.Choice(ROLES), default="viewer", show_default=True, help="What it may do."
)
_REVEAL = click.option(
    "--reveal",
    is_flag=True,
    help="Allow whole numbers and texts by SQL; each use is audited. Not for viewers.",
)


@mcp.command()
@_ROLE
@_REVEAL
def serve(role: str, reveal: bool) -> None:
    """Serve the tools on stdin and stdout, until stdin closes. A program starts this, not a person.

    Every tool reads; none sends a message. Phone numbers are masked, and SQL gives no texts.
    """
    from workbench.assistants.stdio import serve_stdio
    from workbench.settings import load_settings

    serve_stdio(load_settings(), role, reveal=reveal)


@mcp.command()
@click.argument("client", required=False)
@_ROLE
@_REVEAL
@click.option("--url", help="Reach a server at this address with a token, as https://host/mcp.")
@value_format_option()
def install(client: str | None, role: str, reveal: bool, url: str | None, format: str) -> None:
    """Print what a program needs to start this server: claude-desktop, claude-code, cursor, vscode, generic.

    Nothing is written; copy what is printed to the place that it names.
    """
    from workbench.assistants.caller import local_caller
    from workbench.assistants.install import Launch, snippets
    from workbench.settings import load_settings

    local_caller(role, reveal=reveal)
    arguments = ["mcp", "serve", "--role", role, *(["--reveal"] if reveal else [])]
    launch = Launch(_command(), arguments, {"WORKBENCH_HOME": str(load_settings().home.absolute())}, url)
    made = snippets(launch, client)
    if format == "json":
        print_json([snippet.as_dict() for snippet in made])
    else:
        say("\n\n".join(snippet.text() for snippet in made))


def _command() -> str:
    """The whole path of this command: the programs that start it have another PATH."""
    started = Path(sys.argv[0])
    if started.name == "workbench" and started.exists():
        return str(started.absolute())
    return shutil.which("workbench") or "workbench"

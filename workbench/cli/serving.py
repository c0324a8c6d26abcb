"""The command that serves."""

from __future__ import annotations

import click

from workbench.cli.group import main

_PORT = click.IntRange(0, 65535)


@main.command()
@click.option("--port", type=_PORT, default=5006, show_default=True, help="Of the pages. 0: any free one.")
@click.option(
    "--hooks-port", type=_PORT, default=5007, show_default=True, help="Of the webhooks. 0: any free one."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Of the pages; any but this machine needs sign-in."
)
@click.option(
    "--only", type=click.Choice(["pages", "hooks", "worker"]), help="One of the processes, in this one."
)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def serve(port: int, hooks_port: int, host: str, only: str | None, until_stdin_closes: bool) -> None:
    """Serve the dashboards, take Twilio's webhooks, run the schedule and act on what happens.

    On this machine nobody has to sign in: whoever opens the link that is printed is let in. Another --host is
    refused until [access] in workbench.toml says how people sign in (docs/deploy.md); the webhooks stay on
    this machine, behind its proxy or tunnel.

    Each in a process of its own, so that a webhook never waits for a page; one that dies is started again.
    Webhooks are taken once WORKBENCH_PUBLIC_URL says where Twilio reaches them; a proxy or tunnel leads to
    --hooks-port.
    """
    from workbench.server.serving import serve_both, serve_one
    from workbench.settings import load_settings

    settings = load_settings()
    if only:
        serve_one(settings, only, port if only == "pages" else hooks_port, host, until_stdin_closes)
    else:
        serve_both(settings, port, hooks_port, host)

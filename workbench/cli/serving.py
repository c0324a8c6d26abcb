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
    "--api-port", type=_PORT, default=5008, show_default=True, help="Of the HTTP interface. 0: any free one."
)
@click.option(
    "--only", type=click.Choice(["pages", "hooks", "api", "worker"]), help="One of them, in this process."
)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def serve(
    port: int, hooks_port: int, api_port: int, host: str, only: str | None, until_stdin_closes: bool
) -> None:
    """Serve pages and the HTTP interface, take Twilio's webhooks, run the schedule, act on what happens.

    On this machine nobody has to sign in: whoever opens the link that is printed is let in. Another --host is
    refused until [access] in workbench.toml says how people sign in (docs/deploy.md); the webhooks stay on
    this machine, behind its proxy or tunnel.

    A process for each, so that a webhook never waits for a page; one that dies is started again. Webhooks are
    taken once WORKBENCH_PUBLIC_URL says where Twilio reaches them; a proxy or tunnel leads to --hooks-port.
    Programs come to --api-port with a token of `workbench tokens` (docs/http.md).
    """
    from workbench.lake.fleet.freshness import watching_fleet
    from workbench.server.serving import serve_all, serve_one
    from workbench.settings import load_settings

    settings = load_settings()
    if only is None:
        serve_all(settings, port, hooks_port, api_port, host)
        return
    with watching_fleet(settings):
        if only == "api":
            from workbench.http_api.serving import serve_api

            serve_api(settings, api_port, host, until_stdin_closes)
        else:
            serve_one(settings, only, port if only == "pages" else hooks_port, host, until_stdin_closes)

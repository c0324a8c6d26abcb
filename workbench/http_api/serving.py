"""`workbench serve --only api`: the process of the HTTP interface."""

from __future__ import annotations

import click

from workbench.http_api.server import ApiServer
from workbench.logs.set_up import set_up_service_logs
from workbench.server.log_limit import LogLimit
from workbench.server.supervise import end_with_stdin
from workbench.settings import Settings


def serve_api(settings: Settings, port: int, host: str, until_stdin_closes: bool) -> None:
    """Serve the interface in this process until Ctrl-C or SIGTERM.

    Raises:
        ConfigError: see :class:`ApiServer`.
    """
    set_up_service_logs(settings, "api", LogLimit())
    server = ApiServer(settings, port, host)
    if until_stdin_closes:
        end_with_stdin(server.stop)
    server.run(_print_address)


def _print_address(url: str) -> None:
    click.echo(
        f"Programs come to {url}api/v1/ with a token (`workbench tokens create`); {url}api/v1/docs says how.",
        err=True,
    )

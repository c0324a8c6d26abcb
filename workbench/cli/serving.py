"""The command that serves."""

from __future__ import annotations

import click

from workbench.cli.group import main


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="0: any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Only this machine, for now.")
def serve(port: int, host: str) -> None:
    """Serve the dashboards on this machine."""
    from workbench.config import load_settings
    from workbench.server.pages import serve_pages

    serve_pages(load_settings(), port=port, host=host)

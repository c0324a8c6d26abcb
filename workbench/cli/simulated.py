"""Commands around the simulated account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.cli.group import main

_messages_option = click.option(
    "--messages",
    type=click.IntRange(1_000, 5_000_000),
    default=50_000,
    show_default=True,
    help="About how many messages its traffic has.",
)
_days_option = click.option(
    "--days",
    type=click.IntRange(1, 399),
    default=90,
    show_default=True,
    help="How far back its traffic goes.",
)


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5006, show_default=True, help="Of the dashboards."
)
@click.option(
    "--hooks-port", type=click.IntRange(0, 65535), default=5007, show_default=True, help="Of the webhooks."
)
@click.option(
    "--api-port",
    type=click.IntRange(0, 65535),
    default=5008,
    show_default=True,
    help="Of programs.",
)
@_messages_option
@_days_option
@click.option(
    "--extra-per-minute",
    type=click.IntRange(0, 600),
    default=0,
    show_default=True,
    help="Also send so many messages a minute, to see more happen; then today is no day like the others.",
)
@click.option("--fresh", is_flag=True, help="Forget the last demo and begin again.")
def demo(
    port: int, hooks_port: int, api_port: int, messages: int, days: int, extra_per_minute: int, fresh: bool
) -> None:
    """Open the product on a simulated account: no credentials, nothing is ever sent.

    Its traffic goes on as it was before, some hundred messages a day. People answer within half a minute what
    you send. It lives in the folder `demo` of the home.
    """
    from workbench.demo.run import run_demo

    run_demo(
        port=port, hooks_port=hooks_port, api_port=api_port, messages=messages, days=days,
        extra_per_minute=extra_per_minute, fresh=fresh,
    )  # fmt: skip


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=5008, show_default=True, help="0: any free one."
)
@_messages_option
@_days_option
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same account.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), help="Keep what is sent to it here."
)
@click.option("--start", help="First day of its traffic; --days is ignored then.")
@click.option(
    "--latency-ms", type=click.IntRange(0, 60_000), default=0, show_default=True, help="Added to each answer."
)
@click.option(
    "--callbacks",
    metavar="URL",
    help="Post signed status callbacks and inbound messages to the hooks there, as http://127.0.0.1:5007.",
)
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def simulate(**options: Any) -> None:
    """Run the simulated Twilio account alone, for tests and trials of your own."""
    from workbench.demo.simulate import run_simulator

    run_simulator(**options)

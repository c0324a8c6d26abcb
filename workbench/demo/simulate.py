"""`workbench simulate`: a simulated Twilio account over HTTP, and what the product needs to use it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.api import parse_day
from workbench.demo.account import environment_of
from workbench.errors import UsageError

if TYPE_CHECKING:
    from workbench.simulator import Server


def run_simulator(
    *,
    port: int,
    messages: int,
    days: int,
    seed: int,
    state: Path | None,
    start: str | None,
    latency_ms: int,
    callbacks: str | None,
    until_stdin_closes: bool,
) -> None:
    """Simulate Twilio until Ctrl-C; prints the environment that the product needs to use this account.

    Args:
        callbacks: the address of the product's webhooks; the account posts every change there.
    """
    from workbench.simulator import Account, Options, SimulatorError, Urls, run

    def announce(server: Server) -> None:
        for name, value in environment_of(account, server.url).items():
            click.echo(f"export {name}={value}")
        if base:
            click.echo(f"export WORKBENCH_PUBLIC_URL={base}")
        click.echo()
        sys.stdout.flush()
        click.echo(f"A simulated Twilio account answers at {server.url}; Ctrl-C ends it.", err=True)
        if until_stdin_closes:
            threading.Thread(target=_stop_with_stdin, args=[server], daemon=True).start()

    base = (callbacks or "").rstrip("/")
    urls = Urls(f"{base}/webhooks/twilio/status", f"{base}/webhooks/twilio/inbound") if base else Urls()
    try:
        account = Account.build(
            seed=seed, start=parse_day(start, "start"), days=days, messages=messages, state=state,
            profile="all-channels",
        )  # fmt: skip
        run(account, port=port, options=Options(latency=latency_ms / 1000), callbacks=urls, ready=announce)
    except SimulatorError as error:
        raise UsageError(str(error)) from error


def _stop_with_stdin(server: Server) -> None:
    """Stop the server when stdin closes, which means that the parent process has ended."""
    sys.stdin.read()
    server.stop()

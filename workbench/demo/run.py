"""`workbench demo`: an account is simulated, synced over HTTP, and served until Ctrl-C."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from workbench.demo.home import (
    JOURNAL_FILE,
    demo_home,
    forget,
    remember_account,
    server_environment,
    write_settings,
)
from workbench.demo.traffic import add_rcs, at_work, said_when_ready
from workbench.errors import WorkbenchError
from workbench.settings import load_settings


def run_demo(
    *, port: int, hooks_port: int, api_port: int, messages: int, days: int, extra_per_minute: int, fresh: bool
) -> None:
    """Simulate an account, sync it over HTTP, serve the pages and its webhooks until Ctrl-C.

    Args:
        extra_per_minute: messages that are sent beside the account's usual traffic.
    """
    from workbench.lake.lock import only_one
    from workbench.server.ports import find_port

    home = demo_home()
    began = time.monotonic()
    with only_one(home / "demo.lock", "demo"):
        if fresh:
            forget(home)
        port, hooks_port = find_port("127.0.0.1", port), find_port("127.0.0.1", hooks_port, "--hooks-port")
        api_port = find_port("127.0.0.1", api_port, "--api-port")
        account = remember_account(home, messages, days)
        click.echo(f"Simulating a Twilio account since {account['start']} …", err=True)
        with _simulator(home, account) as environment:
            hooks_url = f"http://127.0.0.1:{hooks_port}"
            write_settings(home, environment, account["start"], hooks_url)
            add_rcs(environment)
            _first_sync(home)
            click.echo("Starting the pages …", err=True)
            pages_url = f"http://127.0.0.1:{port}/healthz"
            with said_when_ready(pages_url, began), at_work(environment, hooks_url, extra_per_minute):
                _serve(home, port, hooks_port, api_port)


@contextmanager
def _simulator(home: Path, account: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A process that simulates Twilio; yields its environment. It ends with this process, even by kill -9."""
    command = [sys.executable, "-m", "workbench", "simulate", "--port", "0", "--until-stdin-closes"]
    command += ["--state", str(home / JOURNAL_FILE)]
    command += [f"--{name}={account[name]}" for name in ("seed", "start", "days", "messages")]
    # In its own session, so that Ctrl-C reaches only this process, which then ends it.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin
    assert process.stdout
    try:
        lines = list(iter(lambda: process.stdout.readline().strip(), ""))  # type: ignore[union-attr]
        if not lines:
            raise WorkbenchError("The simulated account did not start; what it printed is above.")
        yield dict(line.removeprefix("export ").split("=", 1) for line in lines)
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def _first_sync(home: Path) -> None:
    """Sync in a process of its own, so that what it needed of memory is free while the demo runs.

    Raises:
        WorkbenchError: it failed, and has said why.
    """
    command = [sys.executable, "-m", "workbench", "sync", "--format", "json"]
    done = subprocess.run(command, env=server_environment(home), stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise WorkbenchError("The first sync did not end; what it printed is above.")
    summary = json.loads(done.stdout)
    accounts = (summary, *summary["subaccounts"])
    listed, requests, added, changed, seconds = (
        sum(account[name] for account in accounts)
        for name in ("listed", "requests", "added", "changed", "seconds")
    )
    click.echo(
        f"Synced over HTTP: {listed:,} messages read with {requests:,} requests in {seconds:.1f} s, "
        f"{added:,} new, {changed:,} changed.",
        err=True,
    )


def _serve(home: Path, port: int, hooks_port: int, api_port: int) -> None:
    """Run the server processes with the demo's settings, whatever the environment has for a real account."""
    from workbench.server.serving import children
    from workbench.server.supervise import supervise

    settings = load_settings({"WORKBENCH_HOME": str(home)})
    supervise(children(settings, port, hooks_port, api_port, "127.0.0.1", server_environment(home)))

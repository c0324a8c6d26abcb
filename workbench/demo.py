"""The product on a simulated account: a process of its own plays Twilio, this one syncs, two more serve.

The demo has a home of its own beside a real lake, so that the two never mix.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx

from workbench.api import Workbench, parse_day
from workbench.errors import UsageError, WorkbenchError
from workbench.settings import CREDENTIALS_FILE, DEMO_FOLDER, SETTINGS_FILE, find_home, load_settings

if TYPE_CHECKING:
    from workbench.simulator import Account, Server

_ACCOUNT_FILE = "simulated-account.json"
_JOURNAL_FILE = "simulated-account.jsonl"
_SEND_EVERY_SECONDS = 3.0


def run_demo(*, port: int, hooks_port: int, messages: int, days: int, fresh: bool) -> None:
    """Simulate an account, sync it over HTTP, serve the pages and its webhooks until Ctrl-C."""
    from workbench.lake.lock import only_one
    from workbench.server.ports import find_port

    home = _demo_home()
    began = time.monotonic()
    with only_one(home / "demo.lock", "demo"):
        if fresh:
            _forget(home)
        port, hooks_port = find_port("127.0.0.1", port), find_port("127.0.0.1", hooks_port, "--hooks-port")
        account = _remember_account(home, messages, days)
        click.echo(f"Simulating a Twilio account since {account['start']} …", err=True)
        with _simulator(home, account) as environment:
            hooks_url = f"http://127.0.0.1:{hooks_port}"
            _write_settings(home, environment, account["start"], hooks_url)
            with Workbench(load_settings({"WORKBENCH_HOME": str(home)})) as wb:
                _first_sync(wb)
            click.echo(f"Ready after {time.monotonic() - began:.0f} s.", err=True)
            with _at_work(environment, hooks_url):
                _serve(home, port, hooks_port)


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
    """Play Twilio until Ctrl-C; stdout gets the environment that leads the product here.

    Args:
        callbacks: where the product's hooks answer; the account posts what changes there.
    """
    from workbench.simulator import Account, Options, SimulatorError, Urls, run

    def announce(server: Server) -> None:
        for name, value in _environment(account, server.url).items():
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
            seed=seed, start=parse_day(start, "start"), days=days, messages=messages, state=state
        )
        run(account, port=port, options=Options(latency=latency_ms / 1000), callbacks=urls, ready=announce)
    except SimulatorError as error:
        raise UsageError(str(error)) from error


def _stop_with_stdin(server: Server) -> None:
    """Whoever started us holds our stdin; when it is gone, however it ended, so are we."""
    sys.stdin.read()
    server.stop()


def _environment(account: Account, url: str) -> dict[str, str]:
    return {
        "WORKBENCH_TWILIO_BASE_URL": url,
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
    }


def _demo_home() -> Path:
    home = find_home(os.environ, Path.cwd())
    return home if home.name == DEMO_FOLDER else home / DEMO_FOLDER


def _forget(home: Path) -> None:
    """Remove what a demo wrote, and nothing else."""
    from workbench.lake.audit import ANCHOR_FILE
    from workbench.lake.secret_key import KEY_FILE
    from workbench.lake.set_aside import SET_ASIDE_FOLDER

    for name in ("lake", "tmp", SET_ASIDE_FOLDER):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in (SETTINGS_FILE, CREDENTIALS_FILE, _ACCOUNT_FILE, _JOURNAL_FILE, ANCHOR_FILE, KEY_FILE):
        (home / name).unlink(missing_ok=True)


def _remember_account(home: Path, messages: int, days: int) -> dict[str, Any]:
    """The account's make-up, the same at every start: its lake must go on matching it."""
    path = home / _ACCOUNT_FILE
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text())
        if (found["messages"], found["days"]) != (messages, days):
            click.echo(
                f"Notice: going on with the demo of {found['start']} ({found['messages']:,} messages in "
                f"{found['days']} days); --fresh begins a new one.",
                err=True,
            )
        return found
    start = datetime.now(UTC).date() - timedelta(days=days)
    account = {"seed": 1, "start": start.isoformat(), "days": days, "messages": messages}
    path.write_text(json.dumps(account))
    return account


@contextmanager
def _simulator(home: Path, account: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A process that plays Twilio; gives the environment it printed. It ends with us, even with kill -9."""
    command = [sys.executable, "-m", "workbench", "simulate", "--port", "0", "--until-stdin-closes"]
    command += ["--state", str(home / _JOURNAL_FILE)]
    command += [f"--{name}={account[name]}" for name in ("seed", "start", "days", "messages")]
    # A session of its own: Ctrl-C is for us, who then end it in order.
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


def _write_settings(home: Path, environment: dict[str, str], start: str, hooks_url: str) -> None:
    """Settings of the demo, so that commands and notebooks beside it find the same account."""
    (home / SETTINGS_FILE).write_text(
        "# Written by `workbench demo` at every start: an account that exists on this machine only.\n"
        f'public_url = "{hooks_url}"\n\n'
        f'[twilio]\naccount_sid = "{environment["TWILIO_ACCOUNT_SID"]}"\n'
        f'base_url = "{environment["WORKBENCH_TWILIO_BASE_URL"]}"\n\n'
        f'[sync]\nsince = "{date.fromisoformat(start)}"\nsubaccounts = true\n\n'
        '[schedule]\nsync = "1m"\n\n'
        # Nothing here is real, so nothing has to be kept from anybody.
        "[access]\ntoken = false\n"
    )
    credentials = home / CREDENTIALS_FILE
    credentials.touch(mode=0o600)
    credentials.write_text(f'auth_token = "{environment["TWILIO_AUTH_TOKEN"]}"\n')


def _first_sync(wb: Workbench) -> None:
    from workbench.terminal import sync_progress

    with sync_progress() as on_progress:
        summary = wb.sync(on_progress=on_progress)
    accounts = (summary, *summary.subaccounts)
    listed, requests, added, changed = (
        sum(getattr(one, name) for one in accounts) for name in ("listed", "requests", "added", "changed")
    )
    seconds = sum(one.seconds for one in accounts)
    click.echo(
        f"Synced over HTTP: {listed:,} messages read with {requests:,} requests in {seconds:.1f} s, "
        f"{added:,} new, {changed:,} changed.",
        err=True,
    )


@contextmanager
def _at_work(environment: dict[str, str], hooks_url: str) -> Iterator[None]:
    """The account lives on while the demo runs: it tells of every change, and somebody goes on sending."""
    over = threading.Event()

    def work() -> None:
        base_url = environment["WORKBENCH_TWILIO_BASE_URL"]
        with httpx.Client(base_url=base_url, trust_env=False, timeout=10) as http:
            http.auth = (environment["TWILIO_ACCOUNT_SID"], environment["TWILIO_AUTH_TOKEN"])
            urls = {f"{name}_url": f"{hooks_url}/webhooks/twilio/{name}" for name in ("status", "inbound")}
            http.post("/_simulator/callbacks", json=urls)
            messages = f"/2010-04-01/Accounts/{environment['TWILIO_ACCOUNT_SID']}/Messages.json"
            recent = http.get(messages, params={"PageSize": 500}).json()["messages"]
            sent = [one for one in recent if one["direction"] == "outbound-api" and one["body"]]
            rng = random.Random()
            while sent and not over.wait(rng.uniform(0.5, 1.5) * _SEND_EVERY_SECONDS):
                http.post(messages, data=_again(rng.choice(sent)))

    def try_to_work() -> None:
        try:
            work()
        except httpx.HTTPError as error:
            if not over.is_set():
                click.echo(f"The simulated account stands still from now on: {error!r}", err=True)

    thread = threading.Thread(target=try_to_work, name="demo-traffic", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


def _again(message: dict[str, Any]) -> dict[str, str]:
    """The form that sends a message of the log once more, to the same person in the same way."""
    service = message["messaging_service_sid"]
    side = {"MessagingServiceSid": service} if service else {"From": message["from"]}
    return {"To": message["to"], "Body": message["body"], **side}


def _serve(home: Path, port: int, hooks_port: int) -> None:
    """Both processes, on the demo's own settings whatever the environment says of a real account."""
    from workbench.server.serving import children
    from workbench.server.supervise import supervise

    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "WORKBENCH_"))
    }
    environment["WORKBENCH_HOME"] = str(home)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    supervise(children(settings, port, hooks_port, "127.0.0.1", environment))

"""The demo: one process simulates Twilio, this one syncs, and others serve pages, webhooks and programs.

The demo has its own home beside a real lake, so that the two never mix.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import httpx

from workbench.api import parse_day
from workbench.errors import UsageError, WorkbenchError
from workbench.files import create_whole
from workbench.settings import CREDENTIALS_FILE, DEMO_FOLDER, SETTINGS_FILE, find_home, load_settings

if TYPE_CHECKING:
    from workbench.simulator import Account, Server

_ACCOUNT_FILE = "simulated-account.json"
_JOURNAL_FILE = "simulated-account.jsonl"
_LOOK_EVERY_SECONDS = 0.25
_RULES = """\
[[rules]]
name = "billing"
when = "message_received"
if = { any_words = ["refund", "charged", "invoice"] }
then = { label = ["billing"] }

[[rules]]
name = "after-hours"
enabled = false
when = "message_received"
if = { business_hours = false }
then = { label = ["after hours"], reply = "after-hours" }

[[rules]]
name = "thanks-resolve"
enabled = false
when = "message_received"
then = { state = "resolved" }

[rules.if]
keyword = ["ok", "okay", "thanks", "thank you", "ok thanks", "ok thank you", "gracias"]
question = false
media = false
after_answer = true
"""
"""One that is on and harmless, and two to try out before they are switched on."""
_TEMPLATES = {
    "after-hours": """\
title = "After hours"
body = "Thanks for your message. We are here Monday to Friday, 9 to 5, and answer then."
""",
    "refund": """\
title = "Refund is on its way"
shortcut = "refund"
body = "Hi {{ first_name }}, your refund is on its way. It takes 3 to 5 days to reach your account."
""",
    "order-late": """\
title = "Order is late"
shortcut = "late"
body = "Hi {{ first_name }}, sorry that order {{ order }} is late. It arrives {{ day }}."
""",
    "opening-hours": """\
title = "Opening hours"
shortcut = "hours"
body = "We are open Monday to Friday, 9 to 5."
""",
    "anything-else": """\
title = "Anything else?"
shortcut = "else"
body = "Happy to help. Is there anything else we can do for you?"
""",
}
"""Texts of the demo by the names of their files: some have blanks, and shortcuts of the inbox."""


def run_demo(
    *, port: int, hooks_port: int, api_port: int, messages: int, days: int, extra_per_minute: int, fresh: bool
) -> None:
    """Simulate an account, sync it over HTTP, serve the pages and its webhooks until Ctrl-C.

    Args:
        extra_per_minute: messages that are sent beside the account's usual traffic.
    """
    from workbench.lake.lock import only_one
    from workbench.server.ports import find_port

    home = _demo_home()
    began = time.monotonic()
    with only_one(home / "demo.lock", "demo"):
        if fresh:
            _forget(home)
        port, hooks_port = find_port("127.0.0.1", port), find_port("127.0.0.1", hooks_port, "--hooks-port")
        api_port = find_port("127.0.0.1", api_port, "--api-port")
        account = _remember_account(home, messages, days)
        click.echo(f"Simulating a Twilio account since {account['start']} …", err=True)
        with _simulator(home, account) as environment:
            hooks_url = f"http://127.0.0.1:{hooks_port}"
            _write_settings(home, environment, account["start"], hooks_url)
            _add_rcs(environment)
            _first_sync(home)
            click.echo("Starting the pages …", err=True)
            pages_url = f"http://127.0.0.1:{port}/healthz"
            with _said_when_ready(pages_url, began), _at_work(environment, hooks_url, extra_per_minute):
                _serve(home, port, hooks_port, api_port)


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
    """Remove only what a demo wrote."""
    from workbench.lake.audit import ANCHOR_FILE
    from workbench.lake.secret_key import KEY_FILE
    from workbench.lake.set_aside import SET_ASIDE_FOLDER

    for name in ("lake", "tmp", SET_ASIDE_FOLDER):
        shutil.rmtree(home / name, ignore_errors=True)
    for name in (SETTINGS_FILE, CREDENTIALS_FILE, _ACCOUNT_FILE, _JOURNAL_FILE, ANCHOR_FILE, KEY_FILE):
        (home / name).unlink(missing_ok=True)


def _remember_account(home: Path, messages: int, days: int) -> dict[str, Any]:
    """The parameters of the account, the same at every start, because the lake must match the account."""
    path = home / _ACCOUNT_FILE
    if path.exists():
        account: dict[str, Any] = json.loads(path.read_text())
        if (account["messages"], account["days"]) != (messages, days):
            click.echo(
                f"Notice: going on with the demo of {account['start']} ({account['messages']:,} messages in "
                f"{account['days']} days); --fresh begins a new one.",
                err=True,
            )
        return account
    start = datetime.now(UTC).date() - timedelta(days=days)
    account = {"seed": 1, "start": start.isoformat(), "days": days, "messages": messages}
    path.write_text(json.dumps(account))
    return account


@contextmanager
def _simulator(home: Path, account: dict[str, Any]) -> Iterator[dict[str, str]]:
    """A process that simulates Twilio; yields its environment. It ends with this process, even by kill -9."""
    command = [sys.executable, "-m", "workbench", "simulate", "--port", "0", "--until-stdin-closes"]
    command += ["--state", str(home / _JOURNAL_FILE)]
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


def _subaccount_tokens(environment: dict[str, str]) -> dict[str, str]:
    """The auth tokens of the account's subaccounts by SID: each signs its webhooks with its own."""
    with _control(environment) as http:
        accounts = http.get("/2010-04-01/Accounts.json").raise_for_status().json()["accounts"]
    own = environment["TWILIO_ACCOUNT_SID"]
    return {account["sid"]: account["auth_token"] for account in accounts if account["sid"] != own}


def _write_settings(home: Path, environment: dict[str, str], start: str, hooks_url: str) -> None:
    """Settings of the demo, so that commands and notebooks beside it find the same account."""
    (home / SETTINGS_FILE).write_text(
        "# Written by `workbench demo` at every start: an account that exists on this machine only.\n"
        f'public_url = "{hooks_url}"\n\n'
        f'[twilio]\naccount_sid = "{environment["TWILIO_ACCOUNT_SID"]}"\n'
        f'base_url = "{environment["WORKBENCH_TWILIO_BASE_URL"]}"\n\n'
        f'[sync]\nsince = "{date.fromisoformat(start)}"\nsubaccounts = true\n\n'
        '[schedule]\nsync = "1m"\n\n'
        # The data is not real, so pages need no token.
        "[access]\ntoken = false\n\n" + _RULES
    )
    for name, text in _TEMPLATES.items():
        create_whole(home / "templates" / f"{name}.toml", text)
    credentials = home / CREDENTIALS_FILE
    credentials.touch(mode=0o600)
    tokens = [f'{sid} = "{token}"\n' for sid, token in _subaccount_tokens(environment).items()]
    credentials.write_text(
        f'auth_token = "{environment["TWILIO_AUTH_TOKEN"]}"\n\n[subaccount_tokens]\n' + "".join(tokens)
    )


def _first_sync(home: Path) -> None:
    """Sync in a process of its own, so that what it needed of memory is free while the demo runs.

    Raises:
        WorkbenchError: it failed, and has said why.
    """
    command = [sys.executable, "-m", "workbench", "sync", "--format", "json"]
    done = subprocess.run(command, env=_server_environment(home), stdout=subprocess.PIPE, check=False)
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


def _control(environment: dict[str, str]) -> httpx.Client:
    """A client of the simulated account, with its credentials."""
    auth = (environment["TWILIO_ACCOUNT_SID"], environment["TWILIO_AUTH_TOKEN"])
    return httpx.Client(
        base_url=environment["WORKBENCH_TWILIO_BASE_URL"], trust_env=False, timeout=10, auth=auth
    )


def _add_rcs(environment: dict[str, str]) -> None:
    """Give the RCS desk, which the generated traffic does not use, a little history; once."""
    from workbench.simulator.traffic.channel_history import RCS_DESK, rcs_history

    messages = f"/2010-04-01/Accounts/{environment['TWILIO_ACCOUNT_SID']}/Messages.json"
    with _control(environment) as http:
        if not http.get(messages, params={"From": RCS_DESK, "PageSize": 1}).json()["messages"]:
            for described in rcs_history(datetime.now(UTC)):
                http.post("/_simulator/messages", json=described).raise_for_status()


def _wait_until_answered(url: str, over: threading.Event) -> bool:
    """Wait until a server answers; False when all is over before."""
    while not over.is_set():
        with suppress(httpx.TransportError):
            httpx.get(url, trust_env=False, timeout=5)
            return True
        over.wait(_LOOK_EVERY_SECONDS)
    return False


@contextmanager
def _beside(work: Callable[[], None], name: str, over: threading.Event) -> Iterator[None]:
    """Work goes on on a thread of its own, until it sees that all is over."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(10)


@contextmanager
def _said_when_ready(url: str, began: float) -> Iterator[None]:
    """Say how long it took once the pages answer, which is when they can be opened."""
    over = threading.Event()

    def wait() -> None:
        if _wait_until_answered(url, over):
            click.echo(f"Ready after {time.monotonic() - began:.0f} s.", err=True)

    with _beside(wait, "demo-ready", over):
        yield


def _add_arrivals(http: httpx.Client, messages: str) -> None:
    """Let people write to the WhatsApp desk without a text; once, when webhooks are posted."""
    from workbench.simulator.traffic.channel_history import whatsapp_arrivals

    for arrival in whatsapp_arrivals():
        if not http.get(messages, params={"From": arrival["from"], "PageSize": 1}).json()["messages"]:
            http.post("/_simulator/inbound", json=arrival).raise_for_status()


@contextmanager
def _at_work(environment: dict[str, str], hooks_url: str, extra_per_minute: int) -> Iterator[None]:
    """While the demo runs, the account posts every change to the webhooks, and people answer the user.

    The account's own traffic goes on by itself as its history did. Whoever wants more to look at can have
    messages beside it, which make today differ from every other day.
    """
    over = threading.Event()

    def work() -> None:
        with _control(environment) as http:
            urls = {f"{name}_url": f"{hooks_url}/webhooks/twilio/{name}" for name in ("status", "inbound")}
            http.post("/_simulator/callbacks", json=urls)
            messages = f"/2010-04-01/Accounts/{environment['TWILIO_ACCOUNT_SID']}/Messages.json"
            # What nobody takes is posted twice and then lost.
            if not _wait_until_answered(hooks_url, over):
                return
            _add_arrivals(http, messages)
            http.post("/_simulator/options", json={"people_answer": True}).raise_for_status()
            if extra_per_minute:
                _send_extra(http, messages, 60 / extra_per_minute, over)

    def try_to_work() -> None:
        try:
            work()
        except httpx.HTTPError as error:
            if not over.is_set():
                click.echo(f"The simulated account sends no more messages: {error!r}", err=True)

    with _beside(try_to_work, "demo-traffic", over):
        yield


def _send_extra(http: httpx.Client, messages: str, every: float, over: threading.Event) -> None:
    """Send messages of the log again, one every so many seconds on average, until it is over."""
    recent = http.get(messages, params={"PageSize": 500}).json()["messages"]
    sent = [message for message in recent if message["direction"] == "outbound-api" and message["body"]]
    rng = random.Random()
    while sent and not over.wait(rng.uniform(0.5, 1.5) * every):
        http.post(messages, data=_again(rng.choice(sent)))


def _again(message: dict[str, Any]) -> dict[str, str]:
    """The form that sends a message of the log again, to the same person from the same sender."""
    service = message["messaging_service_sid"]
    side = {"MessagingServiceSid": service} if service else {"From": message["from"]}
    return {"To": message["to"], "Body": message["body"], **side}


def _serve(home: Path, port: int, hooks_port: int, api_port: int) -> None:
    """Run the server processes with the demo's settings, whatever the environment has for a real account."""
    from workbench.server.serving import children
    from workbench.server.supervise import supervise

    settings = load_settings({"WORKBENCH_HOME": str(home)})
    supervise(children(settings, port, hooks_port, api_port, "127.0.0.1", _server_environment(home)))


def _server_environment(home: Path) -> dict[str, str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "WORKBENCH_"))
    }
    return {**environment, "WORKBENCH_HOME": str(home)}

"""What goes on in the simulated account while the demo runs, and when its pages can be opened."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import click
import httpx

from workbench.demo.account import control

_LOOK_EVERY_SECONDS = 0.25


def add_rcs(environment: dict[str, str]) -> None:
    """Give the RCS desk, which the generated traffic does not use, a little history; once."""
    from workbench.simulator.traffic.channel_history import RCS_DESK, rcs_history

    messages = f"/2010-04-01/Accounts/{environment['TWILIO_ACCOUNT_SID']}/Messages.json"
    with control(environment) as http:
        if not http.get(messages, params={"From": RCS_DESK, "PageSize": 1}).json()["messages"]:
            for described in rcs_history(datetime.now(UTC)):
                http.post("/_simulator/messages", json=described).raise_for_status()


@contextmanager
def said_when_ready(url: str, began: float) -> Iterator[None]:
    """Say how long it took once the pages answer, which is when they can be opened."""
    over = threading.Event()

    def wait() -> None:
        if _wait_until_answered(url, over):
            click.echo(f"Ready after {time.monotonic() - began:.0f} s.", err=True)

    with _beside(wait, "demo-ready", over):
        yield


@contextmanager
def at_work(environment: dict[str, str], hooks_url: str, extra_per_minute: int) -> Iterator[None]:
    """While the demo runs, the account posts every change to the webhooks, and people answer the user.

    The account's own traffic goes on by itself as its history did. Whoever wants more to look at can have
    messages beside it, which make today differ from every other day.
    """
    over = threading.Event()

    def work() -> None:
        with control(environment) as http:
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


def _wait_until_answered(url: str, over: threading.Event) -> bool:
    """Wait until a server answers; False when all is over before."""
    while not over.is_set():
        with suppress(httpx.TransportError):
            httpx.get(url, trust_env=False, timeout=5)
            return True
        over.wait(_LOOK_EVERY_SECONDS)
    return False


def _add_arrivals(http: httpx.Client, messages: str) -> None:
    """Let people write to the WhatsApp desk without a text; once, when webhooks are posted."""
    from workbench.simulator.traffic.channel_history import whatsapp_arrivals

    for arrival in whatsapp_arrivals():
        if not http.get(messages, params={"From": arrival["from"], "PageSize": 1}).json()["messages"]:
            http.post("/_simulator/inbound", json=arrival).raise_for_status()


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

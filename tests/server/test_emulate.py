"""An independent stand-in for Twilio pushes at the hooks: `emulate` signs with code that none of us wrote."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.messages import ACCOUNT
from tests.server.hooking import Caller, environment, hooked
from workbench.lake import open_lake
from workbench.server.hooks import INBOUND_PATH, STATUS_PATH
from workbench.settings import load_settings

PACKAGES = ("emulate@0.12.2", "node@22")
TOKEN, SENDER, CONTACT = "twilio_test_auth_token", "+15551234567", "+14155550123"
#: Its number belongs to a messaging service, which shares opt-outs between its senders.
SERVICE = "MG" + "0" * 32


@pytest.fixture(scope="module")
def emulate(request: pytest.FixtureRequest) -> Path:
    """The installed packages, kept between runs; skips loudly where they cannot be had."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("NO NPM on this machine: the hooks were not tried against the independent stand-in")
    folder = Path(request.config.cache.mkdir("emulate"))
    if not (folder / "node_modules/.bin/emulate").exists():
        try:
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES],
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            pytest.skip("NPM DOES NOT ANSWER: the hooks were not tried against the independent stand-in")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"NPM FAILED: the hooks were not tried against the independent stand-in ({last})")
    return folder / "node_modules/.bin"


@contextmanager
def emulating(bin: Path) -> Iterator[httpx.Client]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [bin / "node", bin / "emulate", "start", "--service", "twilio", "--port", str(port)]
    process = subprocess.Popen(
        [*map(str, command), "--host", "127.0.0.1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base_url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base_url, auth=(ACCOUNT, TOKEN), timeout=20, trust_env=False) as http:
            wait_for(http)
            yield http
    finally:
        process.kill()
        process.wait()


def wait_for(http: httpx.Client) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if http.get(f"/2010-04-01/Accounts/{ACCOUNT}.json").status_code < 500:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise AssertionError("emulate does not answer")


def form(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_its_callbacks_and_messages_arrive(emulate: Path, home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    public_url = f"http://127.0.0.1:{port}"
    account = f"/2010-04-01/Accounts/{ACCOUNT}"
    with emulating(emulate) as twilio:
        environ = environment(
            home,
            WORKBENCH_PUBLIC_URL=public_url,
            TWILIO_AUTH_TOKEN=TOKEN,
            WORKBENCH_TWILIO_BASE_URL=str(twilio.base_url).rstrip("/"),
        )
        settings = load_settings(environ)
        with hooked(settings, port) as caller:
            caller.settle()
            sent = push(twilio, account, public_url)
            settle(caller)
    with open_lake(settings) as lake:
        statuses = lake.rows("select status from status_events where message_sid = ? order by 1", [sent])
        assert {"delivered", "sent"} <= {status for (status,) in statuses}
        # Nobody synced: the message was fetched because its callbacks came.
        assert lake.rows("select status, body from messages where message_sid = ?", [sent]) == [
            ("delivered", "Your code is 1234 – é")
        ]
        inbound = lake.rows("select contact, body from messages where not is_outbound order by body")
        assert inbound == [(CONTACT, "Grüße & mehr = 1+1"), (CONTACT, "STOP")]
        assert lake.rows("select address, scope from suppressions") == [(CONTACT, SERVICE)]


def push(twilio: httpx.Client, account: str, public_url: str) -> str:
    """Make it call both hooks; the SID of what was sent."""
    (number,) = form(twilio.get(f"{account}/IncomingPhoneNumbers.json"))["incoming_phone_numbers"]
    address = f"{account}/IncomingPhoneNumbers/{number['sid']}.json"
    form(twilio.post(address, data={"SmsUrl": public_url + INBOUND_PATH, "SmsMethod": "POST"}))
    message = {"From": SENDER, "To": CONTACT, "Body": "Your code is 1234 – é"}
    sent = str(
        form(
            twilio.post(
                f"{account}/Messages.json", data={**message, "StatusCallback": public_url + STATUS_PATH}
            )
        )["sid"]
    )
    for status in ("sent", "delivered"):
        form(twilio.post("/_twilio/simulate/message-status", data={"MessageSid": sent, "Status": status}))
    for body in ("Grüße & mehr = 1+1", "STOP"):
        form(
            twilio.post(
                "/_twilio/simulate/inbound-message", data={"From": CONTACT, "To": SENDER, "Body": body}
            )
        )
    return sent


def settle(caller: Caller) -> None:
    """Until all is in the lake, and what only callbacks knew has been fetched."""
    caller.settle()
    time.sleep(2.5)
    report = caller.settle()
    assert report["refused"] == {}

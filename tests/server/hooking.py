"""A real hooks server on a thread or in a process of its own, and requests signed by the official client."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from twilio.request_validator import RequestValidator

from tests.messages import ACCOUNT, CONTACT, SENDER
from workbench.server.hooks import INBOUND_PATH, STATUS_PATH, HooksServer
from workbench.settings import Settings

TOKEN = "a-token-of-the-tests"
PUBLIC_URL = "https://hooks.example"
FORM = "application/x-www-form-urlencoded"


def environment(home: Path, **changes: str) -> dict[str, str]:
    """An account whose jobs are all off: nothing here asks Twilio."""
    home.mkdir(parents=True, exist_ok=True)
    off = "".join(
        f'{job} = "off"\n'
        for job in ("sync", "maintenance", "cancellations", "reconcile", "reports", "retention")
    )
    if not (home / "workbench.toml").exists():
        (home / "workbench.toml").write_text(f"[schedule]\n{off}")
    return {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_PUBLIC_URL": PUBLIC_URL,
        "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9",
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        **changes,
    }


class Caller:
    """Posts as Twilio does."""

    def __init__(self, url: str, home: Path) -> None:
        self.home = home
        self.http = httpx.Client(base_url=url, timeout=20, trust_env=False)

    def post(
        self, path: str, fields: Mapping[str, Any], token: str = TOKEN, **headers: str
    ) -> httpx.Response:
        signature = RequestValidator(token).compute_signature(PUBLIC_URL + path, dict(fields))
        signed = {"X-Twilio-Signature": signature, "Content-Type": FORM, **headers}
        return self.http.post(path, content=urlencode(fields), headers=signed)

    def status(self, number: int, status: str = "sent", **fields: str) -> httpx.Response:
        return self.post(STATUS_PATH, status_form(number, status, **fields))

    def inbound(self, number: int, body: str = "Hello", **fields: str) -> httpx.Response:
        return self.post(INBOUND_PATH, inbound_form(number, body, **fields))

    def ready(self) -> dict[str, Any]:
        token = (self.home / "link.token").read_text()
        report: dict[str, Any] = self.http.get("/readyz", headers={"Authorization": f"Bearer {token}"}).json()
        return report

    def settle(self, seconds: float = 30) -> dict[str, Any]:
        """Wait until all that was stored is in the lake."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            report = self.ready()
            if report["ready"] and not report["waiting_for_lake"]:
                break
            time.sleep(0.05)
        assert report["ready"], report
        assert report["waiting_for_lake"] == 0, report
        return report


@contextmanager
def calling(port: int, home: Path) -> Iterator[Caller]:
    """A caller of the hooks on this port."""
    caller = Caller(f"http://127.0.0.1:{port}", home)
    with caller.http:
        yield caller


def sid(number: int) -> str:
    return f"SM{number:032x}"


def status_form(number: int, status: str, **fields: str) -> dict[str, str]:
    return {
        "MessageSid": sid(number), "SmsSid": sid(number), "MessageStatus": status, "SmsStatus": status,
        "AccountSid": ACCOUNT, "From": SENDER, "To": CONTACT, "ApiVersion": "2010-04-01", **fields,
    }  # fmt: skip


def inbound_form(number: int, body: str, **fields: str) -> dict[str, str]:
    return {
        "MessageSid": sid(number), "SmsSid": sid(number), "SmsMessageSid": sid(number), "AccountSid": ACCOUNT,
        "From": CONTACT, "To": SENDER, "Body": body, "NumMedia": "0", "NumSegments": "1",
        "SmsStatus": "received", "ApiVersion": "2010-04-01", "FromCity": "", "FromCountry": "US", **fields,
    }  # fmt: skip


@contextmanager
def hooked(settings: Settings, port: int = 0) -> Iterator[Caller]:
    """The server on a thread of its own; port 0 takes a free one."""
    server, answers = HooksServer(settings, port), threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="hooks") as thread:
        running = thread.submit(server.run, lambda _: answers.set())
        running.add_done_callback(lambda _: answers.set())
        try:
            assert answers.wait(30)
            caller = Caller(server.url, settings.home)
            yield caller
            caller.http.close()
        finally:
            server.stop()
            running.result(30)


@contextmanager
def hooks_process(environ: Mapping[str, str], port: int, *wrap: str) -> Iterator[subprocess.Popen[bytes]]:
    """The server as `workbench serve --only hooks`; killed at the end if it still runs."""
    command = [sys.executable, "-m", "workbench", "serve", "--only", "hooks", "--hooks-port", str(port)]
    process = subprocess.Popen(
        [*wrap, *command], env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        wait_until_live(port, process)
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def wait_until_live(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, "the server ended"
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=2, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")

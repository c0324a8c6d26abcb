"""Requests to the app: in this process, in one that is killed on the way, and to one that is served."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.ports import free_port
from workbench.http_api.app import create_app
from workbench.http_api.opened import OpenedInstallation
from workbench.lake.connect import Lake
from workbench.roles import find_people_with
from workbench.settings import load_settings
from workbench.twilio.sending import MessageSender

HOST = "api.example"


class InProcess:
    """Asks the app without a socket; each instance is an installation opened anew."""

    def __init__(self, environ: Mapping[str, str], token: str) -> None:
        self.app = create_app(load_settings(environ), frozenset({HOST}))
        self.headers = {"Authorization": f"Bearer {token}"}

    def with_token(self, token: str) -> InProcess:
        """The same app, asked by somebody else."""
        other = copy.copy(self)
        other.headers = {"Authorization": f"Bearer {token}"}
        return other

    @property
    def opened(self) -> OpenedInstallation:
        opened: OpenedInstallation = self.app._app.state.opened  # type: ignore[attr-defined]
        return opened

    def close(self) -> None:
        self.opened.close()

    def __call__(self, method: str, path: str, *, key: str | None = None, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        if key:
            headers["Idempotency-Key"] = key

        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}/api/v1") as http:
                return await http.request(method, path, headers=headers, **options)

        return asyncio.run(ask())


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at(step: str) -> None:
    """This process kills itself: `write 2` after its second commit, `create before` or `create after`."""
    kind, _, which = step.partition(" ")
    if kind == "write":
        left = [int(which)]
        write = Lake.write

        def counted(self: Lake, work: Any, **options: Any) -> Any:
            result = write(self, work, **options)
            left[0] -= 1
            if not left[0]:
                die()
            return result

        Lake.write = counted  # type: ignore[method-assign]
    else:
        create = MessageSender.create

        def killed(self: MessageSender, message: Any) -> Any:
            if which == "before":
                die()
            create(self, message)
            die()

        MessageSender.create = killed  # type: ignore[method-assign]


def _ask_and_die(
    environ: Mapping[str, str], token: str, step: str, warm: str, request: tuple[str, str, str, Any]
) -> None:
    ask = InProcess(environ, token)
    ask("GET", warm)
    method, path, key, body = request
    # What a process settles at its first write is done before.
    ask(method, path, key="warm", json={**body, "confirm": False})
    kill_at(step)
    ask(method, path, key=key, json=body)


def ask_and_die(
    environ: Mapping[str, str], token: str, step: str, warm: str, request: tuple[str, str, str, Any]
) -> int | None:
    """Make a request in a process that kills itself at a step; how the process ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, "pandas", "workbench.api.sending"])
    process = context.Process(target=_ask_and_die, args=[dict(environ), token, step, warm, request])
    process.start()
    process.join(60)
    return process.exitcode


@contextmanager
def served(environ: Mapping[str, str], home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`workbench serve --only api` as a process; its address."""
    port = free_port()
    command = [sys.executable, "-m", "workbench", "serve", "--only", "api", "--api-port", str(port)]
    with (home / "api.log").open("ab") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environ}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            wait_until_live(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            process.wait(30)


def wait_until_live(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "it ended"
        try:
            httpx.get(f"{url}/healthz", timeout=5, trust_env=False).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("it never answered")


@contextmanager
def nobody_signed_in() -> Iterator[None]:
    """As the served process: who does not come through the door is nobody."""
    find_people_with(lambda: None)
    try:
        yield
    finally:
        find_people_with(None)

"""Many callers, slow callers, and no files left: the server goes on, and its log stays short."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.server.hooking import environment, hooked, hooks_process
from tests.server.raw import ask, status_of
from tests.ui.serving import served
from workbench.server import hooks, pages
from workbench.server.connections import Limits, limits_for
from workbench.server.log_limit import LogLimit
from workbench.server.supervise import Child, _look_after
from workbench.settings import Settings, load_settings

HALF = b"POST /webhooks/twilio/inbound HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    ("files", "in_all", "per_address"),
    [(16, 32, 16), (256, 128, 32), (1024, 512, 128), (65536, 1000, 250), (1 << 40, 1000, 250)],
)
def test_half_of_the_files_stay_free(files: int, in_all: int, per_address: int) -> None:
    assert limits_for(files) == Limits(in_all, per_address)


@contextmanager
def half_requests(port: int, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            connection.sendall(HALF)
            opened.append(connection)
        yield opened


def answers(port: int) -> bool:
    try:
        request = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        return status_of(ask(port, request)) == 200
    except (OSError, ValueError):
        return False


def until(check: Callable[[], bool], seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(0.1)
    return check()


def test_slow_callers_end_neither_the_hooks_nor_the_room_in_the_log(tmp_path: Path) -> None:
    """More half requests than the process may open files."""
    port = free_port()
    limited = ("bash", "-c", 'ulimit -n 256; exec "$@"', "limited")
    with hooks_process(environment(tmp_path / "home"), port, *limited) as process:
        with half_requests(port, 370):
            time.sleep(3)
            assert process.poll() is None
        assert until(lambda: answers(port)), "it answers once they are gone"
        assert process.poll() is None
        process.terminate()
        process.wait(30)
        assert process.stderr
        lines = process.stderr.read().decode().splitlines()
        assert sum("connections refused: 128 are open, the most at one time" in line for line in lines) == 1
        assert len(lines) < 12, lines


_LITTLE_SERVER = """
import asyncio, logging, resource, sys
from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler
from workbench.server.connections import Limits, limit_connections

class Live(RequestHandler):
    def get(self): self.write("{}")

async def main():
    server = HTTPServer(Application([("/healthz", Live)]))
    server.listen(int(sys.argv[1]), "127.0.0.1")
    limit_connections(server, limits=Limits(10_000, 10_000))
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    await asyncio.Event().wait()

logging.basicConfig()
asyncio.run(main())
"""


def test_without_a_file_left_accepting_waits(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _LITTLE_SERVER, str(port)], stderr=subprocess.PIPE)
    try:
        assert until(lambda: answers(port))
        with half_requests(port, 80):
            time.sleep(3)
        assert until(lambda: answers(port))
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        with process.stderr:
            lines = process.stderr.read().decode().splitlines()
    assert 1 <= len(lines) <= 8, lines
    assert all("no connection is accepted for 1 s: [Errno 24] Too many open files" in line for line in lines)


@pytest.mark.parametrize("sent", [b"", HALF, HALF + b"Content-Length: 10\r\n\r\nabc"])
@pytest.mark.parametrize("server", ["pages", "hooks"])
def test_a_slow_caller_is_cut_off(
    server: str, sent: bytes, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (pages, hooks):
        monkeypatch.setattr(module, "HEAD_SECONDS", 0.5)
        monkeypatch.setattr(module, "BODY_SECONDS", 0.5)
    with ExitStack() as stack:
        if server == "pages":
            port = stack.enter_context(served(settings)).port
        else:
            caller = stack.enter_context(hooked(load_settings(environment(tmp_path / "hooks"))))
            port = caller.http.base_url.port or 0
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(sent.replace(b"127.0.0.1", b"127.0.0.1:%d" % port))
            began = time.monotonic()
            while connection.recv(4096):
                pass
            assert time.monotonic() - began < 15


def log_lines(count: int, seconds_between: float, logger: str, text: str, *arguments: object) -> list[str]:
    now = [0.0]
    limit, said = LogLimit(lambda: now[0]), []
    for number in range(count):
        values = tuple(number if value is ... else value for value in arguments)
        record = logging.LogRecord(logger, logging.WARNING, "", 0, text, values, None)
        if limit.filter(record):
            said.append(record.getMessage())
        now[0] += seconds_between
    return said


def test_of_each_kind_of_line_there_is_one_a_minute() -> None:
    assert log_lines(1000, 0.001, "asyncio", "failed: %s", ...) == ["failed: 0"]
    assert log_lines(1000, 0.001, "workbench.server.x", "failed: %s", "it") == ["failed: it"]
    assert log_lines(130, 1, "asyncio", "failed: %s", ...) == [
        "failed: 0", "failed: 60 (and 59 more of this kind)", "failed: 120 (and 59 more of this kind)"
    ]  # fmt: skip
    assert log_lines(3, 1, "workbench.server.x", "job %s failed", ...) == [
        "job 0 failed", "job 1 failed", "job 2 failed"
    ]  # fmt: skip
    assert len(log_lines(5000, 0, "workbench.server.x", "job %s failed", ...)) == 5000


def test_pages_go_on_beside_half_requests(settings: Settings) -> None:
    with served(settings) as server, half_requests(server.port, 300):
        assert answers(server.port)


def test_the_supervisor_says_why_it_starts_a_process_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A hooks process that finds another one ends by itself."""
    environ = environment(tmp_path / "home")
    said: list[str] = []
    with hooks_process(environ, free_port()):
        child = Child("hooks", ["--only", "hooks", "--hooks-port", "0"], {**environ, "PATH": "/usr/bin:/bin"})
        child.start()
        try:
            assert child.process
            child.process.wait(60)
            _look_after(child, said.append)
        finally:
            child.end()
            child.wait(time.monotonic() + 10)
    last_line = capfd.readouterr().err.strip().splitlines()[-1]
    assert "hooks process" in last_line, "what a process says goes on to our own output"
    assert said == [
        f"The hooks process ended (exit code 3; its last line: {last_line}); it starts again in 0.5 s."
    ]

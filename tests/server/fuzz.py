"""Throws slow, cut, huge and garbled requests at a running server over raw sockets, and watches its memory.

    python -m tests.server.fuzz --seconds 300

The test of the suite (``test_fuzz.py``) does the same for a few seconds. Every port is asked at the same
time, from a few threads; each request is made of a seed, so that a failure can be repeated.
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from tests.server.hooking import PUBLIC_URL, TOKEN, inbound_form, status_form
from tests.server.processes import Serving, serving
from workbench.server.hooks import INBOUND_PATH, STATUS_PATH

_PATHS = (
    "/", "/overview", "/messages?q=%00", "/inbox?conversation=CV0", "/static/x", "/healthz", "/readyz",
    "/webhooks/twilio/status", "/webhooks/twilio/inbound", "/download/messages/messages.csv", "/overview/ws",
    "//", "/%2e%2e/%2e%2e/etc/passwd", "/\u00e9", "*", "http://other.example.com/", "/" + "a" * 5000,
)  # fmt: skip
_METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "CONNECT", "get", "\x00", "G" * 300)
_HEADERS = (
    "Host: 127.0.0.1:{port}", "Host: evil.example.com", "Content-Length: 99999999999", "Content-Length: -1",
    "Content-Length: 5", "Transfer-Encoding: chunked", "Upgrade: websocket", "Connection: Upgrade",
    "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13", "Cookie: a=" + "b" * 4000, "X: " + "y" * 20_000,
    "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded",
    "Expect: 100-continue", "Authorization: Bearer x", "X-Twilio-Signature: x", "Range: bytes=0-",
    "\x00: \xff", "no colon",
)  # fmt: skip
WORKERS = 4


@dataclass
class Report:
    """What a run did and saw."""

    requests: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    memory: dict[str, list[float]] = field(default_factory=dict)
    """MB of each process, every two seconds."""


def fuzz(served: Serving, seconds: float, seed: int = 1) -> Report:
    """Ask every port of what is served until the time is over."""
    report, over = Report(), threading.Event()
    threads = [
        threading.Thread(target=_ask, args=(random.Random(seed * 100 + worker), served, report, over))
        for worker in range(WORKERS)
    ]
    for thread in threads:
        thread.start()
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        for name, pid in served.pids().items():
            report.memory.setdefault(name, []).append(_memory(pid))
        time.sleep(2)
    over.set()
    for thread in threads:
        thread.join(30)
    return report


def _ask(chance: random.Random, served: Serving, report: Report, over: threading.Event) -> None:
    kinds = {"garbled": _garbled, "cut": _cut, "slow": _slow, "huge": _huge, "genuine": _genuine}
    while not over.is_set():
        kind, port = chance.choice(list(kinds)), chance.choice(served.ports)
        report.requests[kind] += 1
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            for data in kinds[kind](chance, port):
                if over.is_set():
                    break
                connection.sendall(data)
            first_line = connection.recv(200).partition(b"\r\n")[0].decode("latin-1")
            report.answers[" ".join(first_line.split()[1:2]) or "closed"] += 1


def _garbled(chance: random.Random, port: int) -> Iterator[bytes]:
    if chance.random() < 0.3:
        yield chance.randbytes(chance.randrange(1, 4000))
        return
    lines = [
        f"{chance.choice(_METHODS)} {chance.choice(_PATHS)} HTTP/{chance.choice(('1.1', '1.0', '9', ''))}"
    ]
    lines += [line.format(port=port) for line in chance.choices(_HEADERS, k=chance.randrange(8))]
    head = chance.choice(("\r\n", "\n", "\r")).join(lines) + "\r\n\r\n"
    yield head.encode("latin-1", "replace") + chance.randbytes(chance.randrange(300))


def _cut(chance: random.Random, port: int) -> Iterator[bytes]:
    whole = b"".join(_genuine(chance, port))
    yield whole[: chance.randrange(1, len(whole))]


def _slow(chance: random.Random, port: int) -> Iterator[bytes]:
    for byte in b"".join(_genuine(chance, port))[: chance.randrange(5, 40)]:
        yield bytes([byte])
        time.sleep(0.02)


def _huge(chance: random.Random, port: int) -> Iterator[bytes]:
    head = f"POST {chance.choice(_PATHS[7:9])} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
    if chance.random() < 0.5:
        yield (head + "Transfer-Encoding: chunked\r\n\r\n").encode()
        for _ in range(40):
            yield b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    else:
        yield (head + "X: " + "y" * 200_000 + "\r\n\r\n").encode()


def _genuine(chance: random.Random, port: int) -> Iterator[bytes]:
    """A webhook that Twilio signed, with strange values."""
    number, text = chance.randrange(10**6), "".join(chance.choices("aé\U0001f600\x00\u202e\n{}%'\"<", k=20))
    path, form = chance.choice(
        [
            (STATUS_PATH, status_form(number, chance.choice(("sent", "delivered", text)))),
            (INBOUND_PATH, inbound_form(number, text)),
        ]
    )
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC_URL + path, dict(form))
    body = urlencode(form).encode()
    yield (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Twilio-Signature: {signature}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def _memory(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve a home of its own and fuzz it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "home") as served:
        report = fuzz(served, options.seconds, options.seed)
        problems = served.problems()
    sys.stdout.write(f"{sum(report.requests.values()):,} requests: {dict(report.requests)}\n")
    sys.stdout.write(f"answers: {dict(report.answers.most_common())}\n")
    for name, sizes in report.memory.items():
        begin = sizes[: max(1, len(sizes) // 4)]
        sys.stdout.write(
            f"{name}: {sum(begin) / len(begin):.0f} MB at first, {sizes[-1]:.0f} MB at the end\n"
        )
    sys.stdout.write("no unhandled exception\n" if not problems else "".join(problems))
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()

"""A customer's server: takes webhooks, checks their signature with the official validator, keeps them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator


class Receiver:
    """What was posted, in order of arrival; `answer` decides the status and body of each answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.auth_token = ""
        self.forms: list[dict[str, str]] = []
        self.signed: list[bool] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Callable[[dict[str, str]], tuple[int, str]] = lambda form: (204, "")

    def take(self, path: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        form = dict(parse_qsl(body, keep_blank_values=True))
        signature = headers.get("X-Twilio-Signature", "")
        validator = RequestValidator(self.auth_token)
        self.signed.append(validator.validate(self.url.removesuffix("/hook") + path, form, signature))
        self.headers.append(headers)
        self.forms.append(form)
        return self.answer(form)

    def wait_for(self, count: int, seconds: float = 5.0) -> list[dict[str, str]]:
        """Wait until so many have come; fails if they do not."""
        deadline = time.monotonic() + seconds
        while len(self.forms) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.forms) >= count, f"{len(self.forms)} of {count} came: {self.forms}"
        return self.forms

    def statuses(self, sid: str) -> list[str]:
        return [form["MessageStatus"] for form in self.forms if form["MessageSid"] == sid]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver: Receiver

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, text = receiver.take(self.path, dict(self.headers.items()), body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.05))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

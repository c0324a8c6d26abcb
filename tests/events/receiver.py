"""A receiver of events on this machine, and homes whose settings name it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from workbench.settings import Settings, load_settings

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Arrival:
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.raw)
        return content

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Keeps what arrives in its order; ``answer`` decides the status of each."""

    port: int = 0
    answer: Callable[[Arrival], int] = lambda arrival: 200
    arrivals: list[Arrival] = field(default_factory=list)
    location: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/events"

    def bodies(self) -> list[dict[str, Any]]:
        return [arrival.body for arrival in self.arrivals]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver, lock = Receiver(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                arrival = Arrival({name.lower(): value for name, value in self.headers.items()}, raw)
                receiver.arrivals.append(arrival)
                status = receiver.answer(arrival)
            self.send_response(status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def webhook_settings(home: Path, url: str, lines: str = "", name: str = "shop") -> Settings:
    """Settings of a home with one event webhook."""
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(f'[events.webhooks.{name}]\nurl = "{url}"\n{lines}\n')
    credentials = home / "credentials.toml"
    credentials.touch(mode=0o600)
    credentials.write_text(f"[event_webhook_secrets]\n{name} = '{SECRET}'\n")
    return load_settings({"WORKBENCH_HOME": str(home)})

"""A real lake with traffic that a test chooses, and a webhook that keeps what it gets."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.messages import ACCOUNT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.save_rows import save_rows
from workbench.messaging.message import message_row

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)
"""A Wednesday."""


class Traffic:
    """Messages, syncs and read days of a lake."""

    def __init__(self, lake: Lake) -> None:
        self.lake = lake
        self._number = 0

    def messages(
        self, at: datetime, delivered: int, failed: int = 0, code: int = 30003, **changes: Any
    ) -> None:
        """So many messages in the minutes after a moment."""
        rows = []
        for number in range(delivered + failed):
            self._number += 1
            moment = at + timedelta(seconds=number % 600)
            fate = {"status": "undelivered", "error_code": code} if number < failed else {}
            dates = {"date_created": moment, "date_sent": moment, "date_updated": moment}
            rows.append(message_row(payload(self._number, **{**dates, **fate, **changes})))
        table = message_table(rows)
        self.lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=at))

    def questions(self, at: datetime, number: int, *, is_answered: bool) -> None:
        """A question of so many people, answered after twenty minutes or not at all."""
        rows = []
        for person in range(number):
            contact = f"+1415555{person:04d}"
            came = {"direction": "inbound", "status": "received", "from": contact, "to": SENDER}
            for fields, moment in ((came, at), ({"to": contact}, at + timedelta(minutes=20))):
                if fields is came or is_answered:
                    self._number += 1
                    dates = {"date_created": moment, "date_sent": moment, "date_updated": moment}
                    rows.append(message_row(payload(self._number, **dates, **fields)))
        table = message_table(rows)
        self.lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=at))

    def weeks(self, before: datetime, delivered: int, failed: int, code: int = 30003) -> None:
        """The same half hour before a moment in each of the six weeks before."""
        for week in range(1, 7):
            self.messages(before - timedelta(weeks=week, minutes=30), delivered, failed, code)

    def synced(self, at: datetime, days: int = 60) -> None:
        """A sync that ended at a moment, with every day read up to it."""
        window = [
            {
                "account_sid": ACCOUNT,
                "day": at.date() - timedelta(days=number),
                "read_from": at,
                "rows": 0,
                "next_page_uri": None,
                "finished_at": at,
            }
            for number in range(days)
        ]
        run = {
            "run_id": f"run-{at.isoformat()}",
            "account_sid": ACCOUNT,
            "started_at": at,
            "finished_at": at,
            "outcome": "done",
            "listed": 0,
            "added": 0,
            "changed": 0,
            "requests": 0,
            "error": None,
        }

        def work(cursor: Any) -> None:
            save_rows(cursor, "sync_windows", window, key=("account_sid", "day"))
            save_rows(cursor, "sync_runs", [run], key=("run_id",))

        self.lake.write(work)


@pytest.fixture
def traffic(lake: Lake) -> Traffic:
    return Traffic(lake)


class Receiver:
    """A webhook on this machine; `answers` are the statuses of the next requests, then 200."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.answers: list[int] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                if status == 200:
                    receiver.received.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """As apprise writes it, with a word that must be nowhere else."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/hush-hush-token"

    @property
    def titles(self) -> list[str]:
        return [each["title"] for each in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened = Receiver()
    yield opened
    opened.close()


def write_targets(home: Path, address: str) -> None:
    """A credentials.toml with one target."""
    home.mkdir(exist_ok=True)
    path = home / "credentials.toml"
    path.write_text(f"[alert_targets]\nops = '{address}'\n")
    path.chmod(0o600)

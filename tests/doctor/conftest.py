"""An examination of a real lake whose rows a test chooses, without the network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, LiteralString

import pytest

from tests.messages import ACCOUNT, payload
from workbench.doctor.check_result import CheckResult
from workbench.doctor.examination import Examination
from workbench.doctor.run import examine
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.save_rows import save_rows
from workbench.messaging.message import message_row
from workbench.settings import Settings
from workbench.settings.read import SettingsReader

NOW = datetime(2026, 9, 30, 12, tzinfo=UTC)


class Patient:
    """A lake, and what a check says of it at NOW."""

    def __init__(self, settings: Settings, lake: Lake) -> None:
        self.settings, self.lake = settings, lake
        self.reading = SettingsReader(settings, (), (), {}, "")
        self.own_file_problems: Callable[[], list[str]] = list

    def results(self, check: str) -> list[CheckResult]:
        examination = Examination(
            self.settings,
            self.reading,
            open_lake=lambda: self.lake,
            own_file_problems=self.own_file_problems,
            now=NOW,
        )
        return list(examine(examination, [check]).results)

    def states(self, check: str) -> list[tuple[str, str]]:
        """State and subject of each result."""
        return [(result.state, result.subject) for result in self.results(check)]

    def insert(self, table: LiteralString, key: tuple[LiteralString, ...], *rows: dict[str, Any]) -> None:
        self.lake.write(lambda cursor: save_rows(cursor, table, rows, key=key))

    def messages(self, *changes: dict[str, Any]) -> None:
        """Messages of 2026-09-01, or as changed; each with a SID of its own."""
        start = self.lake.value("select count(*) from raw_messages") or 0
        rows = [message_row(payload(start + 1 + number, **change)) for number, change in enumerate(changes)]
        table = message_table(rows)
        self.lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))

    def sender(self, sender: str, **columns: Any) -> None:
        row = {
            "account_sid": ACCOUNT,
            "sender": sender,
            "sender_type": "long code",
            "read_at": NOW,
            **columns,
        }
        self.insert("senders", ("account_sid", "sender"), row)

    def service(self, sid: str, name: str, **columns: Any) -> None:
        row = {
            "account_sid": ACCOUNT,
            "messaging_service_sid": sid,
            "friendly_name": name,
            "read_at": NOW,
            **columns,
        }
        self.insert("messaging_services", ("account_sid", "messaging_service_sid"), row)


@pytest.fixture
def patient(settings: Settings, lake: Lake) -> Patient:
    return Patient(settings, lake)

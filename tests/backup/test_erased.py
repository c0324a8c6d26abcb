"""Whoever was erased after a backup was made stays erased after its restore, whatever it held of them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.backup.conftest import Restore
from tests.doctor.conftest import NOW
from tests.messages import payload
from tests.ui.known import save
from workbench import Workbench
from workbench.api.backup import list_at
from workbench.lake import Lake, open_lake
from workbench.lake.quoting import identifier
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import Settings, load_settings

US = "+12025550110"
#: One person in every spelling of a Mexican number, by SMS and WhatsApp, and two who stay.
SPELLINGS = ("+525512345678", "+5215512345678", "whatsapp:+5215512345678", "+5204455" + "12345678")
OTHER, THIRD = "+14155550123", "+14155550124"


def received(number: int, contact: str, **fields: str) -> dict[str, object]:
    to = f"whatsapp:{US}" if contact.startswith("whatsapp:") else US
    return payload(number, direction="inbound", **{"from": contact}, to=to, **fields)


def settings_of(home: Path, **variables: str) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(home), **variables})


def rows_with(lake: Lake, text: str) -> list[str]:
    """Every table that holds a text anywhere."""
    return [
        table
        for table, columns in lake.rows(
            "select table_name, list(column_name) from duckdb_columns() "
            "where database_name = 'lake' and data_type = 'VARCHAR' and table_name in "
            "(select table_name from duckdb_tables() where database_name = 'lake') group by 1"
        )
        for column in columns
        if lake.value(
            f"select count(*) from {identifier(table)} where contains({identifier(column)}, ?)", [text]
        )
    ]


def test_an_erased_person_does_not_come_back_under_any_spelling_nor_what_retention_removed(
    tmp_path: Path, restore: Restore
) -> None:
    home, target = tmp_path / "home", tmp_path / "backups"
    with open_lake(settings_of(home)) as lake:
        save(lake, [received(number, contact) for number, contact in enumerate(SPELLINGS)])
        today = format_datetime(datetime.now(UTC))
        save(lake, [received(50, OTHER, body="call my friend on 5215512345678 please", date_created=today)])
        save(lake, [received(51, THIRD, body="an old text")])
    (home / "notes.txt").write_text("ask +525512345678\nbuy milk\n")
    settings = settings_of(home, WORKBENCH_BACKUP_TARGET=str(target))
    with Workbench(settings=settings) as wb:
        old = wb.backup()
        report = wb.subject.erase("+52 55 1234 5678", local_only=True, confirm=True)
        assert report.backups is not None
        assert report.backups.backup_ids == (old.backup_id,)
        assert "may hold the person still" in report.backups.sentences()[0]
    # No backup was made since: the place knows of the erasure all the same.
    assert [listed.people_erased_since for listed in list_at(str(target), None)] == [1]
    # Retention removes old texts, which the next backup knows.
    retained = settings_of(home, WORKBENCH_RETENTION_BODIES="1", WORKBENCH_BACKUP_TARGET=str(target))
    with Workbench(settings=retained) as wb:
        wb.retention.run(confirm=True)
        wb.backup()
    answer = restore(target, "--at", old.backup_id, key_of=home)
    assert answer.exit_code == 0, answer.output
    assert "1 erased person, 1 row by retention" in answer.stdout
    with open_lake(settings_of(tmp_path / "other")) as lake:
        assert lake.rows("select contact, body from messages order by message_sid") == [
            (OTHER, "call my friend on [erased] please"), (THIRD, None)
        ]  # fmt: skip
        assert rows_with(lake, "12345678") == []
        # And they stay away.
        save(lake, [received(60 + number, contact) for number, contact in enumerate(SPELLINGS)])
        assert lake.value("select count(*) from raw_messages") == 2
    assert (tmp_path / "other/notes.txt").read_text() == "buy milk\n"
    held = [
        path.name
        for path in (tmp_path / "other").rglob("*")
        if path.is_file() and b"12345678" in path.read_bytes()
    ]
    assert held == []


def test_a_person_of_whom_only_a_pseudonym_is_kept_stays_erased_too(
    tmp_path: Path, restore: Restore, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, target = tmp_path / "home", tmp_path / "backups"
    monkeypatch.setenv("WORKBENCH_PRIVACY", "hashed")
    settings = settings_of(home, WORKBENCH_PRIVACY="hashed", WORKBENCH_BACKUP_TARGET=str(target))
    with Workbench(settings=settings) as wb:
        lake = wb._installation.begin_lake()
        privacy = wb._installation.privacy()
        rows = [
            privacy.apply(message_row(received(number, contact)))
            for number, contact in enumerate((*SPELLINGS, OTHER))
        ]
        table = message_table(rows)
        lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))
        wb.backup()
        wb.subject.erase(SPELLINGS[0], local_only=True, confirm=True)
        left = wb.sql("select contact from messages").contact.to_list()
        assert len(left) == 1
    answer = restore(target, key_of=home)
    assert answer.exit_code == 0, answer.output
    with open_lake(settings_of(tmp_path / "other")) as lake:
        assert [contact for (contact,) in lake.rows("select contact from messages")] == left

"""Ids of conversations give no number away, are keyed once, and an older lake's are keyed at its opening."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.messages import payload
from workbench.lake import Lake, conversation_ids, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import Settings

SENDER, CONTACT = "+14155550199", "+12065550142"
NOW = datetime(2026, 9, 20, tzinfo=UTC)


def save(lake: Lake, *numbers: int, **fields: Any) -> None:
    rows = [message_row(payload(number, to=CONTACT, **{"from": SENDER}, **fields)) for number in numbers]
    lake.write(lambda cursor: save_messages(cursor, message_table(rows), source="sync", received_at=NOW))


def ids(lake: Lake) -> list[str]:
    return [id for (id,) in lake.rows("select distinct conversation_id from messages order by 1")]


def plain_id() -> str:
    """As versions before the key made it."""
    return "CV" + hashlib.blake2s(f"{SENDER}|{CONTACT}".encode(), digest_size=12).hexdigest()


def stored_id(home: Path) -> str:
    key = bytes.fromhex((home / "privacy.key").read_text())
    digest = hashlib.blake2b(plain_id().encode(), digest_size=12, key=key, person=b"wb-conversation")
    return "CW" + digest.hexdigest()


def make_old(lake: Lake) -> None:
    """As a version without the key left it: with plain ids, and a note of a colleague."""

    def work(cursor: Any) -> None:
        cursor.execute("update raw_messages set conversation_id = ?", [plain_id()])
        cursor.execute(
            "insert into conversation_events values ('e1', ?, 'note', 'call back', null, 'local:ana', now())",
            [plain_id()],
        )

    lake.write(work)


def test_an_id_is_keyed_and_the_same_for_the_same_two(settings: Settings, home: Path) -> None:
    with open_lake(settings) as lake:
        save(lake, 1)
        save(lake, 2)
        assert ids(lake) == [stored_id(home)]


def test_with_another_key_it_is_another(tmp_path: Path) -> None:
    from workbench.settings import load_settings

    several = set()
    for name in ("a", "b"):
        with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path / name)})) as lake:
            save(lake, 1)
            several |= set(ids(lake))
    assert len(several) == 2


def test_an_older_lake_is_keyed_once_with_what_was_decided(settings: Settings, home: Path) -> None:
    with open_lake(settings) as lake:
        save(lake, 1)
        save(lake, 2, date_created="Fri, 07 Aug 2026 10:00:00 +0000", date_sent=None)
        make_old(lake)
    with open_lake(settings) as lake:
        assert ids(lake) == [stored_id(home)]
        assert lake.rows("select conversation_id, value from conversation_events") == [
            (stored_id(home), "call back")
        ]
        assert lake.value("select notes from conversations") == 1
        version = lake.snapshot_id()
    with open_lake(settings) as lake:
        assert lake.snapshot_id() == version


def test_killed_between_two_months_the_next_opening_goes_on(
    settings: Settings, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_lake(settings) as lake:
        save(lake, 1)
        save(lake, 2, date_created="Fri, 07 Aug 2026 10:00:00 +0000", date_sent=None)
        make_old(lake)
    key_month = conversation_ids._key_month
    months: list[Any] = []

    def key_one_month(cursor: Any, month: Any) -> None:
        if months:
            raise KeyboardInterrupt
        months.append(month)
        key_month(cursor, month)

    monkeypatch.setattr(conversation_ids, "_key_month", key_one_month)
    with pytest.raises(KeyboardInterrupt):
        open_lake(settings)
    monkeypatch.undo()
    with open_lake(settings, read_only=True) as lake:
        assert len(ids(lake)) == 2
    with open_lake(settings) as lake:
        assert ids(lake) == [stored_id(home)]
        assert lake.value("select notes from conversations") == 1


def test_keyed_ids_are_never_keyed_again(settings: Settings) -> None:
    with open_lake(settings) as lake:
        save(lake, 1)
        first = ids(lake)
        save(lake, 1, status="delivered")
        assert ids(lake) == first
        assert conversation_ids.keyed_id(first[0], b"k" * 32) == first[0]

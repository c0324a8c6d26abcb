"""The same lake on a Postgres catalog, with a real server of our own on a free port."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lake.feeding import NOW, begin_feed, noted, question, sid, sync
from tests.messages import payload
from tests.postgres import PostgresServer
from tests.ui.known import save
from workbench.errors import CatalogLost, LakeDamaged, LakeRefused, NothingKnown
from workbench.lake import open_lake
from workbench.lake.changed_tables import read_changed_tables
from workbench.lake.feed import append_feed
from workbench.lake.notifications import (
    Notification,
    NotificationDelivery,
    claim_notice,
    end_notice,
    mark_read,
    read_answered,
    read_choices,
    read_undelivered,
    read_unread,
    save_choice,
    save_notifications,
)
from workbench.lake.own_keywords import open_own_keywords
from workbench.lake.purge import purge
from workbench.lake.set_aside import adopt_files, set_damaged_aside, start_anew
from workbench.settings import Settings, load_settings
from workbench.settings.sections import KeywordSettings

_ROOT = str(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def postgres(postgres_machine: PostgresServer) -> str:
    """A connection string to a fresh database."""
    return postgres_machine.new_database()


@pytest.fixture
def shared(postgres: str, home: Path) -> Settings:
    return load_settings(
        {
            "WORKBENCH_HOME": str(home),
            "WORKBENCH_LAKE": f"postgres:{postgres}",
            "WORKBENCH_LAKE_DATA": str(home / "files"),
        }
    )


WRITER = """
import sys
from datetime import UTC, datetime
from tests.messages import payload
from workbench import Workbench
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
wb, start = Workbench(), int(sys.argv[1])
for batch in range(8):
    rows = [message_row(payload(start + batch * 20 + i)) for i in range(20)]
    wb._installation.begin_lake().write(
        lambda c: save_messages(c, message_table(rows), source="sync", received_at=datetime.now(UTC))
    )
"""


def test_several_machines_write_at_once_without_our_lock(shared: Settings) -> None:
    """Processes stand for machines: nothing but the catalog keeps their commits apart."""
    environ = {
        **os.environ,
        "PYTHONPATH": _ROOT,
        "WORKBENCH_HOME": str(shared.home),
        "WORKBENCH_LAKE": shared.catalog,
        "WORKBENCH_LAKE_DATA": shared.lake.data or "",
    }
    with open_lake(shared) as lake:
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", WRITER, str(start)], env=environ, stderr=subprocess.PIPE, text=True
            )
            # The second and third bring the same messages, as a sync and a webhook may.
            for start in (1000, 2000, 2000)
        ]
        for writer in writers:
            _, stderr = writer.communicate(timeout=120)
            assert writer.returncode == 0, stderr
        assert lake.rows("select count(*), count(distinct message_sid), sum(segments) from messages") == [
            (320, 320, 320)
        ]
    with open_lake(shared, read_only=True) as reader:
        assert reader.value("select count(*) from messages") == 320


APPENDER = """
from datetime import UTC, datetime
from workbench.lake import open_lake
from workbench.lake.feed import append_feed
from workbench.settings import load_settings
with open_lake(load_settings()) as lake:
    for _ in range(12):
        append_feed(lake, datetime(2026, 9, 10, 12, tzinfo=UTC))
"""


def test_the_feed_has_each_fact_once_whoever_appends(first: Settings) -> None:
    environ = {
        **os.environ,
        "PYTHONPATH": _ROOT,
        "WORKBENCH_HOME": str(first.home),
        "WORKBENCH_LAKE": first.catalog,
        "WORKBENCH_LAKE_DATA": first.lake.data or "",
    }
    with open_lake(first) as lake:
        begin_feed(lake)
        before = lake.snapshot_id()
        appenders = [
            subprocess.Popen([sys.executable, "-c", APPENDER], env=environ, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for number in range(1, 9):
            sync(lake, question(500 + number, f"+1415559{number:04d}"))
        changed = read_changed_tables(lake, before).names
        for appender in appenders:
            _, stderr = appender.communicate(timeout=120)
            assert appender.returncode == 0, stderr
        append_feed(lake, NOW)
        events = noted(lake)
        unchanged = lake.snapshot_id()
        assert (append_feed(lake, NOW), lake.snapshot_id()) == (0, unchanged)
    assert changed is not None
    assert "raw_messages" in changed
    assert [event.position for event in events] == list(range(1, len(events) + 1))
    received = [event.message_sid for event in events if event.kind == "message.received"]
    assert sorted(filter(None, received)) == [sid(500 + number) for number in range(1, 9)]


def _psql(postgres: str, *statements: str) -> None:
    for statement in statements:
        subprocess.run(["psql", "-q", "-d", postgres, "-c", statement], check=True, timeout=60)


def _settings_with(settings: Settings, database: str, home: Path | None = None) -> Settings:
    """Another database of the same server with the same folder of files, or another machine's view of it."""
    return load_settings(
        {
            "WORKBENCH_HOME": str(home or settings.home),
            "WORKBENCH_LAKE": re.sub(r"dbname=\w+", f"dbname={database}", settings.catalog),
            "WORKBENCH_LAKE_DATA": settings.lake.data or "",
        }
    )


@pytest.fixture
def first(shared: Settings, postgres: str) -> Settings:
    """A lake with 100 messages in a database of its own."""
    _psql(
        postgres, "drop database if exists second", "drop database if exists first", "create database first"
    )
    settings = _settings_with(shared, "first")
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    return settings


def _messages(settings: Settings) -> int:
    with open_lake(settings) as lake:
        return int(lake.value("select count(*) from raw_messages where body is not null"))


@pytest.mark.parametrize("options", [{"read_only": True}, {"may_begin": False}])
def test_who_only_reads_makes_no_lake_in_an_empty_database(
    shared: Settings, postgres: str, tmp_path: Path, options: dict[str, bool]
) -> None:
    _psql(postgres, "drop database if exists empty", "create database empty")
    settings = _settings_with(shared, "empty", tmp_path / "other")
    with pytest.raises(NothingKnown, match=r"There is no lake at postgres:dbname=empty .*workbench sync"):
        open_lake(settings, **options)
    tables = subprocess.run(
        ["psql", "-At", "-d", re.sub(r"dbname=\w+", "dbname=empty", postgres), "-c",
         "select count(*) from pg_tables where schemaname = 'public'"],
        check=True, timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert tables.stdout.strip() == "0"
    assert not Path(settings.lake.data or "").exists()


def test_a_new_word_is_searched_for_in_a_shared_lake_too(first: Settings) -> None:
    said = payload(200, direction="inbound", **{"from": "+14155550123"}, to="+12025550110", body="Arrêt")
    with open_lake(first) as lake:
        save(lake, [said])
        own = open_own_keywords(lake, KeywordSettings(opt_out=("ARRET",)))
        assert own.meanings == {"arret": "opt-out"}
        assert lake.rows("select address, scope, source from suppressions") == [
            ("+14155550123", "+12025550110", "keyword")
        ]


def test_another_machine_opens_the_same_lake(first: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with pytest.raises(LakeRefused, match="copy it from the machine that made it"):
        open_lake(_settings_with(first, "first", other))
    shutil.copy(first.home / "privacy.key", other / "privacy.key")
    assert _messages(_settings_with(first, "first", other)) == 100
    assert Path(first.lake.data or "").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("begin", "named"),
    [
        ("create database second", "belong to lake .* is a new one.*WORKBENCH_LAKE_DATA"),
        ("create database second template first", "another copy of this lake's catalog.*--adopt-files"),
    ],
)
def test_two_databases_on_one_folder_are_refused(
    first: Settings, postgres: str, tmp_path: Path, begin: str, named: str
) -> None:
    _psql(postgres, begin)
    second = _settings_with(first, "second", tmp_path / "other")
    for _ in range(2):
        with pytest.raises(LakeRefused, match=named):
            open_lake(second)
    assert _messages(first) == 100


def test_a_restored_database_adopts_its_files(first: Settings, postgres: str) -> None:
    """As after a dump was put back: the same catalog, in a database that the files do not know."""
    _psql(postgres, "create database second template first", "drop database first")
    restored = _settings_with(first, "second")
    with pytest.raises(LakeRefused, match="--adopt-files"):
        open_lake(restored)
    assert adopt_files(restored) == 0
    assert _messages(restored) == 100


def test_an_emptied_database_is_not_a_new_lake(first: Settings, postgres: str) -> None:
    _psql(
        re.sub(r"dbname=\w+", "dbname=first", postgres),
        "drop schema public cascade", "create schema public",
    )  # fmt: skip
    with pytest.raises(CatalogLost, match=r"is empty, but the rest .* Parquet files .*--start-anew"):
        open_lake(first)
    target = start_anew(first)
    assert _messages(first) == 0
    assert len(list((target / "files").rglob("raw_messages/**/*.parquet"))) == 1


def test_clean_up_leaves_what_another_machine_may_be_writing(first: Settings) -> None:
    folder = Path(first.lake.data or "") / "main" / "raw_messages"
    just_now = f"{int(time.time() * 1000):012x}"
    young = folder / f"ducklake-{just_now[:8]}-{just_now[8:]}-7119-925e-4dc36b1a884f.parquet"
    old = folder / "ducklake-01a00000-2370-7119-925e-4dc36b1a884f.parquet"
    for path in (young, old):
        path.write_bytes(b"x")
    with open_lake(first) as lake:
        purge(lake)
        assert lake.value("select count(*) from raw_messages where body is not null") == 100
    assert (young.exists(), old.exists()) == (True, False)


def test_damaged_files_of_a_shared_lake_are_set_aside_too(first: Settings) -> None:
    with open_lake(first) as lake:
        path = next(Path(first.lake.data or "", "main", "raw_messages").glob("*.parquet"))
        path.write_bytes(b"")
        with pytest.raises(LakeDamaged, match="of 2026-09-01 to 2026-09-01"):
            lake.rows("select max(body) from raw_messages")
        assert [file.rows for file in set_damaged_aside(lake)] == [100]
        assert lake.value("select count(*) from raw_messages where body is not null") == 0


def test_notifications_are_noted_claimed_and_read_alike(first: Settings) -> None:
    at = datetime(2026, 9, 30, 12, tzinfo=UTC)
    noted = Notification("n1", "ana", "message", "CW1", 1, at, at, at)
    claim = NotificationDelivery("d1", "k1", "n1", "ana", "mail", 1, at)
    with open_lake(first) as lake:
        lake.write(lambda cursor: save_notifications(cursor, [noted]))
        lake.write(lambda cursor: save_choice(cursor, "ana", {"mail": "now"}, at))
        lake.write(lambda cursor: save_choice(cursor, "ana", {"mail": "1h"}, at))
        assert read_choices(lake) == {"ana": {"mail": "1h"}}
        assert claim_notice(lake, [claim])
        assert not claim_notice(lake, [replace(claim, delivery_id="d2")])
        end_notice(lake, [replace(claim, outcome="failed", ended_at=at)])
        assert [each.notice_id for each in read_undelivered(lake, at)] == ["k1"]
        assert read_unread(lake, at) == [noted]
        assert read_answered(lake, [noted]) == {}
        assert mark_read(lake, "ana", "CW1", at)
        assert read_unread(lake, at) == []

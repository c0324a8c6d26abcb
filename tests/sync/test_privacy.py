"""What may not be kept is in no file: every byte and every column under the home is searched after a sync."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import httpx
import pytest

from tests.messages import payload
from tests.sync.conftest import START, truth
from tests.sync.exports import console_csv, json_lines
from workbench.errors import ConfigError
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.secret_key import KEY_FILE, privacy_key
from workbench.messaging.message import message_row
from workbench.messaging.privacy import PrivacyMode
from workbench.settings import Settings, load_settings
from workbench.simulator import Server
from workbench.sync.imports.run import import_files
from workbench.sync.messages.run import run_sync
from workbench.sync.shared.privacy import open_privacy
from workbench.sync.shared.request import SyncRequest
from workbench.twilio.client import TwilioClient

MODES = [mode.value for mode in PrivacyMode]


# --- the search ---


def everything_under(home: Path) -> tuple[bytes, set[str]]:
    """All bytes of all files, and every value of every column of every table and Parquet file, as text."""
    files = [path for path in sorted(home.rglob("*")) if path.is_file()]
    values: set[str] = set()
    for path in files:
        if path.suffix == ".parquet":
            values |= _parquet_values(path)
        elif path.read_bytes().startswith(b"SQLite format 3"):
            values |= _sqlite_values(path)
    return b"\n".join(path.read_bytes() for path in files), values


def _parquet_values(path: Path) -> set[str]:
    with duckdb.connect() as database:
        return _texts(database.execute("select * from read_parquet(?)", [str(path)]).fetchall())


def _sqlite_values(path: Path) -> set[str]:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = database.execute("select name from sqlite_master where type = 'table'").fetchall()
        return set().union(*(_texts(database.execute(f'select * from "{name}"')) for (name,) in names))
    finally:
        database.close()


def _texts(rows: Iterable[tuple[Any, ...]]) -> set[str]:
    return {
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for row in rows for value in row if value is not None
    }  # fmt: skip


def found_in(home: Path, needles: set[str]) -> set[str]:
    """Which of these texts stand anywhere under the home."""
    data, values = everything_under(home)
    everything = "\n".join(sorted(values))
    return {needle for needle in needles if needle in everything or needle.encode() in data}


def contacts(server: Server) -> set[str]:
    """The digits of every number that is not ours."""
    contacts_in_lake = {
        message["from"] if message["direction"] == "inbound" else message["to"]
        for message in truth(server).values()
    }
    digits = {re.sub(r"[^0-9]", "", number) for number in contacts_in_lake if number}
    return {number for number in digits if len(number) >= 8}


def bodies(server: Server) -> set[str]:
    return {message["body"] for message in truth(server).values() if len(message["body"] or "") >= 12}


def sync_in(mode: str, lake: Lake, server: Server, settings: Settings) -> None:
    """Two syncs a day apart, so that rows are also merged."""
    privacy = open_privacy(lake, mode)
    for hours in (0, 24):
        server.account.clock.advance(hours * 3600)
        with TwilioClient(settings.credentials, base_url=server.url, sleep=lambda seconds: None) as client:
            run_sync(
                lake,
                client,
                server.account.account_sid,
                SyncRequest(since=START),
                privacy=privacy,
                clock=lambda: datetime.fromtimestamp(server.account.now(), UTC),
            )


@pytest.mark.parametrize("mode", MODES)
def test_a_sync_leaves_only_what_may_be_kept(
    lake: Lake, home: Path, server: Server, settings: Settings, mode: str
) -> None:
    sync_in(mode, lake, server, settings)
    count, stops, countries = lake.rows(
        "select count(*), count(*) filter (keyword = 'opt-out'), count(distinct country) from message_facts"
    )[0]
    assert count > 2000
    assert stops > 0
    assert countries > 1
    people, texts = contacts(server), bodies(server)
    assert len(people) > 300
    assert len(texts) > 300
    # Where they may be kept they are found: the search works.
    assert (len(found_in(home, people)) > 300) is (mode in ("full", "no_body"))
    assert (len(found_in(home, texts)) > 300) is (mode == "full")
    if mode in ("masked", "hashed"):
        assert found_in(home, people) == set()
    if mode != "full":
        assert found_in(home, texts) == set()
        assert lake.value("select count(body) from raw_messages") == 0


@pytest.mark.parametrize("mode", ["masked", "hashed", "no_body"])
@pytest.mark.parametrize("export", [json_lines, console_csv])
def test_an_import_leaves_only_what_may_be_kept(
    lake: Lake, home: Path, server: Server, tmp_path: Path, mode: str, export: Any
) -> None:
    file = tmp_path / "exported"
    messages = [message for message in truth(server).values() if message["date_sent"]]
    file.write_bytes(export(messages))
    privacy = open_privacy(lake, mode)
    summary = import_files(lake, [file], server.account.account_sid, privacy=privacy)
    assert (summary.rejected, summary.total("added")) == (0, len(messages))
    assert found_in(home, bodies(server)) == set()
    if mode != "no_body":
        assert found_in(home, contacts(server)) == set()


def test_hashed_conversations_are_those_of_a_full_lake(
    lake: Lake, home: Path, server: Server, settings: Settings
) -> None:
    sync_in("hashed", lake, server, settings)
    hashed = lake.rows(
        "select count(*) from messages where conversation_id is not null group by conversation_id order by 1"
    )
    sides: dict[tuple[str, str], int] = {}
    for message in truth(server).values():
        inbound = message["direction"] == "inbound"
        ours, theirs = (message["to"], message["from"]) if inbound else (message["from"], message["to"])
        ours = ours or message["messaging_service_sid"]
        if ours and theirs:
            sides[ours, theirs] = sides.get((ours, theirs), 0) + 1
    assert [count for (count,) in hashed] == sorted(sides.values())


def test_the_accounts_secret_never_reaches_the_home(
    lake: Lake, home: Path, server: Server, settings: Settings
) -> None:
    account = server.account
    with httpx.Client(base_url=server.url, auth=(account.account_sid, account.auth_token)) as http:
        answer = http.get(f"/2010-04-01/Accounts/{account.account_sid}.json").json()
    assert answer["auth_token"] == account.auth_token
    sync_in("full", lake, server, settings)
    assert found_in(home, {account.account_sid}) == {account.account_sid}
    assert found_in(home, {account.auth_token, account.main.api_secret}) == set()


# --- the choice ---


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(tmp_path / "empty")})


@pytest.mark.parametrize("first", MODES)
def test_a_lake_keeps_the_mode_it_was_begun_with(empty: Settings, first: str) -> None:
    with open_lake(empty) as lake:
        privacy = open_privacy(lake, first)
        assert open_privacy(lake, first) == privacy
        for other in MODES:
            if other != first:
                with pytest.raises(
                    ConfigError, match=f"loaded in privacy mode {first}, and .* is now {other}"
                ):
                    open_privacy(lake, other)
        assert lake.value("select count(*) from privacy_choice") == 1


def test_a_lake_from_before_the_setting_is_full(empty: Settings) -> None:
    with open_lake(empty) as lake:
        table = message_table([message_row(payload())])
        lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=datetime.now(UTC)))
        with pytest.raises(ConfigError, match="loaded in privacy mode full"):
            open_privacy(lake, "hashed")
        assert open_privacy(lake, "full").mode is PrivacyMode.FULL


def test_the_key_is_private_and_stays(empty: Settings) -> None:
    with open_lake(empty) as lake:
        privacy = open_privacy(lake, "hashed")
        path = empty.home / KEY_FILE
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert len(path.read_text().strip()) == 64
        assert [file.name for file in empty.home.iterdir() if file.name.startswith(".")] == []
        assert open_privacy(lake, "hashed").contact("+14155550123") == privacy.contact("+14155550123")
        key = path.read_text().strip()
    path.unlink()
    assert found_in(empty.home, {key}) == set()


def test_modes_without_hashes_make_no_key(empty: Settings) -> None:
    with open_lake(empty) as lake:
        open_privacy(lake, "no_body")
    assert not (empty.home / KEY_FILE).exists()


def test_a_lost_or_foreign_key_is_refused_and_never_replaced(empty: Settings) -> None:
    path = empty.home / KEY_FILE
    with open_lake(empty) as lake:
        open_privacy(lake, "masked")
        kept = path.read_text()
        path.unlink()
        with pytest.raises(ConfigError, match=r"is missing\. Put it back"):
            open_privacy(lake, "masked")
        assert not path.exists()
        privacy_key(empty.home)
        with pytest.raises(ConfigError, match="not the key that this lake was begun with"):
            open_privacy(lake, "masked")
        path.write_text(kept)
        open_privacy(lake, "masked")


@pytest.mark.parametrize("content", ["", "abc", "zz" * 32, "00" * 31])
def test_a_broken_key_is_refused(empty: Settings, content: str) -> None:
    empty.home.mkdir(parents=True)
    path = empty.home / KEY_FILE
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ConfigError, match="holds no key"):
        privacy_key(empty.home)
    assert path.read_text() == content


def test_a_key_that_others_may_read_is_refused(empty: Settings) -> None:
    privacy_key(empty.home)
    (empty.home / KEY_FILE).chmod(0o644)
    with pytest.raises(ConfigError, match=r"mode 0644.*chmod 600"):
        privacy_key(empty.home)


MAKE_KEY = """
import sys
from pathlib import Path
from workbench.lake.secret_key import privacy_key
sys.stdin.readline()
print(privacy_key(Path(sys.argv[1])).hex())
"""


def test_processes_that_begin_at_once_agree_on_one_key(empty: Settings) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_KEY, str(empty.home)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ),
        )
        for _ in range(4)
    ]  # fmt: skip
    keys = [process.communicate("go\n")[0] for process in processes]
    assert len(set(keys)) == 1
    assert (empty.home / KEY_FILE).read_text() == keys[0]

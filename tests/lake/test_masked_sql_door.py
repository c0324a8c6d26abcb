"""SQL of whoever may not see whole numbers: no query gives a hidden digit or a text, not in pieces either."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import duckdb
import pytest

from tests.lake.test_postgres import postgres, shared  # noqa: F401  # fixtures
from tests.messages import payload
from tests.ui.known import save
from workbench.errors import UsageError
from workbench.lake import open_lake
from workbench.lake.masked_sql_door import MASKED_VIEWS, MaskedSqlDoor
from workbench.settings import Settings, load_settings

OURS, THEIRS, WHATSAPP = "+12025550110", "+14155550123", "whatsapp:+4915123456789"
HIDDEN = "5123"
"""Digits of WHATSAPP that its mask hides."""
SECRET = "the door code is 8821"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("lake") / "home")})
    inbound = {"direction": "inbound", "status": "received", "body": SECRET, "to": OURS}
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(1, 4)])
        save(lake, [payload(8, **{"from": THEIRS}, **inbound), payload(9, **{"from": WHATSAPP}, **inbound)])
    return settings


@pytest.fixture(scope="module")
def door(filled: Settings) -> Iterator[MaskedSqlDoor]:
    opened = MaskedSqlDoor(filled)
    yield opened
    opened.close()


def texts_of(door: MaskedSqlDoor, sql: str) -> list[str]:
    _, rows = door.first_rows(sql, 1000, 10)
    return [str(value) for row in rows for value in row]


@pytest.mark.parametrize("view", MASKED_VIEWS)
def test_no_view_has_a_whole_number_or_a_text(door: MaskedSqlDoor, view: str) -> None:
    columns, _ = door.first_rows(f"select * from {view}", 1, 10)
    assert columns == door.columns()[view]
    assert not {"body", "name", "notes_text", "evidence", "actor", "error_message"} & set(columns)
    shown = "\n".join(texts_of(door, f"select * from {view}"))
    assert SECRET not in shown
    for number in (OURS, THEIRS, WHATSAPP):
        assert number[-11:] not in shown


def test_an_address_is_what_pages_show_of_it(door: MaskedSqlDoor) -> None:
    rows = texts_of(door, "select distinct contact from messages order by 1")
    assert rows == ["+1415***0123", "whatsapp:+4915***6789"]
    assert texts_of(door, "select distinct sender from messages") == ["+1202***0110"]
    assert texts_of(door, "select count(*) from messages where contact = '+1415***0123'") == ["4"]


PIECES = [
    ("substr(contact, {n}, 1)", "messages"),
    ("substr(from_address, {n}, 1)", "message_facts"),
    ("contact[{n}]", "conversations"),
    ("list_extract(string_split(contact, ''), {n})", "messages"),
    ("chr(ascii(substr(contact, {n}, 1)))", "messages"),
    ("case when contact[{n}] between '0' and '9' then contact[{n}] end", "messages"),
    ("regexp_extract(contact, '^.{{{n}}}(.)', 1)", "delivery_facts"),
    ("max(contact[{n}])", "messages where contact like 'whatsapp%'"),
]


@pytest.mark.parametrize(("piece", "view"), PIECES)
def test_numbers_in_pieces_have_no_hidden_digit(door: MaskedSqlDoor, piece: str, view: str) -> None:
    pieces = ", ".join(piece.format(n=place) for place in range(1, 24))
    _, rows = door.first_rows(f"select {pieces} from {view}", 100, 10)
    shown = ["".join(str(value or "") for value in row) for row in rows]
    assert any("6789" in text for text in shown)
    assert not any(HIDDEN in text or re.search(r"\d{10}", text) for text in shown)


REFUSED = [
    "select * from raw_messages",
    "select * from lake.main.raw_messages",
    "select * from lake.raw_messages",
    "from lake.messages",
    "from \"lake\".\"main\".\"messages\"",
    "select contact from main.raw_messages",
    "select body from messages",
    "select messages.body from messages",
    "select (select max(body) from lake.raw_messages)",
    "select 1 where exists (from lake.main.raw_messages where contact like '+14155550123')",
    "from messages m join lake.raw_messages r using (message_sid)",
    "from messages m, lateral (select body from lake.raw_messages r where r.message_sid = m.message_sid)",
    "select count(*) from messages group by (select max(contact) from lake.main.raw_messages)",
    "select list_transform([1], lambda x: (select max(body) from lake.raw_messages))",
    "with a as (select body from lake.raw_messages) from a",
    "with raw_messages as (select 1 as body) select * from (from raw_messages) union all "
    "select body from lake.raw_messages",
    "select * from (with raw_messages as (select 1 a) from raw_messages), raw_messages r",
    "with recursive a as (select 1 n union all select n + 1 from a, lake.raw_messages where n < 2) from a",
    "values ((select max(body) from lake.raw_messages))",
    "pivot lake.raw_messages on status in ('sent') using count(*)",
    "unpivot lake.raw_messages on body",
    "from query('from lake.raw_messages')",
    "from query_table('lake.main.raw_messages')",
    "from query_table(['raw_messages'])",
    "from ducklake_table_changes('lake', 'main', 'raw_messages', 0, 99)",
    "from ducklake_list_files('lake', 'raw_messages')",
    "from sqlite_scan('catalog.sqlite', 'ducklake_snapshot')",
    "from json_execute_serialized_sql(json_serialize_sql('from lake.raw_messages'))",
    "from read_parquet('lake/files/**/*.parquet')",
    "from 'x.parquet'",
    "from duckdb_views()",
    "from duckdb_views",
    "from sqlite_master",
    "from ducklake_table",
    "from __ducklake_metadata_lake.ducklake_table",
    "from postgres_query('__ducklake_metadata_lake', 'select 1')",
    "from information_schema.tables",
    "select lake.main.person_of(contact) from messages",
    "select person_of(contact) from messages",
    "select stats(contact) from messages",
    "select current_setting('temp_directory')",
    "describe lake.raw_messages",
    "summarize lake.raw_messages",
    "summarize messages",
    "show all tables",
    "explain analyze from lake.raw_messages",
    "select 1; from lake.raw_messages",
    "attach 'x.db'",
    "copy messages to 'x.csv'",
    "create view v as from lake.raw_messages",
    "use lake",
    "set search_path = 'lake'",
]  # fmt: skip


@pytest.mark.parametrize("sql", REFUSED)
def test_what_reaches_past_the_views_is_refused(door: MaskedSqlDoor, sql: str) -> None:
    with pytest.raises(UsageError):
        door.first_rows(sql, 10, 10)


def test_an_error_tells_nothing_that_is_hidden(door: MaskedSqlDoor) -> None:
    with pytest.raises(UsageError) as refused:
        door.first_rows("select contact::int from messages where contact like 'whatsapp%'", 1, 10)
    assert HIDDEN not in str(refused.value)


def test_the_search_path_holds_the_views_only_without_the_check_of_queries(door: MaskedSqlDoor) -> None:
    with door._lake.memory() as cursor, pytest.raises(duckdb.CatalogException):
        cursor.execute("from raw_messages")


def test_usual_questions_are_answered(door: MaskedSqlDoor) -> None:
    assert texts_of(
        door, "with a as (from messages) select count(*) from a join a b using (message_sid)"
    ) == ["5"]
    assert texts_of(door, "select sum(n) from generate_series(1, 3) t(n)") == ["6"]
    assert texts_of(door, "select len([1, 2, 3])") == ["3"]


def test_a_query_that_takes_too_long_is_ended(door: MaskedSqlDoor) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match=r"longer than 0\.2 seconds"):
        door.first_rows("select count(*) from range(100000000000) a, range(10000) b", 1, 0.2)
    assert time.monotonic() - began < 10
    assert texts_of(door, "select count(*) from messages") == ["5"]


def test_a_postgres_catalog_is_behind_the_same_views(shared: Settings) -> None:  # noqa: F811
    with open_lake(shared) as lake:
        save(lake, [payload(number) for number in range(1, 4)])
    door = MaskedSqlDoor(shared)
    assert texts_of(door, "select distinct contact from messages") == ["+1415***0123"]
    for sql in REFUSED:
        with pytest.raises(UsageError):
            door.first_rows(sql, 10, 10)
    door.close()

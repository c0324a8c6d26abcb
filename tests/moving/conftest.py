"""A lake with some of everything, and what must be the same in it wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from tests.lake.feeding import receive
from tests.lakes import begin_lake
from tests.messages import payload
from tests.ui.known import save
from workbench.cli import main
from workbench.lake import Lake, open_lake
from workbench.lake.audit import append_audit
from workbench.lake.erased import save_erased
from workbench.lake.idempotency import KeyRow, append_key
from workbench.settings import load_settings

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
Move = Callable[..., Result]

OWN_ROWS = {"audit_events", "write_turn", "schema_migrations", "schema_views"}
"""Tables in which opening or moving a lake leaves rows."""


def fill(home: Path) -> None:
    """Messages in files and in the catalog, changed and deleted ones, and rows of other rooms."""
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [payload(number) for number in range(100)])
        save(lake, [payload(number, body="é “x” 🙂\n") for number in range(100, 103)])
        receive(lake, 500, "+14155550177", "STOP")
        lake.write(_change)


def _change(cursor: duckdb.DuckDBPyConnection) -> None:
    cursor.execute("delete from raw_messages where message_sid = (select min(message_sid) from raw_messages)")
    cursor.execute(
        "update raw_messages set body = null where message_sid = (select max(message_sid) from raw_messages)"
    )
    append_audit(cursor, "reveal", actor="local:ann", subject="+1415***0123")
    save_erased(cursor, ["+14155550199"], "erasure-1", NOW)
    append_key(cursor, KeyRow("crm", "order-7", 1, "answered", NOW, "digest", "p1", status=200, answer="{}"))
    cursor.execute("comment on table raw_messages is 'ours, it''s said'")
    cursor.execute("comment on column raw_messages.body is 'text'")
    cursor.execute("alter table status_events set partitioned by (month(received_at))")


def content(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted by DuckDB, but for the tables in which a move leaves rows."""
    names = [
        name for (name,) in lake.rows("select table_name from duckdb_tables() where database_name = 'lake'")
    ]
    return {
        name: lake.rows(f"from lake.main.{name} order by all")
        for name in sorted(names)
        if name not in OWN_ROWS
    }


def content_at(home: Path, **variables: str) -> dict[str, list[tuple[Any, ...]]]:
    with open_lake(load_settings({"WORKBENCH_HOME": str(home), **variables})) as lake:
        return content(lake)


@pytest.fixture
def filled(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a lake, named by the environment."""
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    fill(home)
    return home


@pytest.fixture
def move(filled: Path) -> Move:
    """`workbench lake move`, as people type it once they have looked at what it would do."""
    return lambda *words: look(*words, *(["--confirm"] if "--to" in words else []))


def look(*words: object) -> Result:
    """`workbench lake move` with these words alone, which without --confirm moves nothing."""
    return CliRunner().invoke(main, ["lake", "move", *map(str, words)])

"""Keys under which programs ask for something once: who works on it, and what it was answered."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

import duckdb

from workbench.lake.connect import Lake

KEEP_KEYS = timedelta(hours=48)
"""A key is known for so long at least."""

KeyState = Literal["running", "answered", "released"]


@dataclass(frozen=True)
class KeyRow:
    """A row of `idempotency_keys`; see the table for its fields."""

    token: str
    key: str
    step: int
    state: KeyState
    happened_at: datetime
    request: str
    owner: str
    subject: str | None = None
    status: int | None = None
    answer: str | None = None


_COLUMNS = list(KeyRow.__dataclass_fields__)


def read_key(cursor: duckdb.DuckDBPyConnection, token: str, key: str) -> KeyRow | None:
    """The latest row of a key; None where it is not known."""
    rows = cursor.execute(
        f"select {', '.join(_COLUMNS)} from idempotency_keys where token = ? and key = ? "
        "order by step desc limit 1",
        [token, key],
    ).fetchall()
    return KeyRow(*rows[0]) if rows else None


def append_key(cursor: duckdb.DuckDBPyConnection, row: KeyRow) -> None:
    """Add a row, in the caller's transaction."""
    marks = ", ".join("?" * len(_COLUMNS))
    cursor.execute(f"insert into idempotency_keys values ({marks})", list(asdict(row).values()))


def forget_old_keys(lake: Lake, now: datetime) -> None:
    """Remove keys on which nothing happened for as long as they are kept."""
    parameters = [now - KEEP_KEYS]
    if lake.value("select count(*) from idempotency_keys where happened_at < ?", parameters):
        lake.write(
            lambda cursor: cursor.execute(
                "delete from idempotency_keys where (token, key) in (select (token, key) "
                "from idempotency_keys group by token, key having max(happened_at) < ?)",
                parameters,
            )
        )

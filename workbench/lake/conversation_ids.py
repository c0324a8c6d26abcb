"""Keys the ids of conversations before they are stored.

The id that :func:`workbench.messaging.message.conversation_id` makes of two addresses is a plain hash. It is
shown beside masked numbers, on pages and in files, and whoever has it could try every number until one fits.
So the lake stores a hash of it with the installation's secret key (``secret_key.py``). A keyed id has a mark
of its own, so that no id is keyed twice.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING, LiteralString

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.secret_key import home_of, lake_key, saving_key

if TYPE_CHECKING:
    from workbench.lake.connect import Lake

PLAIN_MARK, KEYED_MARK = "CV", "CW"
_PLAIN_ID = re.compile(r"\bCV[0-9a-f]{24}\b")


def keyed_id(plain_id: str, key: bytes) -> str:
    """The id that is stored; of a keyed one itself."""
    if not plain_id.startswith(PLAIN_MARK):
        return plain_id
    digest = hashlib.blake2b(plain_id.encode(), digest_size=12, key=key, person=b"wb-conversation")
    return KEYED_MARK + digest.hexdigest()


def with_keyed_ids(cursor: duckdb.DuckDBPyConnection, messages: pa.Table) -> pa.Table:
    """The messages (`MESSAGE_SCHEMA`) with keyed ids, in the caller's transaction.

    Raises:
        ConfigError, LakeRefused: the lake's key is missing, or another one is in its place.
    """
    index = messages.schema.get_field_index("conversation_id")
    ids = messages.column(index)
    if not pc.any(pc.starts_with(ids, PLAIN_MARK)).as_py():
        return messages
    key = saving_key(cursor)
    keyed = keyed_ids(pc.unique(ids).to_pylist(), key)
    stored = pa.array([id and keyed[id] for id in ids.to_pylist()], pa.string())
    return messages.set_column(index, messages.schema.field(index), stored)


def keyed_ids(ids: Iterable[str | None], key: bytes) -> dict[str, str]:
    """The stored form of each id."""
    return {plain_id: keyed_id(plain_id, key) for plain_id in ids if plain_id}


def without_plain_ids(text: str | None) -> str | None:
    """A text of an older version as it may stand beside masked numbers: without the ids of conversations."""
    return text and _PLAIN_ID.sub(f"{PLAIN_MARK}…", text)


def key_older_ids(lake: Lake) -> None:
    """Key the ids that an older version stored, a month at a time.

    If it is interrupted, the next opening goes on.

    Raises:
        ConfigError, LakeRefused: the lake's key is missing, or another one is in its place.
    """
    if lake.rows(f"select 1 from raw_messages where {_IS_PLAIN} limit 1"):
        for month in _months_with_plain_ids(lake):
            lake.write(lambda cursor, month=month: _key_month(cursor, month))  # type: ignore[misc]
    if lake.rows(f"select 1 from conversation_events where {_IS_PLAIN} limit 1"):
        lake.write(_key_events)


#: A range, so that the statistics of a file say that it holds none.
_IS_PLAIN = "conversation_id >= 'CV' and conversation_id < 'CW'"


def _months_with_plain_ids(lake: Lake) -> list[date]:
    rows = lake.rows(
        f"select distinct cast(date_trunc('month', date_created) as date) from raw_messages where {_IS_PLAIN}"
    )
    return sorted(month for (month,) in rows)


def _key_month(cursor: duckdb.DuckDBPyConnection, month: date) -> None:
    within = "date_created >= $month and date_created < $month + interval 1 month"
    _key_table(cursor, "raw_messages", f"{_IS_PLAIN} and {within}", {"month": month})


def _key_events(cursor: duckdb.DuckDBPyConnection) -> None:
    _key_table(cursor, "conversation_events", _IS_PLAIN, {})


def _key_table(
    cursor: duckdb.DuckDBPyConnection, table: LiteralString, rows: LiteralString, bounds: dict[str, date]
) -> None:
    key = lake_key(cursor, home_of(cursor))
    plain = cursor.execute(f"select distinct conversation_id from {table} where {rows}", bounds).fetchall()
    keyed = keyed_ids((plain_id for (plain_id,) in plain), key)
    stored = {
        "plain_id": pa.array(keyed.keys(), pa.string()),
        "keyed_id": pa.array(keyed.values(), pa.string()),
    }
    cursor.register("stored_ids", pa.table(stored))
    try:
        cursor.execute(
            f"update {table} set conversation_id = "
            f"(select keyed_id from stored_ids where plain_id = {table}.conversation_id) where {rows}",
            bounds,
        )
    finally:
        cursor.unregister("stored_ids")

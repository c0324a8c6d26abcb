"""Saves one batch of exported messages without overwriting newer data from the API.

A file shows the messages as they were at some time in the past. Its row replaces a stored one only if its
`date_updated` is later, and even then columns that the file lacks are kept. Otherwise it may only add a
missing price. A message that was deleted or redacted at Twilio never comes back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.created_dates import LONGEST_WAIT, settle_created_dates
from workbench.lake.save import MESSAGE_SCHEMA, Saved, message_table, save_messages
from workbench.messaging.exports import ExportedMessage
from workbench.messaging.message import MessageRow


class ImportBatch:
    """Rows to save, prepared outside of the transaction, because that may run more than once."""

    def __init__(self, messages: Sequence[ExportedMessage]) -> None:
        self.table = message_table([message.row for message in messages])
        self._dated = message_table([message.row for message in messages if not message.is_created_guessed])
        self._guessed = {message.row.message_sid for message in messages if message.is_created_guessed}

    def save(self, cursor: duckdb.DuckDBPyConnection, received_at: datetime) -> Saved:
        """Save rows that are new or newer; saving the same batch again changes nothing."""
        if not self.table.num_rows:
            return Saved()
        settle_created_dates(cursor, self._dated)
        wanted = self._wanted_rows(cursor)
        if self._guessed:
            self._note_guessed(cursor, wanted)
        rows = wanted.select(MESSAGE_SCHEMA.names).cast(MESSAGE_SCHEMA)
        # The true dates were saved above.
        return save_messages(cursor, rows, source="import", received_at=received_at, dates_are_true=False)

    def _wanted_rows(self, cursor: duckdb.DuckDBPyConnection) -> pa.Table:
        span = pc.min_max(self.table["date_created"]).as_py()
        # A message is created before it is sent, so the stored date lies before a guessed one.
        oldest = span["min"] - LONGEST_WAIT if self._guessed else span["min"]
        cursor.register("arriving", self.table)
        try:
            result = cursor.execute(_WANTED_SQL, {"oldest": oldest, "newest": span["max"]})
            return result.to_arrow_table()
        finally:
            cursor.unregister("arriving")

    def _note_guessed(self, cursor: duckdb.DuckDBPyConnection, wanted: pa.Table) -> None:
        new = wanted.filter(wanted["is_new"])
        guesses = new.filter(pc.is_in(new["message_sid"], pa.array(sorted(self._guessed), pa.string())))
        cursor.register("guesses", guesses.select(["message_sid", "date_created"]))
        try:
            cursor.execute("insert into guessed_dates select message_sid, date_created from guesses")
        finally:
            cursor.unregister("guesses")


_NEWER = """(
    t.message_sid is null
    or i.date_updated > t.date_updated
    or (i.date_updated = t.date_updated and i.status_rank > t.status_rank)
    or (t.date_updated is null and (i.date_updated is not null or i.status_rank > t.status_rank))
)"""
_ADDS_PRICE = "(t.price is null and i.price is not null) or (t.currency is null and i.currency is not null)"
#: The columns that are not simply the newer value, or the stored one if the file has none.
_KEPT = {
    "message_sid": "i.message_sid",
    "date_created": "coalesce(t.date_created, i.date_created)",
    "body": f"case when t.body = '' then '' when {_NEWER} then coalesce(i.body, t.body) else t.body end",
    "price": f"case when {_NEWER} then coalesce(i.price, t.price) else coalesce(t.price, i.price) end",
    "currency": f"case when {_NEWER} and i.price is not null then coalesce(i.currency, t.currency) "
    "else coalesce(t.currency, i.currency) end",
    # An empty error code is a value, too; the sender of a conversation is decided when saving.
    **{
        name: f"case when {_NEWER} then i.{name} else t.{name} end"
        for name in ("error_code", "sender", "sender_type", "conversation_id")
    },
}


def _wanted_sql() -> str:
    def merged(name: LiteralString) -> LiteralString:
        otherwise = f"case when {_NEWER} then coalesce(i.{name}, t.{name}) else t.{name} end"
        return f"{_KEPT.get(name, otherwise)} as {name}"

    columns = ", ".join(merged(name) for name in MessageRow._fields)
    return f"""
        with known as (select * from raw_messages where date_created between $oldest and $newest)
        select {columns}, t.message_sid is null as is_new
        from arriving i left join known t on t.message_sid = i.message_sid
        where ({_NEWER} or {_ADDS_PRICE})
          and i.message_sid not in (select message_sid from tombstones)
    """


_WANTED_SQL = _wanted_sql()

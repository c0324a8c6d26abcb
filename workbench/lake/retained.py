"""Keeps away what `[retention]` has removed: Twilio lists it for 400 days, so every save asks here first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.messaging.message import MessageRow

BODIES, MESSAGES = "bodies", "messages"
"""The rules that leave a horizon, as `[retention]` names them."""


@dataclass(frozen=True)
class Horizons:
    """Texts and messages created before these moments (UTC) were removed; None where none ever were."""

    bodies: datetime | None = None
    messages: datetime | None = None

    def keeps_day(self, day: date) -> bool:
        """Whether all of a GMT day is there. The day of the horizon is not: it goes by creation."""
        return self.messages is None or day > self.messages.date()

    def row(self, row: MessageRow) -> MessageRow | None:
        """The part of a message that stays; None if it is too old."""
        if self.messages and row.date_created < self.messages:
            return None
        return row._replace(body=None) if self.bodies and row.date_created < self.bodies else row

    def table(self, messages: pa.Table) -> pa.Table:
        """The same for many (`MESSAGE_SCHEMA`)."""
        if self.messages:
            messages = messages.filter(pc.greater_equal(messages["date_created"], _scalar(self.messages)))
        if self.bodies and messages.num_rows:
            is_young = pc.greater_equal(messages["date_created"], _scalar(self.bodies))
            index = messages.schema.get_field_index("body")
            bodies = pc.if_else(is_young, messages["body"], pa.scalar(None, pa.string()))
            messages = messages.set_column(index, messages.schema.field(index), bodies)
        return messages


def read_horizons(cursor: duckdb.DuckDBPyConnection) -> Horizons:
    """How far `[retention]` has come in this lake."""
    removed_before = dict(cursor.execute("select rule, removed_before from retention_horizons").fetchall())
    return Horizons(removed_before.get(BODIES), removed_before.get(MESSAGES))


def move_horizon(
    cursor: duckdb.DuckDBPyConnection, rule: str, removed_before: datetime, at: datetime
) -> None:
    """Remember what was removed, in the transaction that removes it. A horizon never goes back."""
    stored = cursor.execute("select removed_before from retention_horizons where rule = ?", [rule]).fetchall()
    if stored and stored[0][0] >= removed_before:
        return
    cursor.execute("delete from retention_horizons where rule = ?", [rule])
    cursor.execute("insert into retention_horizons values (?, ?, ?)", [rule, removed_before, at])


def _scalar(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment, pa.timestamp("us", tz="UTC"))

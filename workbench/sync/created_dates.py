"""Puts the true date of creation in place of one that was only the date of sending.

Saving looks for stored messages by `date_created`, which never changes at Twilio. A message from the
console's CSV carries its date of sending there instead, and would come in a second time beside itself.
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

#: A scheduled message is created up to 35 days before it is sent.
LONGEST_WAIT = timedelta(days=36)

_COUNT_SQL = "select count(*) from guessed_dates where date_created between $oldest and $newest"
_SETTLE_SQL = """
    merge into raw_messages t
    using (
        select a.message_sid, a.date_created
        from arriving a
        join guessed_dates g on g.message_sid = a.message_sid
        where g.date_created between $oldest and $newest
    ) s
    on t.message_sid = s.message_sid and t.date_created between $oldest and $newest
    when matched then update set date_created = s.date_created
"""
_FORGET_SQL = """
    delete from guessed_dates
    where date_created between $oldest and $newest and message_sid in (select message_sid from arriving)
"""


def settle_created_dates(cursor: duckdb.DuckDBPyConnection, messages: pa.Table) -> None:
    """Correct the stored messages among these, before they are saved; costs one look where there are none.

    Args:
        messages: a table of `MESSAGE_SCHEMA` whose dates of creation are true.
    """
    if not messages.num_rows:
        return
    span = pc.min_max(messages["date_created"]).as_py()
    bounds = {"oldest": span["min"], "newest": span["max"] + LONGEST_WAIT}
    if not cursor.execute(_COUNT_SQL, bounds).fetchall()[0][0]:
        return
    cursor.register("arriving", messages)
    try:
        cursor.execute(_SETTLE_SQL, bounds)
        cursor.execute(_FORGET_SQL, bounds)
    finally:
        cursor.unregister("arriving")

"""Puts the true date of creation in place of one that was only guessed.

Saving looks for stored messages by `date_created`, which never changes at Twilio. A message from the
console's CSV carries its date of sending there instead, one from a webhook the moment it reached us by
our clock; either would come in a second time beside itself.
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pyarrow as pa

#: A scheduled message is created up to 35 days before it is sent.
LONGEST_WAIT = timedelta(days=36)

# By SID alone: a guess is as wrong as the clock that made it.
_FOUND_SQL = """
    select min(g.date_created), max(g.date_created)
    from guessed_dates g join arriving a on a.message_sid = g.message_sid
"""
_SETTLE_SQL = """
    merge into raw_messages t
    using (
        select a.message_sid, a.date_created
        from arriving a join guessed_dates g on g.message_sid = a.message_sid
    ) s
    on t.message_sid = s.message_sid and t.date_created between $oldest and $newest
    when matched then update set date_created = s.date_created
"""
_FORGET_SQL = "delete from guessed_dates where message_sid in (select message_sid from arriving)"


def settle_created_dates(cursor: duckdb.DuckDBPyConnection, messages: pa.Table) -> None:
    """Correct the stored messages among these, before they are saved; one quick query where there are none.

    Args:
        messages: a table of `MESSAGE_SCHEMA` whose dates of creation are true.
    """
    if not messages.num_rows:
        return
    cursor.register("arriving", messages.select(["message_sid", "date_created"]))
    try:
        oldest, newest = cursor.execute(_FOUND_SQL).fetchall()[0]
        if oldest is None:
            return
        cursor.execute(_SETTLE_SQL, {"oldest": oldest, "newest": newest})
        cursor.execute(_FORGET_SQL)
    finally:
        cursor.unregister("arriving")

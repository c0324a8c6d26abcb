"""Writes rows into the lake, inside a transaction that the caller holds (:meth:`Lake.write`).

Every save can be repeated: the same rows again change nothing, and rows only change when their content
differs. A status never goes back (a late `sent` leaves `delivered` alone) and a price never gets lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.consent import note_consent
from workbench.lake.conversation_ids import with_keyed_ids
from workbench.lake.created_dates import settle_created_dates
from workbench.lake.erased import without_erased
from workbench.lake.memberships import note_memberships
from workbench.lake.retained import read_horizons
from workbench.lake.statuses import apply_waiting_statuses, forget_refused
from workbench.messaging.message import MessageRow

_TIME = pa.timestamp("us", tz="UTC")
MESSAGE_SCHEMA = pa.schema(
    [
        ("message_sid", pa.string()),
        ("account_sid", pa.string()),
        ("messaging_service_sid", pa.string()),
        ("direction", pa.string()),
        ("is_outbound", pa.bool_()),
        ("status", pa.string()),
        ("status_rank", pa.int16()),
        ("error_code", pa.int32()),
        ("from_address", pa.string()),
        ("to_address", pa.string()),
        ("sender", pa.string()),
        ("sender_type", pa.string()),
        ("contact", pa.string()),
        ("country", pa.string()),
        ("conversation_id", pa.string()),
        ("body", pa.string()),
        ("keyword", pa.string()),
        ("revocation", pa.string()),
        ("revocation_language", pa.string()),
        ("encoding", pa.string()),
        ("segments", pa.int32()),
        ("media_count", pa.int32()),
        ("price", pa.decimal128(12, 6)),
        ("currency", pa.string()),
        ("date_created", _TIME),
        ("date_sent", _TIME),
        ("date_updated", _TIME),
    ]
)

#: Arrow's own pool keeps a heap for each thread, which costs a sync with its many threads 100 MB.
_POOL = pa.system_memory_pool()

_COLUMNS = MessageRow._fields
_KEY = ("message_sid", "date_created")
_LATE = "i.status_rank < t.status_rank"

#: What an incoming row makes of a stored one, where that is not simply the incoming value.
_MERGED = {
    "status": f"case when {_LATE} then t.status else i.status end",
    "status_rank": "greatest(i.status_rank, t.status_rank)",
    "error_code": f"case when {_LATE} then t.error_code else i.error_code end",
    # A sender, once picked, and a price, once known, stay known.
    "from_address": "coalesce(i.from_address, t.from_address)",
    "sender": "coalesce(i.sender, t.sender)",
    "sender_type": "coalesce(i.sender_type, t.sender_type)",
    "conversation_id": "case when i.sender is null then t.conversation_id else i.conversation_id end",
    "price": "coalesce(i.price, t.price)",
    "currency": "coalesce(i.currency, t.currency)",
    "date_sent": "coalesce(i.date_sent, t.date_sent)",
    # Redaction empties the body; what the body was for counting stays true.
    "keyword": "coalesce(i.keyword, t.keyword)",
    "revocation": "coalesce(i.revocation, t.revocation)",
    "revocation_language": "coalesce(i.revocation_language, t.revocation_language)",
    "encoding": "coalesce(i.encoding, t.encoding)",
}


@dataclass(frozen=True)
class Saved:
    """What a save did: rows that were new, and rows whose content changed."""

    added: int = 0
    changed: int = 0

    def __add__(self, other: Saved) -> Saved:
        return Saved(self.added + other.added, self.changed + other.changed)


def message_table(rows: Sequence[MessageRow]) -> pa.Table:
    """Rows as one Arrow table; of several rows of one message the one furthest in its life stays."""
    latest: dict[str, MessageRow] = {}
    for row in rows:
        held = latest.get(row.message_sid)
        if held is None or row.status_rank >= held.status_rank:
            latest[row.message_sid] = row
    columns = list(zip(*latest.values(), strict=True)) or [()] * len(_COLUMNS)
    arrays = [
        pa.array(column, field.type, memory_pool=_POOL)
        for column, field in zip(columns, MESSAGE_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=MESSAGE_SCHEMA)


def join_message_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of `message_table` as one; of several rows of one message the furthest in its life stays."""
    joined = pa.concat_tables([MESSAGE_SCHEMA.empty_table(), *tables])
    sids = joined["message_sid"]
    if pc.count_distinct(sids).as_py() == joined.num_rows:
        return joined
    latest: dict[str, tuple[int, int]] = {}
    ranks = joined["status_rank"].to_pylist()
    for index, (sid, rank) in enumerate(zip(sids.to_pylist(), ranks, strict=True)):
        latest[sid] = max(latest.get(sid, (-1, -1)), (rank, index))
    return joined.take(sorted(index for _, index in latest.values()))


def save_messages(
    cursor: duckdb.DuckDBPyConnection,
    messages: pa.Table,
    *,
    source: str,
    received_at: datetime,
    dates_are_true: bool = True,
) -> Saved:
    """Insert what is new, update what differs, and record each status that a known message moved to.

    What callbacks said of a message before it came counts now; what was stored with a guessed date of
    creation gets the true one.

    Args:
        messages: a table of `MESSAGE_SCHEMA`, each message once.
        source: who told us: `sync`, `callback`, `send` or `import`.
        received_at: when, by our clock.
        dates_are_true: whether `date_created` is Twilio's.
    """
    offered = messages["message_sid"]
    messages = read_horizons(cursor).table(without_erased(cursor, messages))
    if messages.num_rows < len(offered):
        is_refused = pc.invert(pc.is_in(offered, value_set=messages["message_sid"]))
        forget_refused(cursor, offered.filter(is_refused).to_pylist())
    if not messages.num_rows:
        return Saved()
    messages = with_keyed_ids(cursor, messages)
    if dates_are_true:
        settle_created_dates(cursor, messages)
    # Literal bounds, known before the query is planned, so that files of other days are never opened.
    span = pc.min_max(messages["date_created"]).as_py()
    bounds = {"oldest": span["min"], "newest": span["max"]}
    cursor.register("incoming", messages)
    try:
        cursor.execute(_STAGE_SQL, bounds)
        added, changed = cursor.execute(_COUNT_SQL).fetchall()[0]
        if changed:
            cursor.execute(_EVENTS_SQL, [source, received_at])
            cursor.execute(_UPDATE_SQL, bounds)
        if added:
            cursor.execute(_INSERT_SQL)
        if added or changed:
            note_consent(cursor, messages, received_at)
            note_memberships(cursor, messages)
        apply_waiting_statuses(cursor, bounds, received_at)
    finally:
        cursor.execute("drop table if exists staged")
        cursor.unregister("incoming")
    return Saved(int(added), int(changed))


def _stage_sql() -> str:
    """Of the incoming rows, those that are new or differ, already merged with what is stored.

    The bound on `date_created`, which never changes, lets DuckLake skip every file of other days. Of those
    days only the incoming messages are taken along: whole rows of the others would be most of the memory.
    """
    merged = ", ".join(
        f"case when t.message_sid is null then i.{name} else {_MERGED[name]} end as {name}"
        if name in _MERGED
        else f"i.{name}"
        for name in _COLUMNS
    )
    differs = " or ".join(
        f"({_MERGED.get(name, f'i.{name}')}) is distinct from t.{name}"
        for name in _COLUMNS
        if name not in _KEY
    )
    return f"""
        create temp table staged as
        with known as (
            select * from raw_messages
            where date_created between $oldest and $newest
              and message_sid in (select message_sid from incoming)
        )
        select {merged}, t.message_sid is null as is_new,
               t.message_sid is not null and i.status_rank > t.status_rank as has_moved
        from incoming i left join known t on t.message_sid = i.message_sid
        where t.message_sid is null or {differs}
    """


_STAGE_SQL = _stage_sql()
_COUNT_SQL = "select count(*) filter (is_new), count(*) filter (not is_new) from staged"
_INSERT_SQL = (
    f"insert into raw_messages ({', '.join(_COLUMNS)}) "
    f"select {', '.join(_COLUMNS)} from staged where is_new order by date_created"
)
_UPDATE_SQL = f"""
    merge into raw_messages t using (select * from staged where not is_new) s
    on t.message_sid = s.message_sid
       and t.date_created between $oldest and $newest
    when matched then update set {", ".join(f"{name} = s.{name}" for name in _COLUMNS if name not in _KEY)}
"""
_EVENTS_SQL = """
    insert into status_events
    select s.message_sid, s.account_sid, s.status, s.error_code, ?, ?
    from staged s
    where s.has_moved and not exists (
        select 1 from status_events e
        where e.message_sid = s.message_sid and e.status = s.status
          and e.error_code is not distinct from s.error_code
    )
"""

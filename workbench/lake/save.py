"""Writes rows into the lake, inside a transaction that the caller holds (:meth:`Lake.write`).

Every save can be repeated: the same rows again change nothing, and rows only change when their content
differs. A status never goes back (a late `sent` leaves `delivered` alone) and a price never gets lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.begun_decisions import move_decisions
from workbench.lake.consent import note_consent
from workbench.lake.conversation_ids import with_keyed_ids
from workbench.lake.created_dates import settle_created_dates
from workbench.lake.erased import without_erased
from workbench.lake.memberships import note_memberships
from workbench.lake.merge import Merge
from workbench.lake.merge import Saved as Saved
from workbench.lake.retained import read_horizons
from workbench.lake.statuses import apply_waiting_statuses, forget_refused
from workbench.lake.text_templates import with_templates
from workbench.messaging.message import MessageRow

_ARROW_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int32(),
    Decimal: pa.decimal128(12, 6),
    datetime: pa.timestamp("us", tz="UTC"),
}


def _arrow_field(name: str, annotation: Any) -> pa.Field:
    """A column by the Python type of its values, whether they may be None or not."""
    python_type = next(kind for kind in get_args(annotation) or (annotation,) if kind is not type(None))
    return pa.field(name, pa.int16() if name == "status_rank" else _ARROW_TYPES[python_type])


MESSAGE_SCHEMA = pa.schema(
    [_arrow_field(name, annotation) for name, annotation in get_type_hints(MessageRow).items()]
)
"""The columns of `raw_messages` that follow from one message, as :class:`MessageRow` names them."""

#: Arrow's own pool keeps a heap for each thread: 100 MB for a sync with its many threads.
_POOL = pa.system_memory_pool()

_COLUMNS = (*MessageRow._fields, "template")
_KEY = ("message_sid", "date_created")
_OTHERS = tuple(name for name in _COLUMNS if name not in _KEY)
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
    # Redaction empties the body; what was derived from it before stays.
    "keyword": "coalesce(i.keyword, t.keyword)",
    "revocation": "coalesce(i.revocation, t.revocation)",
    "revocation_language": "coalesce(i.revocation_language, t.revocation_language)",
    "encoding": "coalesce(i.encoding, t.encoding)",
    "template": "coalesce(i.template, t.template)",
}
#: A message that only lacks its template is no different: it gets it with others (text_templates.py).
_COMPARED = tuple(name for name in _OTHERS if name != "template")


def message_table(rows: Sequence[MessageRow]) -> pa.Table:
    """Rows as one Arrow table; of several rows of one message the one with the furthest status stays."""
    latest: dict[str, MessageRow] = {}
    for row in rows:
        earlier = latest.get(row.message_sid)
        if earlier is None or row.status_rank >= earlier.status_rank:
            latest[row.message_sid] = row
    columns = list(zip(*latest.values(), strict=True)) or [()] * len(MESSAGE_SCHEMA)
    arrays = [
        pa.array(column, field.type, memory_pool=_POOL)
        for column, field in zip(columns, MESSAGE_SCHEMA, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=MESSAGE_SCHEMA)


def join_message_tables(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of `message_table` as one; of several rows of a message that with the furthest status stays."""
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
    messages = with_templates(cursor, with_keyed_ids(cursor, messages), received_at)
    if dates_are_true:
        settle_created_dates(cursor, messages)
    # Literal bounds, known before the query is planned, so that files of other days are never opened.
    span = pc.min_max(messages["date_created"]).as_py()
    bounds = {"oldest": span["min"], "newest": span["max"]}
    cursor.register("incoming", messages)
    try:
        cursor.execute(_STAGE_SQL, bounds)
        saved = _MERGE.count(cursor)
        if saved.changed:
            cursor.execute(_EVENTS_SQL, [source, received_at])
            _MERGE.update(cursor, bounds)
            move_decisions(cursor, "staged")
        if saved.added:
            _MERGE.insert(cursor)
        if saved != Saved():
            note_consent(cursor, messages, received_at)
            note_memberships(cursor, messages)
        apply_waiting_statuses(cursor, bounds, received_at)
    finally:
        cursor.execute("drop table if exists staged")
        cursor.unregister("incoming")
    return saved


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
        f"({_MERGED.get(name, f'i.{name}')}) is distinct from t.{name}" for name in _COMPARED
    )
    return f"""
        create temp table staged as
        with known as (
            select * from raw_messages
            where date_created between $oldest and $newest
              and message_sid in (select message_sid from incoming)
        )
        select {merged}, t.message_sid is null as is_new, t.conversation_id as old_conversation_id,
               t.message_sid is not null and i.status_rank > t.status_rank as has_moved
        from incoming i left join known t on t.message_sid = i.message_sid
        where t.message_sid is null or {differs}
    """


_STAGE_SQL = _stage_sql()
_MERGE = Merge(
    "raw_messages",
    staged_table="staged",
    key_columns=_KEY,
    other_columns=_OTHERS,
    match="t.message_sid = s.message_sid and t.date_created between $oldest and $newest",
    order="date_created",
)
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

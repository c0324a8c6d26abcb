"""The messages behind a number: the same filters as a metric, but the rows themselves, page by page.

SQL is made here and run on the lake; a page of rows is one LIMIT, the whole set is a stream of Arrow batches.
Numbers are masked before they leave this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, LiteralString

import pyarrow as pa
import pyarrow.compute as pc

from workbench.display.message_content import content_words
from workbench.display.names import sender_name
from workbench.errors import UnknownName, UsageError
from workbench.lake.connect import Lake, Readable
from workbench.lake.inbound_fields import read_inbound_fields
from workbench.lake.number_lookups import number_conditions
from workbench.lake.shown_address import shown_address_sql
from workbench.messaging.addresses import mask
from workbench.messaging.number_search import is_number_like as is_number_like
from workbench.metrics.catalog import query_sender_names
from workbench.metrics.compile import CompiledMetric, Moment, conditions_sql, find_metric, select_sql
from workbench.metrics.counted_rows import EVERY_ROW, counted_rows_sql
from workbench.metrics.filter_values import Where

#: What a list of messages can be ordered by, and the SQL of it; addresses by what is shown of them.
SORTS: Mapping[str, LiteralString] = {
    "date_created": "date_created",
    "direction": "direction",
    "sender": shown_address_sql("sender"),
    "contact": shown_address_sql("contact"),
    "country": "country",
    "status": "status",
    "error_code": "error_code",
    "segments": "segments",
    "spend": "spend",
}
DEFAULT_SORT = "-date_created"
COLUMNS = (
    "message_sid", "date_created", "date_sent", "date_updated", "direction", "status", "is_final",
    "error_code", "sender", "sender_type", "contact", "country", "body", "encoding", "segments",
    "media_count", "spend", "currency", "messaging_service_sid", "account_sid", "conversation_id",
)  # fmt: skip
_ADDRESSES: tuple[LiteralString, ...] = ("sender", "contact")
_SID = re.compile(r"[A-Za-z]{2}[0-9a-fA-F]{8,32}")
_BATCH_ROWS = 20_000


@dataclass(frozen=True)
class RowQuery:
    """Which messages: filters as of a metric, and words to look for.

    ``search`` is a message SID (or the beginning of one), the digits of a number that are shown, or text of
    the body. ``number`` is a whole number that is looked up, as
    :func:`workbench.lake.number_lookups.look_up_number` gives it; without it hidden digits find nothing.
    ``metric`` leaves only the messages behind that metric, see :mod:`workbench.metrics.counted_rows`.
    """

    where: Where = field(default_factory=dict)
    since: Moment = None
    until: Moment = None
    timezone: str = "UTC"
    search: str = ""
    number: str | None = None
    metric: str = ""


@dataclass(frozen=True)
class RowPage:
    """Some rows of a list: dicts by column, addresses masked; `total` counts all that match.

    Beside the columns each has `content`: what a message without a text holds, in words.
    """

    rows: tuple[dict[str, Any], ...]
    total: int
    sql: str
    parameters: dict[str, object]
    as_of: datetime


def compile_rows(
    query: RowQuery,
    sort: str = DEFAULT_SORT,
    limit: int | None = None,
    offset: int = 0,
    after: tuple[datetime, str] | None = None,
) -> CompiledMetric:
    """SQL for the rows of a query.

    Args:
        sort: a name of SORTS, with ``-`` before it for the largest first; ties are broken by SID.
        after: only rows that follow this time of creation and SID, where that is the order.

    Raises:
        UnknownName: nothing of that name can be sorted by, or a filter is no dimension.
        UsageError: a moment is no date, or since is not before until.
    """
    name = sort.removeprefix("-")
    if name not in SORTS:
        raise UnknownName("column to sort by", name, SORTS)
    way = "desc" if sort.startswith("-") else "asc"
    parameters: dict[str, object] = {}
    sql = f"select {', '.join(COLUMNS)}\nfrom message_facts" + _conditions(query, parameters)
    if after is not None:
        parameters |= {"at": after[0], "sid": after[1]}
        side: LiteralString = "<" if way == "desc" else ">"
        sql += "\nand" if "\nwhere " in sql else "\nwhere"
        sql += f" (date_created, message_sid) {side} ($at, $sid)"
    sql += f"\norder by {SORTS[name]} {way} nulls last, message_sid {way}"
    if limit is not None:
        parameters |= {"limit": limit, "offset": offset}
        sql += "\nlimit $limit offset $offset"
    return CompiledMetric(sql, parameters, COLUMNS)


def compile_count(query: RowQuery) -> CompiledMetric:
    """SQL for how many rows a query has."""
    parameters: dict[str, object] = {}
    sql = "select count(*) as messages\nfrom message_facts" + _conditions(query, parameters)
    return CompiledMetric(sql, parameters, ("messages",))


def _conditions(query: RowQuery, parameters: dict[str, object]) -> LiteralString:
    conditions = conditions_sql(query.where, query.since, query.until, query.timezone, parameters)
    if query.metric:
        conditions += _counted_sql(query, parameters)
    if query.search.strip():
        conditions.append(_search_sql(query.search.strip(), query.number, parameters))
    if any("$timezone" in condition for condition in conditions):
        parameters["timezone"] = query.timezone
    return "\nwhere " + "\n  and ".join(conditions) if conditions else ""


def _counted_sql(query: RowQuery, parameters: dict[str, object]) -> list[LiteralString]:
    """The rows behind a metric; where it is over a view of its own, those whose message is in there."""
    metric = find_metric(query.metric)
    rows = counted_rows_sql(metric)
    if rows is None:
        raise UsageError(f"{metric.name} counts no messages, so there is no list of them.")
    if metric.source == "message_facts":
        return [] if rows == EVERY_ROW else [rows]
    inner = select_sql(
        {"message_sid": "message_sid"},
        metric.source,
        [rows, *conditions_sql({}, query.since, query.until, query.timezone, parameters)],
    )
    return [f"message_sid in (\n{inner}\n)"]


def _search_sql(text: str, number: str | None, parameters: dict[str, object]) -> LiteralString:
    parameters["search"] = text
    conditions: list[LiteralString] = ["contains(lower(body), lower($search))"]
    if _SID.fullmatch(text):
        conditions.append("starts_with(lower(message_sid), lower($search))")
    by_number = number_conditions(text, number, _ADDRESSES, parameters)
    if not by_number and not _SID.fullmatch(text):
        conditions.append(f"lower({shown_address_sql('sender')}) = lower($search)")
    return f"({' or '.join([*conditions, *by_number])})"


def query_rows(
    lake: Lake,
    query: RowQuery,
    sort: str = DEFAULT_SORT,
    limit: int = 50,
    offset: int = 0,
    masked: Sequence[str] = _ADDRESSES,
) -> RowPage:
    """One page of a list of messages, the addresses of ``masked`` columns masked.

    Other arguments and errors as in :func:`compile_rows`.
    """
    page, count = compile_rows(query, sort, limit, offset), compile_count(query)
    as_of = datetime.now(UTC)
    with lake.cursor() as cursor:
        cursor.execute("begin")
        total = cursor.execute(count.sql, count.parameters).fetchall()[0][0]
        fetched = cursor.execute(page.sql, page.parameters).fetchall()
    rows = _described(lake, [dict(zip(COLUMNS, row, strict=True)) for row in fetched])
    shown = tuple(_masked(row, masked) for row in rows)
    return RowPage(shown, int(total), page.sql, page.parameters, as_of)


def read_rows(
    lake: Readable, query: RowQuery, sort: str, limit: int, after: tuple[datetime, str] | None = None
) -> tuple[dict[str, Any], ...]:
    """Rows of a list, as those of a :class:`RowPage`. Arguments and errors as in :func:`compile_rows`."""
    compiled = compile_rows(query, sort, limit, after=after)
    rows = lake.rows(compiled.sql, compiled.parameters)
    described = _described(lake, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
    return tuple(_masked(row, _ADDRESSES) for row in described)


def count_rows(lake: Readable, query: RowQuery) -> int:
    """How many rows a query has."""
    count = compile_count(query)
    return int(lake.value(count.sql, count.parameters))


def _described(lake: Readable, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    told = [
        (row["message_sid"], row["date_created"])
        for row in rows
        if not row["body"] and row["direction"] == "inbound"
    ]
    fields, names = read_inbound_fields(lake, told), query_sender_names(lake)
    return [
        {
            **row,
            "content": content_words(fields.get(row["message_sid"], {})),
            "sender_name": sender_name(row["sender"], names.get(row["sender"])) if row["sender"] else None,
        }
        for row in rows
    ]


def _masked(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {**row, **{name: mask(row[name]) if row[name] else None for name in names}}


@dataclass(frozen=True)
class RowStream:
    """All rows of a query, in batches, of one moment of the lake; `total` is how many will come."""

    schema: pa.Schema
    total: int
    batches: Iterator[pa.RecordBatch]
    sql: str
    parameters: dict[str, object]
    as_of: datetime


@contextmanager
def stream_rows(
    lake: Lake, query: RowQuery, sort: str = DEFAULT_SORT, masked: Sequence[str] = _ADDRESSES
) -> Iterator[RowStream]:
    """Every row of a query, the addresses of ``masked`` columns masked.

    The count and the rows are of one transaction.
    """
    compiled, count = compile_rows(query, sort), compile_count(query)
    as_of = datetime.now(UTC)
    with lake.cursor() as cursor:
        cursor.execute("begin")
        total = cursor.execute(count.sql, count.parameters).fetchall()[0][0]
        reader = cursor.execute(compiled.sql, compiled.parameters).to_arrow_reader(_BATCH_ROWS)
        batches = (_masked_batch(batch, masked) for batch in reader)
        yield RowStream(reader.schema, int(total), batches, compiled.sql, compiled.parameters, as_of)


def _masked_batch(batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
    columns = [
        _masked_column(column) if name in names else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _masked_column(column: pa.Array) -> pa.Array:
    """Each address is masked once, however many messages it has."""
    coded = pc.dictionary_encode(column)
    shown = pa.array([mask(value) for value in coded.dictionary.to_pylist()], column.type)
    return pc.take(shown, coded.indices)

"""Erases one person's rows from the lake; only a keyed hash of the number stays. See ``finishing.py``, too.

All tables of the lake are searched, whichever room made them. A row with the person's number, or with one of
their messages or conversations, is deleted; in texts of other people the number is overwritten. The audit
trail has only masked numbers and stays.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, LiteralString

import duckdb

from workbench.compliance.data_subject import DataSubject, require_alone
from workbench.compliance.home_files import find_in_files
from workbench.compliance.orders import AtTwilio, ErasurePlan, Order, save_order
from workbench.errors import UsageError
from workbench.lake.address import METADATA
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.erased import BLOT, person_hash, remove_erased, save_erased
from workbench.lake.quoting import identifier
from workbench.lake.removals import ERASURE, add_attachments, begin_removal, is_unfinished
from workbench.lake.row_counts import ever_written
from workbench.lake.secret_key import privacy_key
from workbench.lake.text_templates import forget_skeletons, forget_unused_templates

_UNTOUCHED = frozenset(
    {"audit_events", "erased_people", "removals", "lake_identity", "lake_key", "schema_migrations"}
)
"""Tables that are not searched: they hold only masked numbers, hashes and our own names."""
_ALWAYS = frozenset(
    {
        "raw_messages",
        "status_events",
        "waiting_statuses",
        "webhook_fields",
        "media",
        "media_files",
        "quarantined_rows",
        "feed_events",
        "rule_firings",
        "event_deliveries",
    }
)
"""Tables into which rows of the person's messages may still be written while these exist."""
_MESSAGE_COLUMNS = frozenset({"message_sid", "resource_sid", "sid"})
ADDRESS_COLUMNS = frozenset({"contact", "address", "to_address", "from_address", "recipient", "to_number"})
_NOWHERE = "$x"
"""A pattern that no text has, for a person of whom only pseudonyms are known."""
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_SHORTEST_TEXT = 12
"""The shortest text of a person that is searched in files; shorter ones are too common."""


def plan_erasure(lake: Lake, person: DataSubject) -> ErasurePlan:
    """Count what an erasure would delete; changes nothing.

    Raises:
        UsageError: the lake keeps masked numbers, which several people can share.
    """
    require_alone(person)
    with lake.cursor() as cursor:
        plan = _plan(cursor, person)
    files = find_in_files(lake, [*person.words, *plan.texts])
    return ErasurePlan(person.masked, plan.rows, plan.mentions, files, plan.attachments, plan.texts)


def order_erasure(
    lake: Lake,
    person: DataSubject,
    *,
    actor: str,
    at_twilio: AtTwilio | None = None,
    now: datetime | None = None,
) -> Order:
    """Save the order of the erasure durably: from now on it is finished even if this process is killed.

    Raises:
        UsageError: the lake keeps masked numbers, which several people can share.
    """
    plan, moment = plan_erasure(lake, person), now or datetime.now(UTC)
    order = Order(uuid.uuid4().hex, person, plan, actor, moment, at_twilio or AtTwilio())
    save_order(lake.home, order)
    return order


def commit_erasure(lake: Lake, order: Order) -> None:
    """Save the hash, record the erasure as *begun*, and delete the rows; it can safely run twice.

    The hash comes first: from then on the lake refuses new rows of the person, so most tables can be searched
    without blocking other writers.
    """
    lake.write(lambda cursor: _begin(cursor, lake, order))
    with lake.cursor() as cursor:
        keys = _keys(cursor, order.person)
        written = ever_written(cursor)
        tables = {
            table: columns
            for table, columns in text_columns(cursor).items()
            if table in _ALWAYS or (table in written and any(_counts(cursor, table, columns, keys)))
        }
    lake.write(lambda cursor: _erase_rows(cursor, order, tables))


def _begin(cursor: duckdb.DuckDBPyConnection, lake: Lake, order: Order) -> None:
    person = order.person
    save_erased(cursor, [*person.numbers, *person.contacts], order.erasure_id, order.begun_at)
    is_new = begin_removal(
        cursor,
        order.erasure_id,
        ERASURE,
        actor=order.actor,
        begun_at=order.begun_at,
        attachments=[],
        subject=person.masked,
        person_hash=person_hash(privacy_key(lake.home), person.number),
    )
    if is_new:
        detail = {
            "erasure_id": order.erasure_id,
            "state": "begun",
            "rows": dict(order.plan.rows),
            "files": len(order.plan.files.changeable),
        }
        append_audit(
            cursor, "erase", actor=order.actor, subject=person.masked, detail=detail, at=order.begun_at
        )


@dataclass(frozen=True)
class _Found:
    rows: dict[str, int]
    mentions: dict[str, int]
    attachments: tuple[str, ...]
    texts: tuple[str, ...]


def _plan(cursor: duckdb.DuckDBPyConnection, person: DataSubject) -> _Found:
    keys = _keys(cursor, person)
    rows: dict[str, int] = {}
    mentions: dict[str, int] = {}
    for table, columns in written_columns(cursor).items():
        own, by_column = _count(cursor, table, columns, keys)
        rows.update({table: own} if own else {})
        mentions.update({f"{table}.{name}": count for name, count in by_column.items() if count})
    texts = cursor.execute(
        "select distinct body from raw_messages where not is_outbound and length(body) >= ? "
        "and contact in (select unnest(?))",
        [_SHORTEST_TEXT, list(person.contacts)],
    ).fetchall()
    return _Found(rows, mentions, _attachments(cursor, keys), tuple(row[0] for row in texts))


def _attachments(cursor: duckdb.DuckDBPyConnection, keys: Mapping[str, Any]) -> tuple[str, ...]:
    """The files of the person's attachments, to be removed with the messages."""
    rows = cursor.execute(
        "select file_name from media_files "
        "where file_name is not null and message_sid in (select unnest(?::varchar[])) order by all",
        [keys["sids"]],
    ).fetchall()
    return tuple(row[0] for row in rows)


def _count(
    cursor: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: Mapping[str, Any]
) -> tuple[int, dict[str, int]]:
    """How many rows of a table are the person's own, and by column, how many others mention the number."""
    texts = _texts(columns)
    counts = ["count(*) filter (is_own)"]
    counts += [
        f"count(*) filter (not is_own and regexp_matches({identifier(name)}, $digits))" for name in texts
    ]
    # Judged once for a row, and not once for each of its texts.
    judged = ", ".join([f"{_belongs(columns) or 'false'} as is_own", *map(identifier, texts)])
    sql = f"select {', '.join(counts)} from (select {judged} from {identifier(table)})"
    first, *others = cursor.execute(sql, _used(sql, keys)).fetchall()[0]
    return int(first), dict(zip(texts, map(int, others), strict=True))


def _counts(
    cursor: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], keys: Mapping[str, Any]
) -> list[int]:
    own, by_column = _count(cursor, table, columns, keys)
    return [own, *by_column.values()]


def _erase_rows(cursor: duckdb.DuckDBPyConnection, order: Order, tables: Mapping[str, Sequence[str]]) -> None:
    keys = _keys(cursor, order.person)
    add_attachments(cursor, order.erasure_id, _attachments(cursor, keys))
    forget_skeletons(cursor, keys["sids"])
    for table, columns in tables.items():
        own, mentions = _count(cursor, table, columns, keys)
        if own:
            sql = f"delete from {identifier(table)} where {_belongs(columns)}"
            cursor.execute(sql, _used(sql, keys))
        for column in (identifier(name) for name, count in mentions.items() if count):
            cursor.execute(
                f"update {identifier(table)} "
                f"set {column} = regexp_replace({column}, '\\+?(?:' || $digits || ')', $blot, 'g') "
                f"where regexp_matches({column}, $digits)",
                {"digits": keys["digits"], "blot": BLOT},
            )
    forget_unused_templates(cursor)


def _keys(cursor: duckdb.DuckDBPyConnection, person: DataSubject) -> dict[str, Any]:
    """The values by which a row of this person is recognised."""
    contacts = list(person.contacts)
    messages = cursor.execute(
        "select message_sid, conversation_id from raw_messages where contact in (select unnest(?))",
        [contacts],
    ).fetchall()
    return {
        "contacts": contacts,
        "sids": sorted({row[0] for row in messages}),
        "conversations": sorted({row[1] for row in messages if row[1]}),
        # The longer spelling first, because a shorter one can be its beginning.
        "digits": "|".join(sorted(person.digits, key=len, reverse=True)) or _NOWHERE,
    }


def text_columns(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Every table of the lake with its text columns."""
    text_columns: dict[str, list[str]] = {}
    # The catalog's own list: DuckDB's would read the statistics of every table and bind every view for it.
    for table, column in cursor.execute(
        f"select table_name, column_name from {METADATA}.ducklake_table "
        f"join {METADATA}.ducklake_column c using (table_id) "
        "where ducklake_table.end_snapshot is null and c.end_snapshot is null "
        "and c.column_type in ('varchar', 'json') and c.parent_column is null order by all"
    ).fetchall():
        if table not in _UNTOUCHED and _NAME.fullmatch(table) and _NAME.fullmatch(column):
            text_columns.setdefault(table, []).append(column)
    return text_columns


def written_columns(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """As :func:`text_columns`, of the tables that ever had a row."""
    written = ever_written(cursor)
    return {table: columns for table, columns in text_columns(cursor).items() if table in written}


def _belongs(columns: Sequence[str]) -> LiteralString:
    """The condition for rows that are the person's own; empty where a table cannot have any."""
    parts = [
        f"{identifier(name)} in (select unnest($sids::varchar[]))"
        for name in columns
        if name in _MESSAGE_COLUMNS
    ]
    parts += [
        f"{identifier(name)} in (select unnest($contacts::varchar[]))"
        for name in columns
        if name in ADDRESS_COLUMNS
    ]
    if "conversation_id" in columns:
        parts.append("conversation_id in (select unnest($conversations::varchar[]))")
    return " or ".join(f"coalesce({part}, false)" for part in parts)


def _texts(columns: Sequence[str]) -> list[str]:
    """The columns with free text, in which the number may occur."""
    keys = _MESSAGE_COLUMNS | ADDRESS_COLUMNS | {"conversation_id", "account_sid", "direction", "status"}
    return [name for name in columns if name not in keys]


def _used(sql: str, keys: Mapping[str, object]) -> dict[str, object]:
    """Only the parameters that a statement uses, because DuckDB refuses others."""
    return {name: value for name, value in keys.items() if f"${name}" in sql}


def readmit_person(lake: Lake, person: DataSubject, *, because: str, actor: str) -> None:
    """Admit an erased person again: from now on their messages are stored, and they can be written to.

    Args:
        because: what they asked for and where that is recorded; it stays in the audit trail.

    Raises:
        UsageError: nobody with that number was erased, the erasure is not finished, or no reason is given.
    """
    if not because.strip():
        raise UsageError("Say why they are let in again: what they asked for, and where that is on record.")

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        if is_unfinished(cursor, person_hash(privacy_key(lake.home), person.number)):
            raise UsageError(
                f"The erasure of {person.masked} was interrupted. Run it again, or `workbench schedule run "
                "maintenance`, and let them in then."
            )
        if not remove_erased(cursor, [*person.addresses, *person.contacts]):
            raise UsageError(f"{person.masked} was not erased here; there is nothing to take back.")
        detail = {"because": because.strip()}
        append_audit(cursor, "readmit", actor=actor, subject=person.masked, detail=detail)

    lake.write(work)

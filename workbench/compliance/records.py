"""Everything that the lake has about one person, as plain data, as JSON and as a page to hand over."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from workbench.compliance.data_subject import DataSubject, require_alone
from workbench.lake.connect import Lake
from workbench.lake.consent import EVERYTHING
from workbench.lake.quoting import identifier
from workbench.messaging.addresses import mask

Rows = list[dict[str, Any]]
Record = dict[str, Any]

_BY_MESSAGE = ("status_events", "media", "revocation_decisions", "tombstones")


def read_consent_record(lake: Lake, person: DataSubject, now: datetime | None = None) -> Record:
    """This person's consent: the state by scope, and every event with its evidence.

    Raises:
        UsageError: the lake keeps masked numbers, which several people can share.
    """
    [standing] = read_standings(lake, [person])
    with lake.cursor() as cursor:
        contacts = list(person.contacts)
        return {
            "what": "consent record",
            "person": person.number,
            "as_of": (now or datetime.now(UTC)),
            "state": standing["state"],
            "must_not_be_messaged": [_without_address(row) for row in standing["must_not_be_messaged"]],
            "events": _rows(
                cursor,
                "select * exclude (event_id) from consent_events where address in (select unnest(?)) "
                "order by happened_at, recorded_at",
                [contacts],
            ),
        }


def read_standings(lake: Lake, people: Sequence[DataSubject]) -> list[Record]:
    """Of each person the state by scope and the opt-outs that hold, in two questions for all of them.

    Raises:
        UsageError: the lake keeps masked numbers, which several people can share.
    """
    for person in people:
        require_alone(person)
    contacts = [list({address for person in people for address in person.contacts})]
    with lake.cursor() as cursor:
        states = _rows(
            cursor,
            "select address, scope, state, source, since, actor from consent_state "
            "where address in (select unnest(?)) order by scope",
            contacts,
        )
        blocks = _rows(
            cursor,
            "select address, scope, source, since from suppressions where address in (select unnest(?)) "
            "order by since",
            contacts,
        )
    return [
        {
            "person": person.number,
            "state": [row for row in states if row["address"] in person.contacts],
            "must_not_be_messaged": [row for row in blocks if row["address"] in person.contacts],
        }
        for person in people
    ]


def _without_address(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "address"}


def is_empty(record: Record) -> bool:
    """Whether nothing is on record."""
    return not any(isinstance(rows, list) and rows for rows in record.values())


def read_person(lake: Lake, person: DataSubject, now: datetime | None = None) -> Record:
    """All rows about a person, from every table of the lake that names their number or their messages.

    Raises:
        UsageError: the lake keeps masked numbers, which several people can share.
    """
    record = read_consent_record(lake, person, now) | {"what": "everything on record"}
    contacts = list(person.contacts)
    with lake.cursor() as cursor:
        record["messages"] = _rows(
            cursor,
            "select * from messages where contact in (select unnest(?)) order by date_created, message_sid",
            [contacts],
        )
        sids = [row["message_sid"] for row in record["messages"]]
        for table in _BY_MESSAGE:
            record[table] = _rows(
                cursor,
                f"select * from {table} where message_sid in (select unnest(?::varchar[]))",
                [sids],
            )
        for name, columns in address_columns(cursor).items():
            matches = " or ".join(f"{identifier(column)} in (select unnest($contacts))" for column in columns)
            sql = f"select * from {identifier(name)} where {matches}"
            record[name] = _rows(cursor, sql, {"contacts": contacts})
        record["audit_events"] = _rows(
            cursor,
            "select happened_at, actor, action, subject, detail from audit_events "
            "where subject in (select unnest(?)) order by seq",
            [sorted({mask(address) for address in person.addresses})],
        )
    return record


#: Tables that :func:`read_person` reads by name, or that have no addresses of people.
_READ_OTHERWISE = frozenset({"raw_messages", "consent_events", "audit_events", "senders"})
_ADDRESS_COLUMNS = frozenset({"contact", "address", "to_address", "from_address", "recipient"})


def address_columns(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns with people's addresses in all other tables, whichever room made them."""
    columns: dict[str, list[str]] = {}
    for table, column in cursor.execute(
        "select c.table_name, c.column_name from duckdb_columns() c "
        "join duckdb_tables() t on t.table_name = c.table_name and t.database_name = c.database_name "
        "where c.database_name = 'lake' order by all"
    ).fetchall():
        if column in _ADDRESS_COLUMNS and table not in _READ_OTHERWISE:
            columns.setdefault(table, []).append(column)
    return columns


def write_record(record: Record, folder: Path, name: str) -> list[Path]:
    """Write a record as JSON and as a page that prints, readable by its owner only; the two paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for suffix, text in (("json", as_json(record)), ("html", as_html(record))):
        path = folder / f"{name}.{suffix}"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def as_json(record: Record) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False, default=_plain) + "\n"


def as_html(record: Record) -> str:
    """A page without any script; all that people wrote is escaped."""
    title = f"{record['what'].capitalize()}: {record['person']}"
    parts = [f"<h1>{_text(title)}</h1>", f"<p>As of {_text(record['as_of'])}.</p>"]
    for name, rows in record.items():
        if isinstance(rows, list):
            parts.append(f"<h2>{_text(name.replace('_', ' ').capitalize())} ({len(rows)})</h2>")
            parts.append(_table(rows) if rows else "<p>None.</p>")
    return _PAGE.format(title=_text(title), body="\n".join(parts))


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = [name for name in rows[0] if any(row[name] is not None for row in rows)]
    head = "".join(f"<th>{_text(name.replace('_', ' '))}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(_shown(row, name))}</td>" for name in columns) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shown(row: Mapping[str, Any], name: str) -> Any:
    return "everything" if name == "scope" and row[name] == EVERYTHING else row[name]


def _text(value: Any) -> str:
    return html.escape("" if value is None else str(_plain(value)))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _rows(
    cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Iterable[object] | Mapping[str, object]
) -> Rows:
    result = cursor.execute(sql, parameters)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }}
h1 {{ font-size: 1.4rem; }} h2 {{ font-size: 1.05rem; margin-top: 2rem; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border-bottom: 1px solid #8884; padding: .3rem .7rem .3rem 0; }}
th, td {{ text-align: left; vertical-align: top; }}
th {{ font-weight: 600; }} td {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""

"""Tables of audits: the messages that should not have been sent, and the queue of free-text revocations.

Each shows the newest or worst rows with what they rest on, and says how many there are beyond them and how
to see those. Contacts are masked; what people wrote is text, never markup.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.display import formats
from workbench.messaging.addresses import mask
from workbench.metrics.audits import find_audit
from workbench.ui.filters import FIELDS
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.tables import MOST_ROWS, Cell, Props, shown_first

LIMIT = 8
LONG_AGO = date(2000, 1, 1)
"""Before the first message of any lake."""
_IN_LINE = 3
"""Columns of a row; what is known besides opens below it."""

_SOURCES = {
    "keyword": "a keyword they wrote",
    "twilio-21610": "Twilio's refusal (21610)",
    "revocation": "free words, read by a person",
}


def breaches(name: str, limit: int = LIMIT) -> Callable[[PageData], Props]:
    """A table of one audit's rows under the page's filters."""
    return lambda data: _audit_props(data, name, limit)


def revocation_queue(data: PageData) -> Props:
    """Free-text revocations that nobody has decided on, those due first, whatever the page's period."""
    result = data.store.metric("revocations_waiting", snapshot=data.snapshot)
    rows = data.store.audit_rows("waiting-revocations", limit=LIMIT, snapshot=data.snapshot)
    return {
        "columns": [_column("What they wrote"), _column("Contact"), _column("Time left", "number")],
        "rows": [_waiting_row(row, data) for _, row in rows.iterrows()],
        "footnote": _left_out(
            int(result.frame["revocations_waiting"].iloc[0]), "workbench consent revocations"
        ),
        "definition": definition(result, data.period),
        "file": lambda: _masked(data.store.audit_rows("waiting-revocations", snapshot=data.snapshot), data),
        "file_note": "All that wait, of any time: the period and the filters do not hold for this table.",
        "behind": {
            **dict.fromkeys(FIELDS, ()),
            "metric": "revocations_waiting",
            "since": LONG_AGO,
            "until": None,
        },
    }


def _audit_props(data: PageData, name: str, limit: int) -> Props:
    audit = find_audit(name)
    result = data.metric(audit.metric)
    period = data.period
    rows = data.store.audit_rows(
        name, data.where, period.since, period.end, period.timezone, limit=MOST_ROWS, snapshot=data.snapshot
    )
    labels = list(audit.columns.items())
    total = int(result.frame[audit.metric].iloc[0]) if audit.counts_rows else len(rows)
    return {
        # As numbers are: to the right, and never broken over lines.
        "columns": [_column(labels[0][1]), *(_column(label, "number") for _, label in labels[1:_IN_LINE])],
        "rows": [_audit_row(row, labels, data) for _, row in rows.iterrows()],
        **shown_first(
            range(total), limit, lambda end: _left_out(total, f"workbench compliance rows {name}", end)
        ),
        "definition": definition(result, period),
        "file": lambda: _masked(
            data.store.audit_rows(
                name, data.where, period.since, period.end, period.timezone, snapshot=data.snapshot
            ),
            data,
        ),
    }


def _masked(rows: pd.DataFrame, data: PageData) -> pd.DataFrame:
    """All rows for a file, with what the audit shows."""
    shown = rows.drop(columns="conversation_id")
    for name in data.store.masked_sides:
        shown[name] = [None if formats.is_missing(address) else mask(str(address)) for address in shown[name]]
    return shown


def _audit_row(row: pd.Series, labels: list[tuple[str, str]], data: PageData) -> dict[str, Any]:
    cells = [_cell(row[name], name, data, "%d %b %H:%M") for name, _ in labels[:_IN_LINE]]
    detail = [[label, _cell(row[name], name, data)["text"]] for name, label in labels[1:]]
    detail.append(["Message", str(row["message_sid"])])
    return {"key": str(row["message_sid"]), "cells": cells, "detail": detail, "hint": "Show what it rests on"}


def _waiting_row(row: pd.Series, data: PageData) -> dict[str, Any]:
    sid = str(row["message_sid"])
    text = "not kept here" if formats.is_missing(row["body"]) else str(row["body"])
    detail = [
        ["They wrote", text],
        ["Phrase", f"{row['revocation']} ({row['revocation_language']})"],
        ["To", data.sender_label(row["sender"])],
        ["Written", _moment(row["date_created"], data)],
        ["Honour by", _moment(row["due_at"], data)],
        ["To decide", f"workbench consent decide {sid} opt-out"],
        ["or", f"workbench consent decide {sid} not-opt-out"],
    ]
    cells = [{"text": row["revocation"]}, {"text": mask(row["contact"])}, {"text": _time_left(row["due_at"])}]
    return {"key": sid, "cells": cells, "detail": detail, "hint": "Show what they wrote"}


def _cell(value: Any, name: str, data: PageData, form: str = "%d %b %Y %H:%M") -> Cell:
    if formats.is_missing(value):
        return {"text": formats.MISSING, "muted": True}
    if name == "sender":
        return {"text": data.sender_label(str(value))}
    if name == "contact":
        return {"text": mask(str(value))}
    if isinstance(value, datetime):
        return {"text": _moment(value, data, form), "value": value.timestamp()}
    if name == "messages_in_week":
        return {"text": formats.count(float(value))}
    return {"text": _SOURCES.get(str(value), str(value))}


def _moment(value: Any, data: PageData, form: str = "%d %b %Y %H:%M") -> str:
    if formats.is_missing(value):
        return formats.MISSING
    return str(value.astimezone(ZoneInfo(data.period.timezone)).strftime(form))


def _time_left(due_at: Any) -> str:
    if formats.is_missing(due_at):
        return formats.MISSING
    hours = int((due_at - datetime.now(UTC)).total_seconds() // 3600)
    if hours < 0:
        return "over"
    return formats.plural(hours // 24, "day") if hours >= 24 else formats.plural(hours, "hour")


def _column(label: str, kind: str = "text") -> dict[str, str]:
    return {"label": label, "kind": kind, "color": "accent"}


def _left_out(total: int, command: str, limit: int = LIMIT) -> str:
    rest = total - limit
    return f"Not shown: {rest:,} more. `{command}` lists them all." if rest > 0 else ""

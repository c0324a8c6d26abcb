"""The tables of a report: metrics by a dimension, explained error codes, audits and their rows, the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workbench.display import formats
from workbench.display.formats import MISSING, is_missing
from workbench.display.moments import moment, short_moment
from workbench.display.names import value_name
from workbench.messaging.error_codes import explain
from workbench.metrics import METRICS
from workbench.metrics.audits import AUDITS, AuditCheck
from workbench.metrics.filter_values import find_dimension
from workbench.reports.elements import TableCell, TableElement, table_html
from workbench.reports.queries import ReportQueries, known_rows
from workbench.reports.row_notes import day_note

_LIMIT = 40
_SHOWN_NAMES = 3


def dimension_html(
    asking: ReportQueries, by: str, names: Sequence[str], title: str, where: Mapping[str, Any] | None
) -> str:
    """One row for each value of a dimension, sorted by the first metric, and a last row for the period.

    The total is a query of its own and never a sum, because people and rates cannot be added.
    """
    first = names[0]
    ranked = asking.metric(first, (by,), where).frame
    ranked = ranked[ranked[first].fillna(0) > 0].sort_values([first, by], ascending=[False, True])
    shown, rest = ranked.head(_LIMIT), len(ranked) - _LIMIT
    largest = float(ranked[first].max()) if len(ranked) else 1.0
    columns = {name: _column(asking, name, by, where) for name in names}
    labels = _distinct([asking.name(by, value) for value in shown[by]])
    rows = [
        [TableCell([label]), *(columns[name].get(_key(value), _nothing(name)) for name in names)]
        for value, label in zip(shown[by], labels, strict=True)
    ]
    whole = [_column(asking, name, None, where).get("", _nothing(name)) for name in names]
    label = find_dimension(by).label
    counted = METRICS[first].label.lower()
    table = TableElement(
        [label, *(METRICS[name].label for name in names)],
        rows,
        [TableCell(["Total"]), *whole] if len(rows) > 1 else (),
        [float(value) / largest for value in shown[first]],
        f"Not shown: {rest:,} more with fewer {counted}; they are in the total." if rest > 0 else "",
    )
    return table_html(title or f"By {label.lower()}", table)


def _nothing(name: str) -> TableCell:
    """The cell for a metric without a row: none for a count, no value for others."""
    return TableCell(["0" if METRICS[name].unit == "count" else MISSING])


def _column(
    asking: ReportQueries, name: str, by: str | None, where: Mapping[str, Any] | None
) -> dict[str, TableCell]:
    """A metric's cell for each value of a dimension; "" is the key of the missing value."""
    metric = METRICS[name]
    cells: dict[str, TableCell] = {}
    for row in known_rows(asking.metric(name, (by,) if by else (), where)):
        key = _key(row[by]) if by else ""
        text = formats.value(row[name], metric.unit, row.get("currency"))
        remark = f"of {int(row['sample_size']):,}" if metric.is_share and not metric.is_money else ""
        before = cells[key].lines if key in cells else []
        cells[key] = TableCell([*before, text], remark, asking.is_beyond(name, row))
    return cells


def failures_html(asking: ReportQueries) -> str:
    """Failed and undelivered messages by error code, with what the code means and who can fix it."""
    frame = asking.metric("messages", ("error_code",), {"outcome": ["failed", "undelivered"]}).frame
    ranked = frame.sort_values(["messages", "error_code"], ascending=[False, True])
    together = float(ranked["messages"].sum()) or 1.0
    rows, shares = [], []
    for code, messages in zip(ranked["error_code"], ranked["messages"], strict=True):
        error_code = explain(None if is_missing(code) else int(code))
        name = f"{error_code.code} · {error_code.title}" if error_code else "Twilio gave no code"
        remark = f"{error_code.meaning} {error_code.fix}" if error_code else ""
        share = float(messages) / together
        numbers = [TableCell([formats.value(messages, "count")]), TableCell([formats.value(share, "rate")])]
        rows.append(
            [TableCell([name], remark), TableCell([error_code.owner if error_code else "unknown"]), *numbers]
        )
        shares.append(share)
    head = ["Reason", "Who can fix it", "Messages", "Share"]
    rest = len(rows) - _LIMIT
    note = f"Not shown: {rest} rarer codes." if rest > 0 else ""
    table = TableElement(head, rows[:_LIMIT], (), shares[:_LIMIT], note, (0, 1))
    return table_html("Why messages did not arrive", table)


def audits_html(asking: ReportQueries) -> str:
    """Every audit with its count, also those with zero."""
    rows = []
    for audit in AUDITS.values():
        metric = METRICS[audit.metric]
        for row in known_rows(asking.metric(audit.metric)):
            shown = TableCell(
                [formats.value(row[audit.metric], metric.unit)], "", asking.is_beyond(audit.metric, row)
            )
            rows.append([TableCell([audit.headline], metric.description), shown])
    return table_html("What was checked", TableElement(["Check", "Found"], rows))


def audit_rows_html(asking: ReportQueries, limit: int) -> str:
    """The rows that each audit found, with masked numbers."""
    return "".join(_audit_html(asking, name, limit) for name in AUDITS)


def _audit_html(asking: ReportQueries, name: str, limit: int) -> str:
    audit, frame = AUDITS[name], asking.audit(name)
    if frame.empty:
        return ""
    rows = [_audit_cells(asking, audit, row) for row in frame.head(limit).to_dict("records")]
    rest = len(frame) - limit
    note = f"Not shown: {rest:,} more rows." if rest > 0 else ""
    table = TableElement(list(audit.columns.values()), rows, (), (), note, tuple(range(len(audit.columns))))
    return table_html(audit.headline, table)


def _audit_cells(asking: ReportQueries, audit: AuditCheck, row: Mapping[Any, Any]) -> list[TableCell]:
    """The words of a row; below the first its message, below its time why the day may surprise."""
    notes = {next(iter(audit.columns)): str(row["message_sid"])}
    moment_column = next((name for name in ("sent_at", "date_created") if name in audit.columns), "")
    if moment_column and not is_missing(row[moment_column]):
        created_at = None if is_missing(row["date_created"]) else row["date_created"]
        notes[moment_column] = day_note(
            row[moment_column], created_at, row.get("contact"), asking.period.timezone
        )
    return [
        TableCell([_audit_word(asking, column, row[column])], notes.get(column, ""))
        for column in audit.columns
    ]


def _audit_word(asking: ReportQueries, column: str, value: Any) -> str:
    if is_missing(value):
        return MISSING
    if isinstance(value, datetime):
        return short_moment(value, asking.period.timezone)
    if column == "sender":
        return asking.name("sender", value)
    if column == "zones":
        return _few(str(value).split(", "))
    if column == "messaging_service_sid":
        return asking.name("messaging_service", value)
    return value_name(column, value)


def _few(names: Sequence[str]) -> str:
    """The first names, and how many there are; a country-wide number may be in ten time zones."""
    shown = ", ".join(names[:_SHOWN_NAMES])
    return shown if len(names) <= _SHOWN_NAMES else f"{shown} and {len(names) - _SHOWN_NAMES} more"


def data_html(asking: ReportQueries) -> str:
    """How complete the data of this report is."""
    facts, zone = asking.facts, asking.period.timezone
    priced = 1 - facts.unpriced / facts.billed if facts.billed else None
    rows = [
        ("Last sync", moment(facts.last_sync_at, zone)),
        ("Newest message", moment(facts.newest_message_at, zone)),
        ("Days read to their end", f"{facts.days - len(facts.unread_days)} of {facts.days} (GMT)"),
        ("Days that differ from Twilio without an explanation", f"{len(facts.unreconciled_days)}"),
        ("Rows that could not be read, of any day", f"{facts.quarantined:,}"),
        ("Lines of imported files that were rejected", f"{facts.rejected:,}"),
        ("Messages in flight", f"{facts.open_messages:,}"),
        ("Billed messages that have their price", f"{formats.value(priced, 'rate')} of {facts.billed:,}"),
    ]
    cells = [[TableCell([name]), TableCell([text])] for name, text in rows]
    return table_html("The data behind this report", TableElement(["What", "State"], cells))


def _distinct(labels: Sequence[str]) -> list[str]:
    """The labels, with a count after repeated ones, because different numbers can have the same mask."""
    counts: dict[str, int] = {}
    texts = []
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
        texts.append(label if counts[label] == 1 else f"{label} ({counts[label]})")
    return texts


def _key(value: Any) -> str:
    return "" if is_missing(value) else str(value)

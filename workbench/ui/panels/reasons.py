"""Why messages did not arrive: codes with what to do, who is hit, what is new, and how long the rest took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.display.periods import Period
from workbench.messaging.error_codes import explain
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.anomalies import BASELINE_DAYS, Anomaly, find_anomalies
from workbench.ui.charts.failures import pareto
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.codes import shown_codes
from workbench.ui.panels.names import behind, show_value
from workbench.ui.panels.tables import MOST_ROWS, NOT_ARRIVED, explained_by, shown_first

LIMIT = 10
_LONG_AGO = date(2000, 1, 1)

Props = dict[str, Any]


def pareto_figure(data: PageData) -> Props:
    """Error codes by messages, with the share that the largest make up together."""
    result = data.metric("not_delivered", by=("error_code",))
    codes = [(_code_name(code), number) for code, number in _ranked(result.frame)]
    return {"figure": pareto(codes), "definition": definition(result, data.period)}


def reasons(data: PageData) -> Props:
    """Each error code explained, with who can fix it and what to do, and what is new or has jumped."""
    result = data.metric("not_delivered", by=("error_code",))
    ranked = _ranked(result.frame)
    whole = sum(number for _, number in ranked) or 1
    previous = data.previous
    before = dict(_ranked(previous.metric("not_delivered", by=("error_code",)).frame)) if previous else None
    by_code = {anomaly.code: anomaly for anomaly in anomalies(data)}
    codes = shown_codes(data, (code for code, _ in ranked[:MOST_ROWS]))
    rows = [
        _reason_row(code, number, _count_of(before, code), whole, by_code.get(code))
        | explained_by(codes, explain(code))
        for code, number in ranked[:MOST_ROWS]
    ]
    for row, (code, _) in zip(rows, ranked, strict=False):
        shown = show_value(data, "error_code", None if code is None else str(code))
        row["link"] = behind(data, "error_code", shown, outcome=NOT_ARRIVED)
    labels = ("Messages", "Share", "Before")
    return {
        "columns": [
            {"label": "Reason", "kind": "text", "color": "failed"},
            *({"label": label, "kind": "number"} for label in labels),
            {"label": "Who can fix it", "kind": "words"},
        ],
        "rows": rows,
        **shown_first(
            ranked,
            LIMIT,
            lambda end: _codes_left_out(ranked[end:]),
            " ".join(filter(None, (_ANOMALY_NOTE, _no_before(data)))),
        ),
        "definition": definition(result, data.period),
    }


def _codes_left_out(rest: Sequence[tuple[int | None, int]]) -> str:
    messages = sum(number for _, number in rest)
    return f"Not shown: {formats.plural(len(rest), 'more code')} with {messages:,} messages." if rest else ""


def _count_of(counts: dict[int | None, int] | None, code: int | None) -> int | None:
    return None if counts is None else counts.get(code, 0)


def _no_before(data: PageData) -> str:
    return f"Nothing before: {data.not_compared}." if data.not_compared else ""


_ANOMALY_NOTE = (
    "New: never seen before in this lake. Spike: a day with at least 10 messages, twice the average of the "
    "14 days before, and four standard deviations above it."
)


def _reason_row(
    code: int | None, number: int, before: int | None, whole: int, anomaly: Anomaly | None
) -> dict[str, Any]:
    known = explain(code)
    first: dict[str, Any] = {
        "text": known.title if known else "No code given",
        "muted": known is None,
        "bar": number / whole,
    }
    if known:
        first["code"] = str(known.code)
    if anomaly:
        first["note"] = anomaly_text(anomaly)
    cells = [
        first,
        {"text": formats.count(number)},
        {"text": formats.rate(number / whole)},
        {"text": formats.count(before), "muted": True},
        {"text": known.owner if known else formats.MISSING},
    ]
    return {
        "key": str(code or "none"),
        "cells": cells,
        "hint": known.meaning if known else "",
    }


def anomaly_text(anomaly: Anomaly) -> str:
    """``new since 3 Nov`` or ``spike on 3 Nov: 41, usually 4 a day``."""
    if anomaly.kind == "new":
        return f"new since {anomaly.day:%-d %b}: up to {anomaly.messages:,} a day"
    usual = f"{anomaly.usual:.1f}" if anomaly.usual < 10 else formats.count(anomaly.usual)
    return f"spike on {anomaly.day:%-d %b}: {anomaly.messages:,}, usually {usual} a day"


def anomalies(data: PageData) -> list[Anomaly]:
    """Error codes that are new in the period or have jumped in it."""
    everything = replace(data, period=Period(_LONG_AGO, data.period.until, data.period.timezone))
    frame = everything.metric("not_delivered", by=("error_code", "day")).frame
    frame = frame[frame["not_delivered"] > 0]
    days: dict[int | None, dict[date, int]] = {}
    for code, day, number in zip(frame["error_code"], frame["day"], frame["not_delivered"], strict=True):
        key = None if formats.is_missing(code) else int(code)
        days.setdefault(key, {})[pd.Timestamp(day).date()] = int(number)
    held_days = data.held_days(data.period.since - timedelta(days=BASELINE_DAYS), is_over=False)
    return find_anomalies(days, data.period.since, data.period.until, held_days)


def failing(dimension: str, limit: int = 8) -> Callable[[PageData], Props]:
    """A table of who is hit: messages not delivered and the rates, by a dimension, most failures first."""
    return lambda data: _failing(data, dimension, limit)


def _failing(data: PageData, dimension: str, limit: int) -> Props:
    names = ("not_delivered", "error_rate", "undelivered_rate", "failed_rate", "unknown_rate")
    results = {name: data.metric(name, by=(dimension,)) for name in names}
    ranked = results["not_delivered"].frame.sort_values("not_delivered", ascending=False, kind="stable")
    ranked = ranked[ranked["not_delivered"] > 0]
    tables = {
        name: {_key(row[dimension]): row for _, row in result.frame.iterrows()}
        for name, result in results.items()
    }
    largest = float(ranked["not_delivered"].max()) if len(ranked) else 1.0
    rows = []
    sent = ranked.head(MOST_ROWS)
    for value, number in zip(sent[dimension], sent["not_delivered"], strict=True):
        shown = show_value(data, dimension, value)
        cells = [
            {"text": shown.text, "muted": shown.is_none, "bar": number / largest},
            {"text": formats.count(number)},
        ]
        cells += [_rate_cell(tables[name][_key(value)], name) for name in names[1:]]
        row: dict[str, Any] = {"key": shown.key, "cells": cells, "hint": f"Show only {shown.text}"}
        row["link"] = behind(data, dimension, shown, outcome=NOT_ARRIVED)
        rows.append({**row, "chosen": value in data.where.get(dimension, ())})
    labels = ["Messages", "Error rate", "Undelivered", "Failed", "Unknown"]
    kind = "country" if dimension == "country" else "text"
    label = DIMENSIONS[dimension].label
    return {
        "columns": [
            {"label": label, "kind": kind, "color": "failed"},
            *({"label": column_label, "kind": "number"} for column_label in labels),
        ],
        "rows": rows,
        **shown_first(ranked, limit, lambda end: _senders_left_out(ranked.iloc[end:])),
        "definition": definition(results["error_rate"], data.period),
    }  # fmt: skip


def _senders_left_out(rest: pd.DataFrame) -> str:
    return f"Not shown: {len(rest)} more with {int(rest['not_delivered'].sum()):,}." if len(rest) else ""


def _rate_cell(row: pd.Series, name: str) -> dict[str, Any]:
    if row["sample_size"] < METRICS[name].minimum_sample:
        return {"text": formats.MISSING, "muted": True, "note": f"{int(row['sample_size']):,} final"}
    return {"text": formats.rate(row[name])}


def latency(data: PageData) -> Props:
    """Percentiles of each stage of a message's way, over how many, and where the times come from."""
    rows = [
        _latency_row(data, "queue_wait", "In the queue", "created → sent", "the log's dates"),
        _latency_row(data, "delivery_time", "On the way", "sent → receipt", "delivery callbacks"),
    ]
    labels = ("p50", "p90", "p95", "p99", "Messages")
    return {
        "columns": [
            {"label": "Stage", "kind": "text"},
            *({"label": label, "kind": "number"} for label in labels),
        ],
        "rows": rows,
        "footnote": (
            "Whole seconds. Without callbacks nobody knows when a message arrived: the log's update date "
            "moves with prices too."
        ),
        "definition": definition(data.metric("delivery_time_p95"), data.period),
    }  # fmt: skip


def _latency_row(data: PageData, stage: str, title: str, what: str, source: str) -> dict[str, Any]:
    cells: list[dict[str, Any]] = []
    sample = 0
    for name in ("p50", "p90", "p95", "p99"):
        result = data.metric(f"{stage}_{name}")
        row = result.frame.iloc[0]
        sample = int(row["sample_size"] or 0)
        enough = sample >= result.metric.minimum_sample
        cells.append(
            {
                "text": formats.duration(row[result.metric.name]) if enough else formats.MISSING,
                "muted": not enough,
            }
        )
    basis = f"from {source}" if sample else f"no {source} here"
    first = {"text": title, "note": f"{what}, {basis}"}
    return {
        "link": data.rows_link(f"{stage}_p50"),
        "key": stage,
        "cells": [first, *cells, {"text": formats.count(sample)}],
        "hint": "",
    }


def _ranked(frame: pd.DataFrame) -> list[tuple[int | None, int]]:
    """Codes with their messages, the largest first."""
    rows = frame[frame["not_delivered"] > 0].sort_values("not_delivered", ascending=False, kind="stable")
    return [
        (None if formats.is_missing(code) else int(code), int(number))
        for code, number in zip(rows["error_code"], rows["not_delivered"], strict=True)
    ]


def _code_name(code: int | None) -> str:
    return "no code" if code is None else str(code)


def _key(value: Any) -> str:
    return "" if formats.is_missing(value) else str(value)

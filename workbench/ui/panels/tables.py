"""Makes short tables of metric results: the biggest first, and never cut off without saying so.

A table's content is plain data: columns, rows of cells, a footnote, the definition of what is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.messaging.error_codes import ErrorCode, explain
from workbench.metrics import METRICS, MetricResult
from workbench.metrics.filter_values import find_dimension
from workbench.ui.filters import FIELDS, Field
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.codes import shown_codes
from workbench.ui.result_rows import priced_rows

LIMIT = 8
"""Rows that a table shows at first; “Show all” shows the others."""
MOST_ROWS = 200
"""Rows that a browser gets at all; the files have every one."""
NOT_ARRIVED = ("undelivered", "failed")
"""Outcomes of messages that are known not to have arrived."""

Cell = dict[str, Any]
Props = dict[str, Any]


def by_field(name: str, metrics: Sequence[str], limit: int = LIMIT) -> Callable[[PageData], Props]:
    """A table of a filter field's or a dimension's values with some metrics, ordered by the first of them.

    The first metric must be a count; its size is drawn as a bar under the name. With ``click=name`` a
    click on a row filters by it.
    """
    return lambda data: _field_props(data, name, metrics, limit)


def _field_props(data: PageData, name: str, metrics: Sequence[str], limit: int) -> Props:
    # A dimension of the users' own is no filter of pages: its rows lead nowhere.
    field = FIELDS.get(name) or Field(name, find_dimension(name).label, name)
    results = [data.metric(metric, by=(field.dimension,)) for metric in metrics]
    ranked, largest = _ranked(results[0])
    cells = [_cells(result, field.dimension) for result in results]
    chosen = data.where.get(field.dimension, ())
    rows = []
    for value, number in zip(
        ranked[field.dimension].head(MOST_ROWS), ranked[metrics[0]].head(MOST_ROWS), strict=True
    ):
        token = data.token(name, _plain(value))
        shown = data.label(name, _plain(value))
        first = {"text": shown, "muted": _plain(value) is None, "bar": number / largest}
        link = data.rows_link(metrics[0], **{name: [token]}) if name in FIELDS else ""
        is_chosen = _plain(value) in chosen
        hint = "Show everything again" if is_chosen else f"Show only {shown}" if name in FIELDS else ""
        numbers = [column.get(_key(value), {"text": formats.MISSING}) for column in cells]
        rows.append(
            {"key": token, "cells": [first, *numbers], "chosen": is_chosen, "hint": hint, "link": link}
        )
    kind = "country" if field.kind == "country" else "text"
    return {
        "columns": _columns(field.label, kind, [METRICS[metric].label for metric in metrics]),
        "rows": rows,
        **shown_first(ranked, limit, lambda end: _left_out(ranked, end, field.label.lower(), metrics[0])),
        "definition": definition(results[0], data.period),
    }


def failures(data: PageData) -> Props:
    """Failed and undelivered messages by error code, each code explained in plain words."""
    result = data.metric("messages", by=("error_code",), where={"outcome": list(NOT_ARRIVED)})
    ranked, largest = _ranked(result)
    numbers = ranked["messages"].astype(float)
    table = pd.DataFrame(
        {
            "code": ranked["error_code"],
            "messages": numbers,
            "share": numbers / numbers.sum(),
            "together": numbers.cumsum() / numbers.sum(),
        }
    )
    codes = shown_codes(data, table["code"].head(MOST_ROWS))
    return {
        "columns": _columns("Reason", "text", ["Messages", "Share", "Together"], color="failed"),
        "rows": [
            _failure_row(row, row["messages"] / largest, data, codes)
            for _, row in table.head(MOST_ROWS).iterrows()
        ],
        **shown_first(ranked, LIMIT, lambda end: _left_out(ranked, end, "code", "messages")),
        "definition": definition(result, data.period),
    }


def _failure_row(
    row: pd.Series, size: float, data: PageData, codes: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    code = _plain(row["code"])
    known = explain(None if code is None else int(code))
    first: Cell = {"text": known.title if known else "No code given", "muted": known is None, "bar": size}
    if known:
        first["code"] = str(known.code)
    numbers: list[Cell] = [
        {"text": formats.count(row["messages"])},
        {"text": formats.rate(row["share"])},
        {"text": formats.rate(row["together"]), "muted": True},
    ]
    return {
        **explained_by(codes, known),
        "key": str(known.code) if known else "none",
        "cells": [first, *numbers],
        "hint": known.meaning if known else "",
        "link": data.rows_link(
            error_code=[data.token("error_code", _plain(row["code"]) and str(int(row["code"])))],
            outcome=list(NOT_ARRIVED),
        ),
    }


def explained_by(codes: dict[str, dict[str, Any]], known: ErrorCode | None) -> dict[str, Any]:
    """What opens below a row about one code (see :func:`shown_codes`), or about messages without one."""
    if known is None:
        return {"detail": [["What it means", "Twilio gave no error code for these messages."]]}
    return {"explanation": codes[str(known.code)]}


def _ranked(result: MetricResult) -> tuple[pd.DataFrame, float]:
    """The rows with anything in them, the biggest first, and the size of the biggest."""
    name = result.metric.name
    rows = result.frame[result.frame[name] > 0].sort_values(name, ascending=False, kind="stable")
    return rows, float(rows[name].max()) if len(rows) else 1.0


def _columns(naming: str, kind: str, labels: Sequence[str], color: str = "accent") -> list[dict[str, str]]:
    numbers = [{"label": label, "kind": "number"} for label in labels]
    return [{"label": naming, "kind": kind, "color": color}, *numbers]


def _cells(result: MetricResult, dimension: str) -> Mapping[str, Cell]:
    """One cell per value of the dimension: money in all its currencies, a rate of too few hidden."""
    metric = result.metric
    if metric.is_money:
        groups = priced_rows(result).groupby(dimension, dropna=False, sort=False)
        return {_key(value): _money_cell(rows, metric.name) for value, rows in groups}
    return {_key(row[dimension]): _number_cell(row, result) for _, row in result.frame.iterrows()}


def _money_cell(rows: pd.DataFrame, name: str) -> Cell:
    amounts = [formats.money(row[name], row["currency"]) for _, row in rows.iterrows()]
    return {"text": amounts[0], "more": amounts[1:]}


def _number_cell(row: pd.Series, result: MetricResult) -> Cell:
    metric, sample = result.metric, row.get("sample_size")
    if metric.minimum_sample and sample is not None and sample < metric.minimum_sample:
        return {"text": formats.MISSING, "muted": True, "note": f"{int(sample or 0):,} {metric.sample_noun}"}
    return {"text": formats.value(row[metric.name], metric.unit)}


def shown_first(rows: Sized, limit: int, left_out: Callable[[int], str], note: str = "") -> Props:
    """The props of a table that shows ``limit`` rows at first.

    Args:
        rows: all there are, of which a browser gets MOST_ROWS.
        left_out: says in words what stands behind so many rows; empty where nothing does.
        note: stands below the table in any case.
    """
    return {
        "first": limit,
        "rest": left_out(limit) if limit < len(rows) <= MOST_ROWS else "",
        "footnote": " ".join(filter(None, [note, left_out(MOST_ROWS)])),
    }


def _left_out(ranked: pd.DataFrame, limit: int, noun: str, metric: str) -> str:
    rest = ranked.iloc[limit:]
    if rest.empty:
        return ""
    number, label = formats.count(rest[metric].sum()), METRICS[metric].label.lower()
    return f"Not shown: {formats.plural(len(rest), f'more {noun}')} with {number} {label}."


def _plain(value: Any) -> Any:
    return None if formats.is_missing(value) else value


def _key(value: Any) -> str:
    return "" if formats.is_missing(value) else str(value)

"""Where the money goes: by any dimension, in each currency for itself, and what of it was wasted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.messaging.error_codes import explain
from workbench.metrics import DIMENSIONS, METRICS, MetricResult
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.codes import shown_codes
from workbench.ui.panels.names import behind, show_value
from workbench.ui.panels.tables import MOST_ROWS, explained_by, shown_first
from workbench.ui.result_rows import priced_rows

LIMIT = 8

Props = dict[str, Any]
Cell = dict[str, Any]


def spend_by(dimension: str, limit: int = LIMIT) -> Callable[[PageData], Props]:
    """A table of what each value of a dimension cost: spend, share, messages, cost per delivered.

    A value in two currencies has two rows, and shares are of the currency's own spend.
    """
    return lambda data: _spend_by(data, dimension, limit)


def _spend_by(data: PageData, dimension: str, limit: int) -> Props:
    result = data.metric("spend", by=(dimension,))
    messages = _by_pair(data.metric("messages", by=(dimension, "currency")), dimension)
    quotients = _by_pair(data.metric("cost_per_delivered", by=(dimension,)), dimension)
    rows, totals = _ranked(result)
    several = len(totals) > 1
    table_rows = []
    for _, row in rows.head(MOST_ROWS).iterrows():
        pair = _pair(row, dimension)
        name = show_value(data, dimension, row[dimension])
        share = float(row["spend"]) / totals[row["currency"]]
        first: Cell = {"text": name.text, "muted": name.is_none, "bar": share}
        if several:
            first["code"] = row["currency"]
        table_rows.append(
            {
                "key": name.key,
                "cells": [
                    first,
                    {"text": formats.money(row["spend"], row["currency"])},
                    {"text": formats.rate(share)},
                    {"text": formats.count(_value(messages, pair, "messages"))},
                    _quotient_cell(quotients.get(pair), row["currency"]),
                    {"text": formats.rate(row["priced_share"]), "muted": True},
                ],
                "hint": f"Show only {name.text}",
                "link": behind(data, dimension, name, "spend", **_of_currency(row, several)),
                "chosen": row[dimension] in data.where.get(dimension, ()),
            }
        )
    kind = "country" if dimension == "country" else "text"
    labels = ("Spend", "Share", "Messages", "Per delivered", "Priced")
    return {
        "columns": _columns(DIMENSIONS[dimension].label, labels, kind),
        "rows": table_rows,
        **shown_first(
            rows, limit, lambda end: _left_out(rows.iloc[end:], "spend", DIMENSIONS[dimension].label.lower())
        ),
        "definition": definition(result, data.period),
    }


def wasted_by(dimension: str, limit: int = LIMIT) -> Callable[[PageData], Props]:
    """A table of what was paid for messages that did not arrive, by a dimension, by currency."""
    return lambda data: _wasted_by(data, dimension, limit)


def _wasted_by(data: PageData, dimension: str, limit: int) -> Props:
    result = data.metric("wasted_spend", by=(dimension,))
    counts = _by_pair(data.metric("not_delivered", by=(dimension, "currency")), dimension)
    rows, totals = _ranked(result)
    several = len(totals) > 1
    table_rows: list[dict[str, Any]] = []
    codes = shown_codes(data, rows["error_code"].head(MOST_ROWS)) if dimension == "error_code" else {}
    for _, row in rows.head(MOST_ROWS).iterrows():
        name = show_value(data, dimension, row[dimension])
        amount, currency = float(row["wasted_spend"]), row["currency"]
        share = amount / totals[currency]
        first: Cell = {"text": name.text, "muted": name.is_none, "bar": share}
        known = None
        if dimension == "error_code" and not name.is_none:
            known = explain(int(row[dimension]))
            assert known
            first |= {"code": str(known.code), "text": known.title}
        if several:
            first["text"] = f"{first['text']} ({currency})"
        messages = _value(counts, _pair(row, dimension), "not_delivered")
        cells = [
            first,
            {"text": formats.money(amount, currency)},
            {"text": formats.rate(share)},
            {"text": formats.count(messages)},
        ]
        table_rows.append(
            {"key": f"{name.key} {currency}" if several else name.key, "cells": cells, "hint": ""}
        )
        table_rows[-1]["link"] = behind(data, dimension, name, "wasted_spend", **_of_currency(row, several))
        if known:
            table_rows[-1] |= explained_by(codes, known)
    labels = ("Wasted", "Share", "Not delivered")
    return {
        "columns": _columns(
            "Reason" if dimension == "error_code" else DIMENSIONS[dimension].label,
            labels,
            "country" if dimension == "country" else "text",
            "failed",
        ),
        "rows": table_rows,
        **shown_first(
            rows,
            limit,
            lambda end: _left_out(rows.iloc[end:], "wasted_spend", DIMENSIONS[dimension].label.lower()),
        ),
        "definition": definition(result, data.period),
    }


def _ranked(result: MetricResult) -> tuple[pd.DataFrame, dict[str, float]]:
    """The rows with an amount, the currency with most messages behind it first; and each currency's total."""
    name = result.metric.name
    rows = priced_rows(result)
    rows = rows[rows[name] > 0].copy()
    rows[name] = rows[name].astype(float)
    totals = {
        str(currency): float(amount) for currency, amount in rows.groupby("currency")[name].sum().items()
    }
    order = sorted(totals, key=lambda currency: (-int((rows["currency"] == currency).sum()), currency))
    rows["rank"] = rows["currency"].map(order.index)
    return rows.sort_values(["rank", name], ascending=[True, False], kind="stable"), totals


def _of_currency(row: pd.Series, several: bool) -> dict[str, Sequence[str]]:
    return {"currency": [str(row["currency"])]} if several else {}


def _by_pair(result: MetricResult, dimension: str) -> dict[tuple[str, str], pd.Series]:
    return {_pair(row, dimension): row for _, row in result.frame.iterrows()}


def _pair(row: pd.Series, dimension: str) -> tuple[str, str]:
    value = row[dimension]
    return ("" if formats.is_missing(value) else str(value), str(row["currency"]))


def _value(rows: dict[tuple[str, str], pd.Series], pair: tuple[str, str], name: str) -> float | None:
    return float(rows[pair][name]) if pair in rows else None


def _quotient_cell(row: pd.Series | None, currency: str) -> Cell:
    if row is None or formats.is_missing(row["cost_per_delivered"]):
        return {"text": formats.MISSING, "muted": True}
    if row["sample_size"] < METRICS["cost_per_delivered"].minimum_sample:
        return {"text": formats.MISSING, "muted": True, "note": f"{int(row['sample_size']):,} delivered"}
    return {"text": formats.money(row["cost_per_delivered"], currency)}


def _columns(
    naming: str, labels: tuple[str, ...], kind: str = "text", color: str = "money"
) -> list[dict[str, str]]:
    return [
        {"label": naming, "kind": kind, "color": color},
        *({"label": label, "kind": "number"} for label in labels),
    ]


def _left_out(rest: pd.DataFrame, name: str, noun: str) -> str:
    if rest.empty:
        return ""
    amounts = rest.groupby("currency", sort=False)[name].sum()
    together = " and ".join(formats.money(amount, str(currency)) for currency, amount in amounts.items())
    return f"Not shown: {formats.plural(len(rest), f'more {noun}')} with {together} together."

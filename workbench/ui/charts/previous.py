"""The period before as dashed lines, each day at the place of the day that it compares with. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.charts.base import bucket_keys, bucket_values, plain, time_axis, with_value_axis
from workbench.ui.result_rows import priced_rows

_COMPARABLE = ("hour", "day")
"""Weeks and months of two periods of the same length begin on different days of theirs."""


def with_previous(figure: go.Figure, before: MetricResult, period: Period, earlier: Period) -> go.Figure:
    """The figure with the same metric of the period before, by currency where it is money.

    Args:
        figure: over the parts of `period`; money has a trace for each currency, named by it.
        before: the metric by the grain of `earlier`, and by nothing else.
        earlier: as long as `period`.

    Returns:
        The same figure; without a line where the parts of the periods do not correspond, or none has a value.
    """
    if period.grain not in _COMPARABLE:
        return figure
    lines = list(_lines(figure, before, period, earlier))
    if not lines:
        return figure
    figure.update_traces(showlegend=True)
    figure.add_traces([go.Scatter(line) for line in lines])
    return figure if before.metric.is_money else with_value_axis(figure, before.metric.unit)


def previous_name(earlier: Period) -> str:
    """How a legend and a summary call the line: by its dates."""
    return f"Before: {earlier.label}"


def _lines(
    figure: go.Figure, before: MetricResult, period: Period, earlier: Period
) -> Iterator[dict[str, Any]]:
    metric = before.metric
    if not metric.is_money:
        rows = before.frame.dropna(subset=[metric.name])
        if metric.sample_size:
            rows = rows[rows["sample_size"] >= metric.minimum_sample]
        if not rows.empty:
            yield _line(rows, before, period, earlier)
        return
    rows, several = priced_rows(before), len(figure.data) > 1
    for trace in figure.data:
        of_currency = rows[rows["currency"].map(plain) == trace.name]
        if not of_currency.empty:
            currency = str(of_currency["currency"].iloc[0])
            line = _line(of_currency, before, period, earlier, currency)
            name = f"{trace.name}, before: {earlier.label}" if several else line["name"]
            yield {**line, "name": name, "yaxis": trace.yaxis or "y"}


def _line(
    rows: pd.DataFrame, before: MetricResult, period: Period, earlier: Period, currency: str | None = None
) -> dict[str, Any]:
    metric = before.metric
    empty = 0 if metric.unit == "count" or metric.is_money else None
    values = bucket_values(rows, earlier, metric.name, empty)
    texts = [
        f"{plain(str(formats.value(value, metric.unit, currency)))}{_day_text(bucket)}"
        for value, bucket in zip(values, earlier.buckets(), strict=True)
    ]
    return {
        "x": time_axis(period),
        "y": values,
        "text": texts,
        "name": previous_name(earlier),
        "hovertemplate": "%{text}",
        "customdata": bucket_keys(period),
        "mode": "lines",
        "line": {"color": theme.light("ink-3"), "width": 1.5, "dash": "dash"},
        "connectgaps": False,
        "showlegend": True,
    }


def _day_text(bucket: object) -> str:
    return f" ({bucket.day} {bucket:%b})" if isinstance(bucket, date) else ""

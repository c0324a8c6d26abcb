"""Makes figures of frames. Pure: plotly figures in the light colours, ready for a page or a report."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.cards import bucket_key, priced_rows
from workbench.ui.periods import Period

#: Stacked from the bottom up: what went well first, so that trouble floats on top of it.
OUTCOMES = ("delivered", "unknown", "in flight", "canceled", "undelivered", "failed", "received")
MONEY_COLORS = ("money", "money-2", "money-3")
HEIGHT = 280


def by_outcome(result: MetricResult, period: Period) -> go.Figure | None:
    """Messages over time, stacked by what became of them; None when there are none.

    ``result`` is the metric `messages` by the period's grain and `outcome`.
    """
    if result.frame.empty:
        return None
    figure = _figure()
    for outcome in OUTCOMES:
        rows = result.frame[result.frame["outcome"] == outcome]
        if rows.empty:
            continue
        figure.add_bar(
            x=_axis(period),
            y=_values(rows, period, result.metric.name, 0),
            name=outcome.capitalize(),
            marker={"color": theme.light(outcome.replace(" ", "-")), "line": {"width": 0}},
            hovertemplate="%{y:,}",
            customdata=_keys(period),
        )
    figure.update_layout(barmode="stack", yaxis={"tickformat": "~s"})
    return _with_time_axis(figure, period)


def money_over_time(result: MetricResult, period: Period) -> go.Figure | None:
    """An amount over time, one panel with its own scale per currency; None when nothing is priced.

    ``result`` is a money metric by the period's grain.
    """
    rows = priced_rows(result)
    if rows.empty:
        return None
    name = result.metric.name
    totals = rows.groupby("currency")[name].sum().sort_values(ascending=False)
    figure = _figure()
    panels = list(totals.index)
    for number, currency in enumerate(panels):
        axis = "" if number == 0 else str(number + 1)
        figure.add_bar(
            x=_axis(period),
            y=_values(rows[rows["currency"] == currency], period, name, 0),
            name=plain(currency),
            marker={"color": theme.light(MONEY_COLORS[number % len(MONEY_COLORS)]), "line": {"width": 0}},
            hovertemplate=f"%{{y:,.2f}} {plain(currency)}",
            customdata=_keys(period),
            yaxis=f"y{axis}",
            showlegend=len(panels) > 1,
        )
        figure.update_layout({f"yaxis{axis}": _panel(number, len(panels), currency)})
    figure.update_xaxes(anchor=f"y{len(panels)}" if len(panels) > 1 else "y")
    return _with_time_axis(figure, period)


def _panel(number: int, panels: int, currency: str) -> dict[str, Any]:
    """One currency's share of the height, the largest on top: two currencies never share a scale."""
    gap = 0.12 if panels > 1 else 0
    height = (1 - gap * (panels - 1)) / panels
    top = 1 - number * (height + gap)
    base = theme.light("line")
    return {
        "domain": [max(top - height, 0), top],
        "title": {"text": plain(currency), "font": {"size": 12}, "standoff": 6},
        "tickformat": "~s",
        "gridcolor": base,
        "zerolinecolor": theme.light("line-strong"),
        "nticks": 5,
        "rangemode": "tozero",
        "fixedrange": True,
    }


def plain(text: str) -> str:
    """Text as itself: plotly reads a little HTML in labels, and labels come from strangers."""
    return html.escape(text, quote=False)


def _values(rows: pd.DataFrame, period: Period, name: str, empty: float) -> list[float]:
    keys = [bucket_key(key) for key in rows[period.grain]]
    known = dict(zip(keys, rows[name].astype(float), strict=True))
    return [known.get(key, empty) for key in _keys(period)]


def _keys(period: Period) -> list[str]:
    return [bucket_key(bucket) for bucket in period.buckets()]


def _axis(period: Period) -> Sequence[str]:
    return [f"{key}:00" for key in _keys(period)] if period.grain == "hour" else _keys(period)


def _with_time_axis(figure: go.Figure, period: Period) -> go.Figure:
    if period.grain == "hour":
        return figure.update_xaxes(type="category", nticks=12)
    formats = {"day": "%a %-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}
    return figure.update_xaxes(
        type="date",
        hoverformat=formats[period.grain],
        tickformat="%b %Y" if period.grain == "month" else "%-d %b",
        nticks=8,
    )


def _figure() -> go.Figure:
    """An empty figure in our look: no frame, quiet grid, one shared hover box."""
    ink, line = theme.light("ink-2"), theme.light("line")
    axis = {
        "gridcolor": line,
        "linecolor": theme.light("line-strong"),
        "tickfont": {"color": theme.light("ink-3")},
    }
    return go.Figure(
        layout={
            "template": "none",
            "font": {"family": theme.FONT, "size": 12, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4},
            "height": HEIGHT,
            "bargap": 0.18,
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": theme.light("surface"),
                "bordercolor": theme.light("line-strong"),
                "font": {"family": theme.FONT, "size": 12, "color": theme.light("ink")},
            },
            "legend": {
                "orientation": "h", "x": 0, "xanchor": "left", "y": -0.14, "yanchor": "top",
                "traceorder": "normal", "font": {"color": ink}, "itemwidth": 30,
            },
            "xaxis": {**axis, "showgrid": False, "ticks": "", "fixedrange": True, "automargin": True},
            "yaxis": {
                **axis, "showline": False, "zeroline": True, "zerolinecolor": theme.light("line-strong"),
                "nticks": 5, "rangemode": "tozero", "fixedrange": True, "automargin": True,
            },
        }
    )  # fmt: skip

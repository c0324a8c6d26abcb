"""What every figure is made with: our look, the period's time axis, and texts that stay texts. Pure."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.ui import theme
from workbench.ui.result_rows import bucket_key

HEIGHT = 280


def plain(text: str) -> str:
    """Text as itself: plotly reads a little HTML in labels, and labels come from strangers."""
    return html.escape(text, quote=False)


def bucket_values(rows: pd.DataFrame, period: Period, name: str, empty: float | None) -> list[float | None]:
    """The metric's value in each part of the period, ``empty`` where it has none."""
    keys = [bucket_key(key) for key in rows[period.grain]]
    known = dict(zip(keys, rows[name].astype(float), strict=True))
    return [known.get(key, empty) for key in bucket_keys(period)]


def bucket_keys(period: Period) -> list[str]:
    return [bucket_key(bucket) for bucket in period.buckets()]


def time_axis(period: Period) -> Sequence[str]:
    return [f"{key}:00" for key in bucket_keys(period)] if period.grain == "hour" else bucket_keys(period)


def with_time_axis(figure: go.Figure, period: Period) -> go.Figure:
    if period.grain == "hour":
        return figure.update_xaxes(type="category", nticks=12)
    hovers = {"day": "%a %-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}
    return figure.update_xaxes(
        type="date",
        hoverformat=hovers[period.grain],
        tickformat="%b %Y" if period.grain == "month" else "%-d %b",
        nticks=8,
    )


def with_value_axis(figure: go.Figure, unit: str) -> go.Figure:
    """Numbers along the value axis, read as everywhere; bars of one place stand on each other."""
    heights: dict[Any, float] = {}
    for trace in figure.data:
        if trace.type == "bar" and trace.yaxis in (None, "y"):
            for place, value in zip(trace.x, trace.y, strict=True):
                heights[place] = heights.get(place, 0.0) + float(value or 0)
    lines = [
        float(value or 0)
        for trace in figure.data
        if trace.type != "bar" and trace.yaxis in (None, "y")
        for value in trace.y
    ]
    largest = max([*heights.values(), *lines], default=0.0)
    return figure.update_layout(yaxis=formats.axis_marks(unit, largest))


def new_figure() -> go.Figure:
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

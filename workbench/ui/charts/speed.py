"""How fast messages leave: against the senders' limits, in single seconds, and how long they wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.charts.base import bucket_keys, bucket_values, new_figure, time_axis, with_time_axis

_COLORS = ("delivered", "undelivered", "failed", "unknown", "money")
_WAITS = ("delivered", "undelivered", "failed")


def _line(token: str) -> dict[str, Any]:
    color = theme.light(token)
    return {"line": {"color": color, "width": 2}, "marker": {"color": color, "size": 5}}


def utilisation_over_time(
    result: MetricResult, period: Period, senders: Mapping[str, str]
) -> go.Figure | None:
    """The busiest second of each bucket against the limit, for the senders named (address → shown name)."""
    frame, name = result.frame, result.metric.name
    figure = new_figure()
    for (sender, shown), token in zip(senders.items(), _COLORS, strict=False):
        rows = frame[(frame["sender"] == sender) & frame[name].notna()]
        if len(rows):
            figure.add_scatter(
                x=time_axis(period), y=bucket_values(rows, period, name, 0), name=shown,
                mode="lines+markers" if len(bucket_keys(period)) < 45 else "lines",
                **_line(token),
                hovertemplate="%{y:.0%}", customdata=bucket_keys(period),
            )  # fmt: skip
    if not figure.data:
        return None
    figure.update_layout(yaxis={"tickformat": ".0%"})
    figure.add_hline(y=1, line={"color": theme.light("bad"), "width": 1.5, "dash": "dash"})
    return with_time_axis(figure, period)


def busiest_seconds(
    seconds: Sequence[tuple[datetime, int]], limit: float | None, timezone: str
) -> go.Figure | None:
    """Segments in each second around the busiest minute, with the sender's limit; None without any."""
    if not seconds:
        return None
    zone = ZoneInfo(timezone)
    figure = new_figure()
    figure.add_bar(
        x=[moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S") for moment, _ in seconds],
        y=[number for _, number in seconds],
        width=900,
        name="Segments",
        marker={"color": theme.light("in-flight"), "line": {"width": 0}},
        hovertemplate="%{y:,}",
    )
    if limit:
        figure.add_hline(y=limit, line={"color": theme.light("bad"), "width": 1.5, "dash": "dash"})
    return figure.update_xaxes(type="date", hoverformat="%H:%M:%S", tickformat="%H:%M:%S", nticks=6)


def waits_over_time(results: Sequence[MetricResult], period: Period) -> go.Figure | None:
    """Percentiles of a duration over time, one line each; buckets of too few messages are gaps."""
    figure = new_figure()
    for result, token in zip(results, _WAITS, strict=False):
        metric = result.metric
        rows = result.frame[result.frame["sample_size"] >= metric.minimum_sample]
        if len(rows):
            figure.add_scatter(
                x=time_axis(period), y=bucket_values(rows, period, metric.name, None),
                text=[formats.duration(y) for y in bucket_values(rows, period, metric.name, None)],
                name=metric.label, mode="lines+markers" if len(bucket_keys(period)) < 45 else "lines",
                **_line(token),
                hovertemplate="%{text}", customdata=bucket_keys(period), connectgaps=False,
            )  # fmt: skip
    if not figure.data:
        return None
    figure.update_layout(yaxis=formats.axis_marks("duration", 0))
    return with_time_axis(figure, period)

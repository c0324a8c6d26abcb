"""Marks of alerts on a chart over time: when each began, and the days that it lasted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import plotly.graph_objects as go

from workbench.display.periods import Period
from workbench.lake.alerts import AlertEvent
from workbench.ui import theme
from workbench.ui.charts.base import bucket_keys, plain, time_axis

_MOST_NAMED = 3
_HALF_A_DAY = timedelta(hours=12)


def with_alert_marks(figure: go.Figure, events: Sequence[AlertEvent], period: Period) -> go.Figure:
    """The figure with a small triangle at the foot of each part of the period in which an alert began.

    A faint band shows the days that it lasted, where the axis has days.
    """
    begun: dict[str, list[AlertEvent]] = {}
    for event in events:
        if (key := _bucket(event.began_at, period)) is not None:
            begun.setdefault(key, []).append(event)
        if period.grain == "day":
            figure.add_shape(**_band(event, period))
    if begun:
        figure.add_scatter(**_triangles(begun, period))
    return figure


def _triangles(begun: dict[str, list[AlertEvent]], period: Period) -> dict[str, Any]:
    places = dict(zip(bucket_keys(period), time_axis(period), strict=True))
    keys = [key for key in places if key in begun]
    return {
        "x": [places[key] for key in keys],
        "y": [0] * len(keys),
        "text": [_text(begun[key], period.timezone) for key in keys],
        "customdata": keys,
        "name": "Alerts",
        "showlegend": False,
        "mode": "markers",
        "cliponaxis": False,
        "marker": {
            "symbol": "triangle-up",
            "size": 11,
            "color": theme.light("ink"),
            "line": {"width": 1.5, "color": theme.light("surface")},
        },
        "hovertemplate": "%{text}<extra></extra>",
    }


def _band(event: AlertEvent, period: Period) -> dict[str, Any]:
    first = max(_local(event.began_at, period).date(), period.since)
    last = min(
        _local(event.recovered_at, period).date() if event.recovered_at else period.last_day, period.last_day
    )
    midnights = (datetime.combine(day, datetime.min.time()) for day in (first, max(first, last)))
    start, end = midnights
    return {
        "type": "rect", "xref": "x", "yref": "paper", "x0": (start - _HALF_A_DAY).isoformat(),
        "x1": (end + _HALF_A_DAY).isoformat(), "y0": 0, "y1": 1, "fillcolor": theme.light("bad"),
        "opacity": 0.07, "line": {"width": 0}, "layer": "below",
    }  # fmt: skip


def _bucket(moment: datetime, period: Period) -> str | None:
    """The part of the period in which a moment lies; None where it lies before."""
    if not period.begins_at <= moment < period.ends_at:
        return None
    local = _local(moment, period)
    if period.grain == "hour":
        return str(local.hour)
    day = local.date()
    starts = {"week": day - timedelta(days=day.weekday()), "month": day.replace(day=1)}
    return starts.get(period.grain, day).isoformat()


def _text(events: Sequence[AlertEvent], timezone: str) -> str:
    lines = [f"▲ {_line(event, timezone)}" for event in events[:_MOST_NAMED]]
    more = len(events) - _MOST_NAMED
    return "<br>".join([*lines, *([f"and {more} more alerts"] if more > 0 else [])])


def _line(event: AlertEvent, timezone: str) -> str:
    zone = ZoneInfo(timezone)
    began = f"{event.began_at.astimezone(zone):%H:%M}"
    ended = f" to {event.recovered_at.astimezone(zone):%-d %b %H:%M}" if event.recovered_at else ", not over"
    return f"{plain(event.title)} ({began}{ended})"


def _local(moment: datetime, period: Period) -> datetime:
    return moment.astimezone(ZoneInfo(period.timezone))

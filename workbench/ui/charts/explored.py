"""Explored numbers as lines, bars, stacked bars or a heat map: each currency on axes of its own. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench.ui import theme
from workbench.ui.charts.base import HEIGHT, new_figure, plain

COLORS = ("accent", "money-2", "money", "money-3", "in-flight", "undelivered", "unknown", "good")
_LONGEST_NAME = 34


@dataclass(frozen=True)
class ExploredSeries:
    """One colour of a chart: a value for each place on the axis, its words, and what a click filters by."""

    name: str
    values: Sequence[float | None]
    texts: Sequence[str]
    keys: Sequence[str]
    color: str = ""
    is_before: bool = False


@dataclass(frozen=True)
class ExploredPlot:
    """One pair of axes; `places` are the words on the shared axis."""

    title: str
    places: Sequence[str]
    series: Sequence[ExploredSeries]


def draw_explored(plots: Sequence[ExploredPlot], kind: str, unit: str, grain: str) -> go.Figure | None:
    """The plots below each other, or beside where there are many; None without any number.

    Args:
        kind: line, bar, stacked or heat.
        unit: the metric's, for the axis of values.
        grain: the steps of an axis of time; empty where the places are names.
    """
    if not any(value is not None for plot in plots for series in plot.series for value in series.values):
        return None
    columns = 1 if len(plots) < 3 else 2 if len(plots) < 7 else 3
    lines = math.ceil(len(plots) / columns)
    is_flat = not grain and kind != "heat"
    figure = make_subplots(
        rows=lines,
        cols=columns,
        subplot_titles=[plain(plot.title) for plot in plots] if any(plot.title for plot in plots) else None,
        horizontal_spacing=0.06,
        vertical_spacing=min(0.16, 0.5 / lines),
        shared_yaxes=is_flat,
    )
    base = new_figure().layout
    figure.update_layout(base)
    figure.update_xaxes(base.xaxis)
    figure.update_yaxes(base.yaxis)
    for number, plot in enumerate(plots):
        place = {"row": number // columns + 1, "col": number % columns + 1}
        _add_plot(figure, plot, kind, grain, place, is_first=number == 0)
    _set_axes(figure, plots, kind, unit, grain, lines)
    return figure


def _add_plot(
    figure: go.Figure, plot: ExploredPlot, kind: str, grain: str, place: dict[str, int], *, is_first: bool
) -> None:
    if kind == "heat":
        figure.add_trace(_heat(plot), **place)
        return
    for number, series in enumerate(plot.series):
        color = theme.light(series.color or COLORS[number % len(COLORS)])
        shared = {
            "name": plain(series.name), "legendgroup": series.name, "showlegend": is_first,
            "text": list(series.texts), "customdata": list(series.keys), "hovertemplate": "%{text}",
        }  # fmt: skip
        if not grain:
            places = [_short(name) for name in plot.places]
            figure.add_bar(
                y=places, x=list(series.values), orientation="h", textposition="none",
                marker={"color": color, "line": {"width": 0}}, **shared, **place,
            )  # fmt: skip
        elif kind == "line" or series.is_before:
            line = {"color": color, "width": 2, "dash": "dot" if series.is_before else "solid"}
            mode = "lines" if series.is_before or len(plot.places) >= 45 else "lines+markers"
            figure.add_scatter(
                x=list(plot.places), y=list(series.values), mode=mode, line=line, connectgaps=False,
                **shared, **place,
            )  # fmt: skip
        else:
            figure.add_bar(
                x=list(plot.places), y=list(series.values), textposition="none",
                marker={"color": color, "line": {"width": 0}}, **shared, **place,
            )  # fmt: skip


def _heat(plot: ExploredPlot) -> go.Heatmap:
    values = [list(series.values) for series in plot.series]
    return go.Heatmap(
        x=[_short(name) for name in plot.places],
        y=[_short(series.name) for series in plot.series],
        z=[[None if value is None else math.sqrt(max(value, 0)) for value in row] for row in values],
        text=[list(series.texts) for series in plot.series],
        customdata=[list(series.keys) for series in plot.series],
        hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        colorscale=[
            [0, theme.light("heat-low")], [0.5, theme.light("heat-middle")], [1, theme.light("heat-high")]
        ],
        zmin=0, xgap=2, ygap=2, showscale=False, name=plain(plot.title),
    )  # fmt: skip


def _set_axes(
    figure: go.Figure, plots: Sequence[ExploredPlot], kind: str, unit: str, grain: str, lines: int
) -> None:
    most = max((len(plot.series if kind == "heat" else plot.places) for plot in plots), default=1)
    if kind == "heat":
        figure.update_layout(hovermode="closest", height=lines * max(HEIGHT, 60 + 24 * most))
        figure.update_xaxes(type="category", nticks=12)
        figure.update_yaxes(
            type="category", autorange="reversed", rangemode="normal", tickmode="linear", dtick=1, ticks="",
            showgrid=False, zeroline=False,
        )  # fmt: skip
    elif not grain:
        bars = most * (1 if kind == "stacked" else max(len(plot.series) for plot in plots))
        figure.update_layout(
            hovermode="y unified", height=lines * max(120, min(64 + 20 * bars, 900)),
            barmode="stack" if kind == "stacked" else "group",
        )  # fmt: skip
        figure.update_yaxes(
            type="category", autorange="reversed", rangemode="normal", tickmode="linear", dtick=1,
            showgrid=False, zeroline=False,
        )  # fmt: skip
        figure.update_xaxes(
            **_value_axis(unit), showgrid=True, nticks=6, zerolinecolor=theme.light("line-strong")
        )
    else:
        figure.update_layout(
            height=HEIGHT if len(plots) == 1 else 60 + 150 * lines,
            barmode="stack" if kind == "stacked" else "group", dragmode="select", selectdirection="h",
        )  # fmt: skip
        figure.update_yaxes(**_value_axis(unit))
        _set_time(figure, grain, len(plots))
    for title in figure.layout.annotations:
        title.update(font={"size": 12, "color": theme.light("ink-2")}, yshift=-2)
    if figure.layout.annotations:
        figure.update_layout(margin={"t": 26})


def _set_time(figure: go.Figure, grain: str, plots: int) -> None:
    few = 8 if plots < 3 else 4
    if grain == "hour":
        figure.update_xaxes(type="category", nticks=few)
        return
    words = {"day": "%a %-d %b %Y", "week": "week of %-d %b %Y", "month": "%B %Y"}
    figure.update_xaxes(
        type="date", hoverformat=words[grain], nticks=few,
        tickformat="%b %Y" if grain == "month" else "%-d %b",
    )  # fmt: skip


def _value_axis(unit: str) -> dict[str, Any]:
    """Plain numbers: the letters of SI would write 50 cents as 500m."""
    formats: dict[str, dict[str, Any]] = {
        "rate": {"tickformat": ",~%"},
        "duration": {"tickformat": ",~f", "ticksuffix": " s"},
        "speed": {"tickformat": ",~f", "ticksuffix": "/s"},
    }
    return formats.get(unit, {"tickformat": ",~f"})


def _short(name: str) -> str:
    return plain(name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…")

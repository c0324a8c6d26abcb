"""Explored numbers as a picture for mails: the plots of the page drawn by matplotlib, without a browser."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from workbench.display import formats
from workbench.ui import theme
from workbench.ui.charts.explored import COLORS, ExploredPlot

_WIDTH, _PLOT_HEIGHT, _MOST_LABELS, _MOST_PLOTS = 7.5, 2.6, 10, 12
_LONGEST_NAME = 28


def explored_picture(plots: Sequence[ExploredPlot], kind: str, unit: str, grain: str) -> bytes | None:
    """The plots below each other as PNG; None without any number, or where there are too many to read.

    Args:
        kind: line, bar, stacked or heat.
        unit: the metric's.
        grain: the steps of an axis of time; empty where the places are names.
    """
    has_numbers = any(value is not None for plot in plots for each in plot.series for value in each.values)
    if not has_numbers or len(plots) > _MOST_PLOTS:
        return None
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style = {"text.parse_math": False, "font.family": "DejaVu Sans", "font.size": 8.5}
    with matplotlib.rc_context(style):
        height = sum(_height(plot, kind, grain) for plot in plots)
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        FigureCanvasAgg(figure)
        all_axes = figure.subplots(len(plots), 1, squeeze=False)
        for plot, axes in zip(plots, all_axes[:, 0], strict=True):
            _draw(axes, plot, kind, unit, grain)
        target = io.BytesIO()
        figure.savefig(target, format="png", dpi=130, metadata={"Software": None})
    return target.getvalue()


def _height(plot: ExploredPlot, kind: str, grain: str) -> float:
    if kind == "heat":
        return 0.8 + 0.26 * len(plot.series)
    if grain:
        return _PLOT_HEIGHT
    bars = len(plot.places) * (1 if kind == "stacked" else len(plot.series))
    return min(0.8 + 0.24 * bars, 12.0)


def _draw(axes: Any, plot: ExploredPlot, kind: str, unit: str, grain: str) -> None:
    if plot.title:
        axes.set_title(_short(plot.title), loc="left", fontsize=9)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    if kind == "heat":
        values = [[float("nan") if value is None else value for value in each.values] for each in plot.series]
        axes.imshow(values, aspect="auto", cmap="Blues")
        axes.set_yticks(range(len(plot.series)), [_short(each.name) for each in plot.series])
        _label_places(axes, plot.places, grain)
        return
    (_draw_time if grain else _draw_bars)(axes, plot, kind)
    value_axis = axes.yaxis if grain else axes.xaxis
    axes.grid(axis="y" if grain else "x", color=theme.light("line"), linewidth=0.8)
    axes.set_axisbelow(True)
    value_axis.set_major_formatter(
        lambda value, _: formats.value(value, unit if unit != "money" else "ratio")
    )
    if len(plot.series) > 1:
        axes.legend(ncols=4, frameon=False, loc="upper left", bbox_to_anchor=(0, -0.12))
    if grain:
        _label_places(axes, plot.places, grain)


def _draw_time(axes: Any, plot: ExploredPlot, kind: str) -> None:
    bottom = [0.0] * len(plot.places)
    bars = [each for each in plot.series if not each.is_before]
    for number, each in enumerate(plot.series):
        color = theme.light(each.color or COLORS[number % len(COLORS)])
        numbers = [float("nan") if value is None else value for value in each.values]
        if kind == "line" or each.is_before:
            style = ":" if each.is_before else "-"
            marker = "" if each.is_before else "o"
            axes.plot(
                range(len(numbers)),
                numbers,
                style,
                color=color,
                marker=marker,
                markersize=3,
                label=_short(each.name),
            )
        elif kind == "stacked":
            heights = [value or 0.0 for value in each.values]
            axes.bar(
                range(len(heights)), heights, bottom=bottom, color=color, width=0.82, label=_short(each.name)
            )
            bottom = [low + value for low, value in zip(bottom, heights, strict=True)]
        else:
            width = 0.82 / len(bars)
            places = [place - 0.41 + width * (number + 0.5) for place in range(len(numbers))]
            axes.bar(places, numbers, color=color, width=width, label=_short(each.name))
    axes.set_ylim(bottom=0)


def _draw_bars(axes: Any, plot: ExploredPlot, kind: str) -> None:
    left = [0.0] * len(plot.places)
    for number, each in enumerate(plot.series):
        color = theme.light(each.color or COLORS[number % len(COLORS)])
        widths = [value or 0.0 for value in each.values]
        if kind == "stacked":
            axes.barh(range(len(widths)), widths, left=left, color=color, label=_short(each.name))
            left = [low + value for low, value in zip(left, widths, strict=True)]
        else:
            height = 0.82 / len(plot.series)
            places = [place - 0.41 + height * (number + 0.5) for place in range(len(widths))]
            axes.barh(places, widths, height=height, color=color, label=_short(each.name))
    axes.set_yticks(range(len(plot.places)), [_short(place) for place in plot.places])
    axes.invert_yaxis()


def _label_places(axes: Any, places: Sequence[str], grain: str) -> None:
    step = max(-(-len(places) // _MOST_LABELS), 1)
    axes.set_xticks(range(0, len(places), step), [_short(place) for place in places[::step]])


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"

"""Draws charts as SVG with matplotlib: without a browser, equal on screen and paper, always the same bytes.

Texts stay texts, so that a chart can be searched and copied; their characters are never read as markup or
maths.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from workbench.display import formats

MONEY, ACCENT = "#1f7a74", "#1d5fa8"
_INK, _LINE = "#4a5866", "#e2e6eb"
_WIDTH_INCHES, _HEIGHT_INCHES = 7.1, 2.5
_LABELS_ON_AXIS = 10
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "workbench",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


@dataclass(frozen=True)
class Series:
    """One coloured series of a chart; None is a day without a value."""

    label: str
    color: str
    values: Sequence[float | None]


def stacked_bars(days: Sequence[date], series: Sequence[Series], *, unit: str, currency: str = "") -> str:
    """Amounts over time, stacked in the order given."""
    figure, axes = _axes(days, unit, currency)
    bottom = [0.0] * len(days)
    for layer in series:
        values = [value or 0.0 for value in layer.values]
        axes.bar(range(len(days)), values, bottom=bottom, color=layer.color, width=0.82, label=layer.label)
        bottom = [low + value for low, value in zip(bottom, values, strict=True)]
    axes.set_ylim(0, max([*bottom, 0.0]) * 1.08 or 1)
    return _svg(figure, axes, len(series))


def line(days: Sequence[date], series: Series, *, unit: str) -> str:
    """A rate over time. A day without a value is a gap in the line, never zero; zero may be out of view."""
    figure, axes = _axes(days, unit, "")
    values = [float("nan") if value is None else value for value in series.values]
    axes.plot(range(len(days)), values, color=series.color, linewidth=1.6, marker="o", markersize=3)
    numbers = [value for value in values if value == value]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    room = max((high - low) * 0.15, 0.01)
    axes.set_ylim(max(low - room, 0), min(high + room, 1.005) if unit == "rate" else high + room)
    return _svg(figure, axes, 1)


def _axes(days: Sequence[date], unit: str, currency: str) -> tuple[Figure, Any]:
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH_INCHES, _HEIGHT_INCHES), layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=_LINE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    step = -(-len(days) // _LABELS_ON_AXIS)
    axes.set_xticks(
        range(0, len(days), max(step, 1)), [f"{day.day} {day:%b}" for day in days[:: max(step, 1)]]
    )
    axes.set_xlim(-0.6, max(len(days), 1) - 0.4)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=unit == "count"))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: formats.value(value, unit, currency)))
    return figure, axes


def _svg(figure: Figure, axes: Any, series: int) -> str:
    """The figure as one `svg` element that scales with its column."""
    with matplotlib.rc_context(_STYLE):
        if series > 1:
            figure.legend(
                loc="outside upper left",
                ncols=min(series, 7),
                frameon=False,
                handlelength=0.9,
                handleheight=0.9,
            )
        target = io.StringIO()
        figure.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = target.getvalue()
    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    # Several charts share one page, so unused ids are removed, because they would occur twice.
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    return re.sub(r'(<svg [^>]*?)width="[^"]*" height="[^"]*"', r"\1", text, count=1)

"""Why messages did not arrive: codes by size, and over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.charts.base import (
    bucket_keys,
    bucket_values,
    new_figure,
    time_axis,
    with_time_axis,
    with_value_axis,
)

LIMIT = 12
#: The largest codes over time; the rest share the last one.
_COLORS = ("failed", "undelivered", "unknown", "delivered", "in-flight")


def pareto(codes: Sequence[tuple[str, int]]) -> go.Figure | None:
    """Codes with their messages, the largest first, and the share that they make up together."""
    if not codes:
        return None
    shown, rest = list(codes[:LIMIT]), codes[LIMIT:]
    if rest:
        shown.append((f"{len(rest)} others", sum(number for _, number in rest)))
    total = sum(number for _, number in shown)
    names = [name for name, _ in shown]
    # What a click filters by; the rest together is no value.
    keys = [{"no code": "none"}.get(name, name) for name in names]
    if rest:
        keys[-1] = ""
    figure = new_figure()
    figure.add_bar(
        x=names, y=[number for _, number in shown], name="Messages", customdata=keys,
        marker={"color": theme.light("failed"), "line": {"width": 0}}, hovertemplate="%{y:,}",
    )  # fmt: skip
    figure.add_scatter(
        x=names, y=[together / total for together in accumulate(number for _, number in shown)],
        name="Together", yaxis="y2", mode="lines+markers", hovertemplate="%{y:.1%}", customdata=keys,
        line={"color": theme.light("ink-3"), "width": 1.5}, marker={"color": theme.light("ink-3"), "size": 5},
    )  # fmt: skip
    figure.update_layout(
        yaxis2={
            "overlaying": "y", "side": "right", "range": [0, 1.03], "tickformat": ".0%", "showgrid": False,
            "fixedrange": True, "automargin": True, "tickfont": {"color": theme.light("ink-3")},
            "tickmode": "linear", "dtick": 0.25, "zeroline": False,
        },
    )  # fmt: skip
    figure.update_xaxes(type="category", tickmode="linear", dtick=1, tickangle=-45)
    return with_value_axis(figure, "count")


def codes_over_time(result: MetricResult, period: Period) -> go.Figure | None:
    """Failed and undelivered messages over time by code, the largest codes by name; None without any.

    ``result`` is the metric `not_delivered` by the period's grain and `error_code`.
    """
    name = result.metric.name
    frame = result.frame[result.frame[name] > 0].copy()
    if frame.empty:
        return None
    frame["code"] = [
        "no code" if formats.is_missing(code) else str(int(code)) for code in frame["error_code"]
    ]
    largest = frame.groupby("code")[name].sum().sort_values(ascending=False, kind="stable")
    named = list(largest.index[: len(_COLORS)])
    frame["code"] = [code if code in named else "others" for code in frame["code"]]
    figure = new_figure()
    for code, token in zip([*named, "others"], [*_COLORS, "received"], strict=False):
        rows = frame[frame["code"] == code].groupby(period.grain, as_index=False)[name].sum()
        if len(rows):
            figure.add_bar(
                x=time_axis(period), y=bucket_values(rows, period, name, 0), name=code,
                marker={"color": theme.light(token), "line": {"width": 0}}, hovertemplate="%{y:,}",
                customdata=bucket_keys(period),
            )  # fmt: skip
    figure.update_layout(barmode="stack")
    return with_time_axis(with_value_axis(figure, "count"), period)

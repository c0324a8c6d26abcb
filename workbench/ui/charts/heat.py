"""A week as a map: weekday by hour, darker where there is more."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.ui import theme
from workbench.ui.charts.base import new_figure

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def heat_map(result: MetricResult, period: Period) -> go.Figure | None:
    """A metric by `weekday` and `hour`; cells of too few messages stay empty. None without any number."""
    metric = result.metric
    known = {
        (int(row["weekday"]), int(row["hour"])): float(row[metric.name])
        for _, row in result.frame.iterrows()
        if not formats.is_missing(row[metric.name])
        and row.get("sample_size", math.inf) >= metric.minimum_sample
    }
    if not known:
        return None
    cells = [[known.get((day, hour)) for hour in range(24)] for day in range(1, 8)]
    texts = [[formats.value(cell, metric.unit) if cell is not None else "" for cell in row] for row in cells]
    figure = new_figure()
    figure.add_heatmap(
        x=[f"{hour:02d}:00" for hour in range(24)],
        y=list(WEEKDAYS),
        # By the square root, so that one very busy hour does not make all others look alike.
        z=[[None if cell is None else math.sqrt(cell) for cell in row] for row in cells],
        text=texts,
        hovertemplate="%{y} %{x}: %{text}<extra></extra>",
        colorscale=[
            [0, theme.light("heat-low")], [0.5, theme.light("heat-middle")], [1, theme.light("heat-high")]
        ],
        zmin=0,
        xgap=2,
        ygap=2,
        showscale=False,
        name=metric.label,
    )  # fmt: skip
    figure.update_layout(hovermode="closest", margin={"t": 24})
    most = formats.value(max(known.values()), metric.unit)
    figure.add_annotation(
        text=f"most: {most}", xref="paper", yref="paper", x=1, y=1, xanchor="right", yanchor="bottom",
        showarrow=False, font={"size": 11.5, "color": theme.light("ink-3")},
    )  # fmt: skip
    figure.update_xaxes(type="category", nticks=8)
    return figure.update_yaxes(
        autorange="reversed", rangemode="normal", nticks=7, ticks="", showgrid=False, zeroline=False
    )

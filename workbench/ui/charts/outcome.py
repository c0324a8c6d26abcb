"""Messages by what became of them."""

from __future__ import annotations

import plotly.graph_objects as go

from workbench.display.outcomes import OUTCOMES
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


def by_outcome(result: MetricResult, period: Period) -> go.Figure | None:
    """Messages over time, stacked by what became of them; None when there are none.

    ``result`` is the metric `messages` by the period's grain and `outcome`.
    """
    if result.frame.empty:
        return None
    figure = new_figure()
    for outcome in OUTCOMES:
        rows = result.frame[result.frame["outcome"] == outcome]
        if rows.empty:
            continue
        figure.add_bar(
            x=time_axis(period),
            y=bucket_values(rows, period, result.metric.name, 0),
            name=outcome.capitalize(),
            marker={"color": theme.light(outcome.replace(" ", "-")), "line": {"width": 0}},
            hovertemplate="%{y:,}",
            customdata=bucket_keys(period),
        )
    figure.update_layout(barmode="stack")
    return with_time_axis(with_value_axis(figure, "count"), period)

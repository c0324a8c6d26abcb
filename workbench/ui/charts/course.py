"""Any metric over time: a count as bars, money by currency, everything else as a line."""

from __future__ import annotations

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
from workbench.ui.charts.money import money_over_time


def over_time(result: MetricResult, period: Period) -> go.Figure | None:
    """A metric by the period's grain; None where it has no value.

    Parts of the period with fewer messages than the metric's minimum sample are gaps of the line.
    """
    metric = result.metric
    if metric.is_money:
        return money_over_time(result, period)
    rows = result.frame.dropna(subset=[metric.name])
    if metric.sample_size:
        rows = rows[rows["sample_size"] >= metric.minimum_sample]
    if rows.empty:
        return None
    is_count = metric.unit == "count"
    values = bucket_values(rows, period, metric.name, 0 if is_count else None)
    shown = {
        "x": time_axis(period),
        "y": values,
        "text": [formats.value(value, metric.unit) for value in values],
        "textposition": "none" if is_count else None,
        "name": metric.label,
        "hovertemplate": "%{text}",
        "customdata": bucket_keys(period),
    }
    figure = new_figure()
    color = theme.light("accent")
    if is_count:
        figure.add_bar(**shown, marker={"color": color, "line": {"width": 0}})
    else:
        mode = "lines+markers" if len(values) < 45 else "lines"
        figure.add_scatter(**shown, mode=mode, line={"color": color, "width": 2}, connectgaps=False)
    return with_time_axis(with_value_axis(figure, metric.unit), period)

"""Shares with the interval that each may lie in."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from workbench.metrics.proportions import Proportion
from workbench.ui import theme
from workbench.ui.charts.base import new_figure


def shares_by_hour(shares: Mapping[int, Proportion]) -> go.Figure | None:
    """A bar for each hour of the day with its interval; None without any."""
    if not shares:
        return None
    hours = sorted(shares)
    rates = [shares[hour].rate or 0.0 for hour in hours]
    intervals = [shares[hour].interval for hour in hours]
    figure = new_figure()
    figure.add_bar(
        x=[f"{hour}:00" for hour in hours],
        y=rates,
        customdata=[[shares[hour].sample] for hour in hours],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [high - rate for rate, (_, high) in zip(rates, intervals, strict=True)],
            "arrayminus": [rate - low for rate, (low, _) in zip(rates, intervals, strict=True)],
            "color": theme.light("ink-2"),
            "thickness": 1,
        },
        marker={"color": theme.light("delivered"), "line": {"width": 0}},
        hovertemplate="%{y:.1%} of %{customdata[0]:,} people<extra></extra>",
    )
    figure.update_layout(yaxis={"tickformat": ".0%", "rangemode": "tozero"}, showlegend=False)
    return figure.update_xaxes(type="category")

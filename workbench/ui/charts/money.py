"""Amounts: each currency in a subplot with a scale of its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import accumulate
from typing import Any

import plotly.graph_objects as go

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.metrics.forecast import Month
from workbench.ui import theme
from workbench.ui.charts.base import (
    bucket_keys,
    bucket_values,
    new_figure,
    plain,
    time_axis,
    with_time_axis,
)
from workbench.ui.result_rows import priced_rows

MONEY_COLORS = ("money", "money-2", "money-3")


def money_over_time(result: MetricResult, period: Period) -> go.Figure | None:
    """An amount over time, one subplot with its own scale per currency; None when nothing is priced.

    ``result`` is a money metric by the period's grain.
    """
    rows = priced_rows(result)
    if rows.empty:
        return None
    name = result.metric.name
    totals = rows.groupby("currency")[name].sum().sort_values(ascending=False)
    figure = new_figure()
    currencies = list(totals.index)
    for number, currency in enumerate(currencies):
        axis = "" if number == 0 else str(number + 1)
        figure.add_bar(
            x=time_axis(period),
            y=bucket_values(rows[rows["currency"] == currency], period, name, 0),
            name=plain(currency),
            marker={"color": theme.light(MONEY_COLORS[number % len(MONEY_COLORS)]), "line": {"width": 0}},
            hovertemplate=f"%{{y:,.2f}} {plain(currency)}",
            customdata=bucket_keys(period),
            yaxis=f"y{axis}",
            showlegend=len(currencies) > 1,
        )
        figure.update_layout({f"yaxis{axis}": _value_axis(number, len(currencies), currency)})
    figure.update_xaxes(anchor=f"y{len(currencies)}" if len(currencies) > 1 else "y")
    return with_time_axis(figure, period)


def _value_axis(number: int, count: int, currency: str) -> dict[str, Any]:
    """The value axis of one currency's subplot, the largest on top: two currencies never share a scale."""
    gap = 0.12 if count > 1 else 0
    height = (1 - gap * (count - 1)) / count
    top = 1 - number * (height + gap)
    base = theme.light("line")
    return {
        "domain": [max(top - height, 0), top],
        "title": {"text": plain(currency), "font": {"size": 12}, "standoff": 6},
        **formats.axis_marks("money", 0, currency),
        "gridcolor": base,
        "zerolinecolor": theme.light("line-strong"),
        "nticks": 5,
        "rangemode": "tozero",
        "fixedrange": True,
    }


def month_course(
    months: Mapping[str, Month],
    spend: Mapping[str, Mapping[date, float]],
    to_come: Mapping[str, Mapping[date, float]],
) -> go.Figure | None:
    """Spend added up day by day: this month, the one before, and what is expected, by currency.

    ``spend`` and ``to_come`` are amounts by day; the interval is drawn at the month's last day.
    """
    if not months:
        return None
    figure = new_figure()
    for number, (currency, month) in enumerate(months.items()):
        axis = "" if number == 0 else str(number + 1)
        color = theme.light(MONEY_COLORS[number % len(MONEY_COLORS)])
        _add_course(figure, month, spend[currency], to_come[currency], color, f"y{axis}", number == 0)
        figure.update_layout({f"yaxis{axis}": _value_axis(number, len(months), currency)})
    figure.update_xaxes(
        anchor=f"y{len(months)}" if len(months) > 1 else "y",
        dtick=5,
        tick0=1,
        tickprefix="day ",
        range=[0.5, 31.5],
    )
    return figure.update_layout(hovermode="x unified")


def _add_course(
    figure: go.Figure,
    month: Month,
    spend: Mapping[date, float],
    to_come: Mapping[date, float],
    color: str,
    axis: str,
    is_first: bool,
) -> None:
    before = (month.first - timedelta(days=1)).replace(day=1)
    days_before = [before + timedelta(days=number) for number in range((month.first - before).days)]
    days = [month.first + timedelta(days=number) for number in range(month.today.day)]
    shared = {"mode": "lines", "yaxis": axis, "hovertemplate": "%{y:,.2f}", "showlegend": is_first}
    if month.month_before is not None:
        course = list(accumulate(spend.get(day, 0.0) for day in days_before))
        line = {"color": theme.light("ink-3"), "width": 1.5}
        figure.add_scatter(
            x=[day.day for day in days_before], y=course, name="Last month", line=line, **shared
        )
    course = list(accumulate(spend.get(day, 0.0) for day in days))
    line = {"color": color, "width": 2.5}
    figure.add_scatter(x=[day.day for day in days], y=course, name="This month", line=line, **shared)
    if month.forecast is None:
        return
    ahead = sorted(to_come)
    start = month.before_today
    expected = list(accumulate((to_come[day] for day in ahead), initial=start))
    ahead_color = theme.light("money-2")
    line = {"color": ahead_color, "width": 2.5, "dash": "dot"}
    figure.add_scatter(
        x=[ahead[0].day - 1, *(day.day for day in ahead)], y=expected, name="Expected", line=line, **shared
    )
    spread = {
        "type": "data", "symmetric": False, "color": ahead_color, "thickness": 1.5, "width": 6,
        "array": [month.forecast.high - month.forecast.expected],
        "arrayminus": [month.forecast.expected - month.forecast.low],
    }  # fmt: skip
    marker = {"color": ahead_color, "size": 7}
    figure.add_scatter(
        x=[month.days], y=[month.forecast.expected], error_y=spread, marker=marker, name="Interval",
        yaxis=axis, mode="markers", hoverinfo="skip", showlegend=False,
    )  # fmt: skip

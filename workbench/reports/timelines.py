"""A metric by day as a chart: bars for amounts, a line for rates, one chart per currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from workbench.display.formats import is_missing
from workbench.display.outcomes import OUTCOME_COLORS, OUTCOMES
from workbench.metrics import MetricResult
from workbench.metrics.compile import find_metric
from workbench.reports import charts
from workbench.reports.elements import chart_html
from workbench.reports.queries import ReportQueries

if TYPE_CHECKING:
    import pandas as pd


def timeline_html(
    asking: ReportQueries, name: str, title: str, *, split: bool, where: Mapping[str, Any] | None
) -> str:
    """The chart of a metric of the period under its title."""
    metric = find_metric(name)
    result = asking.metric(name, ("day", "outcome") if split else ("day",), where)
    title = title or f"{metric.label} by day"
    if result.frame.empty:
        return chart_html(title, ())
    words, days = f"{title}, {asking.period.title}", asking.period.days
    if metric.is_money:
        return chart_html(title, _by_currency(result, days, words))
    if split:
        series = [
            charts.Series(outcome.capitalize(), OUTCOME_COLORS[outcome][0], _by_day(rows, name, days))
            for outcome in OUTCOMES
            if not (rows := result.frame[result.frame["outcome"] == outcome]).empty
        ]
        return chart_html(title, [(words, charts.stacked_bars(days, series, unit=metric.unit))])
    values = _by_day(result.frame, name, days, metric.minimum_sample)
    line = charts.Series(metric.label, charts.ACCENT, values)
    if metric.unit == "count":
        return chart_html(title, [(words, charts.stacked_bars(days, [line], unit="count"))])
    remark = f"Days with fewer than {metric.minimum_sample} final messages are left out."
    drawn = charts.line(days, line, unit=metric.unit)
    return chart_html(title, [(words, drawn)], remark if metric.minimum_sample else "")


def _by_currency(result: MetricResult, days: Sequence[date], words: str) -> list[tuple[str, str]]:
    """One chart for each currency: two never share a scale."""
    drawn = []
    for currency, rows in result.frame.dropna(subset=["currency"]).groupby("currency"):
        series = charts.Series(str(currency), charts.MONEY, _by_day(rows, result.metric.name, days))
        svg = charts.stacked_bars(days, [series], unit="money", currency=str(currency))
        drawn.append((f"{words}, in {currency}", svg))
    return drawn


def _by_day(
    rows: pd.DataFrame, name: str, days: Sequence[date], minimum_sample: int = 0
) -> list[float | None]:
    """Values by day; None for a day without a row or with a sample that is too small."""
    by_day: dict[str, float] = {}
    for row in rows.to_dict("records"):
        if not is_missing(row[name]) and row.get("sample_size", minimum_sample) >= minimum_sample:
            by_day[str(row["day"])[:10]] = float(row[name])
    return [by_day.get(str(day)) for day in days]

"""The month so far against the last one, and where it will end, by currency.

It follows the page's filters but not its period: it is always the month of today.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from workbench.display import formats
from workbench.display.periods import Period
from workbench.metrics import MetricResult
from workbench.metrics.daily_spend import daily_spend
from workbench.metrics.forecast import CONFIDENCE, HISTORY_DAYS, Month, expected_days, month_so_far
from workbench.ui.charts.money import month_course
from workbench.ui.page_data import PageData, definition


@dataclass(frozen=True)
class _Spend:
    """Spend by currency and day, with the days not priced yet, and the first day of the lake."""

    result: MetricResult
    period: Period
    today: date
    days: dict[str, dict[date, float]]
    unsettled: dict[str, frozenset[date]]
    known_since: date
    why_not: str
    """Why the days up to today are not known; empty where they are."""

    def months(self) -> dict[str, Month]:
        return {
            currency: month_so_far(days, self.today, self.known_since, self.unsettled[currency])
            for currency, days in self.days.items()
        }


def month_figure(data: PageData) -> dict[str, Any]:
    """Spend added up over the month, with the expected rest."""
    spend = _read(data)
    to_come = {
        currency: expected_days(days, spend.today, spend.known_since, spend.unsettled[currency])
        for currency, days in spend.days.items()
    }
    return {
        "figure": month_course(spend.months(), spend.days, to_come),
        "definition": definition(spend.result, spend.period),
        "message": "Nothing was priced this month or last month.",
        "behind": _this_month(spend),
    }


def month_table(data: PageData) -> dict[str, Any]:
    """The same in numbers: so far, the whole days against as many of the month before, the expected end."""
    spend = _read(data)
    months = spend.months()
    before = ["To yesterday", "Same days before"]
    labels = ["So far", *before, "Month end", f"{CONFIDENCE:.0%} interval", "Last month"]
    columns = [
        {"label": "Currency", "kind": "text"},
        *({"label": label, "kind": "number"} for label in labels),
    ]
    used = max((month.forecast.days_used for month in months.values() if month.forecast), default=0)
    basis = f"expected from the weekdays of {used} days" if used else "too few days for a forecast"
    no_before = any(month.month_before is None for month in months.values())
    reason = (
        f"Not compared: {spend.why_not}."
        if spend.why_not
        else f"Numbers of every day begin on {spend.known_since:%-d %b %Y}."
    )
    known = f" {reason}" if no_before else ""
    return {
        "columns": columns,
        "rows": [
            {**_row(currency, month), "link": data.rows_link(**_this_month(spend), currency=[currency])}
            for currency, month in months.items()
        ],
        "footnote": (
            f"{spend.today:%B}, day {spend.today.day}; {basis}. Prices still to come are not in.{known}"
        ),
        "definition": definition(spend.result, spend.period),
        "file": lambda: pd.DataFrame([_values(*pair) for pair in months.items()], columns=_COLUMNS),
        "file_note": "Always today's month, whatever the period.",
        "behind": _this_month(spend),
    }


def _this_month(spend: _Spend) -> dict[str, Any]:
    """The priced messages since the first of this month."""
    return {"metric": "spend", "since": spend.today.replace(day=1), "until": spend.period.until}


_COLUMNS = [
    "currency", "so_far", "to_yesterday", "same_days_before", "expected_end", "end_low", "end_high",
    "confidence", "last_month",
]  # fmt: skip


def _values(currency: str, month: Month) -> tuple[Any, ...]:
    end = month.forecast
    expected = (end.expected, end.low, end.high) if end else (None, None, None)
    so_far = (month.so_far, month.before_today, month.same_days_before)
    return (currency, *so_far, *expected, CONFIDENCE, month.month_before)


def _row(currency: str, month: Month) -> dict[str, Any]:
    to_yesterday: dict[str, Any] = {"text": formats.money(month.before_today, currency)}
    if month.same_days_before:
        moved = formats.change(month.before_today, month.same_days_before, "money", "lower", currency)
        to_yesterday["note"] = f"{formats.signed(moved)} against {moved.before}" if moved else ""
    end = month.forecast
    interval = (
        f"{formats.money(end.low, currency)} – {formats.money(end.high, currency)}"
        if end
        else formats.MISSING
    )
    cells = [
        {"text": currency},
        {"text": formats.money(month.so_far, currency)},
        to_yesterday,
        {"text": formats.money(month.same_days_before, currency), "muted": True},
        {"text": formats.money(end.expected if end else None, currency)},
        {"text": interval, "muted": True},
        {"text": formats.money(month.month_before, currency), "muted": True},
    ]
    return {"key": currency, "cells": cells, "hint": ""}


def months_by_currency(data: PageData) -> dict[str, Month]:
    """The month of today in each currency."""
    return _read(data).months()


def _read(data: PageData) -> _Spend:
    zone = data.period.timezone
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    first_before = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    since = min(first_before, today - timedelta(days=HISTORY_DAYS))
    period = Period(since, today + timedelta(days=1), zone)
    result = replace(data, period=period).metric("spend", by=("day",))
    spend = daily_spend(result.frame)
    known_since, why_not = _known_since(data, today)
    return _Spend(
        result,
        period,
        today,
        {currency: each.days for currency, each in spend.items()},
        {currency: each.unsettled for currency, each in spend.items()},
        known_since,
        why_not,
    )


def _known_since(data: PageData, today: date) -> tuple[date, str]:
    """The first day from which the lake holds every day up to today.

    It is tomorrow, with the reason, where the last days are missing.
    """
    first, tomorrow = data.known_since, today + timedelta(days=1)
    lately = Period(min(first, today), tomorrow, data.period.timezone)
    why_not = replace(data, period=lately).not_whole
    return (tomorrow, why_not) if why_not else (first, "")

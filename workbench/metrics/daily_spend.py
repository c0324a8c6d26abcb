"""What each day cost, by currency, as the forecast of a month takes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

SETTLED = 0.95
"""A day with a smaller priced share is not learned from: what it cost is not known yet."""


@dataclass(frozen=True)
class DailySpend:
    """The days of one currency; `unsettled` are those that are not priced yet."""

    days: dict[date, float]
    unsettled: frozenset[date]


def daily_spend(frame: pd.DataFrame) -> dict[str, DailySpend]:
    """By currency, the largest total first.

    Args:
        frame: the metric `spend` by day.
    """
    rows_with_currency = frame.dropna(subset=["currency"])
    totals = rows_with_currency.groupby("currency")["spend"].sum(min_count=1).dropna().astype(float)
    spend = {}
    for currency in totals.sort_values(ascending=False).index:
        rows = rows_with_currency[rows_with_currency["currency"] == currency]
        days = [pd.Timestamp(day).date() for day in rows["day"]]
        amounts = [0.0 if pd.isna(amount) else float(amount) for amount in rows["spend"]]
        unsettled = {
            day
            for day, share in zip(days, rows["priced_share"], strict=True)
            if not pd.isna(share) and share < SETTLED
        }
        spend[str(currency)] = DailySpend(dict(zip(days, amounts, strict=True)), frozenset(unsettled))
    return spend

"""Error codes explained on a page: what they mean, and how often they happened here."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.display.code_words import CodeHistory, shown_code
from workbench.messaging.error_codes import explain
from workbench.ui.page_data import PageData

_LONG_AGO = date(2000, 1, 1)
_RECENT_DAYS = 30


def shown_codes(data: PageData, codes: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Each code explained, by its digits, with its history over the whole lake whatever the filters are."""
    wanted = {int(code) for code in codes if not formats.is_missing(code)}
    histories = _histories(data) if wanted else {}
    explained = {code: explain(code) for code in wanted}
    return {
        str(code): shown_code(error, histories.get(code))
        for code, error in sorted(explained.items())
        if error
    }


def _histories(data: PageData) -> dict[int, CodeHistory]:
    frame = _over_all_time(data, "messages", ("error_code", "day"))
    frame = frame[frame["error_code"].notna() & (frame["messages"] > 0)]
    today = data.period.until - timedelta(days=1)
    paid = _paid(data)
    by_code: dict[int, dict[date, int]] = {}
    for code, day, number in zip(frame["error_code"], frame["day"], frame["messages"], strict=True):
        by_code.setdefault(int(code), {})[pd.Timestamp(day).date()] = int(number)
    since = today - timedelta(days=_RECENT_DAYS)
    return {
        code: CodeHistory(
            sum(days.values()),
            sum(number for day, number in days.items() if day > since),
            min(days),
            max(days),
            " and ".join(paid.get(code, [])),
        )
        for code, days in by_code.items()
    }


def _paid(data: PageData) -> dict[int, list[str]]:
    frame = _over_all_time(data, "wasted_spend", ("error_code",))
    paid: dict[int, list[str]] = {}
    for row in frame.to_dict("records"):
        if not formats.is_missing(row["error_code"]) and row["wasted_spend"] and row["wasted_spend"] > 0:
            paid.setdefault(int(row["error_code"]), []).append(
                formats.money(float(row["wasted_spend"]), row["currency"])
            )
    return paid


def _over_all_time(data: PageData, metric: str, by: tuple[str, ...]) -> pd.DataFrame:
    period = data.period
    return data.store.metric(
        metric, by, {}, _LONG_AGO, period.end, period.timezone, snapshot=data.snapshot
    ).frame

"""Makes headline cards of metric results. Pure: a card is plain data that the browser draws as text.

A number never stands alone: a rate has its sample size and what is in flight beside it, money its
currency and priced share, and everything the change against the period before.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.metrics import Metric, MetricResult
from workbench.metrics.change import Share, is_more_than_chance
from workbench.metrics.counted_rows import counted_rows_sql
from workbench.ui.page_data import PageData, definition
from workbench.ui.result_rows import bucket_key, priced_rows

#: Messages in flight are counted now; a past period has none, so nothing is compared.
_ONLY_NOW = frozenset({"in_flight", "backlog"})


def build_card(data: PageData, name: str, *, with_trend: bool = False) -> dict[str, Any]:
    """One metric of a page as a card; ``with_trend`` adds its course over the period."""
    current, previous = data.metric(name), data.previous
    card = card_props(current, previous.metric(name) if previous else None)
    if current.metric.is_money:
        card["notes"] = money_notes(current, data.metric("priced_share"))
    card["definition"] = definition(current, data.period)
    card["compared_with"] = previous.period.label if previous else ""
    if reason := data.no_answer(name):
        card["notes"] = [reason]
        return card
    if counted_rows_sql(current.metric) is not None:
        card["definition"]["rows"] = data.rows_link(name)
    if with_trend:
        card["trend"] = trend(data.metric(name, by=(data.grain,)), data)
    return card


def card_props(current: MetricResult, previous: MetricResult | None) -> dict[str, Any]:
    """Label, lines (money: one per currency) and notes of a card, those of money excepted.

    Both results are ungrouped: one row, or for money one row per currency; without ``previous`` nothing is
    compared.
    """
    metric = current.metric
    if metric.is_money:
        lines, notes = _money_lines(current, previous), []
    else:
        lines, notes = (
            [_line(metric, _only_row(current.frame), _only_row(previous.frame) if previous else None)],
            _rate_notes(current),
        )
    return {"name": metric.name, "label": metric.label, "unit": metric.unit, "lines": lines, "notes": notes}


def _line(
    metric: Metric, now: pd.Series, before: pd.Series | None, currency: str | None = None
) -> dict[str, Any]:
    sample = now.get("sample_size")
    if metric.minimum_sample and sample is not None and sample < metric.minimum_sample:
        # The rate of a few messages changes by chance.
        return _missing(currency, "small" if sample else "none")
    number = now.get(metric.name)
    if formats.is_missing(number):
        return _missing(currency, "none")
    moved = None
    if before is not None and metric.name not in _ONLY_NOW and not _is_small(metric, before):
        earlier = before.get(metric.name)
        is_sure = is_more_than_chance(metric, _share(now, metric), _share(before, metric))
        moved = formats.change(number, earlier, metric.unit, metric.better, currency, is_sure=is_sure)
    return {
        "value": formats.value(number, metric.unit, currency),
        "state": "ok" if metric.name not in _ONLY_NOW else "now",
        "change": asdict(moved) if moved else None,
    }


def _share(row: pd.Series, metric: Metric) -> Share:
    """A value with its sample; what has none counts as enough."""
    number: Any = row.get(metric.name)
    sample: Any = row.get("sample_size", metric.minimum_sample)
    value = None if formats.is_missing(number) else float(number)
    return Share(value, 0 if formats.is_missing(sample) else int(sample))


def _missing(currency: str | None, state: str) -> dict[str, Any]:
    return {
        "value": f"{currency} {formats.MISSING}" if currency else formats.MISSING,
        "state": state,
        "change": None,
    }


def _is_small(metric: Metric, row: pd.Series) -> bool:
    return bool(
        metric.minimum_sample and row.get("sample_size", metric.minimum_sample) < metric.minimum_sample
    )


def _money_lines(current: MetricResult, previous: MetricResult | None) -> list[dict[str, Any]]:
    before = {row["currency"]: row for _, row in previous.frame.iterrows()} if previous else {}
    rows = [row for _, row in priced_rows(current).iterrows()]
    if not rows:
        return [_missing(None, "none")]
    return [_line(current.metric, row, before.get(row["currency"]), row["currency"]) for row in rows]


def _rate_notes(result: MetricResult) -> list[str]:
    row = _only_row(result.frame)
    if "sample_size" not in row:
        return []
    metric, sample = result.metric, int(row["sample_size"] or 0)
    notes = [f"of {sample:,} {metric.sample_noun}"]
    if 0 < sample < metric.minimum_sample:
        kind = "rate" if metric.is_share else "percentile"
        notes = [f"only {sample:,} {metric.sample_noun}, too few for a {kind}"]
    return [*notes, f"{int(row['in_flight'] or 0):,} in flight"] if "in_flight" in row else notes


def money_notes(result: MetricResult, priced_share: MetricResult) -> list[str]:
    """Currencies, how much of the traffic is priced, and over how many messages a quotient is made.

    The share is over all currencies: an unpriced message may not have one yet.
    """
    rows = priced_rows(result)
    share = _only_row(priced_share.frame)["priced_share"]
    notes = [*([", ".join(rows["currency"])] if len(rows) else []), f"{formats.rate(share)} priced"]
    if "sample_size" in rows:
        notes.append(f"over {int(rows['sample_size'].sum()):,} delivered")
    return notes


def trend(result: MetricResult, data: PageData) -> list[list[float | None]]:
    """The metric over the period, one list per currency (others: one list), gaps as None."""
    metric, grain = result.metric, data.grain
    groups = [result.frame]
    if metric.is_money:
        groups = [group for _, group in priced_rows(result).groupby("currency")]
    return [_course(group, metric, grain, data) for group in groups]


def _course(frame: pd.DataFrame, metric: Metric, grain: str, data: PageData) -> list[float | None]:
    if "sample_size" in frame and metric.minimum_sample:
        frame = frame[frame["sample_size"] >= metric.minimum_sample]
    known = {bucket_key(key): number for key, number in zip(frame[grain], frame[metric.name], strict=True)}
    empty = None if metric.sample_size else 0.0
    values = [known.get(bucket_key(bucket), empty) for bucket in data.period.buckets()]
    return [None if value is None or formats.is_missing(value) else float(value) for value in values]


def _only_row(frame: pd.DataFrame) -> pd.Series:
    return frame.iloc[0]

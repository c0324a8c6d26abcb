"""Explored numbers as the series of a chart, each with its words and what a click on it filters by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.display import formats
from workbench.metrics.exploration import OTHERS, Explored, ExploredRow, can_be_added
from workbench.ui.charts.explored import ExploredPlot, ExploredSeries
from workbench.ui.explore_state import YES
from workbench.ui.panels.exploration import Exploration
from workbench.ui.result_rows import bucket_key


def explored_plots(exploration: Exploration, each: Explored, kind: str) -> list[ExploredPlot]:
    currencies = list(dict.fromkeys(row.currency for row in each.rows)) or [None]
    plots = []
    for currency in currencies:
        rows = [row for row in each.rows if row.currency == currency]
        places, series = _series(exploration, each, rows, currency)
        title = currency if currency and len(currencies) > 1 else ""
        if exploration.data.values["split"] == YES and len(series) > 1 and kind != "heat":
            plots += [ExploredPlot(" · ".join(filter(None, [s.name, title])), places, [s]) for s in series]
        else:
            plots.append(ExploredPlot(title or "", places, series))
    return plots


def _series(
    exploration: Exploration, each: Explored, rows: Sequence[ExploredRow], currency: str | None
) -> tuple[list[str], list[ExploredSeries]]:
    """The places on the axis and the series: over time one for each value, else for each second value."""
    question, period = exploration.answer.question, exploration.data.period
    if question.grain:
        buckets = [bucket_key(bucket) for bucket in period.buckets(question.grain)]
        places = [f"{key}:00" for key in buckets] if question.grain == "hour" else buckets
        groups = list(dict.fromkeys(row.values for row in rows))
        known = {(row.values, bucket_key(row.bucket)): row for row in rows}
        series = [
            _line(
                exploration, each, question.by, group, [known.get((group, key)) for key in buckets], buckets
            )
            for group in groups
        ]
        return places, [*series, *_line_before(exploration, each, currency, buckets)]
    first = list(dict.fromkeys(row.values[:1] for row in rows))
    groups = list(dict.fromkeys(row.values[1:] for row in rows))
    pairs = {(row.values[1:], row.values[:1]): row for row in rows}
    places = [
        exploration.drawn_name(question.by[0], value[0]) if value else each.metric.label for value in first
    ]
    marks = [exploration.mark(question.by[0], value[0]) if value else "" for value in first]
    return places, [
        _line(
            exploration, each, question.by[1:], group, [pairs.get((group, value)) for value in first], marks
        )
        for group in groups
    ]


def _line(
    exploration: Exploration,
    each: Explored,
    dimensions: Sequence[str],
    group: tuple[Any, ...],
    rows: Sequence[ExploredRow | None],
    places: Sequence[str],
) -> ExploredSeries:
    question = exploration.answer.question
    name = ", ".join(
        exploration.drawn_name(dimension, value) for dimension, value in zip(dimensions, group, strict=True)
    )
    numbers = [_number(each, row, is_share=question.share) for row in rows]
    keys = list(places)
    if question.grain:
        mark = exploration.mark(dimensions[0], group[0]) if dimensions else ""
        keys = [mark or ("" if dimensions else f"{question.grain}={place}") for place in places]
    is_other = any(value is OTHERS for value in group)
    color = "received" if is_other else _outcome_color(dimensions, group)
    return ExploredSeries(
        name or each.metric.label, numbers, [_words(each, row, question.share) for row in rows], keys, color
    )


def _outcome_color(dimensions: Sequence[str], group: Sequence[Any]) -> str:
    return str(group[0]).replace(" ", "-") if list(dimensions) == ["outcome"] and group[0] else ""


def _line_before(
    exploration: Exploration, each: Explored, currency: str | None, buckets: Sequence[str]
) -> list[ExploredSeries]:
    """The period before as a dotted line, its days under those of this one; for a single line only."""
    question, before, previous = exploration.answer.question, exploration.before, exploration.data.previous
    if before is None or previous is None or question.by or question.share:
        return []
    period = previous.period
    earlier = next(other for other in before.metrics if other.metric.name == each.metric.name)
    known = {bucket_key(row.bucket): row for row in earlier.rows if row.currency == currency}
    if not known:
        return []
    rows = [known.get(bucket_key(bucket)) for bucket in period.buckets(question.grain)][: len(buckets)]
    numbers = [_number(earlier, row, is_share=False) for row in rows]
    texts = [_words(earlier, row, False) for row in rows]
    name = f"Before ({period.label})"
    return [ExploredSeries(name, numbers, texts, [""] * len(rows), "received", is_before=True)]


def _number(each: Explored, row: ExploredRow | None, *, is_share: bool) -> float | None:
    if row is None:
        # Of money nobody knows whether it was none: it may not be priced yet.
        return 0.0 if can_be_added(each.metric) and not each.metric.is_money else None
    if each.is_small(row):
        return None
    return row.share if is_share else row.value


def _words(each: Explored, row: ExploredRow | None, is_share: bool) -> str:
    if row is None:
        is_none = can_be_added(each.metric) and not each.metric.is_money
        return formats.value(0, each.metric.unit) if is_none else formats.MISSING
    if each.is_small(row):
        return f"{formats.MISSING} (only {row.sample_size:,})"
    text = formats.value(row.value, each.metric.unit, row.currency)
    if is_share:
        return f"{formats.rate(row.share)} ({text})"
    return f"{text} (of {row.sample_size:,})" if row.sample_size is not None else text

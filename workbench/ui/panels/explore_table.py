"""Explored numbers as a table: a line for each combination of values and time, a column for each metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.display import formats
from workbench.metrics import DIMENSIONS, METRICS
from workbench.metrics.change import Share, is_more_than_chance
from workbench.metrics.counted_rows import counted_rows_sql
from workbench.metrics.exploration import (
    OTHERS,
    ExploreAnswer,
    Explored,
    ExploredRow,
    can_be_added,
    others_text,
)
from workbench.ui.filters import FIELDS
from workbench.ui.panels.exploration import Exploration
from workbench.ui.result_rows import bucket_key

MOST_LINES = 200


def table_columns(exploration: Exploration) -> list[dict[str, str]]:
    question = exploration.answer.question
    naming = [DIMENSIONS[name].label for name in question.by]
    time = [question.grain.capitalize()] if question.grain else []
    first, *more = [*time, *naming] if time or naming else ["All messages"]
    kind = "country" if not time and question.by[:1] == ("country",) else "text"
    columns = [{"label": first, "kind": kind}]
    columns += [
        {"label": label, "kind": "country" if name == "country" else "words"}
        for label, name in zip(more, (question.by if time else question.by[1:]), strict=True)
    ]
    for name in question.metrics:
        columns.append({"label": METRICS[name].label, "kind": "number"})
        if question.share:
            columns.append({"label": "Share", "kind": "number"})
        if exploration.before is not None and not question.grain:
            columns.append({"label": "Before", "kind": "number"})
    return columns


def table_lines(exploration: Exploration) -> list[dict[str, Any]]:
    """One line for each combination of values and time, the latest first."""
    question = exploration.answer.question
    cells: dict[tuple[Any, ...], dict[str, list[ExploredRow]]] = {}
    for each in exploration.answer.metrics:
        for row in each.rows:
            place = (*((str(row.bucket),) if question.grain else ()), *row.values)
            cells.setdefault(place, {}).setdefault(each.metric.name, []).append(row)
    places = sorted(cells, key=lambda place: place[0], reverse=True) if question.grain else list(cells)
    return [_table_line(exploration, place, cells[place]) for place in places]


def _table_line(
    exploration: Exploration, place: tuple[Any, ...], numbers: dict[str, list[ExploredRow]]
) -> dict[str, Any]:
    question = exploration.answer.question
    values = place[1:] if question.grain else place
    shown = [exploration.label(name, value) for name, value in zip(question.by, values, strict=True)]
    bucket = [_bucket_text(place[0], question.grain)] if question.grain else []
    first, *more = [*bucket, *(each.text for each in shown)] or ["All"]
    row_cells: list[dict[str, Any]] = [{"text": first}, *({"text": text} for text in more)]
    for each in exploration.answer.metrics:
        row_cells += _number_cells(exploration, each, numbers.get(each.metric.name, []))
    mark = exploration.mark(question.by[0], values[0]) if question.by else ""
    if question.grain and not question.by and question.grain != "hour":
        mark = f"{question.grain}={bucket_key(place[0])}"
    tokens = [each.key for each in shown]
    return {
        "key": mark, "cells": row_cells, "hint": "Show only this" if mark else "",
        "link": _rows_link(exploration, values, tokens),
    }  # fmt: skip


def _rows_link(exploration: Exploration, values: Sequence[Any], tokens: Sequence[str]) -> str | None:
    """The messages of a line's first number; None where no filters say exactly which those are."""
    question, metric = exploration.answer.question, exploration.answer.metrics[0]
    are_filters = all(name in FIELDS for name in question.by) and OTHERS not in values
    if not question.by or question.grain or not are_filters or counted_rows_sql(metric.metric) is None:
        return None
    narrow: dict[str, Any] = {name: [token] for name, token in zip(question.by, tokens, strict=True)}
    return exploration.data.rows_link(metric.metric.name, **narrow)


def _bucket_text(bucket: str, grain: str) -> str:
    return f"{int(float(bucket)):02d}:00" if grain == "hour" else bucket_key(bucket)


def _number_cells(
    exploration: Exploration, each: Explored, rows: Sequence[ExploredRow]
) -> list[dict[str, Any]]:
    question, metric = exploration.answer.question, each.metric
    texts = [
        formats.MISSING if each.is_small(row) else formats.value(row.value, metric.unit, row.currency)
        for row in rows
    ]
    missing = formats.count(0) if can_be_added(metric) and not metric.is_money else formats.MISSING
    cell: dict[str, Any] = {"text": texts[0] if texts else missing, "more": texts[1:]}
    if rows and rows[0].sample_size is not None:
        few = "only " if each.is_small(rows[0]) else "of "
        cell |= {"note": few + f"{rows[0].sample_size:,}", "muted": each.is_small(rows[0])}
    cells = [cell]
    if question.share:
        shares = [formats.rate(row.share) for row in rows] or [formats.MISSING]
        cells.append({"text": shares[0], "more": shares[1:]})
    if exploration.before is not None and not question.grain:
        cells.append(_before_cell(exploration.before, each, rows))
    return cells


def _before_cell(before: ExploreAnswer, each: Explored, rows: Sequence[ExploredRow]) -> dict[str, Any]:
    """The number of the period before, and how far it moved where that is more than chance."""
    earlier = next(other for other in before.metrics if other.metric.name == each.metric.name)
    known = {(_values_key(row), row.currency): row for row in earlier.rows}
    texts, note = [], ""
    for row in rows:
        then = known.get((_values_key(row), row.currency))
        if then is None or earlier.is_small(then) or then.value is None:
            texts.append(formats.MISSING)
            continue
        texts.append(formats.value(then.value, each.metric.unit, row.currency))
        note = note or _moved(each, row, then)
    return {
        "text": texts[0] if texts else formats.MISSING,
        "more": texts[1:],
        **({"note": note} if note else {}),
    }


def _moved(each: Explored, row: ExploredRow, then: ExploredRow) -> str:
    metric = each.metric
    if each.is_small(row) or row.value is None:
        return ""
    now, before = (Share(item.value, item.sample_size or 0) for item in (row, then))
    if not is_more_than_chance(metric, now, before):
        return "no clear change"
    change = formats.change(row.value, then.value, metric.unit, metric.better)
    return f"{ {'up': '↑', 'down': '↓', 'flat': ''}[change.arrow] } {change.text}".strip() if change else ""


def _values_key(row: ExploredRow) -> tuple[str, ...]:
    return tuple("\0others" if value is OTHERS else str(value) for value in row.values)


def table_footnote(exploration: Exploration, lines: int) -> str:
    parts = [
        f"“{others_text(count)}” are counted together by the definition of each metric."
        for count in exploration.answer.left.values()
        if count
    ]
    if lines > MOST_LINES:
        parts.append(f"Not shown: {lines - MOST_LINES:,} more rows; the files have all.")
    return " ".join(dict.fromkeys(parts))

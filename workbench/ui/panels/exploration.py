"""The answer to the question in the address of the page Explore, with the words of its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.display.names import country_name
from workbench.metrics import DIMENSIONS, compile_metric
from workbench.metrics.exploration import (
    OTHERS,
    ExploreAnswer,
    Explored,
    can_be_added,
    explore,
    explored_frame,
    others_text,
)
from workbench.metrics.no_answer import no_answer_reason
from workbench.ui.explore_state import AUTO, question_of
from workbench.ui.filters import FIELDS
from workbench.ui.page_data import PageData, definition
from workbench.ui.panels.names import Shown, show_value
from workbench.ui.result_rows import bucket_key

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Exploration:
    """The answer to the question in a page's address, and what of it is not possible."""

    data: PageData
    answer: ExploreAnswer
    before: ExploreAnswer | None
    notes: tuple[str, ...]

    @property
    def grain(self) -> str:
        return self.answer.question.grain

    def label(self, dimension: str, value: Any) -> Shown:
        """A value of a dimension as people read it."""
        if value is OTHERS:
            return Shown(others_text(self.answer.left[dimension]), "")
        if dimension == "weekday" and value in range(1, 8):
            return Shown(_WEEKDAYS[value - 1], "")
        if dimension == "hour" and value is not None:
            return Shown(f"{value:02d}:00", "")
        return show_value(self.data, dimension, value)

    def drawn_name(self, dimension: str, value: Any) -> str:
        """A value as a chart names it: countries in words, as the browser writes them in tables."""
        text = self.label(dimension, value).text
        return country_name(text) if dimension == "country" else text

    def mark(self, dimension: str, value: Any) -> str:
        """What a click on a value filters by; empty where it can filter by nothing."""
        return (
            f"{dimension}={self.label(dimension, value).key}"
            if dimension in FIELDS and value is not OTHERS
            else ""
        )


def explored(data: PageData) -> Exploration:
    """Ask the lake what the address asks."""
    question, notes = question_of(data.values, data.period)
    answer = explore(question, data.metric)
    previous = data.previous
    before = explore(question, previous.metric, answer.shown) if previous else None
    reason = (f"Nothing to compare with: {data.not_compared}.",) if data.not_compared else ()
    return Exploration(data, answer, before, (*notes, *reason))


def exploration_frame(exploration: Exploration) -> pd.DataFrame:
    """The rows of :func:`workbench.metrics.exploration.explored_frame`, named as on the page."""
    frame = explored_frame(exploration.answer, None if exploration.grain else exploration.before)
    if exploration.grain:
        frame[exploration.grain] = [bucket_key(bucket) for bucket in frame[exploration.grain]]
    for name in exploration.answer.question.by:
        others = others_text(exploration.answer.left[name])
        frame[name] = [
            None if formats.is_missing(value)
            else value if value == others
            else exploration.label(name, value).text
            for value in frame[name]
        ]  # fmt: skip
    return frame


def chart_kind(exploration: Exploration, each: Explored) -> tuple[str, str]:
    """How a metric is drawn, and why otherwise than it was asked."""
    question, asked = exploration.answer.question, exploration.data.values["chart"]
    adds = can_be_added(each.metric)
    is_time = bool(question.grain)
    if asked == AUTO:
        if set(question.by) == {"weekday", "hour"}:
            return "heat", ""
        is_stacked = adds and (is_time or len(question.by) == 2)
        return ("stacked" if is_stacked else "bar" if adds or not is_time else "line"), ""
    if asked == "stacked" and not adds:
        return ("line" if is_time else "bar"), f"not stacked: {each.metric.label} cannot be added"
    if asked == "line" and not is_time:
        return "bar", "bars, for a line needs time"
    if asked == "heat" and len(question.by) + is_time < 2:
        return ("line" if is_time else "bar"), "no heat map: it needs two dimensions, or one and time"
    return asked, ""


def metric_title(exploration: Exploration, each: Explored) -> str:
    """`Undelivered rate by country and week`."""
    question = exploration.answer.question
    parts = [DIMENSIONS[name].label.lower() for name in question.by] + (
        [question.grain] if question.grain else []
    )
    share = ", share of the total" if question.share else ""
    by = f" by {' and '.join(parts)}" if parts else ""
    return f"{each.metric.label}{by}{share}"


def whole_sample(data: PageData, name: str) -> tuple[int | None, int | None]:
    """Sample and messages in flight of a metric under the page's filters.

    Asked without groups: a person who is in two groups is one person.
    """
    frame = data.metric(name).frame
    sizes = [int(frame[column].sum()) if column in frame else None for column in ("sample_size", "in_flight")]
    return sizes[0], sizes[1]


def sample_notes(exploration: Exploration, each: Explored) -> list[str]:
    """What stands behind the numbers of a metric: sample, in flight, priced share, too few."""
    metric, notes = each.metric, []
    sample, in_flight = whole_sample(exploration.data, metric.name)
    if sample is not None:
        notes.append(f"of {sample:,} {metric.sample_noun}")
    if in_flight is not None:
        notes.append(f"{in_flight:,} in flight")
    if metric.is_money:
        priced = exploration.data.metric("priced_share").frame["priced_share"].iloc[0]
        currencies = sorted({row.currency for row in each.rows if row.currency})
        notes += [", ".join(currencies)] if currencies else []
        notes.append(f"{formats.rate(priced)} priced")
    small = sum(map(each.is_small, each.rows))
    unknown = no_answer_reason(metric.name, exploration.data.where, exploration.answer.question.by)
    if unknown:
        notes.append(f"not known: {unknown}")
    if small:
        notes.append(f"{formats.plural(small, 'point')} of fewer than {metric.minimum_sample} not drawn")
    return notes


def exploration_definition(exploration: Exploration, each: Explored) -> dict[str, Any]:
    """The definition of a metric, with SQL of every value, before the rest become others."""
    data, question = exploration.data, exploration.answer.question
    period = data.period
    sql = compile_metric(
        each.metric.name, [*question.by, *([question.grain] if question.grain else [])],
        data.filters_of(each.metric.name), period.since, period.end, timezone=period.timezone,
    )  # fmt: skip
    sample, in_flight = whole_sample(data, each.metric.name)
    result = each.results[0] if each.results else data.metric(each.metric.name)
    return {
        **definition(result, period),
        "sample_size": sample,
        "in_flight": in_flight,
        **data.shown_sql(sql.sql, sql.parameters),
    }

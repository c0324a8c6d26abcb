"""Any metrics by up to two dimensions and time: what is asked, and the answer with the rest as others.

The rest is asked of the lake by the metric's own definition, with the values that are left as a filter: the
rate of others is counted as every rate is, and no sum or mean of rates. Pure but for ``ask``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

import pandas as pd

from workbench.errors import UsageError
from workbench.metrics.compile import find_metric
from workbench.metrics.definitions import Metric
from workbench.metrics.filter_values import find_dimension
from workbench.metrics.run import MetricResult

Ask = Callable[[str, Sequence[str], Mapping[str, Any]], MetricResult]
"""A metric by dimensions, narrowed by further filters."""

GRAINS = ("day", "week", "month")
Order = Literal["size", "highest", "lowest"]
ORDERS: tuple[Order, ...] = ("size", "highest", "lowest")
MOST_METRICS, MOST_DIMENSIONS, MOST_VALUES = 4, 2, 50
DEFAULT_TOP = 8


class Others:
    """Stands for all values of a dimension that are not among the first ones."""

    def __repr__(self) -> str:
        return "others"


OTHERS = Others()


@dataclass(frozen=True)
class ExploreQuestion:
    """What is asked.

    Attributes:
        metrics: names of metrics; the first one ranks the values.
        by: at most two dimensions that are not about time.
        grain: day, week or month; also hour, of one day; empty for the whole period.
        top: so many values of a dimension have rows of their own, the rest are one row.
        order: which values come first: those with most behind them (`size`), or by the metric itself.
        share: each number also as a part of the total, of its part of the period where there is a grain.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    grain: str = ""
    top: int = DEFAULT_TOP
    order: Order = "size"
    share: bool = False

    def require_possible(self) -> None:
        """Refuse what has no answer.

        Raises:
            UnknownName: there is no such metric or dimension.
            UsageError: there are too many, one may not be asked here, or a share is of what cannot be added.
        """
        if not 1 <= len(self.metrics) <= MOST_METRICS:
            raise UsageError(f"There are {len(self.metrics)} metrics; name 1 to {MOST_METRICS}.")
        if len(self.by) > MOST_DIMENSIONS:
            raise UsageError(
                f"by has {len(self.by)} dimensions, {', '.join(self.by)}; name at most {MOST_DIMENSIONS}."
            )
        if self.grain not in ("", "hour", *GRAINS):
            raise UsageError(f"grain is {self.grain!r}; allowed are {', '.join(GRAINS)}, or nothing.")
        if self.order not in ORDERS:
            raise UsageError(f"order is {self.order!r}; allowed are {', '.join(ORDERS)}.")
        if not 1 <= self.top <= MOST_VALUES:
            raise UsageError(f"top is {self.top}; it is a whole number from 1 to {MOST_VALUES}.")
        for name in self.by:
            require_explorable(name)
        for name in self.metrics:
            reason = no_share_reason(find_metric(name))
            if self.share and reason:
                raise UsageError(reason)


def require_explorable(name: str) -> None:
    """Refuse a dimension that is no part of an exploration's ``by``.

    Raises:
        UnknownName: there is no such dimension.
        UsageError: it is about time, or its values are numbers of people.
    """
    dimension = find_dimension(name)
    if dimension.kind in GRAINS:
        raise UsageError(f"{name} is about time: give it as the grain, not among the dimensions.")
    if dimension.is_address:
        raise UsageError(f"The values of {name} are numbers of people, so that nothing is ranked by them.")


def can_be_added(metric: Metric) -> bool:
    """Whether the numbers of two groups make the number of both together."""
    is_distinct = "distinct" in metric.numerator and "distinct from" not in metric.numerator
    return metric.is_additive and not metric.is_share and metric.bins is None and not is_distinct


def no_share_reason(metric: Metric) -> str:
    """Why there is no percentage of the total; empty where there is one."""
    if can_be_added(metric):
        return ""
    return (
        f"{metric.label} ({metric.name}) cannot be added, so it has no percentage of a total; that is for "
        "counts and amounts, such as messages or spend."
    )


@dataclass(frozen=True)
class ExploredRow:
    """One number. `values` are those of the dimensions, :data:`OTHERS` for the rest of one.

    `bucket` is the first day (or the hour) of its part of the period. Rates are fractions from 0 to 1.
    """

    values: tuple[Any, ...]
    bucket: Any
    currency: str | None
    value: float | None
    sample_size: int | None = None
    in_flight: int | None = None
    priced_share: float | None = None
    share: float | None = None


@dataclass(frozen=True)
class Explored:
    """The answer of one metric: its rows, in the order of the values, then of time."""

    metric: Metric
    rows: tuple[ExploredRow, ...]
    results: tuple[MetricResult, ...]

    def is_small(self, row: ExploredRow) -> bool:
        """Whether there are too few messages behind a number to show it."""
        fewest = self.metric.minimum_sample
        return bool(fewest) and row.sample_size is not None and row.sample_size < fewest


Values = Mapping[str, Sequence[Any]]
"""Dimension → its first values."""


@dataclass(frozen=True)
class ExploreAnswer:
    """The answers of all metrics. `shown` are the values with rows of their own, `left` counts the others."""

    question: ExploreQuestion
    metrics: tuple[Explored, ...]
    shown: Values = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)


def explore(question: ExploreQuestion, ask: Ask, shown: Values | None = None) -> ExploreAnswer:
    """Ask the lake.

    Args:
        ask: answers one metric; what narrows a question is a filter beside those that hold anyway.
        shown: the values with rows of their own, for a comparison with another period; by default the first
            ones of this period.

    Raises:
        UnknownName, UsageError: as :meth:`ExploreQuestion.require_possible`.
    """
    question.require_possible()
    ranked = {name: _ranked(question, ask, name) for name in question.by}
    first = {name: list(shown[name]) if shown else _first(question, name, ranked[name]) for name in ranked}
    rest = {name: _without(ranked[name], first[name]) for name in ranked}
    answers = tuple(_answer(question, ask, name, first, rest) for name in question.metrics)
    return ExploreAnswer(question, answers, first, {name: len(values) for name, values in rest.items()})


def _first(question: ExploreQuestion, name: str, ranked: Sequence[Any]) -> list[Any]:
    if is_ordered(name):
        return list(ranked)
    # A row "1 other" takes the place of its only value.
    return list(ranked[: question.top + 1] if len(ranked) == question.top + 1 else ranked[: question.top])


def is_ordered(dimension: str) -> bool:
    """Whether its values have an order of their own that all of them keep: hours, weekdays."""
    definition = find_dimension(dimension)
    return definition.kind == "number" and definition.is_closed


def _without(values: Sequence[Any], without: Sequence[Any]) -> list[Any]:
    taken = {_key(value) for value in without}
    return [value for value in values if _key(value) not in taken]


def _ranked(question: ExploreQuestion, ask: Ask, dimension: str) -> list[Any]:
    """Every value of a dimension, the first one first."""
    result = ask(question.metrics[0], (dimension,), {})
    rows = list(_rows_of(result, (dimension,), ""))
    if is_ordered(dimension):
        return sorted({plain_value(row.values[0]) for row in rows}, key=lambda value: (value is None, value))
    groups: dict[str, list[ExploredRow]] = {}
    for row in rows:
        groups.setdefault(_key(row.values[0]), []).append(row)
    weights = _currency_weights(rows)
    rank = {key: _rank(question, result.metric, group, weights) for key, group in groups.items()}
    ranked = [groups[key][0].values[0] for key in sorted(groups, key=lambda key: (rank[key], key))]
    # A value that only another metric has belongs to the rest, too.
    for metric in question.metrics[1:]:
        frame = ask(metric, (dimension,), {}).frame
        ranked += _without([plain_value(value) for value in frame[dimension].drop_duplicates()], ranked)
    return ranked


def _currency_weights(rows: Sequence[ExploredRow]) -> list[str | None]:
    """The currencies, the one with most rows first: amounts of two are never compared."""
    counts: dict[str | None, int] = {}
    for row in rows:
        if row.value is not None:
            counts[row.currency] = counts.get(row.currency, 0) + 1
    return sorted(counts, key=lambda currency: (-counts[currency], str(currency)))


def _rank(
    question: ExploreQuestion, metric: Metric, rows: Sequence[ExploredRow], currencies: Sequence[str | None]
) -> tuple[Any, ...]:
    """What a value is sorted by; those without a number or with too few messages come last."""
    by_currency = {row.currency: row for row in rows}
    keys: list[tuple[bool, float]] = []
    for currency in currencies:
        row = by_currency.get(currency)
        number = None if row is None else row.value
        is_small = row is not None and Explored(metric, (), ()).is_small(row)
        if question.order == "size" and row is not None and row.sample_size is not None:
            number, is_small = float(row.sample_size), False
        sign = 1 if question.order == "lowest" else -1
        keys.append((number is None or is_small, sign * (number or 0.0)))
    return tuple(keys)


def _answer(question: ExploreQuestion, ask: Ask, metric: str, first: Values, rest: Values) -> Explored:
    """One metric: the first values of each dimension, and what is left of each, in every combination."""
    results: list[MetricResult] = []
    rows: list[ExploredRow] = []
    for others in product((False, True), repeat=len(question.by)):
        is_rest = dict(zip(question.by, others, strict=True))
        narrowed = {name: list((rest if is_rest[name] else first)[name]) for name in question.by}
        if not all(narrowed.values()):
            continue
        grouped = [name for name in question.by if not is_rest[name]]
        # Where all values have rows of their own there is nothing to narrow.
        where = {name: values for name, values in narrowed.items() if rest[name]}
        result = ask(metric, [*grouped, *([question.grain] if question.grain else [])], where)
        results.append(result)
        rows += _rows_of(result, [None if is_rest[name] else name for name in question.by], question.grain)
    definition = find_metric(metric)
    if question.share:
        rows = _with_shares(rows, ask(metric, [question.grain] if question.grain else [], {}), question)
    places = {
        name: {_key(value): number for number, value in enumerate(values)} for name, values in first.items()
    }
    rows.sort(key=lambda row: _place(row, question.by, places))
    return Explored(definition, tuple(rows), tuple(results))


def _place(row: ExploredRow, by: Sequence[str], places: Mapping[str, Mapping[str, int]]) -> tuple[Any, ...]:
    values = tuple(
        places[name].get(_key(value), len(places[name])) for name, value in zip(by, row.values, strict=True)
    )
    return (*values, str(row.bucket), row.currency is None, str(row.currency))


def _rows_of(result: MetricResult, dimensions: Sequence[str | None], grain: str) -> Iterator[ExploredRow]:
    name = result.metric.name
    for line in result.frame.to_dict("records"):
        currency = plain_value(line.get("currency")) if result.metric.is_money else None
        value = plain_value(line[name])
        if result.metric.is_money and currency is None:
            continue  # nothing of it is priced
        yield ExploredRow(
            tuple(OTHERS if each is None else plain_value(line[each]) for each in dimensions),
            plain_value(line[grain]) if grain else None,
            currency,
            None if value is None else float(value),
            _whole(line.get("sample_size")),
            _whole(line.get("in_flight")),
            plain_value(line.get("priced_share")),
        )


def _with_shares(
    rows: Sequence[ExploredRow], total: MetricResult, question: ExploreQuestion
) -> list[ExploredRow]:
    totals = {(str(row.bucket), row.currency): row.value for row in _rows_of(total, (), question.grain)}
    shared = []
    for row in rows:
        whole = totals.get((str(row.bucket), row.currency))
        share = row.value / whole if row.value is not None and whole else None
        shared.append(ExploredRow(**{**row.__dict__, "share": share}))
    return shared


def plain_value(value: Any) -> Any:
    """None for what is missing, whole numbers whole, else the value as it is."""
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return None
    if hasattr(value, "item"):
        value = value.item()
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole(value: Any) -> int | None:
    number = plain_value(value)
    return None if number is None else int(number)


def _key(value: Any) -> str:
    return "\0others" if value is OTHERS else "\0none" if value is None else str(value)


def others_text(count: int) -> str:
    """What the rest is called: `12 others`."""
    return "others" if not count else f"{count:,} others"


def explored_frame(answer: ExploreAnswer, before: ExploreAnswer | None = None) -> pd.DataFrame:
    """The answer as rows, one for each number.

    Args:
        before: the same question about another period; without a grain its numbers stand beside.

    Returns:
        Columns: `metric`, the dimensions, the grain, `currency`, `value`, `sample_size`, `in_flight`,
        `priced_share`, `is_small` (too few messages to trust it), with a share `share`, and with a comparison
        `before` and `before_sample_size`.
    """
    question = answer.question
    earlier = {
        (each.metric.name, tuple(map(_key, row.values)), row.currency): row
        for each in (before.metrics if before else ())
        for row in each.rows
    }
    lines = []
    for each in answer.metrics:
        for row in each.rows:
            line: dict[str, Any] = {"metric": each.metric.name}
            for name, value in zip(question.by, row.values, strict=True):
                line[name] = others_text(answer.left[name]) if value is OTHERS else value
            if question.grain:
                line[question.grain] = row.bucket
            line |= {
                "currency": row.currency, "value": row.value, "sample_size": row.sample_size,
                "in_flight": row.in_flight, "priced_share": row.priced_share, "is_small": each.is_small(row),
            }  # fmt: skip
            if question.share:
                line["share"] = row.share
            if before is not None:
                then = earlier.get((each.metric.name, tuple(map(_key, row.values)), row.currency))
                line["before"] = then.value if then else None
                line["before_sample_size"] = then.sample_size if then else None
            lines.append(line)
    return _typed(pd.DataFrame(lines, columns=_columns(question, before is not None)))


def _columns(question: ExploreQuestion, is_compared: bool) -> list[str]:
    return [
        "metric", *question.by, *([question.grain] if question.grain else []), "currency", "value",
        "sample_size", "in_flight", "priced_share", "is_small", *(["share"] if question.share else []),
        *(["before", "before_sample_size"] if is_compared else []),
    ]  # fmt: skip


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    types = {"sample_size": "Int64", "in_flight": "Int64", "before_sample_size": "Int64", "is_small": "bool"}
    types |= dict.fromkeys(("value", "priced_share", "share", "before"), "float64")
    return frame.astype({name: kind for name, kind in types.items() if name in frame})

"""Which messages stand behind a metric: the rows that its aggregates read. Pure.

It follows from the metric's own expressions, so that a number and the list of its messages cannot disagree.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, LiteralString

from workbench.metrics.compile import expand
from workbench.metrics.definitions import Metric
from workbench.metrics.sql_tree import parse_known, write_known

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

EVERY_ROW: LiteralString = "true"


def counted_rows_sql(metric: Metric) -> LiteralString | None:
    """The condition that the rows behind a metric meet, over its source.

    A rate has all messages of its sample behind it, a quotient those of both sides of the line. None where
    the number counts something else than messages, as minutes.
    """
    if metric.bins is not None:
        return None if metric.unit == "count" else expand(metric.rows or EVERY_ROW) + _limited(metric)
    if metric.unit == "rate" and metric.denominator:
        return _rows_of(expand(metric.denominator))
    return _rows_of(expand(metric.numerator), expand(metric.denominator or ""))


def counts_every_message(metric: Metric) -> bool:
    """Whether every message of the log is behind this metric."""
    return metric.source == "message_facts" and counted_rows_sql(metric) == EVERY_ROW


def _limited(metric: Metric) -> LiteralString:
    """Nothing is measured against a limit that nobody knows."""
    return " and mps_limit is not null" if "bin_limit" in metric.numerator else ""


@cache
def _rows_of(*expressions: LiteralString) -> LiteralString:
    """The rows that any aggregate of these expressions reads."""
    from sqlglot import exp

    trees = [parse_known(expression) for expression in expressions if expression]
    aggregates = [aggregate for tree in trees for aggregate in tree.find_all(exp.AggFunc)]
    conditions = dict.fromkeys([_rows_of_aggregate(aggregate) for aggregate in aggregates])
    if not conditions or EVERY_ROW in conditions:
        return EVERY_ROW
    return "(" + " or ".join(f"({condition})" for condition in conditions) + ")"


def _rows_of_aggregate(aggregate: Expr) -> LiteralString:
    """Those of its filter whose value is not empty: no aggregate of ours reads empty values."""
    from sqlglot import exp

    value = aggregate.this
    if isinstance(value, exp.Distinct):
        value = value.expressions[0]
    conditions = [] if isinstance(value, exp.Star) else [f"({write_known(value)}) is not null"]
    if isinstance(aggregate.parent, exp.Filter):
        conditions.append(f"({write_known(aggregate.parent.expression.this)})")
    return " and ".join(conditions) or EVERY_ROW

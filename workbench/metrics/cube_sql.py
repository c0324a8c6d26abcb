"""Makes SQL of a metric over day cubes instead of over messages. Pure, like :mod:`workbench.metrics.compile`.

A day cube has one row per day and combination of KEYS; its column `n` is the number of messages that have
these values. A count or sum over messages is the same over a cube if each row counts `n` times. A cube
cannot answer a metric that needs more of a message: its text, its contact, the moment it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, LiteralString

from workbench.metrics.compile import (
    CompiledMetric,
    assemble,
    dimension_sql,
    expand,
    filters_sql,
    plan_metric,
)
from workbench.metrics.definitions.dimensions import LOCAL
from workbench.metrics.filter_values import Where
from workbench.metrics.sql_tree import parse, replace_all, write

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

#: The columns of `message_facts` that a cube keeps.
KEYS = (
    "account_sid", "messaging_service_sid", "direction", "is_outbound", "status", "is_final", "error_code",
    "sender", "sender_type", "country", "keyword", "encoding", "segments", "media_count", "spend", "currency",
    "template",
)  # fmt: skip
#: A person counts once, so a cube keeps the contact; only of messages where a metric counts people.
KEPT_PEOPLE = {"opted_out": expand("case when {opt_out} then contact end")}
_PEOPLE = {expand("count(distinct contact) filter ({opt_out})"): "count(distinct opted_out)"}
#: Dimensions of time that follow from a day; an hour does not.
_DAY_DIMENSIONS = frozenset({"day", "week", "month", "weekday"})
#: The kinds of nodes that an expression may consist of, by the parser's names. Each means the same for one
#: row that stands for several messages. An expression with any other node goes to the messages themselves.
_ALLOWED_PARTS = frozenset(
    {
        "Add", "And", "Between", "Boolean", "Case", "Cast", "Coalesce", "Column", "Count", "DataType",
        "DateTrunc", "Distinct", "Div", "EQ", "Extract", "Filter", "GT", "GTE", "Identifier", "If", "In",
        "Is", "LT", "LTE", "Literal", "Mul", "NEQ", "Neg", "Not", "Null", "NullSafeEQ", "NullSafeNEQ",
        "Nullif", "Or", "Paren", "Star", "Sub", "Sum", "TimestampTrunc", "Var", "Where",
    }
)  # fmt: skip
_KEPT_TEXTS = 4_000


def compile_on_cube(
    metric: str, by: Sequence[str], where: Where, timezone: str, table: LiteralString, days_sql: LiteralString
) -> CompiledMetric | None:
    """SQL for a metric over the cube ``table``, or None where a cube does not hold what it needs.

    The columns are those of :func:`workbench.metrics.compile_metric`; ``days_sql`` picks the period's rows.
    """
    plan = plan_metric(metric, by)
    if plan.metric.bins is not None or plan.metric.source != "message_facts":
        return None
    groups = _all_on_cube({item.name: (item.expression, item.name) for item in plan.dimensions})
    values = _all_on_cube({name: (expression, None) for name, expression in plan.values.items()})
    filtered = _all_on_cube({name: (dimension_sql(name), name) for name in where})
    if groups is None or values is None or filtered is None:
        return None
    parameters: dict[str, object] = {}
    conditions = filters_sql(where, parameters, filtered.__getitem__)
    sql = assemble(groups, values, table, [days_sql, *conditions])
    return CompiledMetric(sql, parameters, (*groups, *values))


def _all_on_cube(expressions: Mapping[str, tuple[str, str | None]]) -> dict[str, str] | None:
    """Every expression over cube rows; None where a cube cannot answer one of them."""
    on_cube_by_name = {name: on_cube(*arguments) for name, arguments in expressions.items()}
    answerable = {name: text for name, text in on_cube_by_name.items() if text is not None}
    return answerable if len(answerable) == len(expressions) else None


@lru_cache(maxsize=_KEPT_TEXTS)
def on_cube(expression: str, dimension: str | None = None) -> str | None:
    """An expression over messages as one over cube rows, or None where that is not the same.

    ``dimension`` is the name of the dimension whose expression it is.
    """
    tree = parse(expression)
    if tree is None:
        return None
    replacements, columns = dict(_PEOPLE), {*KEYS, *KEPT_PEOPLE}
    if dimension in _DAY_DIMENSIONS:
        replacements[LOCAL] = "day"
        columns.add("day")
    tree = replace_all(tree, replacements)
    try:
        _require_known_parts(tree, columns)
        return write(tree.transform(_weighted))
    except _NotOnCube:
        return None


class _NotOnCube(Exception):
    """A cube does not hold what an expression needs."""


def _require_known_parts(tree: Expr, columns: set[str]) -> None:
    from sqlglot import exp

    if any(type(node).__name__ not in _ALLOWED_PARTS for node in tree.walk()):
        raise _NotOnCube
    if not {column.name.lower() for column in tree.find_all(exp.Column)} <= columns:
        raise _NotOnCube


def _weighted(node: Expr) -> Expr:
    """An aggregate with every row counted `n` times; any other node as it is."""
    from sqlglot import exp

    if isinstance(node, exp.Filter):
        return _weighted_aggregate(node.this, node.expression)
    return _weighted_aggregate(node, None) if isinstance(node, exp.AggFunc) else node


def _weighted_aggregate(aggregate: Expr, condition: Expr | None) -> Expr:
    from sqlglot import exp

    def total(values: Expr) -> Expr:
        summed = exp.Sum(this=values)
        return exp.Filter(this=summed, expression=condition.copy()) if condition else summed

    argument = aggregate.this
    if isinstance(aggregate, exp.Count) and isinstance(argument, exp.Star):
        return exp.Coalesce(
            this=exp.cast(total(exp.column("n")), "bigint"), expressions=[exp.Literal.number(0)]
        )
    if isinstance(argument, exp.Distinct):
        if isinstance(aggregate, exp.Count) and {column.name for column in argument.expressions} <= {
            *KEPT_PEOPLE
        }:
            return (
                exp.Filter(this=aggregate.copy(), expression=condition.copy())
                if condition
                else aggregate.copy()
            )
        raise _NotOnCube
    if isinstance(aggregate, exp.Sum) and not argument.find(exp.AggFunc):
        values = argument.copy() if isinstance(argument, exp.Column) else exp.paren(argument)
        return total(exp.Mul(this=values, expression=exp.column("n")))
    raise _NotOnCube

"""The lake's views and macros for Spark, from the same text as DuckDB has them. Pure.

Macros are put into what uses them. One is written here by hand, since it makes rows inside of an expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp

from workbench.lake.views import known_views
from workbench.metrics.spark.statements import NoCounterpart, read_statement, spark_sql

HOURS_VARIABLE = "business_hours_rows"
"""A variable of the session with the rows of `business_hours`, for `business_seconds`."""
HOURS_SQL = (
    "declare or replace variable business_hours_rows "
    "array<struct<weekday: smallint, opens: smallint, closes: smallint, timezone: string>>",
    "set variable business_hours_rows = "
    "(select collect_list(struct(weekday, opens, closes, timezone)) from business_hours)",
)

#: `business_seconds.sql` in Spark's functions: for each opening the days that the span touches, and of each
#: day what of the span lies in its hours.
_BY_HAND = {
    "business_seconds": """
    aggregate(business_hours_rows, 0D, (total, h) -> total + aggregate(
        filter(
            sequence(
                date_trunc('DAY', from_utc_timestamp(began_at, h.timezone)),
                greatest(
                    date_trunc('DAY', from_utc_timestamp(began_at, h.timezone)),
                    from_utc_timestamp(ended_at, h.timezone)
                ),
                interval '1' day
            ),
            d -> weekday(d) + 1 = h.weekday
        ),
        0D,
        (seconds, d) -> seconds + greatest(0D, (
            least(
                unix_micros(ended_at),
                unix_micros(to_utc_timestamp(d + make_interval(0, 0, 0, 0, 0, h.closes), h.timezone))
            ) - greatest(
                unix_micros(began_at),
                unix_micros(to_utc_timestamp(d + make_interval(0, 0, 0, 0, 0, h.opens), h.timezone))
            )
        ) / 1000000D)
    ))
    """
}


@dataclass(frozen=True)
class SparkStatement:
    """A query for Spark, and the tables and views that it reads, by name."""

    sql: str
    sources: frozenset[str]


@dataclass(frozen=True)
class _Macro:
    parameters: tuple[str, ...]
    body: exp.Expr


def translate(sql: str) -> SparkStatement:
    """A query of DuckDB over the lake's views, for Spark.

    Raises:
        NoCounterpart: part of it has none.
    """
    return _statement(read_statement(sql))


def _statement(tree: exp.Expr) -> SparkStatement:
    tree = _with_macros(tree)
    within = {part.alias for part in tree.find_all(exp.CTE)}
    sources = {table.name for table in tree.find_all(exp.Table) if table.name} - within
    return SparkStatement(spark_sql(tree), frozenset(sources))


@cache
def view_statement(name: str) -> SparkStatement | None:
    """What makes a view of the lake; None where there is no view of that name, so that it is a table.

    Raises:
        NoCounterpart: part of it has none.
    """
    view = known_views().get(name)
    if view is None or view.kind != "view":
        return None
    return _statement(_body(view.sql).copy())


@cache
def _macros() -> dict[str, _Macro]:
    macros = {}
    for view in known_views().values():
        if view.kind != "view":
            tree = read_statement(view.sql)
            parameters = tuple(parameter.name for parameter in tree.this.expressions)
            by_hand = _BY_HAND.get(view.name)
            body = sqlglot.parse_one(by_hand, dialect="spark") if by_hand else _body(view.sql)
            macros[view.name] = _Macro(parameters, body)
    return macros


def _body(sql: str) -> exp.Expr:
    body: exp.Expr = read_statement(sql).args["expression"]
    # A macro of one value stands in brackets; `(select …)` keeps its own.
    inner: exp.Expr = body.this if isinstance(body, exp.Paren) else body
    return inner


def _with_macros(tree: exp.Expr) -> exp.Expr:
    """Every call of a macro replaced by what it says, again and again, as macros use each other."""
    tree = exp.Paren(this=tree)
    while call := next((part for part in tree.find_all(exp.Anonymous) if part.name in _macros()), None):
        macro = _macros()[call.name]
        if len(call.expressions) != len(macro.parameters):
            raise NoCounterpart(f"{call.name} with {len(call.expressions)} arguments")
        arguments = dict(zip(macro.parameters, call.expressions, strict=True))
        body = _filled(macro.body, arguments)
        table = call.parent
        if isinstance(table, exp.Table):
            name = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(call.name))
            table.replace(exp.Subquery(this=body, alias=name))
        else:
            call.replace(exp.Paren(this=body) if not isinstance(body, exp.Subquery) else body)
    expanded: exp.Expr = tree.this
    return expanded


def _filled(body: exp.Expr, arguments: dict[str, exp.Expr]) -> exp.Expr:
    filled = exp.Paren(this=body.copy())
    for column in list(filled.find_all(exp.Column)):
        if not column.table and column.name in arguments:
            value = arguments[column.name].copy()
            is_simple = isinstance(value, exp.Column | exp.Literal | exp.Null)
            column.replace(value if is_simple else exp.Paren(this=value))
    inner: exp.Expr = filled.this
    return inner

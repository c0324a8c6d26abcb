"""DuckDB's SQL as Spark's: the same answer, or an error that says what has no counterpart. Pure.

sqlglot does most of it. What it does not know, or says with another meaning, is rewritten here in the tree.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp

from workbench.metrics.spark.as_of import replace_as_of
from workbench.metrics.spark.regexes import java_pattern, java_replacement

Rewrite = Callable[[Any], exp.Expr | None]

#: sqlglot reads `text[:3]` as a parameter.
_OPEN_SLICE = re.compile(r"\[:(\d+)\]")
_ENDS_OF_TIME = {"infinity": "9999-12-31 23:59:59.999999", "-infinity": "0001-01-01 00:00:00"}
_RENAMED = {"epoch_us": "unix_micros", "make_timestamptz": "timestamp_micros"}


class NoCounterpart(ValueError):
    """Something of DuckDB's SQL for which no SQL of Spark with the same meaning is known."""


def read_statement(sql: str) -> exp.Expr:
    """The tree of SQL of DuckDB.

    Raises:
        NoCounterpart: it cannot be read as one.
    """
    try:
        return sqlglot.parse_one(_OPEN_SLICE.sub(r"[1:\1]", sql), dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise NoCounterpart(f"SQL that cannot be read ({str(error).splitlines()[0]})") from error


def spark_sql(tree: exp.Expr) -> str:
    """A tree of DuckDB as SQL of Spark; macros have been put in before.

    Raises:
        NoCounterpart: part of it has none.
    """
    tree = exp.Paren(this=tree.copy())  # so that the whole can be replaced, too
    try:
        # From the leaves up: what a rewrite looks at is rewritten already.
        for node in reversed(list(tree.walk(bfs=True))):
            rewrite = _REWRITES.get(type(node))
            new = rewrite(node) if rewrite else None
            if new is not None:
                node.replace(new)
        return str(tree.this.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE))
    except (ValueError, sqlglot.errors.UnsupportedError) as error:
        raise NoCounterpart(str(error)) from error


def _call(name: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])


def _divide(node: exp.Div) -> None:
    """DuckDB divides as floating point; Spark divides decimals as decimals, and rounds."""
    node.set("this", exp.cast(node.this, "double"))


def _seconds(node: exp.TimeToUnix) -> exp.Expr:
    """`epoch`, with its fraction."""
    return exp.paren(
        exp.Div(this=exp.cast(_call("unix_micros", node.this), "double"), expression=_number(1_000_000))
    )


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _quantile(node: exp.PercentileCont) -> exp.Expr:
    """Exact and interpolated, as `quantile_cont`; a text for each row, so that `filter` may follow."""
    return _call("percentile", node.this, node.expression)


def _anonymous(node: exp.Anonymous) -> exp.Expr | None:
    name = node.name.lower()
    if name == "timezone":
        zone, moment = node.expressions
        return _call("from_utc_timestamp", moment, zone)
    return _call(_RENAMED[name], *node.expressions) if name in _RENAMED else None


def _weekday(node: exp.Extract) -> exp.Expr | None:
    if node.name.lower() != "isodow":
        return None
    return exp.paren(exp.Add(this=_call("weekday", node.expression), expression=_number(1)))


def _cast(node: exp.Cast) -> None:
    """The ends of time, which Spark does not know, are its first and last moment."""
    if node.to.this in (exp.DType.TIMESTAMPTZ, exp.DType.TIMESTAMP) and node.this.is_string:
        node.set("this", exp.Literal.string(_ENDS_OF_TIME.get(node.this.name, node.this.name)))


def _bracket(node: exp.Bracket) -> exp.Expr | None:
    """A field of a struct, or a part of a text; no view or metric takes an element of a list."""
    [index] = node.expressions
    value = node.this
    if isinstance(index, exp.Slice):
        if index.args.get("expression") is None:
            return _call("substring", value, index.this)
        length = int(index.expression.name) - int(index.this.name) + 1
        return _call("substring", value, index.this, length)
    if isinstance(index, exp.Literal) and index.is_string:
        inner = value if isinstance(value, exp.Column) else exp.paren(value)
        return exp.Dot(this=inner, expression=exp.to_identifier(index.name))
    if isinstance(index, exp.Literal):
        # The parser counts from 0.
        return _call("substring", value, int(index.name) + 1, 1)
    raise ValueError(f"the index {index.sql(dialect='duckdb')}")


def _matches(node: exp.RegexpLike) -> exp.Expr:
    flag = node.args.get("flag")
    return _call("regexp_like", node.this, java_pattern(node.expression.name, flag.name if flag else ""))


def _replaces(node: exp.RegexpReplace) -> exp.Expr:
    options = node.args["modifiers"].name if node.args.get("modifiers") else ""
    pattern = node.expression.name
    if "g" not in options and not pattern.startswith("^"):
        raise ValueError(f"a replacement of only the first match of {pattern!r}")
    return _call(
        "regexp_replace",
        node.this,
        java_pattern(pattern, options.replace("g", "")),
        java_replacement(node.args["replacement"].name),
    )


def _window(node: exp.Window) -> None:
    """Spark has no `filter` over a window: rows that do not count are NULL, which aggregates leave out."""
    if not isinstance(node.this, exp.Filter):
        return
    aggregate, condition = node.this.this, node.this.expression.this
    counted = _number(1) if isinstance(aggregate.this, exp.Star) else aggregate.this
    aggregate.set("this", exp.Case().when(condition.copy(), counted.copy()))
    node.set("this", aggregate)


def _cte(node: exp.CTE) -> None:
    node.set("materialized", None)


def _is(node: exp.Is) -> exp.Expr | None:
    """An argument of a macro that is NULL: `people is null or …` is decided now."""
    is_null = isinstance(node.this, exp.Null) and isinstance(node.expression, exp.Null)
    return exp.true() if is_null else None


def _or(node: exp.Or) -> exp.Expr | None:
    return exp.true() if exp.true() in (node.this, node.expression) else None


def _paren(node: exp.Paren) -> exp.Expr | None:
    return node.this if isinstance(node.this, exp.Boolean) else None


def _union(node: exp.Union) -> None:
    """`* replace (…)`, which Spark has not: the replaced columns go last, on both sides."""
    stars = [side.expressions[0] for side in (node.this, node.expression) if len(side.expressions) == 1]
    replaced = [
        part.alias for star in stars if isinstance(star, exp.Star) for part in star.args.get("replace") or ()
    ]
    if not replaced:
        return
    for side, star in zip((node.this, node.expression), stars, strict=True):
        values = {part.alias: part.this for part in star.args.get("replace") or ()}
        rest = exp.Star(except_=[exp.column(name) for name in replaced])
        columns = [exp.alias_(values.get(name, exp.column(name)), name) for name in replaced]
        side.set("expressions", [rest, *columns])


_REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.Anonymous: _anonymous,
    exp.Bracket: _bracket,
    exp.CTE: _cte,
    exp.Cast: _cast,
    exp.Div: _divide,
    exp.Extract: _weekday,
    exp.Is: _is,
    exp.Or: _or,
    exp.Paren: _paren,
    exp.PercentileCont: _quantile,
    exp.RegexpLike: _matches,
    exp.RegexpReplace: _replaces,
    exp.Select: replace_as_of,
    exp.TimeToUnix: _seconds,
    exp.Union: _union,
    exp.Window: _window,
}

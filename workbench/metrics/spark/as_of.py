"""DuckDB's ASOF join for Spark, which has none: both sides in one row of time, and the last one before each.

A join of every pair would have billions of rows where a person or a profile has many. Pure.
"""

from __future__ import annotations

from sqlglot import exp

_KEY, _MOMENT, _SIDE = "as_of_key", "as_of_moment", "as_of_side"


def replace_as_of(select: exp.Select) -> None:
    """Say the ASOF join of a query otherwise, in place; other queries stay as they are.

    The two sides become structs with the names of their tables, so that `left.column` and `left.*` mean what
    they meant.

    Raises:
        ValueError: it is of a form that no view has.
    """
    joins = select.args.get("joins") or []
    if not any(join.method == "ASOF" for join in joins):
        return
    if len(joins) != 1:
        raise ValueError("an ASOF join beside another join")
    join = joins[0]
    left, right = select.args["from_"].this, join.this
    keys, moment = _conditions(join.args["on"], left.alias_or_name, right.alias_or_name)
    is_before = isinstance(moment, exp.LT)
    sides = exp.union(
        _side(left, right, [key for key, _ in keys], moment.expression, 0 if is_before else 1),
        _side(right, left, [key for _, key in keys], moment.this, 1 if is_before else 0, is_looked_up=True),
        distinct=False,
    )
    last = exp.Window(
        this=exp.IgnoreNulls(this=exp.LastValue(this=exp.column(right.alias_or_name))),
        partition_by=[exp.column(f"{_KEY}_{number}") for number in range(len(keys))],
        order=exp.Order(expressions=[exp.column(_MOMENT), exp.column(_SIDE)]),
        spec=exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW"),
    )
    matched = exp.select(
        exp.column(left.alias_or_name), exp.alias_(last, right.alias_or_name), exp.column(_SIDE)
    ).from_(sides.subquery("as_of_sides"))
    select.set("joins", [])
    select.set("from_", exp.From(this=matched.subquery("as_of_pairs")))
    select.where(exp.column(_SIDE).eq(0 if is_before else 1), copy=False)
    if join.side != "LEFT":
        select.where(exp.column(right.alias_or_name).is_(exp.null()).not_(), copy=False)


def _side(
    table: exp.Expr,
    other: exp.Expr,
    keys: list[exp.Expr],
    moment: exp.Expr,
    side: int,
    *,
    is_looked_up: bool = False,
) -> exp.Select:
    name = table.alias_or_name
    row = exp.alias_(
        exp.Struct(expressions=[exp.Column(this=exp.Star(), table=exp.to_identifier(name))]), name
    )
    nothing = exp.alias_(exp.null(), other.alias_or_name)
    columns = [
        *(exp.alias_(key.copy(), f"{_KEY}_{number}") for number, key in enumerate(keys)),
        exp.alias_(moment.copy(), _MOMENT),
        exp.alias_(exp.Literal.number(side), _SIDE),
        *((nothing, row) if is_looked_up else (row, nothing)),
    ]
    select = exp.select(*columns).from_(table.copy())
    if is_looked_up:
        # NULL equals nothing in a join, and everything NULL in a partition.
        select = select.where(*(part.copy().is_(exp.null()).not_() for part in (*keys, moment)))
    return select


def _conditions(on: exp.Expr, left: str, right: str) -> tuple[list[tuple[exp.Expr, exp.Expr]], exp.Binary]:
    """The equal pairs (left, right), and the comparison of moments as right < left or right <= left."""
    keys, moment = [], None
    for part in on.flatten() if isinstance(on, exp.And) else [on]:
        if not isinstance(part, exp.EQ | exp.LT | exp.LTE):
            raise ValueError(f"an ASOF join on {part.sql(dialect='duckdb')}")
        tables = (part.this.args["table"].name, part.expression.args["table"].name)
        if isinstance(part, exp.EQ):
            pair = (part.this, part.expression)
            keys.append(pair if tables == (left, right) else (pair[1], pair[0]))
        elif tables == (right, left):
            moment = part
    if moment is None:
        raise ValueError("an ASOF join without its moment")
    return keys, moment

"""SQL as a syntax tree: what a query reads, and the same query for a table of another shape.

Parsing a text takes about 1 ms and loading the parser 0.1 s. So the results are cached by text, and the first
query that needs the parser loads it. There are few texts, because the values of a filter are parameters.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from workbench.metrics.definitions.dimensions import LOCAL

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

log = logging.getLogger(__name__)

_KEPT_TEXTS = 4_000


@dataclass(frozen=True)
class QueryShape:
    """What a query reads.

    ``has_star`` says that it reads every column of something; ``columns`` then does not hold them all.
    """

    tables: frozenset[str] = frozenset()
    columns: frozenset[str] = frozenset()
    has_star: bool = False
    calls: frozenset[str] = frozenset()
    """Functions that the parser does not know, among them the macros of a lake."""


@dataclass(frozen=True)
class LocalQuery:
    """A query over tables with a column of the local time of creation, and its remaining parameters."""

    sql: str
    parameters: frozenset[str]


def parse(sql: str) -> Expr | None:
    """The tree of a query or expression in DuckDB's dialect; None where the parser cannot read it."""
    import sqlglot

    try:
        return sqlglot.parse_one(sql, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        log.debug("SQL that cannot be read as a tree: %s", error)
        return None


def write(tree: Expr) -> str:
    """A tree as SQL for DuckDB."""
    return tree.sql(dialect="duckdb")


def write_known(tree: Expr) -> str:
    """A part of what :func:`parse_known` gave, as SQL; never of a text that somebody typed."""
    return write(tree)


@cache
def parse_known(sql: str) -> Expr:
    """The tree of SQL that this program defines.

    Raises:
        ValueError: it is no SQL.
    """
    tree = parse(sql)
    if tree is None:
        raise ValueError(f"{sql!r} is no SQL that can be read as a tree")
    return tree


@lru_cache(maxsize=_KEPT_TEXTS)
def query_shape(sql: str) -> QueryShape | None:
    """What a query reads; None where the parser cannot read it."""
    from sqlglot import exp

    tree = parse(sql)
    if tree is None:
        return None
    # The star of count(*) reads no column.
    stars = (star for star in tree.find_all(exp.Star, exp.Columns) if not isinstance(star.parent, exp.Count))
    columns = [*tree.find_all(exp.Column)]
    columns += [column for join in tree.find_all(exp.Join) for column in join.args.get("using") or ()]
    return QueryShape(
        frozenset(table.name.lower() for table in tree.find_all(exp.Table)),
        frozenset(column.name.lower() for column in columns),
        next(stars, None) is not None,
        frozenset(call.name.lower() for call in tree.find_all(exp.Anonymous)),
    )


@lru_cache(maxsize=_KEPT_TEXTS)
def with_local_column(sql: str, column: str) -> LocalQuery | None:
    """A query with ``column`` in place of the local time of creation; None where it uses no such time."""
    from sqlglot import exp

    tree = parse(sql)
    if tree is None or not any(node == parse_known(LOCAL) for node in tree.find_all(exp.Func)):
        return None
    tree = replace_all(tree, {LOCAL: column})
    return LocalQuery(write(tree), frozenset(node.name for node in tree.find_all(exp.Placeholder)))


def replace_all(tree: Expr, replacements: dict[str, str]) -> Expr:
    """The tree with each expression of ``replacements`` in place of its key, wherever that stands."""
    pairs = [(parse_known(old), parse_known(new)) for old, new in replacements.items()]

    def replacement(node: Expr) -> Expr:
        return next((new.copy() for old, new in pairs if node == old), node)

    return tree.transform(replacement)

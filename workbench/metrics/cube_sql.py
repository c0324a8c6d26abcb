"""Makes SQL of a metric over day cubes instead of over messages. Pure, like :mod:`workbench.metrics.compile`.

A day cube has one row per day and combination of KEYS, and in `n` how many messages are alike in them. What
counts or sums over messages is the same over a cube once each row counts `n` times. A metric that needs more
of a message (its text, its contact, the moment it was sent) cannot be asked of a cube.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.metrics.compile import CompiledMetric, assemble, conditions_sql, expand, plan_metric
from workbench.metrics.definitions.dimensions import LOCAL
from workbench.metrics.filter_values import Where, find_dimension

#: The columns of `message_facts` that a cube keeps.
KEYS = (
    "account_sid", "messaging_service_sid", "direction", "is_outbound", "status", "is_final", "error_code",
    "sender", "sender_type", "country", "keyword", "encoding", "segments", "media_count", "spend", "currency",
)  # fmt: skip
#: People are counted once each, so a cube keeps who they are; for few of them only.
KEPT_PEOPLE = {"opted_out": expand("case when {opt_out} then contact end")}
_PEOPLE = {expand("count(distinct contact) filter ({opt_out})"): "count(distinct opted_out)"}
#: Dimensions of time that follow from a day; an hour does not.
_DAY_DIMENSIONS = frozenset({"day", "week", "month", "weekday"})
_WORDS = frozenset(
    {
        "count", "sum", "filter", "coalesce", "nullif", "cast", "as", "varchar", "date", "in", "is", "not",
        "null", "and", "or", "case", "when", "then", "else", "end", "true", "false", "extract", "isodow",
        "from", "date_trunc", "day", "distinct",
    }
)  # fmt: skip
_TOKEN = re.compile(r"'[^']*'|[A-Za-z_]\w*")
_FILTER = re.compile(r"\s*filter\s*\(")


def compile_on_cube(
    metric: str, by: Sequence[str], where: Where, timezone: str, table: str, days_sql: str
) -> CompiledMetric | None:
    """SQL for a metric over the cube ``table``, or None where a cube does not hold what it needs.

    The columns are those of :func:`workbench.metrics.compile_metric`; ``days_sql`` picks the period's rows.
    """
    plan = plan_metric(metric, by)
    if plan.metric.bins is not None or plan.metric.source != "message_facts":
        return None
    dimensions = {item.name: on_cube(item.expression, item.name) for item in plan.dimensions}
    values = {name: on_cube(expression) for name, expression in plan.values.items()}
    parameters: dict[str, object] = {}
    conditions = [
        text.replace(LOCAL, "day") for text in conditions_sql(where, None, None, timezone, parameters)
    ]
    filtered = [on_cube(expand(find_dimension(name).expression), name) for name in where]
    if None in (*dimensions.values(), *values.values(), *filtered):
        return None
    sql = assemble(
        {name: text or "" for name, text in dimensions.items()},
        {name: text or "" for name, text in values.items()},
        table,
        [days_sql, *conditions],
    )
    return CompiledMetric(sql, parameters, tuple(dimensions) + tuple(values))


def on_cube(expression: str, dimension: str | None = None) -> str | None:
    """An expression over messages as one over cube rows, or None where that is not the same.

    ``dimension`` is the name of the dimension whose expression it is.
    """
    if dimension in _DAY_DIMENSIONS:
        expression = expression.replace(LOCAL, "day")
    for people, kept in _PEOPLE.items():
        expression = expression.replace(people, kept)
    if any(set(text) & set("()") for text in re.findall(r"'[^']*'", expression)):
        return None
    words = {word.lower() for word in _TOKEN.findall(expression) if not word.startswith("'")}
    if words - _WORDS - {*KEYS, *KEPT_PEOPLE} or ("day" in words and dimension not in _DAY_DIMENSIONS):
        return None
    return _weighted(expression)


def _weighted(expression: str) -> str | None:
    """Each aggregate with every row counted `n` times; None where one is neither a count nor a sum."""
    made, rest = "", expression
    while found := re.search(r"\b(count|sum)\(", rest):
        inside, rest_after = _balanced(rest[found.end() :])
        condition = ""
        if filtered := _FILTER.match(rest_after):
            condition, rest_after = _balanced(rest_after[filtered.end() :])
        weighted = _aggregate(found[1], inside.strip(), condition)
        if weighted is None:
            return None
        made, rest = made + rest[: found.start()] + weighted, rest_after
    return made + rest


def _aggregate(function: str, inside: str, condition: str) -> str | None:
    filtered = f" filter ({condition})" if condition else ""
    if function == "count" and inside.startswith("distinct ") and inside.split()[1] in KEPT_PEOPLE:
        return f"count({inside}){filtered}"
    if function == "count":
        return f"coalesce(cast(sum(n){filtered} as bigint), 0)" if inside == "*" else None
    if inside in KEYS:
        return f"sum({inside} * n){filtered}"
    is_plain = not re.search(r"\b(?:count|sum|filter|distinct|day)\b", inside)
    return f"sum(({inside}) * n){filtered}" if is_plain else None


def _balanced(text: str) -> tuple[str, str]:
    """What stands before the parenthesis that closes an opened one, and what after it."""
    depth = 1
    for at, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth == 0:
            return text[:at], text[at + 1 :]
    return text, ""

"""Which SQL an expression of the users' own may hold. Pure: it judges what DuckDB's parser saw.

An expression counts or names messages of `message_facts` and does nothing else. So what is let in is listed,
and all else is refused: subqueries, windows, parameters, functions that are not in the list (those that read
files, settings or the network among them).

What belongs to a person (address and text) may be counted, compared and
measured, and never comes out as a value; only a dimension may be the contact itself, which is shown masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.lake.empty_lake import FACT_COLUMNS
from workbench.metrics.definitions.dimensions import LOCAL
from workbench.metrics.definitions.model import SETS

Node = dict[str, Any]

PERSONAL = frozenset({"contact", "from_address", "to_address", "body"})
"""Columns that say who somebody is, or what they wrote."""
ADDRESSES = PERSONAL - {"body"}
LOCAL_PLACEHOLDER = "local"
"""`{local}` is when a message was created, on the reader's clock."""

AGGREGATES = frozenset(
    {
        "count", "count_star", "count_if", "sum", "avg", "mean", "min", "max", "median", "quantile_cont",
        "quantile_disc", "approx_quantile", "approx_count_distinct", "stddev", "stddev_samp", "stddev_pop",
        "variance", "var_samp", "var_pop", "bool_and", "bool_or",
    }
)  # fmt: skip
_COMPARING = frozenset(
    {
        "~~", "!~~", "~~*", "!~~*", "contains", "starts_with", "prefix", "suffix", "ends_with",
        "regexp_matches", "regexp_full_match", "length", "strlen", "position", "strpos", "instr",
    }
)  # fmt: skip
_SCALARS = _COMPARING | frozenset(
    {
        "+", "-", "*", "/", "//", "%", "**", "^", "||", "abs", "ceil", "ceiling", "floor", "round", "trunc",
        "greatest", "least", "sqrt", "ln", "log", "log10", "log2", "exp", "power", "pow", "sign", "lower",
        "upper", "trim", "ltrim", "rtrim", "substr", "substring", "left", "right", "replace", "concat",
        "split_part", "regexp_extract", "regexp_replace", "date_part", "date_trunc", "date_diff", "datediff",
        "epoch", "epoch_ms", "timezone", "dayname", "monthname", "year", "quarter", "month", "week", "day",
        "hour", "minute", "second", "isodow", "to_seconds", "to_minutes", "to_hours", "to_days", "to_weeks",
        "to_months", "to_years",
    }
)  # fmt: skip
_COUNTING = frozenset({"count", "count_if", "approx_count_distinct"})
_CLASSES = {
    "FUNCTION",
    "CONJUNCTION",
    "COMPARISON",
    "COLUMN_REF",
    "CONSTANT",
    "CASE",
    "CAST",
    "OPERATOR",
    "BETWEEN",
}
_OPERATORS = frozenset(
    {
        "OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN",
        "OPERATOR_COALESCE", "OPERATOR_NULLIF",
    }
)  # fmt: skip
_COMPARING_OPERATORS = frozenset({"OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "COMPARE_IN", "COMPARE_NOT_IN"})
_REFUSED_CLASSES = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function (over …)",
    "STAR": "a *",
    "LAMBDA": "a lambda",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by its number",
}
_TOKEN = re.compile(r"'(?:[^']|'')*'|[^']+|'")
_UNSAFE = {
    ";": "a semicolon",
    '"': "a name in double quotes",
    "--": "a comment",
    "/*": "a comment",
    "$": "a parameter ($)",
    "?": "a parameter (?)",
}


class RefusedExpression(ValueError):
    """An expression that is not let in; the message says what, and what is allowed."""


@dataclass(frozen=True)
class Expression:
    """An expression that was let in, ready to stand in a definition."""

    sql: str
    functions: frozenset[str]
    is_bare_address: bool
    """Nothing but the address of a person."""
    exposed: frozenset[str]
    """Columns whose values come out, as opposed to being counted or compared."""


def plain_text(text: str) -> str:
    """The expression in small letters and single spaces, its own texts as they are, its sets filled in.

    Raises:
        RefusedExpression: it holds what has no place in an expression, or a set that there is not.
    """
    parts = []
    for token in _TOKEN.findall(text.strip()):
        if token == "'":
            raise RefusedExpression("has a quote ' that is not closed.")
        if token.startswith("'"):
            if set(token) & set("{}"):
                raise RefusedExpression(f"has a text with a brace in it, {token}; leave the brace out.")
            parts.append(token)
            continue
        for sign, what in _UNSAFE.items():
            if sign in token:
                raise RefusedExpression(f"holds {what}; one expression over the columns is allowed, no more.")
        parts.append(_plain_code(token))
    return "".join(parts).strip()


def _plain_code(code: str) -> str:
    code = re.sub(r"\s+", " ", code.lower())
    code = re.sub(r"\b(\w+) \(", lambda match: f"{match[1]}(" if match[1] in AGGREGATES else match[0], code)
    code = re.sub(r"\( ", "(", code)
    # The built-in definitions write it without, and so does what counts them by day.
    code = re.sub(r"\bfilter ?\(where ", "filter (", code)
    for name in re.findall(r"\{([^{}]*)\}", code):
        if name not in SETS and name != LOCAL_PLACEHOLDER:
            known = ", ".join(f"{{{known}}}" for known in (*SETS, LOCAL_PLACEHOLDER))
            raise RefusedExpression(f"names the set {{{name}}}; known are {known}.")
    if re.search(r"[{}]", re.sub(r"\{[^{}]*\}", "", code)):
        raise RefusedExpression("has a brace that is not closed; sets of messages are written as {final}.")
    return code


def expanded(text: str) -> str:
    """The expression with its named sets, and the reader's clock, written out."""
    for name, condition in SETS.items():
        text = text.replace(f"{{{name}}}", condition)
    return text.replace(f"{{{LOCAL_PLACEHOLDER}}}", LOCAL)


def judge(text: str, statements: Sequence[Node]) -> Expression:
    """Let in what DuckDB's parser saw of ``select TEXT from message_facts``, or refuse it.

    Args:
        text: the expression, expanded; `$timezone` is the only parameter in it.

    Raises:
        RefusedExpression: saying what is refused.
    """
    root = _only_expression(statements)
    functions: set[str] = set()
    for node in _walk(root):
        _require_allowed(node)
        if node["class"] == "FUNCTION":
            functions.add(node["function_name"].lower())
    is_bare = root["class"] == "COLUMN_REF" and root["column_names"][-1] in ADDRESSES
    return Expression(text, frozenset(functions), is_bare, frozenset(_exposed(root)))


def _only_expression(statements: Sequence[Node]) -> Node:
    """The one selected expression of one plain query of `message_facts`."""
    refusal = RefusedExpression("is more than one expression; write one, without select, from or where.")
    if len(statements) != 1:
        raise refusal
    query = statements[0]["node"]
    is_plain = (
        query.get("type") == "SELECT_NODE"
        and len(query["select_list"]) == 1
        and query["from_table"].get("table_name") == "message_facts"
        and not query["from_table"].get("alias")
        and not query["from_table"].get("sample")
        and not any(
            query[part] for part in ("where_clause", "group_expressions", "having", "qualify", "sample")
        )
        and not query["modifiers"]
        and not query["cte_map"]["map"]
    )
    if not is_plain or query["select_list"][0].get("alias"):
        raise refusal
    expression: Node = query["select_list"][0]
    return expression


def _walk(node: Any) -> Iterator[Node]:
    if isinstance(node, dict):
        if "class" in node:
            yield node
        for name, child in node.items():
            if name not in ("value", "cast_type"):
                yield from _walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child)


def _require_allowed(node: Node) -> None:
    kind = node["class"]
    if kind not in _CLASSES:
        raise RefusedExpression(f"holds {_REFUSED_CLASSES.get(kind, kind.lower())}, which no metric may.")
    if kind == "OPERATOR" and node["type"] not in _OPERATORS:
        raise RefusedExpression(f"holds the operator {node['type'].lower()}, which no metric may.")
    if kind == "COLUMN_REF":
        _require_column(node["column_names"])
    if kind == "FUNCTION":
        _require_function(node)


def _require_column(names: Sequence[str]) -> None:
    if len(names) != 1 or names[0] not in FACT_COLUMNS:
        raise RefusedExpression(
            f"names the column {'.'.join(names)!r}; the columns are {', '.join(FACT_COLUMNS)}."
        )


def _require_function(node: Node) -> None:
    name = node["function_name"].lower()
    if name not in AGGREGATES | _SCALARS or node["schema"] not in ("", "main") or node["catalog"]:
        raise RefusedExpression(
            f"calls {name}, which is not a function of the list. Aggregates: {', '.join(sorted(AGGREGATES))}"
            f"; besides: {', '.join(sorted(name for name in _SCALARS if name[0].isalpha()))}."
        )
    if node["order_bys"]["orders"]:
        raise RefusedExpression(f"orders the values of {name}, which no metric may.")


def _exposed(node: Any) -> Iterator[str]:
    """The columns whose values a value of the expression is made of."""
    if isinstance(node, list):
        for child in node:
            yield from _exposed(child)
        return
    if not isinstance(node, dict) or _only_compares(node):
        return
    if node.get("class") == "COLUMN_REF":
        yield node["column_names"][-1]
    for name, child in node.items():
        # A condition decides which rows count; it is no value.
        if name not in ("filter", "when_expr"):
            yield from _exposed(child)


def _only_compares(node: Node) -> bool:
    """Whether all that comes out of a node is a count, a length, or yes and no."""
    kind = node.get("class")
    if kind == "FUNCTION":
        return node["function_name"].lower() in _COMPARING | _COUNTING
    return kind in ("COMPARISON", "BETWEEN") or (kind == "OPERATOR" and node["type"] in _COMPARING_OPERATORS)

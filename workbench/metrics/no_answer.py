"""Numbers that nobody can know: what people wrote, by what only messages to them have. Pure.

An inbound message belongs to no text of ours and to no batch. So the number of one text is not 0 but missing
where a metric is about inbound messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, LiteralString

from workbench.lake.quoting import identifier
from workbench.metrics.definitions import METRICS, Metric

if TYPE_CHECKING:
    from workbench.metrics.run import MetricResult

_OF_OUTBOUND_ONLY = {"template": "text", "batch": "batch"}
"""Dimensions that inbound messages do not have, with their word."""
_INBOUND_SOURCES = frozenset({"revocations", "reply_blocks"})


def is_of_inbound(name: str) -> bool:
    """Whether a metric counts what people sent us. With the filter "outbound" it would always be zero."""
    metric = METRICS.get(name)
    return metric is not None and _counts_inbound(metric)


def _counts_inbound(metric: Metric) -> bool:
    return metric.source in _INBOUND_SOURCES or "{opt_out}" in metric.numerator


def no_answer_reason(name: str, where: Mapping[str, Any], by: Iterable[str] = ()) -> str:
    """Why numbers of a metric are missing under these filters or in these groups; empty where none is.

    Under a filter all are, in groups all but those of the group without a value.
    """
    if not is_of_inbound(name):
        return ""
    for dimension, word in _OF_OUTBOUND_ONLY.items():
        if _is_narrowed(where.get(dimension)):
            return f"inbound messages have no {word} to filter by"
    for dimension, word in _OF_OUTBOUND_ONLY.items():
        if dimension in by:
            return f"inbound messages have no {word} to group by"
    return ""


def _is_narrowed(values: Any) -> bool:
    listed = [values] if isinstance(values, str) else list(values or ())
    return bool(listed) and None not in listed


def without_unknown(result: MetricResult, where: Mapping[str, Any]) -> MetricResult:
    """A metric's numbers, missing instead of 0 where nobody can know them; in its SQL as well."""
    metric, frame = result.metric, result.frame
    grouped = [name for name in _OF_OUTBOUND_ONLY if name in frame]
    if not no_answer_reason(metric.name, where, grouped):
        return result
    is_unknown = frame[grouped].notna().any(axis=1)
    known: LiteralString = " and ".join(f"{identifier(name)} is null" for name in grouped)
    if no_answer_reason(metric.name, where):
        is_unknown, known = is_unknown | True, "false"
    numbers = frame[metric.name].astype("Int64" if metric.unit == "count" else "float64")
    return replace(
        result,
        frame=frame.assign(**{metric.name: numbers.mask(is_unknown)}),
        sql=_known_only_sql(result.sql, metric.name, known),
        runnable_sql=result.runnable_sql and _known_only_sql(result.runnable_sql, metric.name, known),
    )


def _known_only_sql(sql: str, name: str, known: LiteralString) -> str:
    """The query with its number empty where it is not known; once, however often it is asked for."""
    number = identifier(name)
    begins: LiteralString = f"select * replace (case when {known} then {number} end as {number})\nfrom (\n"
    return sql if sql.startswith(begins) else begins + sql + "\n)"

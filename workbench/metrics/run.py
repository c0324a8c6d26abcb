"""Runs a compiled metric on the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, LiteralString

from workbench.lake.connect import Readable
from workbench.metrics.compile import Moment, compile_audit, compile_metric, find_metric
from workbench.metrics.definitions import DIMENSIONS, Metric
from workbench.metrics.filter_values import Where, read_filters
from workbench.metrics.no_answer import without_unknown
from workbench.metrics.own.masking import masked_labels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MetricResult:
    """A metric's numbers, with what is needed to trust them.

    `frame` has the dimensions, the metric under its name, and its companions (see
    :func:`workbench.metrics.compile.compile_metric`); rates are fractions from 0 to 1, and missing where
    nothing could be counted. `as_of` is when it was asked (UTC).
    """

    metric: Metric
    frame: pd.DataFrame
    sql: str
    parameters: dict[str, object]
    as_of: datetime
    runnable_sql: str = ""
    """`sql` with its parameters written into it."""


def query_metric(
    lake: Readable,
    name: str,
    by: str | Iterable[str] | None = (),
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> MetricResult:
    """Compile one metric and run it. Arguments and errors as in ``compile_metric``.

    Numbers that nobody can know are missing, see :mod:`workbench.metrics.no_answer`.
    """
    filters = read_filters(where)
    compiled = compile_metric(name, by, filters, since, until, timezone=timezone)
    as_of = datetime.now(UTC)
    frame = _with_whole_counts(lake.frame(compiled.sql, compiled.parameters), find_metric(name))
    frame = _with_masked_numbers(frame)
    result = MetricResult(find_metric(name), frame, compiled.sql, compiled.parameters, as_of, compiled.text)
    return without_unknown(result, filters)


def _with_whole_counts(frame: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Counts as integers: a sum comes out of DuckDB as HUGEINT, which a frame holds as a float."""
    counts = ["sample_size", "in_flight", *([metric.name] if metric.unit == "count" else [])]
    types = {
        name: "Int64" if frame[name].hasnans else "int64"
        for name in counts
        if name in frame and frame[name].dtype == "float64"
    }
    return frame.astype(types)


def _with_masked_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """People's numbers masked, whoever asks."""
    for name in frame.columns:
        if name in DIMENSIONS and DIMENSIONS[name].is_address:
            frame[name] = masked_labels(list(frame[name]))
    return frame


def query_audit(
    lake: Readable,
    name: str,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    limit: int | None = None,
    timezone: str = "UTC",
    place: Callable[[dict[str, object]], LiteralString] | None = None,
) -> pd.DataFrame:
    """The rows of one audit, addresses as they are. Arguments, columns and errors as in ``compile_audit``."""
    compiled = compile_audit(name, where, since, until, limit=limit, timezone=timezone, place=place)
    return lake.frame(compiled.sql, compiled.parameters)

"""Runs a compiled metric on the lake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.lake.connect import Readable
from workbench.metrics.compile import Moment, Where, compile_audit, compile_metric, find_metric
from workbench.metrics.definitions import Metric

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


def query_metric(
    lake: Readable,
    name: str,
    by: Sequence[str] = (),
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> MetricResult:
    """Compile one metric and run it. Arguments and errors as in ``compile_metric``."""
    compiled = compile_metric(name, by, where, since, until, timezone=timezone)
    as_of = datetime.now(UTC)
    frame = lake.frame(compiled.sql, compiled.parameters)
    return MetricResult(find_metric(name), frame, compiled.sql, compiled.parameters, as_of)


def query_audit(
    lake: Readable,
    name: str,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    limit: int | None = None,
    timezone: str = "UTC",
) -> pd.DataFrame:
    """The rows of one audit, addresses as they are. Arguments, columns and errors as in ``compile_audit``."""
    compiled = compile_audit(name, where, since, until, limit=limit, timezone=timezone)
    return lake.frame(compiled.sql, compiled.parameters)

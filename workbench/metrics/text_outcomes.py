"""What became of messages by their texts: which template is filtered, and which only fails with its list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lake.connect import Readable
from workbench.metrics.compile import (
    CompiledMetric,
    Moment,
    conditions_sql,
    dimension_sql,
    expand,
    select_sql,
)
from workbench.metrics.filter_values import Where

if TYPE_CHECKING:
    import pandas as pd


def compile_text_outcomes(
    where: Where | None = None, since: Moment = None, until: Moment = None, *, timezone: str = "UTC"
) -> CompiledMetric:
    """SQL for the final outbound messages by template; arguments as in `compile_metric`.

    Returns:
        Columns: template, error_code, outcome, messages.
    """
    parameters: dict[str, object] = {}
    rows = [
        *conditions_sql(where, since, until, timezone, parameters),
        expand("{final}"),
        "template is not null",
    ]
    values = {
        "template": dimension_sql("template"),
        "error_code": dimension_sql("error_code"),
        "outcome": dimension_sql("outcome"),
        "messages": "count(*)",
    }
    sql = select_sql(values, "message_facts", rows) + "\ngroup by all\norder by all"
    if "$timezone" in sql:
        parameters["timezone"] = timezone
    return CompiledMetric(sql, parameters, tuple(values))


def query_text_outcomes(
    lake: Readable,
    where: Where | None = None,
    since: Moment = None,
    until: Moment = None,
    *,
    timezone: str = "UTC",
) -> pd.DataFrame:
    """The messages of each template by outcome and error code."""
    compiled = compile_text_outcomes(where, since, until, timezone=timezone)
    return lake.frame(compiled.sql, compiled.parameters)

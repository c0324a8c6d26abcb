"""The rows of a metric's result as panels, charts and downloads need them. Pure."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench.metrics import MetricResult


def priced_rows(result: MetricResult) -> pd.DataFrame:
    """The rows of a money metric that have an amount, the currency with most behind it first."""
    frame = result.frame.dropna(subset=["currency", result.metric.name])
    weight = "sample_size" if "sample_size" in frame else result.metric.name
    return frame.sort_values(weight, ascending=False, kind="stable")


def bucket_key(value: Any) -> str:
    """Days and hours as one comparable text, whether they come from the lake or from the calendar."""
    if isinstance(value, int | float):
        return f"{int(value):02d}"
    return pd.Timestamp(value).date().isoformat()

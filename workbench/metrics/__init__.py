"""Metrics and dimensions: each is defined once, compiled to SQL, and used by all pages, reports and commands.

Start at `definitions/` (all metrics and dimensions by theme), then `compile.py` (metric to SQL) and `run.py`.
"""

from workbench.metrics.compile import CompiledMetric, compile_metric
from workbench.metrics.day_cube import DayCube
from workbench.metrics.definitions import DIMENSIONS, METRICS, Dimension, Metric
from workbench.metrics.filter_values import Where
from workbench.metrics.freshness import Freshness, freshness, freshness_of
from workbench.metrics.one_message import MessageRecord, query_message
from workbench.metrics.rows import RowPage, RowQuery, RowStream, query_rows, stream_rows
from workbench.metrics.run import MetricResult, query_metric

__all__ = [
    "DIMENSIONS",
    "METRICS",
    "CompiledMetric",
    "DayCube",
    "Dimension",
    "Freshness",
    "MessageRecord",
    "Metric",
    "MetricResult",
    "RowPage",
    "RowQuery",
    "RowStream",
    "Where",
    "compile_metric",
    "freshness",
    "freshness_of",
    "query_message",
    "query_metric",
    "query_rows",
    "stream_rows",
]

"""The numbers of this product: each defined once, compiled to SQL, used everywhere."""

from workbench.metrics.compile import CompiledMetric, Where, compile_metric
from workbench.metrics.definitions import DIMENSIONS, METRICS, Dimension, Metric
from workbench.metrics.freshness import Freshness, freshness
from workbench.metrics.run import MetricResult, query_metric

__all__ = [
    "DIMENSIONS",
    "METRICS",
    "CompiledMetric",
    "Dimension",
    "Freshness",
    "Metric",
    "MetricResult",
    "Where",
    "compile_metric",
    "freshness",
    "query_metric",
]

"""Every metric and dimension, each defined once. Data, no code: pages, notebooks, reports and the command
line all compile these. Metrics stand by theme in the modules of this package.

Base sets, over outbound messages: *final* (delivered, read, undelivered, failed, or `sent` for 72 hours),
*in flight* (not final yet). `canceled` is in neither. Expressions are SQL over the view `message_facts`,
which holds one row per message; `{final}` and its like are the named sets of `model.SETS`.
"""

from __future__ import annotations

from workbench.metrics.definitions import (
    compliance,
    cost,
    delivery,
    engagement,
    replies,
    segmentation,
    speed,
    traffic,
)
from workbench.metrics.definitions.dimensions import DIMENSIONS_LIST
from workbench.metrics.definitions.model import SETS, Dimension, Metric, Unit
from workbench.metrics.definitions.registry import Definitions

__all__ = ["DIMENSIONS", "METRICS", "SETS", "Dimension", "Metric", "Unit"]

_THEMES = (traffic, cost, delivery, segmentation, speed, replies, engagement, compliance)

METRICS: Definitions[Metric] = Definitions(
    {metric.name: metric for theme in _THEMES for metric in theme.METRICS}
)
DIMENSIONS = Definitions({dimension.name: dimension for dimension in DIMENSIONS_LIST})

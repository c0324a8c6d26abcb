"""What a rule is. Data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class AlertRule:
    """When to tell somebody.

    A rule watches a `metric` (by dimensions, over the last `window`, `delay` ago), or a `state` of
    :mod:`workbench.alerts.states`. `above` and `below` are limits; `change` is a multiple of what the same
    hours of the last weeks had; with both, both must hold. `per` divides a count by another one. Below
    `minimum_sample` messages nothing is said. It must hold for `lasting`; after a notice the same subject
    is `quiet` for so long. `page` shows more of it. What
    reads much is looked at `every` so often only.
    """

    name: str
    title: str
    metric: str = ""
    state: str = ""
    by: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    per: str = ""
    window: timedelta = _HOUR
    delay: timedelta = timedelta(0)
    above: float | None = None
    below: float | None = None
    change: float | None = None
    minimum_sample: int = 0
    every: timedelta = timedelta(0)
    lasting: timedelta = timedelta(0)
    quiet: timedelta = 6 * _HOUR
    severity: str = "warning"
    page: str = "overview"

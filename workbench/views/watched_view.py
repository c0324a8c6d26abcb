"""An alert on a saved view: what is watched, and over which times it can be. Data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["above", "below"]

WINDOWS: Mapping[str, str] = {"1h": "the last hour", "1d": "the last day", "7d": "the last week"}
"""The times that a view can be watched over, as the settings write a length of time, with their words."""


@dataclass(frozen=True)
class WatchedView:
    """A metric that is watched over the last `window`, for each value of `by` alone.

    `name` is the rule's, `view` the saved view that it was made from; `limit` is in the metric's unit, and a
    rate is a fraction. It is None where somebody changed the file to a comparison with usual hours.
    """

    name: str
    view: str
    metric: str
    by: Sequence[str]
    where: Mapping[str, Sequence[str | None]]
    side: Side
    limit: float | None
    window: str

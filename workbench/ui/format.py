"""How numbers read on a page: the words of :mod:`workbench.metrics.wording`, and how a number moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from workbench.metrics.wording import MISSING as MISSING
from workbench.metrics.wording import count as count
from workbench.metrics.wording import duration as duration
from workbench.metrics.wording import is_missing as is_missing
from workbench.metrics.wording import money as money
from workbench.metrics.wording import plural as plural
from workbench.metrics.wording import rate as rate
from workbench.metrics.wording import ratio as ratio
from workbench.metrics.wording import speed as speed
from workbench.metrics.wording import value as value

Sense = Literal["good", "bad", "neutral"]


@dataclass(frozen=True)
class Change:
    """How a number moved against the period before; ``sense`` says whether that is welcome."""

    text: str
    arrow: Literal["up", "down", "flat"]
    sense: Sense


def change(
    current: float | None, previous: float | None, unit: str, better: Literal["higher", "lower"] | None
) -> Change | None:
    """The move from ``previous`` to ``current``: points for a rate, per cent for everything else.

    None where there is nothing to compare with.
    """
    if current is None or previous is None or is_missing(current) or is_missing(previous):
        return None
    if unit == "rate":
        moved = (current - previous) * 100
        text = f"{abs(moved):.1f} pp" if abs(moved) >= 0.1 else f"{abs(moved):.2f} pp"
        is_flat = abs(moved) < 0.005
    elif previous == 0:
        return None if current == 0 else Change("new", "up", _sense("up", better))
    else:
        moved = (current / previous - 1) * 100
        text = f"{abs(moved):,.0f} %" if abs(moved) >= 10 else f"{abs(moved):.1f} %"
        is_flat = abs(moved) < 0.05
    if is_flat:
        return Change("no change", "flat", "neutral")
    arrow: Literal["up", "down"] = "up" if moved > 0 else "down"
    return Change(text, arrow, _sense(arrow, better))


def _sense(arrow: Literal["up", "down"], better: str | None) -> Sense:
    if better is None:
        return "neutral"
    return "good" if (arrow == "up") == (better == "higher") else "bad"


def clock(moment: datetime) -> str:
    """``14:02 UTC``; the zone as the reader knows it."""
    return f"{moment:%H:%M} {moment.tzname() or ''}".rstrip()

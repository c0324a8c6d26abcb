"""How much each value of a dimension contributes to the change of a number between two periods. Pure.

The contributions of all values add up to the change. That of a rate has two parts: the rate of the value
itself moved, or its share of all messages did (the mix).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from workbench.metrics.definitions.model import Metric

SURE = 3.0
"""A rate must move by this many standard deviations of the difference of two shares …"""
POINTS = 0.003
"""… and by this much, to be worth a sentence."""
TENTH = 0.1
"""An amount, a percentile or a count must move by this share of what it was."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Share:
    """A rate and the number of messages that it is of."""

    rate: float | None
    sample: int


@dataclass(frozen=True)
class Contribution:
    """What one value contributes: `total` is `own` (its rate moved) plus `mix` (its share of all did)."""

    total: float
    own: float
    mix: float = 0.0


def moved_beyond_chance(now: Share, before: Share, fewest: int) -> float | None:
    """How far a rate moved; None where it is too small, of too few, or chance alone would do it."""
    if min(now.sample, before.sample) < max(fewest, 1) or now.rate is None or before.rate is None:
        return None
    moved = now.rate - before.rate
    both = (now.rate * now.sample + before.rate * before.sample) / (now.sample + before.sample)
    deviation = math.sqrt(both * (1 - both) * (1 / now.sample + 1 / before.sample))
    return moved if abs(moved) >= max(POINTS, SURE * deviation) else None


def is_more_than_chance(metric: Metric, now: Share, before: Share) -> bool:
    """Whether a metric moved by more than chance explains: the one rule for every delta and sentence.

    A rate by :func:`moved_beyond_chance`; a count by a tenth and three standard deviations of the difference
    of two Poisson numbers; anything else by a tenth. Never where a sample is below the metric's minimum.

    Args:
        now, before: the metric's values, with their samples where it has any.
    """
    if metric.minimum_sample and min(now.sample, before.sample) < metric.minimum_sample:
        return False
    if now.rate is None or before.rate is None:
        return False
    if metric.unit == "rate" and metric.is_share and metric.bins is None:
        return moved_beyond_chance(now, before, metric.minimum_sample) is not None
    moved = abs(now.rate - before.rate)
    if metric.unit == "count" and moved < SURE * math.sqrt(max(now.rate + before.rate, 1)):
        return False
    return moved > 0 and moved >= TENTH * abs(before.rate)


def contributions_to_sum(
    now: Mapping[Value, float], before: Mapping[Value, float]
) -> dict[Value, Contribution]:
    """What each value contributes to the change of a sum."""
    differences = {value: now.get(value, 0.0) - before.get(value, 0.0) for value in {**now, **before}}
    return {value: Contribution(difference, difference) for value, difference in differences.items()}


def contributions_to_rate(
    now: Mapping[Value, Share], before: Mapping[Value, Share]
) -> dict[Value, Contribution]:
    """What each value contributes to the change of the rate of all; nothing where a period has no sample.

    A value that is in one period only has the rate of all in the other, so that it contributes by the mix.
    """
    sizes = [sum(share.sample for share in shares.values()) for shares in (now, before)]
    if not all(sizes):
        return {}
    overall = [
        sum((share.rate or 0.0) * share.sample for share in shares.values()) / size
        for shares, size in zip((now, before), sizes, strict=True)
    ]
    middle = sum(overall) / 2
    contributions = {}
    for value in {**now, **before}:
        pair = [shares.get(value, Share(None, 0)) for shares in (now, before)]
        rates = [
            all_rate if share.rate is None or not share.sample else share.rate
            for share, all_rate in zip(pair, overall, strict=True)
        ]
        weights = [share.sample / size for share, size in zip(pair, sizes, strict=True)]
        own = (rates[0] - rates[1]) * (weights[0] + weights[1]) / 2
        mix = (weights[0] - weights[1]) * ((rates[0] + rates[1]) / 2 - middle)
        contributions[value] = Contribution(own + mix, own, mix)
    return contributions

"""How sure a share of some people is, and whether two shares differ by more than chance. Pure.

Intervals are Wilson's for one share and Newcombe's for the difference of two (Statistics in Medicine 17,
1998, pages 857 and 873, there methods 3 and 10). Both hold for few people and for shares near 0 and 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.959963984540054
"""Of the normal distribution: 95 % of it lies within so many standard deviations."""
_Z_POWER = 0.8416212335729143
"""80 % of it lies below so many."""


@dataclass(frozen=True)
class Proportion:
    """So many of so many people."""

    count: int
    sample: int

    def __post_init__(self) -> None:
        if not 0 <= self.count <= self.sample:
            raise ValueError(f"{self.count} of {self.sample} is no share; the count is from 0 to the sample.")

    @property
    def rate(self) -> float | None:
        """None of nobody."""
        return self.count / self.sample if self.sample else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where the rate of very many people would lie, 95 % sure; of nobody it can be anything."""
        if not self.sample:
            return 0.0, 1.0
        rate, sample, square = self.count / self.sample, self.sample, _Z * _Z
        middle = (rate + square / (2 * sample)) / (1 + square / sample)
        reach = _Z * math.sqrt(rate * (1 - rate) / sample + square / (4 * sample**2)) / (1 + square / sample)
        low = middle - reach if self.count else 0.0
        high = middle + reach if self.count < sample else 1.0
        return low, high


def difference_interval(first: Proportion, second: Proportion) -> tuple[float, float]:
    """Where ``first`` − ``second`` lies, 95 % sure.

    Raises:
        ValueError: one of them is of nobody.
    """
    if first.rate is None or second.rate is None:
        raise ValueError("A share of nobody has no difference to another.")
    (low_1, high_1), (low_2, high_2) = first.interval, second.interval
    difference = first.rate - second.rate
    below = math.hypot(first.rate - low_1, high_2 - second.rate)
    above = math.hypot(high_1 - first.rate, second.rate - low_2)
    return difference - below, difference + above


def is_more_than_chance(first: Proportion, second: Proportion) -> bool:
    """Whether chance alone would make such a difference in less than one of twenty comparisons."""
    if not first.sample or not second.sample:
        return False
    low, high = difference_interval(first, second)
    return low > 0 or high < 0


def people_needed(first: float, second: float) -> int | None:
    """How many people each side needs so that a difference like this shows in four of five comparisons.

    None where the two rates are equal: no number of people would show a difference.
    """
    if first == second:
        return None
    middle = (first + second) / 2
    by_chance = _Z * math.sqrt(2 * middle * (1 - middle))
    by_power = _Z_POWER * math.sqrt(first * (1 - first) + second * (1 - second))
    return math.ceil((by_chance + by_power) ** 2 / (first - second) ** 2)


def clearly_highest(shares: dict[int, Proportion], fewest: int) -> int | None:
    """The key whose interval lies above those of all others; None where the intervals overlap.

    Args:
        fewest: the smallest sample that is looked at.
    """
    looked_at = {key: share.interval for key, share in shares.items() if share.sample >= max(fewest, 1)}
    if len(looked_at) < 2:
        return None
    highest = max(looked_at, key=lambda key: looked_at[key][0])
    others = [high for key, (_, high) in looked_at.items() if key != highest]
    return highest if looked_at[highest][0] > max(others) else None

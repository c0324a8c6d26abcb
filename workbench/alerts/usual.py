"""Whether a value differs from the same hours of the last weeks by more than chance. Pure.

A share (a rate, or a count per another count) is tested as a proportion, a count as a Poisson number. Both
allow for weeks that differ more than chance: their own scatter widens the deviation. A week that stands out
among the weeks themselves is left out, so that last week's incident does not hide the next one. Any other
number is compared with the median by the median absolute deviation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from workbench.alerts.measurement import Sample

FEWEST_WEEKS = 3
"""With fewer weeks nothing is usual yet."""
DEVIATIONS = 5.0
"""A look is taken every few minutes at many subjects, so chance must be very unlikely in each."""
FEWEST_EXCESS = 10.0
"""A few messages more or less are no change, whatever the weeks say."""
_MAD_TO_DEVIATION = 1.4826
_LEAST_SCATTER = 0.05


@dataclass(frozen=True)
class Difference:
    """What is usual, and whether the value stands out: by the factor asked for, and by more than chance."""

    usual: float
    stands_out: bool


def compare_share(now: Sample, weeks: Sequence[Sample], change: float) -> Difference | None:
    """Compare a share of `size` messages; None where too little is known."""
    known = [(week.value * week.size, week.size) for week in weeks if week.value is not None and week.size]
    if now.value is None or not now.size or len(known) < FEWEST_WEEKS:
        return None
    furthest = _furthest([hits / size for hits, size in known], change)
    others = known[:furthest] + known[furthest + 1 :]
    if len(others) >= FEWEST_WEEKS and _difference_of_shares(*known[furthest], others, change).stands_out:
        known = others
    return _difference_of_shares(now.value * now.size, now.size, known, change)


def _difference_of_shares(
    hits: float, size: int, weeks: Sequence[tuple[float, int]], change: float
) -> Difference:
    usual_hits, total = sum(hit for hit, _ in weeks), sum(each for _, each in weeks)
    # Half a message more than seen: a week without any is no proof that there is never one.
    chance = min((usual_hits + 0.5) / (total + 1), 1 - 0.5 / (total + 1))
    variance = chance * (1 - chance)
    scatter = sum((hit - each * chance) ** 2 / (each * variance) for hit, each in weeks) / (len(weeks) - 1)
    deviation = math.sqrt(max(scatter, 1.0) * size * variance * (1 + size / total))
    return _judge(hits, size * chance, deviation, change, usual_hits / total)


def passes_by_more_than_chance(now: Sample, limit: float) -> bool:
    """Whether a share lies above a limit by more than chance: what is asked while no weeks are known yet."""
    if now.value is None or not now.size:
        return False
    deviation = math.sqrt(now.size * max(limit * (1 - limit), 0.0))
    return (now.value - limit) * now.size >= max(DEVIATIONS * deviation, FEWEST_EXCESS)


def compare_count(now: float, weeks: Sequence[Sample], change: float) -> Difference | None:
    """Compare a count; None where too little is known."""
    known = [week.value for week in weeks if week.value is not None]
    if len(known) < FEWEST_WEEKS:
        return None
    furthest = _furthest(known, change)
    others = known[:furthest] + known[furthest + 1 :]
    if len(others) >= FEWEST_WEEKS and _difference_of_counts(known[furthest], others, change).stands_out:
        known = others
    return _difference_of_counts(now, known, change)


def _difference_of_counts(now: float, weeks: Sequence[float], change: float) -> Difference:
    usual = sum(weeks) / len(weeks)
    expected = max(usual, 1.0)
    scatter = sum((value - usual) ** 2 / expected for value in weeks) / (len(weeks) - 1)
    deviation = math.sqrt(max(scatter, 1.0) * expected * (1 + 1 / len(weeks)))
    return _judge(now, usual, deviation, change, usual)


def compare_number(now: float, weeks: Sequence[Sample], change: float) -> Difference | None:
    """Compare anything else, such as a percentile; None where too little is known."""
    known = [week.value for week in weeks if week.value is not None]
    if len(known) < FEWEST_WEEKS:
        return None
    usual = median(known)
    scatter = _MAD_TO_DEVIATION * median(abs(value - usual) for value in known)
    deviation = max(scatter, abs(usual) * _LEAST_SCATTER)
    return _judge(now, usual, deviation, change, usual, fewest=0.0)


def _judge(
    now: float, expected: float, deviation: float, change: float, usual: float, fewest: float = FEWEST_EXCESS
) -> Difference:
    excess = (now - expected) * (1 if change > 1 else -1)
    is_far = now >= change * expected if change > 1 else now <= change * expected
    return Difference(usual, is_far and excess >= max(DEVIATIONS * deviation, fewest) and excess > 0)


def _furthest(values: Sequence[float], change: float) -> int:
    """The position of the value that lies furthest out in the tested direction."""
    return max(range(len(values)), key=lambda position: values[position] * (1 if change > 1 else -1))

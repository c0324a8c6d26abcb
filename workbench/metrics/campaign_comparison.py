"""Says in a sentence which of two campaigns did better, and whether it may be chance. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.display import formats
from workbench.metrics.campaigns import FEWEST_PEOPLE, Campaign
from workbench.metrics.proportions import Proportion, is_more_than_chance, people_needed


@dataclass(frozen=True)
class RateComparison:
    """One rate of both: whether they differ by more than chance, and the sentence for people."""

    metric: str
    first: Proportion
    second: Proportion
    is_sure: bool
    sentence: str


def compare_campaigns(first: Campaign, second: Campaign, names: tuple[str, str]) -> list[RateComparison]:
    """Replies, opt-outs and deliveries of two campaigns.

    Args:
        names: how the sentences call them, as ``("A", "B")`` or ``("Before", "After")``.
    """
    return [
        _compare("reply_rate", "replies", first.replies, second.replies, names, "people"),
        _compare("opt_out_rate", "opt-outs", first.opt_outs, second.opt_outs, names, "people"),
        _compare("delivery_rate", "deliveries", first.deliveries, second.deliveries, names, "messages"),
    ]


def _compare(
    metric: str, noun: str, first: Proportion, second: Proportion, names: tuple[str, str], unit: str
) -> RateComparison:
    is_sure = min(first.sample, second.sample) >= FEWEST_PEOPLE and is_more_than_chance(first, second)
    sentence = _sentence(noun, first, second, names, unit, is_sure)
    return RateComparison(metric, first, second, is_sure, sentence)


def _sentence(
    noun: str, first: Proportion, second: Proportion, names: tuple[str, str], unit: str, is_sure: bool
) -> str:
    for share, name in ((first, names[0]), (second, names[1])):
        if share.sample < FEWEST_PEOPLE:
            counted = f"{formats.count(share.sample)}, at least {FEWEST_PEOPLE} are needed"
            return f"{name} has too few {unit} to compare {noun}: {counted}."
    first_rate, second_rate = first.count / first.sample, second.count / second.sample
    if first_rate == second_rate:
        return f"Both have the same share of {noun}: {formats.rate(first_rate)}."
    more_or_fewer = "more" if second_rate > first_rate else "fewer"
    rates = f"{formats.rate(second_rate)} against {formats.rate(first_rate)}"
    claim = f"{names[1]} has {more_or_fewer} {noun} than {names[0]}: {rates}"
    if is_sure:
        return f"{claim}, unlikely to be chance."
    needed = people_needed(first_rate, second_rate) or 0
    missing = max(needed - min(first.sample, second.sample), 0)
    if not missing:
        return f"{claim}. The difference may be chance."
    shown = formats.count(_two_digits(missing))
    return f"{claim}. The difference may be chance: about {shown} more {unit} in each would tell."


def _two_digits(number: int) -> int:
    """Rounded up to two digits that say something: more of them would be false precision."""
    unit = int(10 ** max(len(str(number)) - 2, 0))
    return -(-number // unit) * unit

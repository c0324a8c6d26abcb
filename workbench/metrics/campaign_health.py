"""How well a campaign does, as one number with its parts: an open formula, written down in docs/campaigns.md.

Each part gives points that follow from one rate in a straight line between the rate that gives none and the
rate that gives all. The weights and both ends are our own choice and compare with no other company. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.metrics.campaigns import FEWEST_PEOPLE, Campaign
from workbench.metrics.proportions import Proportion


@dataclass(frozen=True)
class HealthRule:
    """One part of the formula: a rate gives from 0 up to `most` points."""

    metric: str
    label: str
    most: int
    none_at: float
    all_at: float

    def points(self, rate: float) -> float:
        part = (rate - self.none_at) / (self.all_at - self.none_at)
        return self.most * min(max(part, 0.0), 1.0)


RULES = (
    HealthRule("delivery_rate", "Delivery rate", 40, none_at=0.5, all_at=1.0),
    HealthRule("opt_out_rate", "Opt-out rate", 30, none_at=0.03, all_at=0.0),
    HealthRule("reply_rate", "Reply rate", 15, none_at=0.0, all_at=0.1),
    HealthRule("unresponsive_rate", "Unresponsive", 15, none_at=0.5, all_at=0.0),
)
"""The most points of all make 100."""


@dataclass(frozen=True)
class HealthPart:
    """The points of one rate; None where it is of too few."""

    rule: HealthRule
    share: Proportion
    points: float | None


@dataclass(frozen=True)
class CampaignHealth:
    """From 0 to 100, the sum of its parts; there is none where a part is of too few."""

    parts: tuple[HealthPart, ...]

    @property
    def score(self) -> float | None:
        points = [part.points for part in self.parts if part.points is not None]
        return sum(points) if len(points) == len(self.parts) else None


def campaign_health(campaign: Campaign) -> CampaignHealth:
    """The parts of a campaign's health, in the order of the formula."""
    shares = {
        "delivery_rate": campaign.deliveries,
        "opt_out_rate": campaign.opt_outs,
        "reply_rate": campaign.replies,
        "unresponsive_rate": campaign.unresponsive,
    }
    return CampaignHealth(tuple(_part(rule, shares[rule.metric]) for rule in RULES))


def _part(rule: HealthRule, share: Proportion) -> HealthPart:
    is_known = share.rate is not None and share.sample >= FEWEST_PEOPLE
    return HealthPart(rule, share, rule.points(share.rate) if is_known and share.rate is not None else None)

"""The rates of two campaigns beside each other, as programs and assistants get them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from workbench.metrics.campaign_comparison import RateComparison


class RateLine(BaseModel):
    """One rate of both, and what can be said of their difference."""

    metric: str
    sentence: str
    first: float | None
    first_sample: int
    second: float | None
    second_sample: int
    is_sure: bool = Field(description="Whether the difference is more than chance.")


def rate_lines(compared: Iterable[RateComparison]) -> list[RateLine]:
    """A line for each rate that :func:`workbench.api.campaigns.read_comparison` compared."""
    return [
        RateLine(
            metric=row.metric, sentence=row.sentence, first=row.first.rate, first_sample=row.first.sample,
            second=row.second.rate, second_sample=row.second.sample, is_sure=row.is_sure,
        )
        for row in compared
    ]  # fmt: skip

"""What a finding is, and which comes first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Query = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True)
class Finding:
    """One sentence with its reason, and where to look; ``query`` adds filters to that page.

    ``link`` is what the link says; empty where there is no more to see than this page shows. ``touched`` is
    the share of the period's messages that it is about, ``cost`` that of the money: the larger one ranks it.
    """

    sense: Literal["bad", "good", "neutral"]
    title: str
    text: str
    page: str
    link: str
    query: Query = field(default_factory=dict)
    touched: float = 0.0
    cost: float = 0.0

    @property
    def weight(self) -> float:
        """How much of the messages or of the money it is about."""
        return max(self.touched, self.cost)


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """What is bad first, and of that what touches most messages or money."""
    return sorted(
        findings, key=lambda each: (("bad", "neutral", "good").index(each.sense), -each.weight, each.title)
    )

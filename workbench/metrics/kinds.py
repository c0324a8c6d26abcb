"""What a metric and a dimension are; which ones there are stands in ``definitions.py`` and ``audits.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["count", "rate", "money", "ratio"]


@dataclass(frozen=True)
class Metric:
    """A business number.

    `numerator` and `denominator` are SQL aggregates; a metric without a denominator is its numerator.
    A rate travels with its sample size (the denominator) and the count in flight; money with its currency
    and the share of final messages that are priced. `better` says which way is good.
    """

    name: str
    label: str
    unit: Unit
    description: str
    numerator: str
    denominator: str | None = None
    numerator_text: str = ""
    denominator_text: str = ""
    excludes: str = ""
    better: Literal["higher", "lower"] | None = None
    minimum_sample: int = 0
    is_additive: bool = True
    sample_of: str = "final"
    """What the sample of a rate or ratio is made of, in a word: `of 63 final`."""
    view: str = "message_facts"
    """What the expressions are over: a view with at least the columns of `message_facts`."""

    @property
    def is_money(self) -> bool:
        return self.unit == "money"

    @property
    def is_share(self) -> bool:
        return self.denominator is not None


@dataclass(frozen=True)
class Dimension:
    """Something to group and filter by: a SQL expression over `message_facts`.

    Time dimensions are in the reporting time zone (`$timezone`) and follow `date_created`: it is never
    empty and never moves, so that a message stays on its day.
    """

    name: str
    label: str
    expression: str
    description: str

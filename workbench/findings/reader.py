"""What findings ask the numbers through, so that pages, assistants and reports can each bring their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

import pandas as pd

from workbench.display.periods import Period
from workbench.metrics import MetricResult


class FindingReader(Protocol):
    """The lake under some filters over a period."""

    @property
    def period(self) -> Period: ...
    @property
    def known_since(self) -> date:
        """The first day from which the lake holds every day."""

    def held_days(self, since: date, *, is_over: bool) -> frozenset[date]:
        """The days from a day to the period's end that the lake holds; if asked, those that were over."""

    @property
    def previous(self) -> FindingReader | None:
        """The period before; None where one of the two is not wholly in the lake."""

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        """A metric under the filters."""

    def over(self, period: Period) -> FindingReader:
        """The same filters over another period."""

    def text_outcomes(self) -> pd.DataFrame:
        """Final messages by template: template, error_code, outcome, messages."""

    def label(self, dimension: str, value: Any) -> str:
        """A dimension's value as people read it."""

    def token(self, dimension: str, value: Any) -> str:
        """A dimension's value as links write it."""

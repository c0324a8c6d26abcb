"""What stands out under a page's filters: the list of :mod:`workbench.findings`, and where the month ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.display.names import country_name
from workbench.display.periods import Period
from workbench.findings.find import find_findings
from workbench.findings.finding import Finding, ranked
from workbench.metrics import MetricResult
from workbench.metrics.text_outcomes import query_text_outcomes
from workbench.ui.page_data import PageData
from workbench.ui.panels.month import months_by_currency
from workbench.ui.panels.names import show_value

SHOWN = 8
"""So many findings are shown at first; the rest on demand."""


@dataclass(frozen=True)
class PageReader:
    """The numbers of a page as findings ask for them."""

    data: PageData

    @property
    def period(self) -> Period:
        return self.data.period

    @property
    def known_since(self) -> date:
        return self.data.known_since

    def held_days(self, since: date, *, is_over: bool) -> frozenset[date]:
        return self.data.held_days(since, is_over=is_over)

    @property
    def previous(self) -> PageReader | None:
        previous = self.data.previous
        return PageReader(previous) if previous else None

    def metric(
        self, name: str, by: Sequence[str] = (), where: Mapping[str, Any] | None = None
    ) -> MetricResult:
        return self.data.metric(name, by, where)

    def over(self, period: Period) -> PageReader:
        return PageReader(replace(self.data, period=period))

    def text_outcomes(self) -> pd.DataFrame:
        return self.data.ask("text outcomes", query_text_outcomes)

    def label(self, dimension: str, value: Any) -> str:
        text = show_value(self.data, dimension, value).text
        return country_name(text) if dimension == "country" else text

    def token(self, dimension: str, value: Any) -> str:
        return show_value(self.data, dimension, value).key


def what_changed(data: PageData) -> list[Finding]:
    """Everything worth a sentence, what is bad and touches most first."""
    return ranked([*find_findings(PageReader(data)), *_month(data)])


def finding_item(finding: Finding) -> dict[str, Any]:
    """A finding as the browser takes it."""
    query = {name: value if isinstance(value, str) else list(value) for name, value in finding.query.items()}
    return {
        "sense": finding.sense, "title": finding.title, "text": finding.text, "page": finding.page,
        "link": finding.link, "query": query,
    }  # fmt: skip


def _month(data: PageData) -> Iterator[Finding]:
    """Where the month ends, if that is surely not where the last one did."""
    for currency, month in months_by_currency(data).items():
        end, before = month.forecast, month.month_before
        if end is None or not before or end.low < before < end.high:
            continue
        expected, low, high, last = (
            formats.money(amount, currency) for amount in (end.expected, end.low, end.high, before)
        )
        side = "above" if end.expected > before else "below"
        yield Finding(
            "neutral",
            f"{month.first:%B} will end near {expected}, {side} last month",
            f"Between {low} and {high} if it goes on as in the last weeks; last month cost {last}.",
            "cost", "Cost", cost=abs(end.expected - before) / max(end.expected, before),
        )  # fmt: skip

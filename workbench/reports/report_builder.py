"""The calls that a report's notebook consists of.

report = open_report(since, until, period=period, sender=senders)
report.head()
report.cards("messages", "spend")
report.table("sender", "messages", "spend")
report.end()
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from workbench.display import formats
from workbench.display.formats import MISSING, is_missing
from workbench.display.moments import moment
from workbench.display.periods import LENGTHS, resolve_period
from workbench.errors import UsageError
from workbench.lake import open_lake
from workbench.metrics import METRICS
from workbench.metrics.coverage import synced_accounts
from workbench.metrics.filter_values import find_dimension, read_filters
from workbench.metrics.known_values import require_known
from workbench.metrics.own.current import use_own_metrics
from workbench.reports.campaigns import campaigns_html, comparison_html
from workbench.reports.elements import CardElement, Element, cards_html, definitions_html, head_html
from workbench.reports.injected import check_injected, executed_cells
from workbench.reports.queries import ReportQueries, known_rows
from workbench.reports.tables import audit_rows_html, audits_html, data_html, dimension_html, failures_html
from workbench.settings import load_settings

SNAPSHOT_VARIABLE = "WORKBENCH_REPORT_SNAPSHOT"
"""The snapshot of the lake for a run; without it, the lake as it is."""


def open_report(
    since: date | str | None = None,
    until: date | str | None = None,
    *,
    period: str = "month",
    priced_at_least: float = 0.98,
    client: str = "",
    allow_unknown: bool = False,
    **where: str | Sequence[str],
) -> ReportBuilder:
    """Open the lake for a report on a period.

    Args:
        since, until: first day included, first day not included; ``resolve_period`` fills in missing ones.
        period: day, week or month.
        priced_at_least: a smaller share of priced messages is reported in red.
        client: the client's name, as shown in the head.
        allow_unknown: accept filter values that do not occur in the lake, and report them in red.
        where: allowed values by dimension; an empty list does not filter.

    Raises:
        UnknownName: a dimension does not exist, a value does not occur in the lake, or papermill was given a
            parameter that the notebook does not have.
        UsageError: a period or a value is of the wrong kind.
    """
    check_injected(executed_cells())
    if period not in LENGTHS:
        raise UsageError(f"period is {period!r}; allowed is one of {', '.join(LENGTHS)}.")
    settings = load_settings()
    use_own_metrics(settings.home, quiet=SNAPSHOT_VARIABLE in os.environ)  # the run says what is wrong
    snapshot = os.environ.get(SNAPSHOT_VARIABLE)
    lake = open_lake(settings, read_only=True, snapshot=int(snapshot) if snapshot else None)
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    days = resolve_period(since, until, period, today, settings.timezone)
    chosen = {name: _texts(values) for name, values in where.items() if values}
    filters = read_filters(chosen)
    if not allow_unknown:
        require_known(lake, filters)
    synced = synced_accounts(settings)
    report = ReportBuilder(lake, days, filters, priced_at_least=priced_at_least, synced=synced)
    report.client = client
    return report


class ReportBuilder(ReportQueries):
    """One report; each call gives one element of it."""

    client = ""

    def head(self) -> Element:
        """The period, the filters, the age of the data; and in red the problems of the numbers."""
        zone, facts = self.period.timezone, self.facts
        lines = [("For", self.client)] if self.client else []
        lines.append(("Period", f"{self.period.title} ({zone})"))
        for name, values in self.where.items():
            shown = ", ".join(self.name(name, value) for value in values)
            lines.append((find_dimension(name).label, shown))
        lines.append(("Messages", f"{facts.messages:,}, of which {facts.open_messages:,} in flight"))
        if self.not_compared:
            lines.append(("Compared with", f"nothing: {self.not_compared}"))
        lines.append(("As of", moment(facts.as_of, zone)))
        lines.append(("Last sync", moment(facts.last_sync_at, zone)))
        return Element(head_html(lines, [problem.text for problem in self.problems], self.findings))

    def cards(self, *names: str) -> Element:
        """Cards with metrics of the whole period, and their values in the period before."""
        return Element(cards_html(map(self._card, names)))

    def _card(self, name: str) -> CardElement:
        metric, rows = METRICS[name], known_rows(self.metric(name))
        lines = [formats.value(row[name], metric.unit, row.get("currency")) for row in rows]
        remarks = [_priced_words(rows[0]) if metric.is_money else _sample_words(rows[0])] if rows else []
        before = self.before()
        if before:
            old = known_rows(self.metric(name, period=before))
            shown = ", ".join(formats.value(row[name], metric.unit, row.get("currency")) for row in old)
            remarks.append(f"{before.title}: {shown or MISSING}")
        is_bad = any(self.is_beyond(name, row) for row in rows)
        return CardElement(metric.label, lines or [MISSING], [text for text in remarks if text], is_bad)

    def over_time(
        self, name: str, title: str = "", *, split: bool = False, where: Mapping[str, Any] | None = None
    ) -> Element:
        """A metric by day: bars, by outcome if ``split``, one chart per currency; a rate as a line."""
        from workbench.reports.timelines import timeline_html  # matplotlib takes a second to load

        return Element(timeline_html(self, name, title, split=split, where=where))

    def table(self, by: str, *names: str, title: str = "", where: Mapping[str, Any] | None = None) -> Element:
        """A table of metrics by a dimension, with the whole period in the last row."""
        return Element(dimension_html(self, by, names, title, where))

    def campaigns(self, kind: str = "template") -> Element:
        """The campaigns of the period: texts (``template``), messaging services or batches."""
        return Element(campaigns_html(self, kind))

    def compare_campaigns(self, first: str, second: str = "", *, kind: str = "template") -> Element:
        """Two campaigns by their ids, or without a second one the first against the period before."""
        return Element(comparison_html(self, kind, first, second))

    def failures(self) -> Element:
        """Failed and undelivered messages by error code, with explanations."""
        return Element(failures_html(self))

    def audits(self) -> Element:
        """All compliance checks, with the number of messages that each found."""
        return Element(audits_html(self))

    def audit_rows(self, limit: int = 10) -> Element:
        """The messages that each check found, at most the newest or worst ``limit``."""
        return Element(audit_rows_html(self, limit))

    def data_health(self) -> Element:
        """How complete the data of this report is."""
        return Element(data_html(self))

    def end(self) -> Element:
        """The definitions of all numbers, and the record for the manifest; the last call of every report."""
        return Element(definitions_html(self.used), self.record())


def _texts(values: str | Sequence[str]) -> list[str]:
    """The values of a filter; a text is several with commas between them, as papermill gives it."""
    return [value.strip() for value in values.split(",")] if isinstance(values, str) else list(values)


def _priced_words(row: Mapping[str, Any]) -> str:
    return f"{formats.value(row['priced_share'], 'rate')} priced"


def _sample_words(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("sample_size")):
        return ""
    text = f"of {int(row['sample_size']):,} final"
    in_flight = row.get("in_flight")
    return text + (f", {int(in_flight):,} in flight" if in_flight and not is_missing(in_flight) else "")

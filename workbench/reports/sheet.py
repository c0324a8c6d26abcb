"""The calls a report's notebook is made of: it asks the metrics registry, draws, and keeps a record.

sheet = open_sheet(since, until, period=period, sender=senders)
sheet.head()
sheet.cards("messages", "spend")
sheet.table("sender", "messages", "spend")
sheet.end()
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from workbench.config import load_settings
from workbench.errors import UsageError
from workbench.lake import Lake, open_lake
from workbench.messaging.error_codes import explain
from workbench.metrics import METRICS, MetricResult, query_metric
from workbench.metrics.compile import find_dimension, find_metric
from workbench.reports.periods import PERIODS, Period, resolve_period
from workbench.reports.pieces import (
    Card,
    Cell,
    Piece,
    Table,
    cards_html,
    chart_html,
    definitions_html,
    head_html,
    table_html,
)
from workbench.reports.quality import judge, read_facts
from workbench.reports.words import MISSING, is_missing, moment, name_of, number

if TYPE_CHECKING:
    import pandas as pd

SNAPSHOT_VARIABLE = "WORKBENCH_REPORT_SNAPSHOT"
"""The version of the lake that a run is made on; without it, whatever is there."""

_LIMIT = 40
_SERIES = ("delivered", "unknown", "in flight", "canceled", "undelivered", "failed", "received")


def open_sheet(
    since: date | str | None = None,
    until: date | str | None = None,
    *,
    period: str = "month",
    priced_at_least: float = 0.98,
    client: str = "",
    **where: Sequence[str],
) -> Sheet:
    """Open the lake for a report on a period.

    Args:
        since, until: first day in, first day out; see ``resolve_period`` for what is left out.
        period: day, week or month.
        priced_at_least: a smaller share of priced messages is said in red.
        client: for whom it is, as shown in its head.
        where: dimension → values a message must have one of; an empty list is no condition.
    """
    if period not in PERIODS:
        raise UsageError(f"period is {period!r}; allowed is one of {', '.join(PERIODS)}.")
    settings = load_settings()
    snapshot = os.environ.get(SNAPSHOT_VARIABLE)
    lake = open_lake(settings, read_only=True, snapshot=int(snapshot) if snapshot else None)
    today = datetime.now(ZoneInfo(settings.timezone)).date()
    days = resolve_period(since, until, period, today, settings.timezone)
    chosen = {name: list(values) for name, values in where.items() if values}
    return Sheet(lake, days, chosen, priced_at_least=priced_at_least, client=client)


class Sheet:
    """One report being written: every number it shows is asked here, and noted."""

    def __init__(
        self,
        lake: Lake,
        period: Period,
        where: Mapping[str, Sequence[str]] | None = None,
        *,
        priced_at_least: float = 0.98,
        client: str = "",
    ) -> None:
        for name in where or {}:
            find_dimension(name)
        self.lake, self.period, self.where, self.client = lake, period, dict(where or {}), client
        self.facts = read_facts(lake, period, self.where)
        self.problems = judge(self.facts, period, priced_at_least=priced_at_least)
        self.findings: list[str] = []
        self._limits: dict[str, tuple[float | None, float | None]] = {}
        self._first_day: date | None = lake.value(_FIRST_DAY)
        self._queries: list[dict[str, Any]] = []
        self._answers: dict[str, MetricResult] = {}
        self._used: dict[str, None] = {}
        self._names: dict[str, str] | None = None

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        where: Mapping[str, Any] | None = None,
        period: Period | None = None,
    ) -> MetricResult:
        """A metric of the period with the report's conditions; asked once, however often it is shown."""
        days = period or self.period
        conditions = {**self.where, **(where or {})}
        key = json.dumps([name, by, conditions, str(days.since), str(days.until)], default=str)
        if key not in self._answers:
            result = query_metric(
                self.lake, name, by, conditions, days.since, days.until, timezone=days.timezone
            )
            self._answers[key] = result
            self._note(name, by, result)
        self._used.setdefault(name)
        return self._answers[key]

    def _note(self, name: str, by: Sequence[str], result: MetricResult) -> None:
        stated = json.dumps([result.sql, result.parameters], sort_keys=True, default=str)
        self._queries.append(
            {
                "metric": name,
                "by": list(by),
                "rows": len(result.frame),
                "sha256": hashlib.sha256(stated.encode()).hexdigest(),
            }
        )

    def head(self) -> Piece:
        """The period, the filters, how fresh it all is; and in red what speaks against the numbers."""
        zone, facts = self.period.timezone, self.facts
        lines = [("For", self.client)] if self.client else []
        lines.append(("Period", f"{self.period.title} ({zone})"))
        for name, values in self.where.items():
            shown = ", ".join(self._name(name, value) for value in values)
            lines.append((find_dimension(name).label, shown))
        lines.append(("Messages", f"{facts.messages:,}, of which {facts.open_messages:,} in flight"))
        lines.append(("As of", moment(facts.as_of, zone)))
        lines.append(("Last sync", moment(facts.last_sync_at, zone)))
        return Piece(head_html(lines, [problem.text for problem in self.problems], self.findings))

    def limits(
        self, *, at_least: Mapping[str, float] | None = None, most: Mapping[str, float] | None = None
    ) -> None:
        """Say which values a metric must not be below or above, before the head: beyond it is red everywhere.

        A rate of fewer messages than its minimum sample is never judged.
        """
        self._limits = {name: (low, None) for name, low in (at_least or {}).items()}
        self._limits |= {name: (None, high) for name, high in (most or {}).items()}
        for name, (low, high) in self._limits.items():
            metric = find_metric(name)
            for row in _known_rows(self.metric(name)):
                if self._is_beyond(name, row):
                    shown = number(row[name], metric.unit, row.get("currency"))
                    limit = number(low if high is None else high, metric.unit, row.get("currency"))
                    word = "below" if high is None else "above"
                    self.findings.append(f"{metric.label} is {shown}, {word} the limit of {limit}.")

    def _is_beyond(self, name: str, row: Mapping[str, Any]) -> bool:
        low, high = self._limits.get(name, (None, None))
        value, sample = row[name], row.get("sample_size")
        minimum = METRICS[name].minimum_sample
        if is_missing(value) or (sample is not None and not is_missing(sample) and sample < minimum):
            return False
        return (low is not None and value < low) or (high is not None and value > high)

    def cards(self, *names: str) -> Piece:
        """The numbers of the whole period, large, with those of the period before."""
        return Piece(cards_html(map(self._card, names)))

    def _card(self, name: str) -> Card:
        result, metric = self.metric(name), METRICS[name]
        rows = _known_rows(result)
        lines = [number(row[name], metric.unit, row.get("currency")) for row in rows]
        remarks = [_sample_words(rows[0])] if rows and not metric.is_money else []
        if metric.is_money and rows:
            remarks += [f"{number(row['priced_share'], 'rate')} priced" for row in rows[:1]]
        remarks += self._before(name)
        is_bad = any(self._is_beyond(name, row) for row in rows)
        return Card(metric.label, lines or [MISSING], [text for text in remarks if text], is_bad)

    def _before(self, name: str) -> list[str]:
        """What it was in the period before; nothing where that was not read in full."""
        before = self.period.before()
        if self._first_day is None or before.since < self._first_day:
            return []
        rows = _known_rows(self.metric(name, period=before))
        shown = ", ".join(number(row[name], METRICS[name].unit, row.get("currency")) for row in rows)
        return [f"{before.title}: {shown or MISSING}"]

    def over_time(
        self, name: str, title: str = "", *, split: bool = False, where: Mapping[str, Any] | None = None
    ) -> Piece:
        """A metric by day: bars, by outcome if ``split``, one chart per currency; a rate as a line."""
        from workbench.reports import charts

        metric = find_metric(name)
        days = self.period.days
        result = self.metric(name, ("day", "outcome") if split else ("day",), where)
        title = title or f"{metric.label} by day"
        if result.frame.empty:
            return Piece(chart_html(title, ()))
        words = f"{metric.label} by day, {self.period.title}"
        if metric.is_money:
            svgs = []
            for currency, rows in result.frame.dropna(subset=["currency"]).groupby("currency"):
                series = charts.Series(str(currency), charts.MONEY, _by_day(rows, name, days))
                drawn = charts.stacked_bars(days, [series], unit="money", currency=str(currency))
                svgs.append((f"{words}, in {currency}", drawn))
            return Piece(chart_html(title, svgs))
        if split:
            series_list = [
                charts.Series(outcome.capitalize(), charts.OUTCOME_COLORS[outcome], _by_day(rows, name, days))
                for outcome in _SERIES
                if not (rows := result.frame[result.frame["outcome"] == outcome]).empty
            ]
            return Piece(
                chart_html(title, [(words, charts.stacked_bars(days, series_list, unit=metric.unit))])
            )
        series = charts.Series(
            metric.label, charts.ACCENT, _by_day(result.frame, name, days, metric.minimum_sample)
        )
        if metric.unit == "count":
            return Piece(chart_html(title, [(words, charts.stacked_bars(days, [series], unit="count"))]))
        remark = (
            f"Days with fewer than {metric.minimum_sample} final messages are left out."
            if metric.minimum_sample
            else ""
        )
        return Piece(chart_html(title, [(words, charts.line(days, series, unit=metric.unit))], remark))

    def table(
        self,
        by: str,
        *names: str,
        title: str = "",
        where: Mapping[str, Any] | None = None,
    ) -> Piece:
        """One line for each value of a dimension, the most messages first, and the whole period below.

        The total is asked anew, never added up: people and rates cannot be added.
        """
        ranked = self.metric(names[0], (by,), where).frame
        ranked = ranked[ranked[names[0]].fillna(0) > 0].sort_values([names[0], by], ascending=[False, True])
        shown, rest = ranked.head(_LIMIT), len(ranked) - _LIMIT
        largest = float(ranked[names[0]].max()) if len(ranked) else 1.0
        columns = {name: self._column(name, by, where) for name in names}
        keys = [_key(value) for value in shown[by]]
        labels = _distinct([self._name(by, value) for value in shown[by]])
        rows = [
            [Cell([label]), *(columns[name].get(key, Cell([MISSING])) for name in names)]
            for key, label in zip(keys, labels, strict=True)
        ]
        total = [Cell(["Total"])] + [
            self._column(name, None, where).get("", Cell([MISSING])) for name in names
        ]
        label, counted = find_dimension(by).label, METRICS[names[0]].label.lower()
        table = Table(
            [label, *(METRICS[name].label for name in names)],
            rows,
            total if len(rows) > 1 else (),
            [float(value) / largest for value in shown[names[0]]],
            f"Not shown: {rest:,} more with fewer {counted}; they are in the total." if rest > 0 else "",
        )
        return Piece(table_html(title or f"By {label.lower()}", table))

    def _column(self, name: str, by: str | None, where: Mapping[str, Any] | None) -> dict[str, Cell]:
        """A metric's cell for each value of a dimension; under "" where there is none."""
        result, metric = self.metric(name, (by,) if by else (), where), METRICS[name]
        cells: dict[str, Cell] = {}
        for row in _known_rows(result):
            key = _key(row[by]) if by else ""
            text = number(row[name], metric.unit, row.get("currency"))
            remark = f"of {int(row['sample_size']):,}" if metric.is_share and not metric.is_money else ""
            before = cells[key].lines if key in cells else []
            cells[key] = Cell([*before, text], remark, self._is_beyond(name, row))
        return cells

    def failures(self) -> Piece:
        """Failed and undelivered messages by error code, each code in plain words with who can fix it."""
        frame = self.metric("messages", ("error_code",), {"outcome": ["failed", "undelivered"]}).frame
        ranked = frame.sort_values(["messages", "error_code"], ascending=[False, True])
        together = float(ranked["messages"].sum()) or 1.0
        rows, shares = [], []
        for code, messages in zip(ranked["error_code"], ranked["messages"], strict=True):
            known = explain(None if is_missing(code) else int(code))
            name = f"{known.code} · {known.title}" if known else "Twilio gave no code"
            remark = f"{known.meaning} {known.fix}" if known else ""
            share = float(messages) / together
            owner = known.owner if known else "unknown"
            rows.append(
                [
                    Cell([name], remark),
                    Cell([owner]),
                    Cell([number(messages, "count")]),
                    Cell([number(share, "rate")]),
                ]
            )
            shares.append(share)
        table = Table(
            ["Reason", "Who can fix it", "Messages", "Share"], rows[:_LIMIT], (), shares[:_LIMIT], "", (0, 1)
        )
        return Piece(table_html("Why messages did not arrive", table))

    def data_health(self) -> Piece:
        """How complete the copy is that all of this was counted on."""
        facts, zone = self.facts, self.period.timezone
        priced = 1 - facts.unpriced / facts.billed if facts.billed else None
        rows = [
            ("Last sync", moment(facts.last_sync_at, zone)),
            ("Newest message", moment(facts.newest_message_at, zone)),
            ("Days read to their end", f"{facts.days - len(facts.unread_days)} of {facts.days} (GMT)"),
            ("Days that differ from Twilio unexplained", f"{len(facts.unreconciled_days)}"),
            ("Messages in flight", f"{facts.open_messages:,}"),
            ("Billed messages that have their price", f"{number(priced, 'rate')} of {facts.billed:,}"),
        ]
        cells = [[Cell([name]), Cell([text])] for name, text in rows]
        return Piece(table_html("The data behind this report", Table(["What", "State"], cells)))

    def end(self) -> Piece:
        """How everything is counted; and the record, without which a run is not complete."""
        facts, period = self.facts, self.period
        record = {
            "as_of": _iso(facts.as_of),
            "period": {"since": str(period.since), "until": str(period.until), "timezone": period.timezone},
            "watermark": {
                "snapshot": self.lake.snapshot_id(),
                "last_sync_at": _iso(facts.last_sync_at),
                "newest_message_at": _iso(facts.newest_message_at),
            },
            "rows": {
                "messages": facts.messages,
                "open": facts.open_messages,
                "billed": facts.billed,
                "unpriced": facts.unpriced,
            },
            "unread_days": [str(day) for day in facts.unread_days],
            "unreconciled_days": [str(day) for day in facts.unreconciled_days],
            "problems": [{"kind": problem.kind, "text": problem.text} for problem in self.problems],
            "findings": self.findings,
            "queries": self._queries,
        }
        return Piece(definitions_html(METRICS[name] for name in self._used), record)

    def _name(self, dimension: str, value: Any) -> str:
        if dimension == "messaging_service" and self._names is None:
            self._names = dict(self.lake.rows(_SERVICE_NAMES))
        return name_of(dimension, value, self._names if dimension == "messaging_service" else None)


def _known_rows(result: MetricResult) -> list[dict[str, Any]]:
    """Rows as dictionaries; of money only those that have an amount, the largest first."""
    frame: pd.DataFrame = result.frame
    if result.metric.is_money:
        frame = frame.dropna(subset=["currency", result.metric.name])
        frame = frame.sort_values(result.metric.name, ascending=False, kind="stable")
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _sample_words(row: Mapping[str, Any]) -> str:
    if is_missing(row.get("sample_size")):
        return ""
    text = f"of {int(row['sample_size']):,} final"
    in_flight = row.get("in_flight")
    return text + (f", {int(in_flight):,} in flight" if in_flight and not is_missing(in_flight) else "")


def _by_day(
    rows: pd.DataFrame, name: str, days: Sequence[date], minimum_sample: int = 0
) -> list[float | None]:
    """Values by day; None without a row, and where the sample is too small to say anything."""
    known: dict[str, float] = {}
    for row in rows.to_dict("records"):
        if not is_missing(row[name]) and row.get("sample_size", minimum_sample) >= minimum_sample:
            known[str(row["day"])[:10]] = float(row[name])
    return [known.get(str(day)) for day in days]


def _distinct(labels: Sequence[str]) -> list[str]:
    """Masked numbers can look alike; each after the first is told apart by a count."""
    seen: dict[str, int] = {}
    texts = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        texts.append(label if seen[label] == 1 else f"{label} ({seen[label]})")
    return texts


def _key(value: Any) -> str:
    return "" if is_missing(value) else str(value)


def _iso(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds") if value else None


_FIRST_DAY = "select min(day) from sync_windows"
_SERVICE_NAMES = """
    select messaging_service_sid, max(friendly_name) from messaging_services
    where friendly_name is not null group by all
"""

"""The queries of a report: metrics and audits of one period, each run once and recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbench.display import formats
from workbench.display.formats import is_missing
from workbench.display.names import sender_label, value_name
from workbench.display.periods import Period
from workbench.lake import Lake
from workbench.messaging.addresses import mask
from workbench.metrics import METRICS, Metric, MetricResult, query_metric
from workbench.metrics.campaigns import CampaignList, query_campaigns, with_texts
from workbench.metrics.compile import compile_audit, find_metric
from workbench.metrics.coverage import read_coverage
from workbench.metrics.filter_values import Where, find_dimension, read_filters
from workbench.metrics.known_values import find_unknown
from workbench.reports.quality import judge, judge_filters, read_facts
from workbench.reports.senders import read_sender_names

if TYPE_CHECKING:
    import pandas as pd


_OF_CAMPAIGNS = (
    "messages", "delivery_rate", "reply_rate", "opt_out_rate", "unresponsive_rate", "spend",
    "cost_per_delivered", "priced_share",
)  # fmt: skip
"""What is shown of campaigns, for its definitions."""


class ReportQueries:
    """Queries on a period of the lake with filters; `synced` as in :func:`read_coverage`.

    `problems` are those of the data; `findings` are values beyond their limits.
    """

    def __init__(
        self,
        lake: Lake,
        period: Period,
        where: Where | None = None,
        *,
        priced_at_least: float = 0.98,
        synced: Collection[str] = (),
    ) -> None:
        self.lake, self.period, self.where = lake, period, read_filters(where)
        self.facts = read_facts(lake, period, self.where)
        unknown = judge_filters(find_unknown(lake, self.where))
        self.problems = (*unknown, *judge(self.facts, period, priced_at_least=priced_at_least))
        self.findings: list[str] = []
        self._limits: dict[str, tuple[float | None, float | None]] = {}
        self._coverage = read_coverage(lake, self.facts.as_of, synced)
        self._queries: list[dict[str, Any]] = []
        self._answers: dict[str, MetricResult] = {}
        self._campaigns: dict[tuple[str, date, date], CampaignList] = {}
        self._used: dict[str, None] = {}
        self._names: dict[str, str] | None = None
        self._sender_names: dict[str, str] | None = None

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        where: Mapping[str, Any] | None = None,
        period: Period | None = None,
    ) -> MetricResult:
        """A metric of the period with the report's filters; queried once, however often it is shown."""
        days = period or self.period
        conditions = {**self.where, **(where or {})}
        key = json.dumps([name, by, conditions, str(days.since), str(days.until)], default=str)
        if key not in self._answers:
            result = query_metric(
                self.lake, name, by, conditions, days.since, days.until, timezone=days.timezone
            )
            self._answers[key] = result
            self._note(name, by, len(result.frame), [result.sql, result.parameters])
        self._used.setdefault(name)
        return self._answers[key]

    def campaign_list(self, kind: str, period: Period | None = None) -> CampaignList:
        """The campaigns of the period with the report's filters, with their texts; queried once.

        Raises:
            UnknownName: the kind is none.
        """
        days = period or self.period
        key = (kind, days.since, days.until)
        if key not in self._campaigns:
            listed = query_campaigns(
                self.lake, self.where, days.since, days.until, kind=kind, timezone=days.timezone
            )
            self._campaigns[key] = with_texts(self.lake, listed)
            stated = [listed.compiled.sql, listed.compiled.parameters]
            self._note("campaigns", (listed.kind,), len(listed.campaigns), stated)
        self._used.update(dict.fromkeys(_OF_CAMPAIGNS))
        return self._campaigns[key]

    def audit(self, name: str) -> pd.DataFrame:
        """The rows of an audit in the period, with unmasked addresses: the caller must mask them."""
        days = self.period
        compiled = compile_audit(
            name, self.where, days.since, days.until, timezone=days.timezone, more=("date_created",)
        )
        frame = self.lake.frame(compiled.sql, compiled.parameters)
        self._note(name, (), len(frame), [compiled.sql, compiled.parameters])
        return frame

    def _note(self, name: str, by: Sequence[str], rows: int, stated: Sequence[Any]) -> None:
        text = json.dumps(stated, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self._queries.append({"asked": name, "by": list(by), "rows": rows, "sha256": digest})

    @property
    def used(self) -> list[Metric]:
        """The metrics that were queried, in order."""
        return [METRICS[name] for name in self._used]

    def limits(
        self, *, at_least: Mapping[str, float] | None = None, most: Mapping[str, float] | None = None
    ) -> None:
        """Set the limits of a metric, before the head; values beyond them are red everywhere.

        A rate of fewer messages than its minimum sample is never checked.
        """
        self._limits = {name: (low, None) for name, low in (at_least or {}).items()}
        self._limits |= {name: (None, high) for name, high in (most or {}).items()}
        for name, (low, high) in self._limits.items():
            metric = find_metric(name)
            for row in known_rows(self.metric(name)):
                if self.is_beyond(name, row):
                    shown = formats.value(row[name], metric.unit, row.get("currency"))
                    limit = formats.value(low if high is None else high, metric.unit, row.get("currency"))
                    word = "below" if high is None else "above"
                    self.findings.append(f"{metric.label}: {shown}, {word} the limit of {limit}.")

    def is_beyond(self, name: str, row: Mapping[str, Any]) -> bool:
        """Whether a row's value is beyond the metric's limit."""
        low, high = self._limits.get(name, (None, None))
        value, sample = row[name], row.get("sample_size")
        minimum = METRICS[name].minimum_sample
        if is_missing(value) or (sample is not None and not is_missing(sample) and sample < minimum):
            return False
        return (low is not None and value < low) or (high is not None and value > high)

    def before(self) -> Period | None:
        """The period before; None where one of the two is not wholly in the lake (see `not_compared`)."""
        before = self.period.calendar_previous
        return None if self.not_compared else before

    @property
    def not_compared(self) -> str:
        """Why the period cannot be compared with the one before; empty where it can."""
        accounts = [str(sid) for sid in self.where.get("account", ()) if sid is not None]
        periods = (self.period, self.period.calendar_previous)
        return next(filter(None, (self._coverage.why_not(each, accounts) for each in periods)), "")

    def name(self, dimension: str, value: Any) -> str:
        """A dimension's value as it is shown: people's numbers masked, our senders by name and in full."""
        if dimension == "sender" and isinstance(value, str):
            if self._sender_names is None:
                self._sender_names = read_sender_names(self.lake)
            return sender_label(value, self._sender_names.get(value))
        if dimension == "messaging_service" and self._names is None:
            self._names = dict(self.lake.rows(_SERVICE_NAMES))
        if find_dimension(dimension).is_address and isinstance(value, str):
            value = mask(value)
        return value_name(dimension, value, self._names if dimension == "messaging_service" else None)

    def record(self) -> dict[str, Any]:
        """The data of the report, for its manifest; times in UTC."""
        facts, period = self.facts, self.period
        return {
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
            "quarantined_rows": facts.quarantined,
            "rejected_lines": facts.rejected,
            "unread_days": [str(day) for day in facts.unread_days],
            "unreconciled_days": [str(day) for day in facts.unreconciled_days],
            "problems": [{"kind": problem.kind, "text": problem.text} for problem in self.problems],
            "findings": self.findings,
            "queries": self._queries,
        }


def known_rows(result: MetricResult) -> list[dict[str, Any]]:
    """Rows as dictionaries; for money only rows with an amount, the largest first."""
    frame: pd.DataFrame = result.frame
    if result.metric.is_money:
        frame = frame.dropna(subset=["currency", result.metric.name])
        frame = frame.sort_values(result.metric.name, ascending=False, kind="stable")
    return [{str(key): value for key, value in row.items()} for row in frame.to_dict("records")]


def _iso(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds") if value else None


_SERVICE_NAMES = """
    select messaging_service_sid, max(friendly_name) from messaging_services
    where friendly_name is not null group by all
"""

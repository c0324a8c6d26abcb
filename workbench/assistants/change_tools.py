"""Tools about change: what changed and why, a change taken apart, and what an error code means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from workbench.assistants.answers import (
    ChangeAnswer,
    ChangeByDimension,
    CodeAnswer,
    ContributionRow,
    FindingEntry,
    FindingList,
)
from workbench.assistants.backing import Backing, now_text, period_text
from workbench.assistants.number_tools import (
    By,
    MetricName,
    NumberTools,
    Since,
    Timezone,
    Until,
    WhereArgument,
    metric_entry,
)
from workbench.assistants.outside_text import outside_value
from workbench.assistants.rows import plain
from workbench.display.formats import plural, value
from workbench.display.periods import Period
from workbench.errors import UsageError
from workbench.metrics.change import (
    Contribution,
    Share,
    contributions_to_rate,
    contributions_to_sum,
    is_more_than_chance,
)
from workbench.metrics.filter_values import read_names

if TYPE_CHECKING:
    from workbench.findings.finding import Finding
    from workbench.metrics.definitions.model import Metric
    from workbench.metrics.filter_values import Filters

TAKEN_APART_BY = ("sender", "country", "error_code", "messaging_service")
ALL = "all"
_OUTCOMES = frozenset({"error_code", "status", "outcome"})
"""They say what became of a message: a value has no rate of its own that could move."""


@dataclass(frozen=True)
class _Pair:
    """The rows of one currency (or of all) in the two periods, by value."""

    before: Mapping[str | None, Share]
    now: Mapping[str | None, Share]


class ChangeTools:
    """What changed, and why."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._numbers = NumberTools(backing)

    def what_changed(self, since: Since = None, until: Until = None) -> FindingList:
        """Say what changed against the period before and why it matters, as the overview page does."""
        from workbench.ui.filters import FIELDS, Filters
        from workbench.ui.page_reading import page_data_of
        from workbench.ui.panels.findings import what_changed

        backing = self._backing
        store = backing.store()
        period = backing.period(since, until, store.timezone)
        values = {
            "period": "custom", "since": period.since, "until": period.until, "timezone": store.timezone,
            "compare": "previous", "direction": "outbound", **{name: [] for name in FIELDS},
        }  # fmt: skip
        data = page_data_of(store, Filters(**values), values, tuple(FIELDS), "overview")
        findings, previous = what_changed(data), data.previous
        entries = [self._finding(finding, data.period) for finding in findings]
        bad = sum(entry.sense == "bad" for entry in entries)
        return FindingList(
            summary=f"{plural(len(entries), 'finding')}, {bad} of them bad. Only what is more than chance or "
            "a tenth is named.",
            as_of=now_text(), total_rows=len(entries), truncated=False, period=period_text(data.period),
            compared_with=_compared_text(previous.period if previous else None, data.not_compared),
            findings=entries,
        )  # fmt: skip

    def explain_change(
        self,
        metric: MetricName,
        since: Since = None,
        until: Until = None,
        compare_since: Annotated[
            str | None, Field(description="First day to compare with. Default: as many days just before.")
        ] = None,
        compare_until: Annotated[
            str | None, Field(description="First day not compared with any more.")
        ] = None,
        by: By = None,
        where: WhereArgument = None,
        timezone: Timezone = None,
        limit: Annotated[int, Field(ge=1, le=50, description="Values of each dimension.")] = 6,
    ) -> ChangeAnswer:
        """Take a metric's change between two periods apart, by each dimension; the parts add up to it.

        For counts, amounts and rates; by default by sender, country, error code and messaging service.
        """
        backing = self._backing
        zone = backing.installation.timezone(timezone)
        now = backing.period(since, until, zone)
        before = (
            backing.period(compare_since, compare_until, zone)
            if compare_since or compare_until
            else now.previous
        )
        filters = backing.filters(where)
        definition = _require_parts(backing.installation.metrics, metric)
        if why_not := self._why_not((now, before), filters):
            return self._not_compared(definition, why_not, now, filters)
        names = read_names(by) or TAKEN_APART_BY
        whole = self._pairs(definition, None, filters, now, before)
        parts = [
            part
            for name in names
            for currency, pair in self._pairs(definition, name, filters, now, before).items()
            for part in [_part(definition, name, currency, pair, limit)]
            if part.rows
        ]
        return self._answer(definition, whole, parts, now, before, filters)

    def explain_error_code(
        self, code: Annotated[str, Field(description="An error code of Twilio, as 30007.")]
    ) -> CodeAnswer:
        """Explain an error code: meaning, who can mend it and how, and how often it happened here."""
        from workbench.api.explain import explain_code
        from workbench.display.code_words import RETRY_WORDS

        backing = self._backing
        explanation = explain_code(backing.installation, code)
        error, here = explanation.error, explanation.here
        said_elsewhere = {
            str(error.code), "meaning", "who can mend it", "what to do", "retry", "Twilio", "senders",
            "the messages",
        }  # fmt: skip
        lines = [f"{name}: {text}" for name, text in explanation.lines() if name not in said_elsewhere]
        lines += [
            f"sender {backing.own_text(sender)}: {plural(number, 'message')}"
            for sender, number in (here.senders if here else {}).items()
        ]
        has_messages = here is not None and here.messages > 0
        return CodeAnswer(
            summary=f"{error.code}: {error.title}. {error.meaning}", as_of=now_text(), code=error.code,
            title=error.title, meaning=error.meaning, owner=error.owner, fix=error.fix,
            retry=RETRY_WORDS[error.retry], twilio_page=error.url,
            happened_here=lines,
            link=backing.link(f"messages?error_code={error.code}") if has_messages else None,
        )  # fmt: skip

    def _finding(self, finding: Finding, period: Period) -> FindingEntry:
        where: dict[str, Any] = {
            name: [value] if isinstance(value, str) else list(value) for name, value in finding.query.items()
        }
        days = {name: date.fromisoformat(where.pop(name)[0]) for name in ("since", "until") if name in where}
        where.pop("period", None)
        since, until = days.get("since", period.since), days.get("until", period.until)
        link = self._backing.link(finding.page, since, until, **{"direction": list(_OUTBOUND), **where})
        text, title = (outside_value(part, is_masked=True) for part in (finding.text, finding.title))
        return FindingEntry(sense=finding.sense, title=title, text=text, link=link)

    def _pairs(
        self, metric: Metric, name: str | None, filters: Filters, now: Period, before: Period
    ) -> dict[str, _Pair]:
        """The numbers of both periods by the values of a dimension, for each currency."""
        by = [name] if name else []
        tables = [self._shares(metric, name, by, filters, period) for period in (now, before)]
        return {
            currency: _Pair(tables[1].get(currency, {}), tables[0].get(currency, {}))
            for currency in dict.fromkeys([*tables[0], *tables[1]])
        }

    def _shares(
        self, metric: Metric, name: str | None, by: list[str], filters: Filters, period: Period
    ) -> dict[str, dict[str | None, Share]]:
        frame = self._numbers.frame(metric.name, by, filters, period)
        senders = self._backing.shown_senders() if name == "sender" else {}
        table: dict[str, dict[str | None, Share]] = {}
        for record in frame.to_dict("records"):
            row = {column: plain(cell) for column, cell in record.items()}
            if metric.is_money and row["currency"] is None:
                continue  # nothing of it is priced
            key = None if name is None or row[name] is None else str(row[name])
            key = outside_value(senders.get(key, key), is_masked=self._backing.is_masked)
            share = Share(row[metric.name], int(row.get("sample_size") or 0))
            table.setdefault(row.get("currency") or ALL if metric.is_money else ALL, {})[key] = share
        return table

    def _answer(
        self,
        metric: Metric,
        whole: dict[str, _Pair],
        parts: list[ChangeByDimension],
        now: Period,
        before: Period,
        filters: Filters,
    ) -> ChangeAnswer:
        # Of an amount, no row means that there was nothing in that currency.
        nothing = Share(None if metric.is_share else 0.0, 0)
        values = {
            currency: (pair.before.get(None, nothing), pair.now.get(None, nothing))
            for currency, pair in whole.items()
        }
        change = {
            currency: None if last.rate is None or first.rate is None else last.rate - first.rate
            for currency, (first, last) in values.items()
        }
        first, last = values.get(ALL, (Share(None, 0), Share(None, 0)))
        is_rate = metric.is_share
        sure = None
        if metric.unit in ("rate", "count") and None not in (first.rate, last.rate):
            sure = is_more_than_chance(metric, last, first)
        return ChangeAnswer(
            summary=_change_words(metric, values, sure, parts), as_of=now_text(), metric=metric_entry(metric),
            period=period_text(now), compared_with=period_text(before),
            before={currency: pair[0].rate for currency, pair in values.items()},
            now={currency: pair[1].rate for currency, pair in values.items()}, change=change,
            sample_before=first.sample if is_rate else None, sample_now=last.sample if is_rate else None,
            in_flight=self._in_flight(filters, now), is_more_than_chance=sure, by=parts,
            link=self._numbers.link(metric.name, filters, now),
        )  # fmt: skip

    def _why_not(self, periods: Sequence[Period], filters: Filters) -> str:
        """Why two periods cannot be compared; empty where they can."""
        accounts = [str(sid) for sid in filters.get("account", ()) if sid is not None]
        coverage = self._backing.store().coverage()
        return next(filter(None, (coverage.why_not(period, accounts) for period in periods)), "")

    def _not_compared(self, metric: Metric, why_not: str, now: Period, filters: Filters) -> ChangeAnswer:
        """The numbers of the period alone."""
        values = {
            currency: pair.now.get(None, Share(None, 0))
            for currency, pair in self._pairs(metric, None, filters, now, now).items()
        }
        return ChangeAnswer(
            summary=f"Nothing to compare with: {why_not}.", as_of=now_text(), metric=metric_entry(metric),
            period=period_text(now), compared_with=_compared_text(None, why_not), before={},
            now={currency: share.rate for currency, share in values.items()}, change={},
            sample_now=values[ALL].sample if metric.is_share and ALL in values else None,
            in_flight=self._in_flight(filters, now), by=[],
            link=self._numbers.link(metric.name, filters, now),
        )  # fmt: skip

    def _in_flight(self, filters: Filters, now: Period) -> int:
        return int(self._numbers.frame("in_flight", (), filters, now)["in_flight"].iloc[0])


def _compared_text(before: Period | None, why_not: str) -> str:
    return period_text(before) if before else f"nothing: {why_not}"


_OUTBOUND = ("outbound-api", "outbound-call", "outbound-reply")


def _require_parts(metrics: Mapping[str, Metric], name: str) -> Metric:
    """The metric, if a change of it can be taken apart.

    Raises:
        UnknownName: there is none of this name.
        UsageError: it is neither a sum nor a rate.
    """
    from workbench.metrics.compile import find_metric

    metric = find_metric(name)
    is_rate = metric.is_share and not metric.is_money and metric.bins is None
    if not is_rate and (metric.is_share or not metric.is_additive):
        parts = sorted(
            each.name
            for each in metrics.values()
            if (each.is_additive and not each.is_share) or (each.is_share and not each.is_money)
        )
        raise UsageError(
            f"{name} is neither a sum nor a rate, so its change has no parts that add up; ask query_metric "
            f"for both periods by a dimension. Those that can be taken apart: {', '.join(parts)}."
        )
    return metric


def _part(metric: Metric, name: str, currency: str, pair: _Pair, limit: int) -> ChangeByDimension:
    """The values of one dimension by what each contributes, the largest first."""
    if metric.is_share:
        contributions = contributions_to_rate(pair.now, pair.before)
    else:
        contributions = contributions_to_sum(_sums(pair.now), _sums(pair.before))
    ranked = sorted(contributions, key=lambda key: (-abs(contributions[key].total), key or ""))
    ranked = [key for key in ranked if contributions[key].total or _sample(pair, key)]
    others = sum(contributions[key].total for key in ranked[limit:])
    return ChangeByDimension(
        dimension=name, currency=None if currency == ALL else currency,
        rows=[_row(metric, name, key, pair, contributions[key]) for key in ranked[:limit]],
        others=len(ranked[limit:]), others_contribution=others,
        sum_of_contributions=sum(part.total for part in contributions.values()),
    )  # fmt: skip


def _row(
    metric: Metric, name: str, key: str | None, pair: _Pair, contribution: Contribution
) -> ContributionRow:
    before, now = pair.before.get(key), pair.now.get(key)
    row = ContributionRow(
        value=key,
        before=before.rate if before else None,
        now=now.rate if now else None,
        contribution=contribution.total,
    )
    if metric.is_share:
        row.sample_before, row.sample_now = (share.sample if share else 0 for share in (before, now))
        if name not in _OUTCOMES:
            row.by_own_rate, row.by_mix = contribution.own, contribution.mix
            row.too_few = min(row.sample_before, row.sample_now) < metric.minimum_sample
    return row


def _sums(shares: Mapping[str | None, Share]) -> dict[str | None, float]:
    return {key: share.rate or 0.0 for key, share in shares.items()}


def _sample(pair: _Pair, key: str | None) -> int:
    return sum(shares[key].sample for shares in (pair.before, pair.now) if key in shares)


def _change_words(
    metric: Metric,
    values: Mapping[str, tuple[Share, Share]],
    sure: bool | None,
    parts: list[ChangeByDimension],
) -> str:
    """The change in words."""
    changes = []
    for currency, (first, last) in values.items():
        texts = [value(share.rate, metric.unit, currency) for share in (first, last)]
        sample = f" of {last.sample:,}" if metric.is_share else ""
        changes.append(f"{metric.label} went from {texts[0]} to {texts[1]}{sample}")
    if sure is False:
        changes.append("chance alone explains it, or the samples are too small")
    else:
        changes += [_largest_part(metric, part) for part in parts]
    return "; ".join(changes or [f"{metric.label}: nothing to count"]) + "."


def _largest_part(metric: Metric, part: ChangeByDimension) -> str:
    """The value of a dimension that contributes most to the change, in its direction."""
    sign = 1 if part.sum_of_contributions >= 0 else -1
    row = max(part.rows, key=lambda row: sign * row.contribution)
    size = f"{row.contribution * 100:+.1f} points" if metric.unit == "rate" else f"{row.contribution:+,.2f}"
    currency = f" {part.currency}" if part.currency else ""
    return f"by {part.dimension} most from {row.value or 'none'} ({size}{currency})"

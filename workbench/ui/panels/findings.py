"""What changed against the period before and why it matters, in sentences with the page that shows more.

Each finding has a rule, which stands here beside its words: a rate must have changed by more than chance
explains, an amount by a tenth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from workbench.display import formats
from workbench.messaging.error_codes import explain
from workbench.metrics import METRICS, MetricResult
from workbench.metrics.change import SURE, Share, moved_beyond_chance
from workbench.ui.page_data import PageData
from workbench.ui.panels.month import months_by_currency
from workbench.ui.panels.names import show_value
from workbench.ui.panels.reasons import anomalies, anomaly_text
from workbench.ui.result_rows import priced_rows

_MOVED = 0.1
"""An amount must move by this share of what it was."""
_WASTE_SHARE = 0.02
_UCS2_SHARE = 0.05
_NAMED_CODES = 3


@dataclass(frozen=True)
class Finding:
    """One sentence with its reason, and where to look; ``query`` adds filters to that page.

    ``link`` is what the link says; empty where there is no more to see than this page shows.
    """

    sense: Literal["bad", "good", "neutral"]
    title: str
    text: str
    page: str
    link: str
    query: Mapping[str, str] = field(default_factory=dict)


def what_changed(data: PageData) -> list[Finding]:
    """Everything worth a sentence, what is bad first."""
    findings = [finding for rule in _RULES for finding in rule(data)]
    return sorted(findings, key=lambda finding: ("bad", "neutral", "good").index(finding.sense))


def _delivery(data: PageData) -> Sequence[Finding]:
    now, before = (_row(period_data.metric("error_rate")) for period_data in (data, data.previous))
    moved = _rate_move(now, before, "error_rate")
    if moved is None:
        return []
    worse = moved > 0
    rate, sample = formats.rate(now["error_rate"]), int(now["sample_size"])
    title = f"{'More' if worse else 'Fewer'} messages fail: {rate} of {sample:,}"
    earlier = formats.rate(before["error_rate"])
    text = f"It was {earlier} in the period before. {_largest_mover(data, worse)}".strip()
    return [Finding("bad" if worse else "good", title, text, "failures", "Delivery failures")]


def _largest_mover(data: PageData, worse: bool) -> str:
    """The code that moved most in the same direction, with what to do about it."""
    now, before = (
        period_data.metric("not_delivered", by=("error_code",)).frame.set_index("error_code")["not_delivered"]
        for period_data in (data, data.previous)
    )
    moves = now.sub(before, fill_value=0) * (1 if worse else -1)
    moves = moves[moves.index.notna()].sort_values(ascending=False, kind="stable")
    if moves.empty or moves.iloc[0] <= 0:
        return ""
    code = moves.index[0]
    known = explain(int(code))
    assert known
    counts = f"{int(before.get(code, 0)):,} to {int(now.get(code, 0)):,}"
    return f"Most of it is {known.code} ({known.title.lower()}), from {counts}. {known.fix if worse else ''}"


def _new_and_spikes(data: PageData) -> Sequence[Finding]:
    findings = []
    for anomaly in [anomaly for anomaly in anomalies(data) if anomaly.code is not None][:_NAMED_CODES]:
        known = explain(anomaly.code)
        assert known
        title = f"{known.code} {known.title}: {anomaly_text(anomaly)}"
        query = {"error_code": str(known.code)}
        findings.append(
            Finding("bad", title, f"{known.meaning} {known.fix}", "failures", "Delivery failures", query)
        )
    return findings


def _spend(data: PageData) -> Sequence[Finding]:
    """Spend by currency, taken apart into how many messages and what each cost."""
    now, before = (_amounts(period_data.metric("spend")) for period_data in (data, data.previous))
    counts, earlier = (_counts(period_data) for period_data in (data, data.previous))
    findings = []
    for currency, amount in now.items():
        was = before.get(currency, 0.0)
        if not was or abs(amount / was - 1) < _MOVED or not counts.get(currency) or not earlier.get(currency):
            continue
        more, dearer = (
            counts[currency] / earlier[currency] - 1,
            (amount / counts[currency] * earlier[currency] / was - 1),
        )
        verb, change = "rose" if amount > was else "fell", abs(amount / was - 1)
        title = f"Spend {verb} by {change:.0%} to {formats.money(amount, currency)}"
        text = f"{_moved(more, 'more', 'fewer')} messages, each {_moved(dearer, 'dearer', 'cheaper')}."
        sense: Literal["bad", "neutral"] = "bad" if dearer >= _MOVED else "neutral"
        findings.append(Finding(sense, title, text, "cost", "Cost"))
    return findings


def _waste(data: PageData) -> Sequence[Finding]:
    spend, wasted = _amounts(data.metric("spend")), _amounts(data.metric("wasted_spend"))
    findings = []
    for currency, amount in wasted.items():
        share = amount / spend[currency] if spend.get(currency) else 0.0
        if share < _WASTE_SHARE:
            continue
        rows = priced_rows(data.metric("wasted_spend", by=("error_code",)))
        rows = rows[(rows["currency"] == currency) & rows["error_code"].notna()]
        top = rows.sort_values("wasted_spend", ascending=False, kind="stable").head(1)
        reason = ""
        if len(top):
            known = explain(int(top["error_code"].iloc[0]))
            assert known
            amount_text = formats.money(float(top["wasted_spend"].iloc[0]), currency)
            reason = f" The dearest reason is {known.code} ({known.title.lower()}) with {amount_text}."
        title = f"{formats.money(amount, currency)} was paid for messages that did not arrive"
        findings.append(
            Finding("bad", title, f"That is {formats.rate(share)} of the spend.{reason}", "cost", "Cost")
        )
    return findings


def _encodings(data: PageData) -> Sequence[Finding]:
    spend, ucs2 = _amounts(data.metric("spend")), _amounts(data.metric("ucs2_spend"))
    share = _row(data.metric("ucs2_share"))["ucs2_share"]
    findings = []
    for currency, amount in ucs2.items():
        if not spend.get(currency) or amount / spend[currency] < _UCS2_SHARE:
            continue
        title = f"Special characters touch {formats.money(amount, currency)} of spend"
        text = (
            f"{formats.rate(share)} of the messages go out as UCS-2, where a segment holds 70 characters "
            "instead of 160. See which characters force it, and what plain ones would save."
        )
        findings.append(Finding("neutral", title, text, "segmentation", "Segmentation"))
    return findings


def _limits(data: PageData) -> Sequence[Finding]:
    frame = data.metric("minutes_at_limit", by=("sender",)).frame.dropna(subset=["sender"])
    top = (
        frame[frame["minutes_at_limit"] > 0]
        .sort_values("minutes_at_limit", ascending=False, kind="stable")
        .head(1)
    )
    if top.empty:
        return []
    sender = top["sender"].iloc[0]
    shown = show_value(data, "sender", sender)
    wait = _row(data.metric("queue_wait_p95", where={"sender": [sender]}))
    minutes = int(top["minutes_at_limit"].iloc[0])
    title = f"{shown.text} was at its limit for {formats.plural(minutes, 'minute')}"
    text = f"95 % of its messages left within {formats.duration(wait['queue_wait_p95'])} of being created."
    query = {"sender": shown.key}
    return [Finding("bad", title, text, "throughput", "Throughput", query)]


def _opt_outs(data: PageData) -> Sequence[Finding]:
    now, before = (
        int(_row(period_data.metric("opt_outs"))["opt_outs"]) for period_data in (data, data.previous)
    )
    if abs(now - before) < SURE * math.sqrt(max(now + before, 1)):
        return []
    more = now > before
    title = f"{'More' if more else 'Fewer'} people opted out: {now:,}, before {before:,}"
    text = "Each counts once, by a stop keyword. Compare with what was sent in these days."
    return [Finding("bad" if more else "good", title, text, "segmentation", "What was sent")]


def _month(data: PageData) -> Sequence[Finding]:
    findings = []
    for currency, month in months_by_currency(data).items():
        end = month.forecast
        if (
            end is None
            or not month.month_before
            or (month.month_before > end.low and month.month_before < end.high)
        ):
            continue
        expected, low, high = (
            formats.money(amount, currency) for amount in (end.expected, end.low, end.high)
        )
        side = "above" if end.expected > month.month_before else "below"
        title = f"{month.first:%B} will end near {expected}, {side} last month"
        text = (
            f"Between {low} and {high} if it goes on as in the last weeks; last month cost "
            f"{formats.money(month.month_before, currency)}."
        )
        findings.append(Finding("neutral", title, text, "cost", "Cost"))
    return findings


_RULES: tuple[Callable[[PageData], Sequence[Finding]], ...] = (
    _delivery, _new_and_spikes, _limits, _waste, _spend, _month, _encodings, _opt_outs
)  # fmt: skip


def _rate_move(now: pd.Series, before: pd.Series, name: str) -> float | None:
    """How far a rate moved; None where it is too small, or chance alone would do it."""
    last, first = (Share(float(row[name]), int(row["sample_size"])) for row in (now, before))
    return moved_beyond_chance(last, first, METRICS[name].minimum_sample)


def _amounts(result: MetricResult) -> dict[str, float]:
    rows = priced_rows(result)
    return dict(zip(rows["currency"], rows[result.metric.name].astype(float), strict=True))


def _counts(data: PageData) -> dict[str, int]:
    frame = data.metric("messages", by=("currency",)).frame.dropna(subset=["currency"])
    return dict(zip(frame["currency"], frame["messages"].astype(int), strict=True))


def _row(result: MetricResult) -> pd.Series:
    return result.frame.iloc[0]


def _moved(share: float, more: str, fewer: str) -> str:
    return f"{abs(share):.0%} {more if share >= 0 else fewer}"

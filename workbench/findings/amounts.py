"""Findings about money: what is paid more than before and why, and what was paid for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from workbench.display import formats
from workbench.findings.finding import Finding
from workbench.findings.reader import FindingReader
from workbench.messaging.error_codes import explain
from workbench.metrics import METRICS, MetricResult
from workbench.metrics.change import TENTH, Share, is_more_than_chance

_FEWEST = 30
"""What few messages cost says nothing."""
_WASTE_SHARE = 0.02
_UCS2_SHARE = 0.05
_PRICE_SHARE = 0.02
_PRICED_BY = ("country", "sender", "messaging_service", "message_type")


def spend(reader: FindingReader) -> Iterator[Finding]:
    """Spend by currency against the period before, taken apart into how many messages and what each cost."""
    previous = reader.previous
    if previous is None:
        return
    now, before = amounts(reader.metric("spend")), amounts(previous.metric("spend"))
    counts, earlier = _counts(reader), _counts(previous)
    for currency, amount in now.items():
        was, number, number_before = (
            before.get(currency, 0.0),
            counts.get(currency, 0),
            earlier.get(currency, 0),
        )
        if min(number, number_before) < _FEWEST or not was:
            continue
        if not is_more_than_chance(METRICS["spend"], Share(amount, number), Share(was, number_before)):
            continue
        verb = "rose" if amount > was else "fell"
        each, each_before = amount / number, was / number_before
        title = (
            f"Spend {verb} {_percent(amount / was - 1)}: {formats.money(amount, currency)} against "
            f"{formats.money(was, currency)} before"
        )
        text = (
            f"{number:,} messages against {number_before:,}; each {formats.money(each, currency)} against "
            f"{formats.money(each_before, currency)}. {_largest_part(reader, previous, currency)}"
        )
        is_dearer = each / each_before - 1 >= TENTH
        sense = "bad" if is_dearer and amount > was else "neutral"
        yield Finding(sense, title, text.strip(), "cost", "Cost", cost=abs(amount - was) / max(amount, was))  # type: ignore[arg-type]


def _largest_part(reader: FindingReader, previous: FindingReader, currency: str) -> str:
    """The country with most of the change."""
    now, before = (
        _money_by(each.metric("spend", by=("country",)), "country", currency) for each in (reader, previous)
    )
    moved = {value: now.get(value, 0.0) - before.get(value, 0.0) for value in {**now, **before}}
    total = sum(moved.values())
    value = max(moved, key=lambda each: moved[each] * (1 if total > 0 else -1))
    if moved[value] * total <= 0 or moved[value] / total < 0.5:
        return ""
    amounts_text = " against ".join(formats.money(each.get(value, 0.0), currency) for each in (now, before))
    return f"Most of it went to {reader.label('country', value)}: {amounts_text}."


def prices(reader: FindingReader) -> Iterator[Finding]:
    """Values of a dimension whose messages cost a tenth more each than before."""
    previous = reader.previous
    if previous is None:
        return
    totals = amounts(reader.metric("spend"))
    for dimension in _PRICED_BY:
        rows = [
            (more, value, currency, now, before)
            for value, currency, now, before in _price_pairs(reader, previous, dimension)
            if (more := (now[0] - before[0]) * now[1]) >= _PRICE_SHARE * totals.get(currency, 0.0)
            and now[0] >= (1 + TENTH) * before[0]
        ]
        if rows:
            more, value, currency, now, before = max(rows, key=lambda row: row[0])
            name = reader.label(dimension, value)
            yield Finding(
                "bad",
                f"A message costs more: {name}, {formats.money(now[0], currency)} against "
                f"{formats.money(before[0], currency)} before",
                f"{formats.money(more, currency)} more for {now[1]:,} messages than at the earlier price. "
                "Look at the number of segments, the route and Twilio's price list.",
                "messages",
                "Show the messages",
                {dimension: reader.token(dimension, value), "currency": currency},
                cost=more / totals[currency],
            )
            return


def _price_pairs(
    reader: FindingReader, previous: FindingReader, dimension: str
) -> Iterator[tuple[Any, str, tuple[float, int], tuple[float, int]]]:
    """Value and currency with what a message cost, and how many there were, now and before."""
    now, before = (_prices(each, dimension) for each in (reader, previous))
    for (value, currency), pair in now.items():
        earlier = before.get((value, currency))
        if earlier and min(pair[1], earlier[1]) >= _FEWEST and earlier[0] > 0:
            yield value, currency, pair, earlier


def _prices(reader: FindingReader, dimension: str) -> dict[tuple[Any, str], tuple[float, int]]:
    spent = reader.metric("spend", by=(dimension,)).frame
    counts = reader.metric("messages", by=(dimension, "currency")).frame
    numbers = {
        (_plain(value), currency): int(number)
        for value, currency, number in zip(
            counts[dimension], counts["currency"], counts["messages"], strict=True
        )
    }
    prices_by_value = {}
    for value, currency, amount in zip(spent[dimension], spent["currency"], spent["spend"], strict=True):
        number = numbers.get((_plain(value), currency), 0)
        if not formats.is_missing(amount) and number:
            prices_by_value[_plain(value), str(currency)] = (float(amount) / number, number)
    return prices_by_value


def waste(reader: FindingReader) -> Iterator[Finding]:
    """What was paid for messages that did not arrive, with the code that cost most."""
    spent, wasted = amounts(reader.metric("spend")), amounts(reader.metric("wasted_spend"))
    for currency, amount in wasted.items():
        share = amount / spent[currency] if spent.get(currency) else 0.0
        if share < _WASTE_SHARE or _counts(reader).get(currency, 0) < _FEWEST:
            continue
        codes = _money_by(reader.metric("wasted_spend", by=("error_code",)), "error_code", currency)
        codes = {code: each for code, each in codes.items() if code is not None}
        reason = ""
        if codes:
            code = max(codes, key=lambda each: codes[each])
            known = explain(int(code))
            title = known.title if known else ""
            reason = f" Most expensive cause: {code} ({title}), {formats.money(codes[code], currency)}."
        yield Finding(
            "neutral",
            f"{formats.money(amount, currency)} was paid for messages that did not arrive",
            f"That is {formats.rate(share)} of the spend.{reason}",
            "cost", "Cost", cost=share,
        )  # fmt: skip


def encodings(reader: FindingReader) -> Iterator[Finding]:
    """What goes out as UCS-2, where it is much of the money."""
    spent, ucs2 = amounts(reader.metric("spend")), amounts(reader.metric("ucs2_spend"))
    row = reader.metric("ucs2_share").frame.iloc[0]
    if int(row["sample_size"] or 0) < METRICS["ucs2_share"].minimum_sample:
        return
    for currency, amount in ucs2.items():
        if not spent.get(currency) or amount / spent[currency] < _UCS2_SHARE:
            continue
        yield Finding(
            "neutral",
            f"Special characters touch {formats.money(amount, currency)} of spend",
            f"{formats.rate(row['ucs2_share'])} of {int(row['sample_size']):,} messages go out as UCS-2: 70 "
            "characters to a segment instead of 160. The page Segmentation shows which characters force it, "
            "and what plain ones would save.",
            "messages", "Show the messages", {"counted": "ucs2_spend", "currency": currency},
            cost=amount / spent[currency] / 2,
        )  # fmt: skip


def segments(reader: FindingReader) -> Iterator[Finding]:
    """Texts that became longer: segments per message against before."""
    previous = reader.previous
    if previous is None:
        return
    metric = METRICS["segments_per_message"]
    now, before = (_share(each.metric(metric.name)) for each in (reader, previous))
    if min(now.sample, before.sample) < _FEWEST or not is_more_than_chance(metric, now, before):
        return
    assert now.rate is not None
    assert before.rate is not None
    more = now.rate > before.rate
    yield Finding(
        "bad" if more else "good",
        f"{'More' if more else 'Fewer'} segments per message: {formats.ratio(now.rate)} against "
        f"{formats.ratio(before.rate)} before",
        f"Of {now.sample:,} messages. Each segment is billed.",
        "segmentation", "Segmentation", cost=abs(now.rate - before.rate) / now.rate,
    )  # fmt: skip


def amounts(result: MetricResult) -> dict[str, float]:
    """A money metric by currency, the largest first."""
    frame = result.frame.dropna(subset=["currency", result.metric.name])
    frame = frame.sort_values(result.metric.name, ascending=False, kind="stable")
    return {
        str(currency): float(amount)
        for currency, amount in zip(frame["currency"], frame[result.metric.name], strict=True)
    }


def _money_by(result: MetricResult, dimension: str, currency: str) -> dict[Any, float]:
    frame: pd.DataFrame = result.frame[result.frame["currency"] == currency].dropna(
        subset=[result.metric.name]
    )
    values = [_plain(value) for value in frame[dimension]]
    return dict(zip(values, frame[result.metric.name].astype(float), strict=True))


def _counts(reader: FindingReader) -> dict[str, int]:
    frame = reader.metric("messages", by=("currency",)).frame.dropna(subset=["currency"])
    return dict(zip(frame["currency"], frame["messages"].astype(int), strict=True))


def _share(result: MetricResult) -> Share:
    row: Mapping[Any, Any] = result.frame.iloc[0].to_dict()
    value, sample = row[result.metric.name], row.get("sample_size")
    return Share(
        None if formats.is_missing(value) else float(value),
        0 if formats.is_missing(sample) else int(sample or 0),
    )


def _percent(share: float) -> str:
    return formats.rate(abs(share))


def _plain(value: Any) -> Any:
    if formats.is_missing(value):
        return None
    return int(value) if isinstance(value, float) else value

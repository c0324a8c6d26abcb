"""Findings about messages that did not arrive: whose, since when, why, and what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from workbench.display import formats
from workbench.display.formats import plural
from workbench.findings.cells import NOT_ARRIVED, Cells, read_cells
from workbench.findings.excess import Excess, find_excesses, matching
from workbench.findings.finding import Finding
from workbench.findings.hours_and_texts import carried_by, hours, texts
from workbench.findings.reader import FindingReader
from workbench.messaging.error_codes import ErrorCode, explain

_AVOIDABLE = {"you": 0.01, "your registration": 0.002}
"""From which share of the messages on a failure that its owner can prevent is worth a sentence."""
_CARRIES = 0.5
"""A value with so much of a problem is named."""
_NEARLY_ALL = 0.9
_MOST_NAMES = 4
_OF = {"sender": "from", "country": "to"}
_TITLES = {
    "sender": "{name}", "country": "Messages to {name}", "messaging_service": "The service {name}",
    "account": "The account {name}", "sender_type": "Messages from a {name}",
    "message_type": "{name} messages",
}  # fmt: skip


def failures(reader: FindingReader) -> list[Finding]:
    """What fails more than it should, each problem once."""
    told = _Failures(reader, read_cells(reader), NOT_ARRIVED)
    return [*told.findings(), *hours(reader, told.codes), *texts(reader, told.codes)]


def unknowns(reader: FindingReader) -> list[Finding]:
    """Where more messages than usual never got a receipt."""
    return _Failures(reader, read_cells(reader, ("unknown",)), ("unknown",)).findings()


def _avoidable_codes(cells: Cells) -> dict[int, float]:
    codes = {place: explain(code) for place, code in enumerate(cells.values["error_code"])}
    return {
        place: _AVOIDABLE[known.owner]
        for place, known in codes.items()
        if known is not None and known.owner in _AVOIDABLE
    }


@dataclass(frozen=True)
class _Failures:
    """The words for each excess of a period."""

    reader: FindingReader
    cells: Cells
    outcomes: tuple[str, ...]

    @cached_property
    def since(self) -> int:
        return (self.reader.period.since - self.cells.first).days

    @property
    def _verb(self) -> str:
        return "end without a receipt" if self.outcomes == ("unknown",) else "do not arrive"

    @cached_property
    def excesses(self) -> list[Excess]:
        if not len(self.cells):
            return []
        known = max((self.reader.known_since - self.cells.first).days, 0)
        return find_excesses(self.cells, self.since, known, _avoidable_codes(self.cells))

    @cached_property
    def codes(self) -> frozenset[int]:
        """The codes that most of a problem has."""
        codes = (self._main_code(excess) for excess in self.excesses)
        return frozenset(code for code in codes if code is not None)

    def findings(self) -> list[Finding]:
        return [self._finding(group) for group in self._groups(self.excesses)]

    def _groups(self, excesses: Iterable[Excess]) -> list[list[Excess]]:
        """What has one cause together: values of one dimension that fail with one code over the period."""
        groups: dict[object, list[Excess]] = {}
        for excess in excesses:
            code = self._main_code(excess)
            is_level = excess.kind == "level" and code is not None
            groups.setdefault((excess.dimension, code) if is_level else excess, []).append(excess)
        return list(groups.values())

    def _main_code(self, excess: Excess) -> int | None:
        """The code that most of it has."""
        if excess.code is not None:
            return self._code(excess.code)
        carried = self._carriers(excess, "error_code", 1)
        return self._code(carried[0][0]) if carried and carried[0][1] >= _CARRIES else None

    def _code(self, place: int) -> int | None:
        value = self.cells.values["error_code"][place]
        return None if value is None else int(value)

    def _carriers(self, excess: Excess, dimension: str, most: int) -> list[tuple[int, float]]:
        """The values with most of the failures, and their shares."""
        is_of_it = matching(self.cells, excess) & (self.cells.places[dimension] >= 0)
        weights = np.bincount(
            self.cells.places[dimension][is_of_it],
            self.cells.hits[is_of_it],
            len(self.cells.values[dimension]),
        )
        ranked = np.argsort(-weights, kind="stable")[:most]
        hits = self._counted([excess])[0] or 1
        return [(int(place), float(weights[place]) / hits) for place in ranked if weights[place] > 0]

    def _counted(self, group: Sequence[Excess]) -> tuple[int, int]:
        """The failures that the link shows, also those of other lines, and the messages that they are of."""
        start, end = self._span(group)
        spans = [replace(each, start=start, end=end) for each in group]
        failed = np.logical_or.reduce([matching(self.cells, each) for each in spans])
        sent = np.logical_or.reduce([matching(self.cells, replace(each, code=None)) for each in spans])
        return int(self.cells.hits[failed].sum()), int(self.cells.sizes[sent].sum())

    def _span(self, group: Sequence[Excess]) -> tuple[int, int]:
        return min(each.start for each in group), max(each.end for each in group)

    def _finding(self, group: Sequence[Excess]) -> Finding:
        hits, size = self._counted(group)
        first = group[0]
        known = explain(self._main_code(first))
        total = float(self.cells.sizes[self.cells.day >= self.since].sum()) or 1.0
        amounts, share = self._money(group)
        # What other lines tell, too, ranks there.
        own = sum(each.hits for each in group) / (hits or 1)
        paid = f" Paid for: {amounts}." if amounts else ""
        return Finding(
            "bad",
            self._title(group, known, hits, size),
            f"{self._reason(group, known)}{paid} {known.fix if known else ''}".strip(),
            "messages",
            "Show the messages",
            self._query(group),
            touched=sum(each.more for each in group) / total,
            cost=share * own,
        )

    def _title(self, group: Sequence[Excess], known: ErrorCode | None, hits: int, size: int) -> str:
        first = group[0]
        if first.code is not None and known:
            subject = f"{known.code} {known.title}"
            return f"{subject}: {plural(hits, 'message')}{self._when(first)}"
        rate = f"{formats.rate(hits / size)} of {size:,} {self._verb}"
        return f"{self._subject(group)}: {rate}{self._when(first)}"

    def _subject(self, group: Sequence[Excess]) -> str:
        first = group[0]
        if first.dimension is None:
            return "All messages"
        names = list(dict.fromkeys(self._name(first.dimension, each.place) for each in group))
        if len(names) > 1:
            more = len(names) - _MOST_NAMES
            return _listed(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        return _TITLES[first.dimension].format(name=names[0])

    def _name(self, dimension: str, place: int) -> str:
        return self.reader.label(dimension, self.cells.values[dimension][place])

    def _when(self, excess: Excess) -> str:
        """The days of a window; nothing for the whole period."""
        if excess.kind != "window":
            return ""
        first, last = self._day(excess.start), self._day(excess.end - 1)
        if excess.end == self.cells.days and excess.end - excess.start > 1:
            return f" since {_day_text(first)}"
        span = f"on {_day_text(first)}" if first == last else f"from {_day_text(first)} to {_day_text(last)}"
        return f" {span}"

    def _day(self, number: int) -> date:
        return self.cells.first + timedelta(days=number)

    def _reason(self, group: Sequence[Excess], known: ErrorCode | None) -> str:
        first = group[0]
        parts = self._told_elsewhere(group)
        if first.kind == "level":
            others = "other senders of its kind" if first.dimension == "sender" else "the others"
            parts.append(f"Of {others} {formats.rate(first.usual)}.")
        elif first.kind == "window":
            usual = max(group, key=lambda each: each.surprise)
            parts.append(f"Usually {_usual_text(usual)}.")
        if first.code is None and known:
            parts.append(f"Most have {known.code} ({known.title}).")
        elif known:
            parts.append(known.meaning)
        parts += self._carried_by(group)
        if first.code is not None and self.outcomes == NOT_ARRIVED:
            parts += carried_by(self.reader, self._code(first.code))
        return " ".join(parts)

    def _told_elsewhere(self, group: Sequence[Excess]) -> list[str]:
        """How many of the failures another line tells, too, and what is left, which was compared."""
        hits, size = sum(each.hits for each in group), sum(each.size for each in group)
        elsewhere = self._counted(group)[0] - int(hits)
        if not elsewhere:
            return []
        left = formats.rate(hits / size) if group[0].code is None else plural(int(hits), "message")
        return [f"{elsewhere:,} of them stand in another line, too; without them it is {left}."]

    def _carried_by(self, group: Sequence[Excess]) -> list[str]:
        """Which senders and countries carry it, where a few do."""
        first = max(group, key=lambda each: each.hits)
        sentences = []
        for dimension, most in (("sender", _MOST_NAMES), ("country", 2)):
            if first.dimension == dimension or len(group) > 1:
                continue
            carriers = self._carriers(first, dimension, most)
            share, names = 0.0, []
            for place, part in carriers:
                if share < _NEARLY_ALL:
                    share += part
                    names.append(self._name(dimension, place))
            if names and share >= _NEARLY_ALL and len(names) < len(self.cells.values[dimension]):
                sentences.append(f"{formats.rate(min(share, 1.0))} {_OF[dimension]} {_listed(names)}.")
        return sentences

    def _query(self, group: Sequence[Excess]) -> dict[str, str | list[str]]:
        """The filters that leave exactly the failures of it."""
        first = group[0]
        query: dict[str, str | list[str]] = {"outcome": list(self.outcomes)}
        if first.dimension is not None:
            values = [self.cells.values[first.dimension][each.place] for each in group]
            query[first.dimension] = [self.reader.token(first.dimension, value) for value in values]
        if first.code is not None:
            query["error_code"] = [str(self._code(first.code))]
        start, end = self._span(group)
        return query | {
            "period": "custom", "since": self._day(start).isoformat(), "until": self._day(end).isoformat()
        }  # fmt: skip

    def _money(self, group: Sequence[Excess]) -> tuple[str, float]:
        """What was paid for it, and the largest share that it is of a currency's spend."""
        where = {name: value for name, value in self._where(group).items() if value}
        start, end = self._span(group)
        period = replace(
            self.reader.period, since=self._day(start), until=self._day(end), now=None, cut_at=None
        )
        paid = self.reader.over(period).metric("spend", where=where).frame
        whole = self.reader.metric("spend").frame.set_index("currency")["spend"]
        texts, share = [], 0.0
        for currency, amount in zip(paid["currency"], paid["spend"], strict=True):
            if not formats.is_missing(currency) and not formats.is_missing(amount) and amount > 0:
                texts.append(formats.money(float(amount), str(currency)))
                share = max(share, float(amount) / (float(whole.get(currency, 0.0)) or 1.0))
        return _listed(texts), share

    def _where(self, group: Sequence[Excess]) -> dict[str, list[str]]:
        first = group[0]
        where = {"outcome": list(self.outcomes)}
        if first.dimension is not None:
            where[first.dimension] = [self.cells.values[first.dimension][each.place] for each in group]
        if first.code is not None:
            where["error_code"] = [str(self._code(first.code))]
        return where


def _usual_text(excess: Excess) -> str:
    """What was usual before: a share, or of a code how many a day."""
    if excess.code is None:
        return formats.rate(excess.usual)
    if not excess.usual:
        return "none"
    a_day = excess.usual * excess.size / (excess.end - excess.start)
    return f"{a_day:.1f} a day" if a_day < 10 else f"{formats.count(a_day)} a day"


def _day_text(day: date) -> str:
    return f"{day.day} {day:%b}"


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}" if texts else ""

"""The result of an import, file by file, and its text for the user."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from workbench.display.result_html import result_html
from workbench.lake.save import Saved
from workbench.messaging.exports import ExportedMessage
from workbench.sync.imports.export_files import BadLine
from workbench.sync.shared.days import spans

#: How many bad lines of a file are shown one by one; all of them are counted, by reason.
SHOWN_BAD_LINES = 100
_SHOWN_GAPS = 10


@dataclass
class FileImport:
    """The result of one file. Days are GMT days of sending."""

    file_name: str
    kind: str = ""
    """`bulk-export` or `console-csv`."""
    sha256: str = ""
    rows: int = 0
    """Lines that are messages."""
    added: int = 0
    changed: int = 0
    first_day: date | None = None
    last_day: date | None = None
    rejected: dict[str, int] = field(default_factory=dict)
    """How many lines could not be used, by reason."""
    bad_lines: list[BadLine] = field(default_factory=list)
    """The first `SHOWN_BAD_LINES` of them."""
    damage: str | None = None
    """Set when the file ends too early."""
    ignored_columns: tuple[str, ...] = ()
    without_currency: int = 0
    """Rows whose price has an unknown currency."""

    @property
    def kept(self) -> int:
        """How many rows the lake had already, in the same or a newer state."""
        return self.rows - self.added - self.changed

    @property
    def rejected_lines(self) -> int:
        return sum(self.rejected.values())

    def reject(self, line: BadLine) -> None:
        self.rejected[line.reason] = self.rejected.get(line.reason, 0) + 1
        if len(self.bad_lines) < SHOWN_BAD_LINES:
            self.bad_lines.append(line)

    def count(self, messages: Sequence[ExportedMessage], saved: Saved) -> None:
        """Add one saved batch, which is not empty."""
        days = [(row.date_sent or row.date_created).date() for row, _ in messages]
        self.rows += len(messages)
        self.added += saved.added
        self.changed += saved.changed
        self.without_currency += sum(row.price is not None and row.currency is None for row, _ in messages)
        self.first_day = min(days if self.first_day is None else [*days, self.first_day])
        self.last_day = max(days if self.last_day is None else [*days, self.last_day])

    def notices(self) -> list[str]:
        sentences = [self.damage] if self.damage else []
        if self.ignored_columns:
            names = ", ".join(self.ignored_columns)
            sentences.append(f"{self.file_name}: columns that are not known were not read: {names}.")
        if self.without_currency:
            sentences.append(
                f"{self.file_name}: {self.without_currency:,} prices have no known currency. Import it again "
                "after a sync, which reads the account's currency, or import it with --currency."
            )
        return sentences


@dataclass(repr=False)
class ImportSummary:
    """What one import did; the one JSON object of ``workbench sync import --format json``."""

    account_sid: str
    files: list[FileImport] = field(default_factory=list)
    gaps: list[tuple[date, date]] = field(default_factory=list)
    """Stretches (first day, last day) within the days of the files for which the lake has no message."""
    notices: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every line of every file was used."""
        return not any(file.rejected or file.damage for file in self.files)

    @property
    def rejected(self) -> int:
        return sum(file.rejected_lines for file in self.files)

    def total(self, name: str) -> int:
        """The sum of `rows`, `added`, `changed` or `kept` over the files."""
        return sum(getattr(file, name) for file in self.files)

    def sentence(self) -> str:
        """What was done, in one sentence."""
        days = [day for file in self.files for day in (file.first_day, file.last_day) if day]
        period = f", {min(days)} to {max(days)} (GMT)" if days else ""
        files = counted(len(self.files), "file")
        return (
            f"{self.account_sid}: {self.total('rows'):,} messages in {files}{period}, {self.seconds:.1f} s; "
            f"{self.total('added'):,} new, {self.total('changed'):,} changed, "
            f"{self.total('kept'):,} known already, {self.rejected:,} lines rejected."
        )

    def __repr__(self) -> str:
        return "\n".join([self.sentence(), *(f"Notice: {text}" for text in self.remarks())])

    def _repr_html_(self) -> str:
        return result_html(self.sentence(), notices=self.remarks(), is_bad=not self.is_complete)

    def remarks(self) -> list[str]:
        """What the reader must not miss: the notices, and the lines that could not be used."""
        return [*self.notices, *self.bad_line_texts()]

    def bad_line_texts(self) -> list[str]:
        """One line of text per bad line that is shown, and one per file for those that are not."""
        texts = []
        for file in self.files:
            texts += [f"{file.file_name}, line {bad.line}: {bad.reason}" for bad in file.bad_lines]
            if more := file.rejected_lines - len(file.bad_lines):
                reasons = "; ".join(f"{count:,} × {reason}" for reason, count in file.rejected.items())
                texts.append(f"{file.file_name}: and {more:,} more lines. In all: {reasons}")
        return texts

    def as_dict(self) -> dict[str, Any]:
        totals = {name: self.total(name) for name in ("rows", "added", "changed", "kept")}
        return {**asdict(self), **totals, "rejected": self.rejected, "is_complete": self.is_complete}


def stretches(first: date, last: date, days_in_lake: Collection[date]) -> list[tuple[date, date]]:
    """The days from first to last (both included) without messages, as (first, last) of each stretch."""
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    return sorted(spans([day for day in days if day not in days_in_lake], longest=len(days) or 1))


def gap_notice(gaps: Sequence[tuple[date, date]], why: str) -> list[str]:
    """The stretches in one sentence, as a list; empty if there are none."""
    if not gaps:
        return []
    count = sum((last - first).days + 1 for first, last in gaps)
    shown = [f"{first}" if first == last else f"{first} to {last}" for first, last in gaps[:_SHOWN_GAPS]]
    more = f" and {len(gaps) - _SHOWN_GAPS} more stretches" if len(gaps) > _SHOWN_GAPS else ""
    have = "1 day has" if count == 1 else f"{count} days have"
    return [f"{have} no message ({', '.join(shown)}{more}): {why}"]


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

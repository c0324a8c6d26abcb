"""Renders frames and reports as text or bytes for stdout."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.display.control_characters import json_as_text, shown_as_text
from workbench.sync.reconcile.discrepancies import REASONS, UNEXPLAINED

if TYPE_CHECKING:
    import pandas as pd

    from workbench.sync.reconcile.discrepancies import Gap
    from workbench.sync.reconcile.run import ReconcileReport

FORMATS = ("table", "csv", "json", "parquet")

_GAP = 2
_NARROWEST_TEXT = 8


class Rendered(NamedTuple):
    """A frame as it is printed, and whether texts of it were cut to fit."""

    content: bytes
    is_cut: bool = False


def render_frame(frame: pd.DataFrame, format: str, width: int | None = None) -> Rendered:
    """The frame in one of FORMATS: `json` is a list of objects, money keeps its digits as text in it.

    Args:
        width: of the terminal that a table must fit into; None is any.
    """
    if format == "parquet":
        sink = io.BytesIO()
        frame.to_parquet(sink, index=False)
        return Rendered(sink.getvalue())
    names, rows = [str(name) for name in frame.columns], _plain_rows(frame)
    if format == "json":
        objects = [dict(zip(names, row, strict=True)) for row in rows]
        text = json.dumps(objects, indent=2, ensure_ascii=False, default=json_value) + "\n"
        return Rendered(json_as_text(text).encode())
    if format == "csv":
        return Rendered(_csv(names, rows).encode())
    whole = _table(names, rows)
    text = whole if width is None else _table(names, rows, width)
    return Rendered(text.encode(), text != whole)


def render_reconcile(report: ReconcileReport) -> str:
    """The comparison for a terminal: both sides, and what explains their differences."""
    paragraphs = [_reconcile_sides(report)]
    unexplained = [gap for gap in report.rows() if gap["reason"] == UNEXPLAINED]
    if len(unexplained) < len(report.gaps):
        names = ["kind", "reason", "days", "messages", "difference", "unit", "meaning"]
        paragraphs.append("Explained:\n" + _table(names, _explained_rows(report)))
    if unexplained:
        names = ["day", "kind", "lake", "twilio", "difference", "unit", "messages", "detail", "examples"]
        rows = [
            [" ".join(gap[name]) if name == "examples" else gap[name] for name in names]
            for gap in unexplained
        ]
        paragraphs.append("Without an explanation:\n" + _table(names, rows))
    return "\n\n".join(text.rstrip() for text in [*paragraphs, _verdict(report)])


def _reconcile_sides(report: ReconcileReport) -> str:
    days = report.days
    listed = [check.twilio_messages for check in days if check.twilio_messages is not None]
    lines = [
        f"{report.account_sid}: {days[-1].day} to {days[0].day} (GMT), "
        f"as of {json_value(report.checked_at)}.",
        f"Messages: {sum(check.lake_messages for check in days):,} here, {sum(listed):,} at Twilio.",
    ]
    for currency in sorted({check.currency for check in days if check.currency}):
        those = [check for check in days if check.currency == currency and check.twilio_spend is not None]
        ours = sum((check.lake_spend or Decimal(0) for check in those), Decimal(0))
        theirs = sum((check.twilio_spend or Decimal(0) for check in those), Decimal(0))
        lines.append(f"Spend: {ours:,.4f} {currency} here, {theirs:,.4f} {currency} in the usage records.")
    return "\n".join(lines)


def _explained_rows(report: ReconcileReport) -> list[list[Any]]:
    """Explained gaps summed over the days, by kind, reason and unit."""
    groups: dict[tuple[str, str, str], list[Gap]] = {}
    for gap in report.gaps:
        if gap.is_explained:
            groups.setdefault((gap.kind, gap.reason, gap.unit), []).append(gap)
    return [
        [
            kind, reason, len({gap.day for gap in gaps}), sum(gap.messages for gap in gaps),
            _plain_sum(gap.difference for gap in gaps), unit, REASONS[reason],
        ]
        for (kind, reason, unit), gaps in sorted(groups.items())
    ]  # fmt: skip


def _plain_sum(amounts: Iterable[Decimal]) -> Decimal:
    """The sum without zeros at the end, and never as 1E+1."""
    return Decimal(f"{sum(amounts, Decimal(0)).normalize():f}")


def _verdict(report: ReconcileReport) -> str:
    repaired = f"{report.repaired:,} messages were repaired. " if report.repaired else ""
    if not report.unexplained:
        return f"{repaired}Reconciled: " + (
            "every difference is explained." if report.gaps else "there is no difference."
        )
    differences = "1 difference has" if report.unexplained == 1 else f"{report.unexplained} differences have"
    remedy = (
        "" if report.repaired else " `workbench reconcile --repair` corrects what Twilio tells otherwise."
    )
    return f"{repaired}Not reconciled: {differences} no explanation.{remedy}"


def json_value(value: Any) -> Any:
    """Values that JSON does not have: times as ISO 8601 in UTC, decimals as text to keep all digits."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date | Decimal):
        return str(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"cannot write a {type(value).__name__} as JSON")


def _plain_rows(frame: pd.DataFrame) -> list[list[Any]]:
    """Rows of Python values; everything missing is None."""
    columns = [
        [None if missing else _plain(value) for value, missing in zip(column, column.isna(), strict=True)]
        for _, column in frame.items()
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return None
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
        return value.date() if value.tzinfo is None and value == datetime(*value.timetuple()[:3]) else value
    return value.item() if hasattr(value, "item") else value


def _csv(names: list[str], rows: Iterable[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([shown_as_text(name) for name in names])
    writer.writerows(
        [["" if value is None else shown_as_text(_word(value)) for value in row] for row in rows]
    )
    return text.getvalue()


def _table(names: list[str], rows: list[list[Any]], width: int | None = None) -> str:
    """Columns lined up; numbers to the right. Control characters of a body are shown, not obeyed.

    Args:
        width: texts are cut until a line has at most so many characters; numbers never are.
    """
    names = [_visible(name) for name in names]
    cells = [["" if value is None else _visible(_word(value)) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(names)]
    right = [any(_is_number(row[i]) for row in rows) for i in range(len(names))]
    if width is not None:
        widths = fitted_widths(widths, right, width - _GAP * (len(names) - 1))
    lines = [names, ["-" * column for column in widths], *cells]
    text = [
        (" " * _GAP)
        .join(
            _cut(cell, column).rjust(column) if is_right else _cut(cell, column).ljust(column)
            for cell, column, is_right in zip(line, widths, right, strict=True)
        )
        .rstrip()
        for line in lines
    ]
    return "\n".join([*text, f"({len(rows):,} {'row' if len(rows) == 1 else 'rows'})"]) + "\n"


def fitted_widths(widths: Sequence[int], keep: Sequence[bool], available: int) -> list[int]:
    """Widths that fit, the widest made narrower first; what must be kept whole, or is short, stays.

    Args:
        keep: columns that are not cut.
        available: for all of them together.
    """
    fitted = list(widths)
    while sum(fitted) > available:
        narrowable = [i for i, column in enumerate(fitted) if not keep[i] and column > _NARROWEST_TEXT]
        if not narrowable:
            break
        fitted[max(narrowable, key=lambda i: fitted[i])] -= 1
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _word(value: Any) -> str:
    if isinstance(value, datetime):
        return str(json_value(value))
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _visible(text: str) -> str:
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)

"""The elements of a report as HTML: head, cards, tables, charts, definitions. Pure.

All values from data are escaped here and nowhere else, so a sender named `<b>` is shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.metrics import Metric
from workbench.reports.escaping import escape

#: The output type in which the notebook passes its record to the run.
RECORD_MIME = "application/vnd.workbench.report+json"

#: A table of so few rows is never split between two pages.
_WHOLE_ROWS = 8


@dataclass(frozen=True)
class Element:
    """The output of a cell; `record` is for the program that runs the notebook."""

    html: str
    record: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        return "Piece of a report"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.html, "text/plain": repr(self)}
        if self.record is not None:
            bundle[RECORD_MIME] = dict(self.record)
        return bundle


@dataclass(frozen=True)
class TableCell:
    """A cell of a table: lines of text, a remark in smaller type, and whether it is beyond a limit."""

    lines: Sequence[str]
    remark: str = ""
    is_bad: bool = False


@dataclass(frozen=True)
class TableElement:
    """Rows under a head; the `share` of a row, from 0 to 1, is drawn as a bar under its first cell."""

    head: Sequence[str]
    rows: Sequence[Sequence[TableCell]]
    total: Sequence[TableCell] = ()
    shares: Sequence[float] = ()
    note: str = ""
    wide: Sequence[int] = field(default=(0,))


@dataclass(frozen=True)
class CardElement:
    label: str
    lines: Sequence[str]
    remarks: Sequence[str] = ()
    is_bad: bool = False


def head_html(facts: Sequence[tuple[str, str]], problems: Sequence[str], findings: Sequence[str] = ()) -> str:
    """The subject of the report; in red the problems of its data, and the values beyond their limits."""
    facts_html = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
    html = _red("Read this before the numbers", problems) + _red("Beyond the limits", findings)
    return f'{html}<dl class="about">{facts_html}</dl>'


def _red(title: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<div class="problems" role="alert"><p>{escape(title)}</p><ul>{items}</ul></div>'


def cards_html(cards: Iterable[CardElement]) -> str:
    return '<div class="cards">' + "".join(map(_card_html, cards)) + "</div>"


def _card_html(card: CardElement) -> str:
    lines = "".join(f'<div class="value">{escape(line)}</div>' for line in card.lines)
    remarks = "".join(f'<div class="remark">{escape(remark)}</div>' for remark in card.remarks)
    bad = " bad" if card.is_bad else ""
    return f'<div class="card{bad}"><div class="label">{escape(card.label)}</div>{lines}{remarks}</div>'


def table_html(title: str, table: TableElement) -> str:
    head = "".join(
        f'<th scope="col"{_wide(table, index)}>{escape(name)}</th>' for index, name in enumerate(table.head)
    )
    shares: Sequence[float | None] = table.shares or [None] * len(table.rows)
    rows = "".join(
        f"<tr>{_cells_html(table, row, share)}</tr>" for row, share in zip(table.rows, shares, strict=True)
    )
    foot = f"<tfoot><tr>{_cells_html(table, table.total)}</tr></tfoot>" if table.total else ""
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    body = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>{foot}</table>"
    if not table.rows:
        body = '<p class="empty">Nothing to show in this period.</p>'
    kind = "scroll rows" if len(table.wide) > 3 else "scroll"
    if len(table.rows) <= _WHOLE_ROWS:
        kind += " whole"
    return f'{_title(title)}<div class="{kind}">{body}</div>{note}'


def _cells_html(table: TableElement, row: Sequence[TableCell], share: float | None = None) -> str:
    cells = []
    for index, cell in enumerate(row):
        lines = "<br>".join(map(escape, cell.lines))
        remark = f'<span class="remark">{escape(cell.remark)}</span>' if cell.remark else ""
        bar = ""
        if index == 0 and share is not None:
            bar = f'<span class="bar" style="width:{max(min(share, 1), 0):.1%}"></span>'
        bad = ' class="bad"' if cell.is_bad else ""
        cells.append(f"<td{_wide(table, index) or bad}>{lines}{remark}{bar}</td>")
    return "".join(cells)


def _wide(table: TableElement, index: int) -> str:
    return ' class="text"' if index in table.wide else ""


def chart_html(title: str, svgs: Iterable[tuple[str, str]], remark: str = "") -> str:
    """Charts below each other, each `(description, svg)`; the description is for screen readers."""
    figures = "".join(
        f'<figure class="chart" role="img" aria-label="{escape(words)}">{_titled(svg, words)}</figure>'
        for words, svg in svgs
    )
    note = f'<p class="note">{escape(remark)}</p>' if remark else ""
    return f"{_title(title)}{figures or '<p class=empty>Nothing to show in this period.</p>'}{note}"


def _titled(svg: str, words: str) -> str:
    """The chart with its description inside, where a tagged PDF takes it from."""
    start, bracket, rest = svg.partition(">")
    return f"{start}{bracket}<title>{escape(words)}</title>{rest}"


def definitions_html(metrics: Iterable[Metric]) -> str:
    """How each number of the report is counted."""
    items = []
    for metric in metrics:
        counted = metric.numerator_text
        if metric.denominator_text:
            counted += f", divided by {metric.denominator_text}"
        left_out = f" Not in it: {metric.excludes}" if metric.excludes else ""
        counted = f"{counted[:1].upper()}{counted[1:]}." if counted else metric.description
        items.append(
            f"<dt>{escape(metric.label)}</dt><dd>{escape((counted + left_out).replace('`', ''))}</dd>"
        )
    return f'{_title("How the numbers are counted")}<dl class="definitions">{"".join(items)}</dl>'


def _title(title: str) -> str:
    return f"<h2>{escape(title)}</h2>"

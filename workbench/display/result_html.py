"""The result of a call as HTML for a notebook: what was done, rows, notices. Pure.

All texts are escaped here, and whole numbers of people masked: a notebook is saved and handed on.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from workbench.display.control_characters import shown_as_text
from workbench.messaging.addresses import mask

MOST_ROWS = 50
_WHOLE_NUMBER = re.compile(r"\+\d{7,15}(?!\d)")
_BAD = "border-left: 3px solid #c62828; padding-left: 8px"


class ResultTable(NamedTuple):
    """Rows under a title; rows are mappings, of which `columns` are shown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def result_html(
    sentence: str,
    *,
    facts: Mapping[str, object] | None = None,
    tables: Iterable[ResultTable] = (),
    notices: Iterable[str] = (),
    is_bad: bool = False,
) -> str:
    """One result.

    Args:
        sentence: what was done, or what it is.
        facts: further values by what they are; those that are None are left out.
        tables: at most `MOST_ROWS` rows of each are shown, and how many there are.
        notices: what the reader must not miss.
        is_bad: marks it as something that somebody must look at.
    """
    style = f' style="{_BAD}"' if is_bad else ""
    shown_facts = {name: value for name, value in (facts or {}).items() if value is not None}
    parts = [f"<p><b>{_text(sentence)}</b></p>"]
    parts += [f"<p>⚠ {_text(notice)}</p>" for notice in notices]
    if shown_facts:
        lines = (
            f'<tr><th scope="row" style="text-align: left">{_text(name)}</th><td>{_text(value)}</td></tr>'
            for name, value in shown_facts.items()
        )
        parts.append(f"<table>{''.join(lines)}</table>")
    parts += [_table_html(table) for table in tables if table.rows]
    return f'<div class="workbench-result"{style}>{"".join(parts)}</div>'


def _table_html(table: ResultTable) -> str:
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in table.columns)
    rows = (
        f"<tr>{''.join(f'<td>{_text(row[name])}</td>' for name in table.columns)}</tr>"
        for row in table.rows[:MOST_ROWS]
    )
    more = len(table.rows) - MOST_ROWS
    rest = f"<p>… and {more:,} more.</p>" if more > 0 else ""
    return (
        f"<p>{_text(table.title)}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>{rest}"
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    masked = _WHOLE_NUMBER.sub(lambda match: mask(match[0]), text)
    return html.escape(shown_as_text(masked))

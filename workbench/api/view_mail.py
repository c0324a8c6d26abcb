"""The mail of a saved view: its chart as a picture, and its numbers as text, HTML and CSV."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import date

    from workbench.api.view_numbers import ViewNumbers
    from workbench.reports.mail import MailedPage
    from workbench.views.subscription import Subscription

MOST_ROWS = 40
_CELL = "padding:5px 12px 5px 0;border-bottom:1px solid #e2e6eb;vertical-align:top"
_NO_PICTURE = "There is no picture: the chart has nothing to draw, or more parts than can be read in a mail."


def view_mail(subscription: Subscription, numbers: ViewNumbers, day: date) -> MailedPage:
    """The mail for the period that begins on a day. Our numbers are masked as on the page."""
    from workbench.reports.mail import MailedPage
    from workbench.ui.downloads import open_download
    from workbench.ui.panels.explore import ExploreTable
    from workbench.ui.table_export import write_csv

    table = ExploreTable()
    props = table.props(numbers.data)
    lines, pictures = _about(numbers, props), _pictures(numbers)
    with open_download(table, numbers.data, numbers.view.title) as download:
        file = b"".join(write_csv(download.sheets, download.stamp))
    every = {"day": "daily", "week": "weekly", "month": "monthly"}[subscription.every]
    return MailedPage(
        subject=f"{numbers.view.title}, {every}: {numbers.data.period.label}",
        text=_text(numbers, lines, props),
        html=_html(numbers, lines, props, len(pictures)),
        pictures=pictures,
        file_name=f"{numbers.view.name}-{day}.csv",
        file=file,
        message_id=f"{subscription.name}.{day}.{uuid4().hex[:8]}",
    )


def _about(numbers: ViewNumbers, props: dict[str, Any]) -> list[str]:
    """Period, as of, filters, what was left out, and what stands behind each metric."""
    from datetime import UTC, datetime

    from workbench.ui.downloads import about_page
    from workbench.ui.panels.exploration import metric_title, sample_notes

    now = datetime.now(UTC).astimezone(ZoneInfo(numbers.data.period.timezone))
    told = dict(about_page(numbers.data, numbers.view.title, now))
    behind = [
        f"{metric_title(numbers.exploration, each)}: {', '.join(sample_notes(numbers.exploration, each))}"
        for each in numbers.exploration.answer.metrics
    ]
    return [
        f"Period: {told['Period']}",
        f"As of: {told['As of']}",
        f"Filters: {told['Filters']}",
        *(line for line in behind if not line.endswith(": ")),
        *numbers.problems,
        *([props["subtitle"]] if props.get("subtitle") else []),
    ]


def _pictures(numbers: ViewNumbers) -> list[bytes]:
    from workbench.ui.charts.picture import explored_picture
    from workbench.ui.panels.exploration import chart_kind
    from workbench.ui.panels.explore_plots import explored_plots

    exploration, pictures = numbers.exploration, []
    for each in exploration.answer.metrics:
        kind, _ = chart_kind(exploration, each)
        unit = "rate" if exploration.answer.question.share else each.metric.unit
        plots = explored_plots(exploration, each, "bar" if kind == "table" else kind)
        picture = explored_picture(plots, "bar" if kind == "table" else kind, unit, exploration.grain)
        pictures += [picture] if picture else []
    return pictures


def _rows(props: dict[str, Any]) -> tuple[list[str], list[list[str]], str]:
    """The heading, the first rows, and how many more there are."""
    head = [column["label"] for column in props["columns"]]
    rows = [[_cell(cell) for cell in row["cells"]] for row in props["rows"]]
    left = len(rows) - MOST_ROWS
    more = f"{left:,} more rows are in the CSV." if left > 0 else ""
    return head, rows[:MOST_ROWS], more


def _cell(cell: dict[str, Any]) -> str:
    note = f"({cell['note']})" if cell.get("note") else ""
    return " ".join(filter(None, [cell["text"], *cell.get("more", []), note]))


def _text(numbers: ViewNumbers, lines: list[str], props: dict[str, Any]) -> str:
    head, rows, more = _rows(props)
    widths = [max(len(row[number]) for row in [head, *rows]) for number in range(len(head))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    ]
    body = table if rows else [props.get("message", "")]
    return "\n".join([numbers.view.title, "", *lines, "", *body, more, props["footnote"], ""])


def _html(numbers: ViewNumbers, lines: list[str], props: dict[str, Any], pictures: int) -> str:
    head, rows, more = _rows(props)
    images = "".join(
        f'<p><img src="cid:picture-{number}" alt="{escape(numbers.view.title)}" style="max-width:100%"></p>'
        for number in range(pictures)
    )
    header = "".join(f'<th align="left" style="{_CELL}">{escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(text)}</td>' for text in row) + "</tr>" for row in rows
    )
    notes = "".join(f"<div>{escape(line)}</div>" for line in lines)
    foot = "".join(f"<p>{escape(text)}</p>" for text in (more, props["footnote"]) if text)
    return (
        '<!doctype html><html><body style="font-family:sans-serif;font-size:14px;color:#16202a">'
        f'<h1 style="font-size:18px">{escape(numbers.view.title)}</h1>'
        f'<div style="font-size:12px;color:#4a5866">{notes}</div>'
        f"{images or f'<p>{_NO_PICTURE}</p>'}"
        f'<table style="border-collapse:collapse;font-size:13px"><tr>{header}</tr>{body}</table>'
        f"{foot}</body></html>"
    )

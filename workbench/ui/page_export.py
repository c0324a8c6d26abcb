"""A page as one HTML file that needs nothing else: no server, no network, no fonts to fetch.

It is made of the same data as the page on screen, read when it is asked for. Texts are escaped. The file has
plotly.js inside, so its figures can be hovered and zoomed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from plotly.utils import PlotlyJSONEncoder

from workbench.ui import theme
from workbench.ui.components import PLOTLY_FILE
from workbench.ui.downloads import about_page
from workbench.ui.page_data import PageData
from workbench.ui.panels.kinds import Panel


class TitledPage(Protocol):
    title: str
    description: str
    panels: tuple[Panel, ...]


def write_html(page: TitledPage, data: PageData) -> Iterator[bytes]:
    """The page with the filters of its data, panel by panel."""
    yield _head(page, data).encode()
    has_figure = False
    for number, panel in enumerate(page.panels):
        props = panel.props(data)
        has_figure = has_figure or bool(props.get("figure"))
        yield _section(panel, props, number).encode()
    yield b"</main>"
    if has_figure:
        yield b'<script type="module">'
        yield (theme.VENDOR / PLOTLY_FILE).read_bytes().replace(b"</script", b"<\\/script")
        yield theme.read_static("page_export.js").encode()
        yield b"</script>"
    yield b"</html>\n"


def _head(page: TitledPage, data: PageData) -> str:
    now = datetime.now(UTC).astimezone(ZoneInfo(data.period.timezone))
    rows = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in about_page(data, page.title, now)
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(page.title)} · Workbench</title>"
        "<meta name=viewport content='width=device-width'>"
        # Nothing may be fetched: the file shows the same wherever it is opened.
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; script-src 'unsafe-inline'; "
        "style-src 'unsafe-inline'; img-src data:\">"
        f"<style>{theme.read_static('page_export.css')}</style><main><h1>{escape(page.title)}</h1>"
        f"<p class=lead>{escape(page.description)}</p><dl class=about>{rows}</dl>"
    )


def _section(panel: Panel, props: Mapping[str, Any], number: int) -> str:
    if props.get("visible") is False:
        return ""
    title = str(getattr(panel, "title", ""))
    heading = f"<h2>{escape(title)}</h2>" if title else ""
    subtitle = str(getattr(panel, "subtitle", ""))
    lead = f"<p class=lead>{escape(subtitle)}</p>" if subtitle else ""
    return f"<section>{heading}{lead}{_body(props, number)}{_definition(props.get('definition'))}</section>"


def _body(props: Mapping[str, Any], number: int) -> str:
    if props["state"] != "ok":
        return f"<p class=blank>{escape(props.get('message', ''))}</p>"
    if "cards" in props:
        return f"<div class=cards>{''.join(map(_card, props['cards']))}</div>"
    if "figure" in props:
        # In a script "<" could end it; as an escape of JSON it cannot.
        data = json.dumps(props["figure"], cls=PlotlyJSONEncoder).replace("<", "\\u003c")
        script = f"<script type='application/json' data-for=f{number}>{data}</script>"
        return f"<div class=figure id=f{number}></div>{script}"
    if "total" in props:
        return _rows(props)
    if "items" in props:
        return _findings(props["items"])
    return _table(props) if "rows" in props else ""


def _findings(items: Sequence[Mapping[str, Any]]) -> str:
    words = (f"<li><strong>{escape(item['title'])}</strong> {escape(item['text'])}" for item in items)
    return f"<ul>{''.join(words)}</ul>"


def _card(card: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<p class=value>{escape(line['value'])} <small>{escape(_change(line))}</small></p>"
        for line in card["lines"]
    )
    notes = " · ".join(map(escape, card["notes"]))
    return f"<div class=card><p>{escape(card['label'])}</p>{lines}<p class=note>{notes}</p></div>"


def _change(line: Mapping[str, Any]) -> str:
    change = line.get("change")
    return f"{ {'up': '↑', 'down': '↓', 'flat': ''}[change['arrow']] } {change['text']}" if change else ""


def _table(props: Mapping[str, Any]) -> str:
    head = [column["label"] for column in props["columns"]]
    # As on screen before “Show all”; the other downloads have every row.
    first = props.get("first") or len(props["rows"])
    rows = [[_cell(cell) for cell in row["cells"]] for row in props["rows"][:first]]
    note = " ".join(filter(None, [props.get("rest", ""), props.get("footnote", "")]))
    return _html_table(head, rows) + f"<p class=note>{escape(note)}</p>"


def _cell(cell: Mapping[str, Any]) -> str:
    words = [cell.get("code"), cell["text"], *cell.get("more", []), cell.get("note")]
    return " ".join(str(word) for word in words if word)


def _rows(props: Mapping[str, Any]) -> str:
    """The rows on screen; all of them are in the other downloads, and it says so."""
    names = ("date_created", "direction", "contact", "sender", "text", "status", "error", "segments", "price")
    errors = {code: f"{code} {shown['title']}" for code, shown in props["codes"].items()}
    rows = [
        [{**row, "error": errors.get(row["error_code"], row["error_code"])}[name] for name in names]
        for row in props["rows"]
    ]
    first = (props["page"] - 1) * 50 + 1
    note = (
        f"Rows {first:,} to {first + len(rows) - 1:,} of {props['total']:,}, as on screen; the downloads "
        "as CSV, XLSX or Parquet hold all of them."
    )
    return _html_table([name.replace("_", " ") for name in names], rows) + f"<p class=note>{note}</p>"


def _html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    header = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>"


def _definition(definition: Mapping[str, Any] | None) -> str:
    if not definition:
        return ""
    terms = {
        "Counts": definition.get("numerator"),
        "Out of": definition.get("denominator"),
        "Leaves out": definition.get("excludes"),
        "Sample size": definition.get("sample_size"),
    }
    words = "".join(f"<dt>{name}</dt><dd>{escape(str(text))}</dd>" for name, text in terms.items() if text)
    return (
        f"<details><summary>How {escape(definition['label'])} is counted</summary>"
        f"<p>{escape(definition['description'])}</p><dl>{words}</dl><pre>{escape(definition['sql'])}</pre></details>"
    )

"""Turns an executed notebook into a document: HTML without code, and the same as PDF. Fetches nothing."""

from __future__ import annotations

import logging
import re
import threading
import unicodedata
from collections.abc import Container, Sequence
from copy import deepcopy
from importlib import resources
from typing import Any

from workbench.errors import ConfigError
from workbench.messaging.addresses import mask
from workbench.reports.elements import RECORD_MIME
from workbench.reports.escaping import escape

FORMATS = ("html", "pdf", "ipynb")
#: Phone numbers in any text: a plus and 7 to 15 digits.
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}(?![0-9])")
_NO_PANGO = (
    "PDF needs the Pango library, which this machine lacks ({error}). Install it with `apt-get install "
    "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0` or `brew install pango`, or leave pdf out: "
    "--format html,ipynb. No browser is needed."
)


def find_record(notebook: Any) -> dict[str, Any] | None:
    """The record that the notebook's `report.end()` left in its output; None if it was not called."""
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", ()):
            if RECORD_MIME in output.get("data", {}):
                return dict(output["data"][RECORD_MIME])
    return None


def cleaned(notebook: Any, secrets: tuple[str, ...] = (), ours: Container[str] = ()) -> Any:
    """The notebook with every person's number masked and no secret, in code, outputs and parameters alike.

    The elements of a report mask their numbers already; this also covers everything else that a notebook
    prints.

    Args:
        ours: our own senders, which stay.
    """

    def shown(number: re.Match[str]) -> str:
        return number[0] if number[0] in ours else mask(number[0])

    def clean(value: Any) -> Any:
        if isinstance(value, str):
            for secret in secrets:
                value = value.replace(secret, "***")
            return _NUMBER.sub(shown, value)
        if isinstance(value, list):
            return [clean(item) for item in value]
        if isinstance(value, dict):
            return type(value)({key: clean(item) for key, item in value.items()})
        return value

    return clean(deepcopy(notebook))


def to_html(notebook: Any, title: str) -> str:
    """One file without code, without scripts and without links to anything outside it."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter(
        template_name="basic",
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(_only_results(notebook))
    return _PAGE.format(title=escape(title), css=_css(), body=body)


def to_pdf(html: str, paper: str = "A4") -> bytes:
    """The document on pages, tagged, so that a screen reader knows headings, tables and what charts show.

    If no font of this machine has a character, the first page says so.

    Args:
        paper: A4 or Letter.

    Raises:
        ConfigError: the machine lacks Pango; says how to get it.
    """
    try:
        import weasyprint  # noqa: F401
    except OSError as error:
        raise ConfigError(_NO_PANGO.format(error=str(error).split(":")[0])) from error
    sized = html.replace("</style>", f"@page {{ size: {paper}; }}\n</style>", 1)
    pdf, missing = _rendered(sized)
    if missing:
        pdf, _ = _rendered(sized.replace("<main>\n", f"<main>\n{_missing_note(missing)}\n", 1))
    return pdf


def _rendered(html: str) -> tuple[bytes, list[str]]:
    """The PDF, and the characters that it shows as boxes: every installed font was tried for them."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    watcher = _MissingCharacters()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(watcher)
    try:
        document = HTML(string=html, url_fetcher=URLFetcher(allowed_protocols=("data",)))
        pdf = document.write_pdf(pdf_variant="pdf/ua-1")
    finally:
        logger.removeHandler(watcher)
    assert pdf is not None
    return bytes(pdf), sorted(watcher.characters)


class _MissingCharacters(logging.Handler):
    """Notes the characters of this thread's document that WeasyPrint has no glyph for."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.characters: set[str] = set()
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        args = record.args if str(record.msg).startswith(".notdef glyph") else None
        if record.thread == self._thread and isinstance(args, tuple) and args:
            self.characters.add(str(args[0]))


def _missing_note(characters: Sequence[str]) -> str:
    """In words that every font has."""
    names = [f"U+{ord(sign):04X} {unicodedata.name(sign, '').lower()}".strip() for sign in characters]
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    count = "1 character" if len(names) == 1 else f"{len(names):,} characters"
    text = (
        f"No font of the machine that made this PDF has {count} of this report, shown as boxes: "
        f"{', '.join(names[:_NAMED])}{more}. The HTML shows them; for the PDF install a font that has them, "
        "as fonts-noto-cjk or fonts-noto-color-emoji, and make the report again."
    )
    return f'<p class="note">{escape(text)}</p>'


#: Of the characters without a glyph.
_NAMED = 8


def check_formats(formats: tuple[str, ...]) -> None:
    """Raise an error about a format before the run, not only after it."""
    if "pdf" in formats:
        try:
            import weasyprint  # noqa: F401
        except OSError as error:
            raise ConfigError(_NO_PANGO.format(error=str(error).split(":")[0])) from error


def _only_results(notebook: Any) -> Any:
    """The text cells and the results of code cells, without other output such as warnings."""
    kept = deepcopy(notebook)
    for cell in kept.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output for output in cell.outputs if output.output_type in ("display_data", "execute_result")
            ]
    kept.cells = [cell for cell in kept.cells if cell.cell_type == "markdown" or cell.get("outputs")]
    return kept


def _css() -> str:
    return resources.files("workbench.reports").joinpath("report.css").read_text(encoding="utf-8")


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="generator" content="workbench">
<title>{title}</title>
<style>
{css}</style>
</head>
<body>
<main>
{body}</main>
</body>
</html>
"""

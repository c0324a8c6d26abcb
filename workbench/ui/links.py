"""The addresses that a served page offers: the messages behind a part, downloads of it, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from workbench.ui.filters import to_query
from workbench.ui.navigation import discover_pages
from workbench.ui.panels.kinds import Cards, Panel
from workbench.ui.row_list_state import PLACES
from workbench.ui.view import ROWS_PAGE, PageData

FORMATS = ("csv", "xlsx", "parquet")
DOWNLOADS = "download"


def part_names(parts: Sequence[Panel]) -> list[str]:
    """A name for each part, for its downloads: its title in plain letters, ``numbers`` for cards."""
    names: list[str] = []
    for part in parts:
        title = str(getattr(part, "title", "")) or ("numbers" if isinstance(part, Cards) else "part")
        base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "part"
        taken = sum(name == base or re.fullmatch(rf"{base}-\d+", name) is not None for name in names)
        names.append(f"{base}-{taken + 1}" if taken else base)
    return names


def part_links(
    part: Panel, parts: Sequence[Panel], view: PageData, defaults: Mapping[str, Any]
) -> dict[str, str]:
    """``rows``: the messages behind a part; ``csv``, ``xlsx``, ``parquet``: what it shows, as a file."""
    name = part_names(parts)[list(parts).index(part)]
    links = {kind: _download(view, defaults, f"{name}.{kind}") for kind in FORMATS}
    if view.page != ROWS_PAGE:
        links["rows"] = view.rows_link(**getattr(part, "narrow", {}))
    return links


def page_links(parts: Sequence[Panel], view: PageData, defaults: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the page as a whole offers: itself as one HTML file, and the numbers of its cards."""
    links = [{"label": "This page, HTML", "href": _download(view, defaults, "page.html")}]
    for part, name in zip(parts, part_names(parts), strict=True):
        if isinstance(part, Cards):
            label = "Headline numbers" if part.size == "large" else "More numbers"
            links += [
                {"label": f"{label}, {kind.upper()}", "href": _download(view, defaults, f"{name}.{kind}")}
                for kind in FORMATS
            ]
    return links


def _download(view: PageData, defaults: Mapping[str, Any], file: str) -> str:
    # A file is not passed on as a link, so it may hold a searched number; what is open is not in it.
    values = {name: value for name, value in view.values.items() if name not in ("page", "message", "back")}
    return f"{DOWNLOADS}/{view.page}/{file}" + to_query(values, defaults, is_link=False)


def crumbs(view: PageData, title: str) -> list[dict[str, str]]:
    """The way back from the messages to the page that led there, with its filters."""
    if view.page != ROWS_PAGE:
        return []
    origin = next((info for info in discover_pages() if info.name == view.place["back"]), None)
    trail = []
    kept = {name: value for name, value in view.values.items() if name not in PLACES}
    if origin and origin.name != ROWS_PAGE:
        trail.append({"text": origin.title, "href": origin.name + _explicit(kept, view)})
    if view.place["message"]:
        listed = {**view.values, "message": ""}
        trail += [
            {"text": title, "place": "", "href": ROWS_PAGE + to_query(listed, view.rows_defaults)},
            {"text": view.place["message"]},
        ]
    elif trail:
        trail.append({"text": title})
    return trail


def _explicit(values: Mapping[str, Any], view: PageData) -> str:
    """A query for a page whose defaults are not known here: the direction is always written out."""
    query = to_query(values, {**view.rows_defaults, "direction": None})
    return query or "?" + urlencode({"direction": values["direction"]})

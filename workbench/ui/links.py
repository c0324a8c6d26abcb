"""The addresses that a served page offers: the messages behind a panel, its downloads, and the way back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from workbench.metrics import METRICS
from workbench.metrics.counted_rows import counted_rows_sql
from workbench.ui.filters import FIELDS, to_query
from workbench.ui.navigation import discover_pages
from workbench.ui.page_data import ROWS_PAGE, PageData
from workbench.ui.panels.kinds import Cards, Panel
from workbench.ui.row_list_state import ROW_LIST_DEFAULTS

FORMATS = ("csv", "xlsx", "parquet")
DOWNLOADS = "download"


def panel_names(panels: Sequence[Panel]) -> list[str]:
    """A name for each panel's files: its title in plain letters, ``numbers`` for cards."""
    names: list[str] = []
    for panel in panels:
        title = str(getattr(panel, "title", "")) or ("numbers" if isinstance(panel, Cards) else "part")
        base = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "part"
        taken = sum(name == base or re.fullmatch(rf"{base}-\d+", name) is not None for name in names)
        names.append(f"{base}-{taken + 1}" if taken else base)
    return names


def panel_links(
    panel: Panel,
    panels: Sequence[Panel],
    data: PageData,
    defaults: Mapping[str, Any],
    props: Mapping[str, Any],
) -> dict[str, str]:
    """``rows``: the messages that a panel counts; ``csv``, ``xlsx``, ``parquet``: what it shows, as a file.

    A panel that does not say which messages it counts has no ``rows``: a link to others would be worse.
    """
    name = panel_names(panels)[list(panels).index(panel)]
    links = {kind: _download(data, defaults, f"{name}.{kind}") for kind in FORMATS}
    behind = messages_behind(panel, props)
    if data.page != ROWS_PAGE and behind is not None:
        links["rows"] = data.rows_link(**behind)
    return links


def messages_behind(panel: Panel, props: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What narrows the page's filters to the messages that a panel counts; None where it does not say.

    Its props say it (``behind``), or its description (``narrow``); else it is the metric that its definition
    explains.
    """
    if props.get("behind") is not None:
        return props["behind"]  # type: ignore[no-any-return]
    if getattr(panel, "narrow", None):
        return panel.narrow  # type: ignore[attr-defined,no-any-return]
    metric = METRICS.get(str(props.get("definition", {}).get("name", "")))
    return {"metric": metric.name} if metric and counted_rows_sql(metric) is not None else None


def page_links(panels: Sequence[Panel], data: PageData, defaults: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the page as a whole offers: itself as one HTML file, and the numbers of its cards."""
    links = [{"label": "This page, HTML", "href": _download(data, defaults, "page.html")}]
    for panel, name in zip(panels, panel_names(panels), strict=True):
        if isinstance(panel, Cards):
            label = "Headline numbers" if panel.size == "large" else "More numbers"
            links += [
                {"label": f"{label}, {kind.upper()}", "href": _download(data, defaults, f"{name}.{kind}")}
                for kind in FORMATS
            ]
    return links


def _download(data: PageData, defaults: Mapping[str, Any], file: str) -> str:
    # This address is not passed on, so it may hold a searched number. The opened message is not in the file.
    values = {name: value for name, value in data.values.items() if name not in ("page", "message", "back")}
    return f"{DOWNLOADS}/{data.page}/{file}" + to_query(values, defaults, is_link=False)


def crumbs(data: PageData, title: str) -> list[dict[str, Any]]:
    """The way back from the messages to the page that led there, with its filters."""
    if data.page != ROWS_PAGE:
        return []
    origin = next((info for info in discover_pages() if info.name == data.row_list["back"]), None)
    trail: list[dict[str, Any]] = []
    kept = {name: value for name, value in data.values.items() if _is_kept_on_the_way_back(name)}
    if origin and origin.name != ROWS_PAGE:
        trail.append({"text": origin.title, "href": origin.name + _explicit(kept, data)})
    if data.row_list["message"]:
        listed = {**data.values, "message": ""}
        trail += [
            {"text": title, "in_page": True, "href": ROWS_PAGE + to_query(listed, data.rows_defaults)},
            {"text": data.row_list["message"]},
        ]
    elif trail:
        trail.append({"text": title})
    return trail


def _is_kept_on_the_way_back(name: str) -> bool:
    return name not in ROW_LIST_DEFAULTS and not (name in FIELDS and FIELDS[name].of_rows)


def _explicit(values: Mapping[str, Any], data: PageData) -> str:
    """A query for a page whose defaults are not known here: the direction is always written out."""
    query = to_query(values, {**data.rows_defaults, "direction": None})
    return query or "?" + urlencode({"direction": values["direction"]})

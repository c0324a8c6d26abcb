"""The data of a page under its filters: of an open page, or as a link says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from workbench.lake.number_lookups import look_up_number
from workbench.ui.filters import Filters, parse_query
from workbench.ui.page_data import PageData
from workbench.ui.row_list_state import ROW_LIST_DEFAULTS
from workbench.ui.store import Store


class PageLike(Protocol):
    """The fields of a page that decide what a link to it means."""

    name: str
    filters: tuple[str, ...]
    defaults: dict[str, Any]


def page_data_of(
    store: Store,
    filters: Filters,
    values: Mapping[str, Any],
    names: Sequence[str],
    page: str,
    number: str | None = None,
) -> PageData:
    """The lake under these filters, now."""
    snapshot = store.snapshot_id()
    options = store.options(names, snapshot=snapshot)
    row_list = {name: values.get(name, default) for name, default in ROW_LIST_DEFAULTS.items()}
    period = filters.at(datetime.now(UTC))
    where = filters.where(options)
    return PageData(store, period, where, options, snapshot, values, row_list, filters.compare, page, number)


def read_page_data(
    page: PageLike, query: str | Mapping[str, Sequence[str]], store: Store
) -> tuple[PageData, tuple[str, ...]]:
    """What a link to a page shows, and one sentence for each value that is not possible.

    Raises:
        NotAllowed: a whole number is searched, and the user has no look-up left.
    """
    defaults = {"timezone": store.timezone, **page.defaults}
    parsed = parse_query(query, page.filters, store.options(page.filters), defaults)
    filters = Filters(**parsed.values)
    search = "" if parsed.problems else str(parsed.values.get("q", ""))
    number = look_up_number(store.lake, search, f"file of {page.name}", store.default_country)
    return page_data_of(store, filters, parsed.values, page.filters, page.name, number), parsed.problems

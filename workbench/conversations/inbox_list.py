"""The list that one browser shows: which view, filters and search, and its rows as plain data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, LiteralString

from workbench.conversations import view_models
from workbench.conversations.actions import MOST_AT_ONCE
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.found_lines import FOUND, reading_found
from workbench.conversations.hits import read_hits
from workbench.conversations.list_filters import NO_FILTERS, ListFilters, count_values
from workbench.conversations.listing import (
    VIEWS,
    count_views,
    list_conversations,
    list_ids,
    require_view,
    usual_order,
)
from workbench.conversations.search_view_models import hit_shown
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.connect import Readable

PAGE = 60


@dataclass(frozen=True)
class ShownList:
    """What a browser asked its list to be.

    Attributes:
        number: the whole number in the search, if it was looked up.
    """

    view: str = "waiting"
    search: str = ""
    number: str | None = None
    limit: int = PAGE
    filters: ListFilters = NO_FILTERS
    order: str | None = None

    def asked(self, question: Mapping[str, Any], owned: tuple[str, ...]) -> ShownList:
        """This list, with what a question says of its view, filters and order.

        Args:
            owned: whose conversations are the reader's own.

        Raises:
            UsageError: there is no such view.
        """
        return replace(
            self,
            view=require_view(question.get("view") or self.view),
            filters=_asked_filters(question["filters"], owned) if "filters" in question else self.filters,
            order=question.get("order", self.order),
        )


def list_shown(
    lake: Lake, cache: ConversationCache, shown: ShownList, timezone: str, drafts: Collection[str]
) -> dict[str, Any]:
    """The list as a browser gets it.

    Args:
        drafts: ids of the conversations for which the reader has a draft.
    """
    with _searched(lake, cache, shown) as near:
        listing = list_conversations(
            near, shown.view, search=shown.search, number=shown.number, limit=shown.limit, cache=cache,
            filters=shown.filters, order=shown.order, theirs_first=True, found_table=_found_table(shown),
        )  # fmt: skip
        hits = read_hits(near, listing.rows, shown.search, _found_table(shown))
        elsewhere = {} if listing.rows else _count_elsewhere(near, cache, shown)
    others = replace(shown.filters, waits=None)
    now = datetime.now(UTC)
    return {
        "view": shown.view,
        "search": shown.search,
        "order": shown.order or usual_order(shown.view),
        "filters": _shown_filters(shown.filters),
        "rows": [
            view_models.summary_line(row, now, timezone, has_draft=row.conversation_id in drafts)
            | hit_shown(hits.get(row.conversation_id), now, timezone)
            for row in listing.rows
        ],
        "total": listing.total,
        "counts": count_views(lake, cache, others),
        "values": count_values(lake, cache, VIEWS[shown.view]),
        "older": count_views(lake, cache, replace(others, waits="older"))["waiting"],
        "elsewhere": elsewhere,
    }


def _asked_filters(asked: Mapping[str, Any], owned: tuple[str, ...]) -> ListFilters:
    return ListFilters(**{**asked, "mine": owned if asked.get("mine") else ()})


def _shown_filters(filters: ListFilters) -> dict[str, Any]:
    values = {**asdict(filters), "mine": bool(filters.mine)}
    return {name: value for name, value in values.items() if value}


@contextmanager
def _searched(lake: Lake, cache: ConversationCache, shown: ShownList) -> Iterator[Readable]:
    """What answers questions about the list; where something is searched, with the table :data:`FOUND`."""
    if not shown.search.strip():
        yield lake
        return
    with reading_found(lake, cache.found.of(shown.search)) as version:
        yield version


def _found_table(shown: ShownList) -> LiteralString | None:
    return FOUND if shown.search.strip() else None


def _count_elsewhere(lake: Readable, cache: ConversationCache, shown: ShownList) -> dict[str, int]:
    """How many conversations of each other view have what is searched, where this one has none."""
    if not shown.search:
        return {}
    totals = {
        view: list_conversations(
            lake,
            view,
            search=shown.search,
            number=shown.number,
            limit=1,
            cache=cache,
            found_table=_found_table(shown),
        ).total
        for view in VIEWS
        if view not in (shown.view, "waiting")
    }
    return {view: total for view, total in totals.items() if total}


def ids_of(lake: Lake, cache: ConversationCache, shown: ShownList, expected: int) -> list[str]:
    """The ids of all conversations of the list.

    Raises:
        UsageError: they are not as many as the person saw.
    """
    with _searched(lake, cache, shown) as near:
        ids = list_ids(
            near, cache, shown.view, search=shown.search, number=shown.number, filters=shown.filters,
            limit=MOST_AT_ONCE + 1, found_table=_found_table(shown),
        )  # fmt: skip
    if len(ids) != expected:
        number = f"{len(ids):,}" if len(ids) <= MOST_AT_ONCE else f"more than {MOST_AT_ONCE:,}"
        raise UsageError(
            f"The list has changed: it had {expected:,} conversations and has {number} now. "
            "Nothing was changed; look at it and try again."
        )
    return ids

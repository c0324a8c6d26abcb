"""The list that one browser shows: which view, filters and search, and its rows as plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from workbench.conversations import view_models
from workbench.conversations.actions import MOST_AT_ONCE
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.hits import read_hits
from workbench.conversations.list_filters import NO_FILTERS, ListFilters, count_values
from workbench.conversations.listing import (
    VIEWS,
    count_views,
    like_pattern,
    list_conversations,
    list_ids,
    require_view,
    usual_order,
)
from workbench.conversations.near_lines import lines_found, lists_in_memory
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

    def asked(self, question: Mapping[str, Any]) -> ShownList:
        """This list, with what a question says of its view, filters and order.

        Raises:
            UsageError: there is no such view.
        """
        return replace(
            self,
            view=require_view(question.get("view") or self.view),
            filters=ListFilters(**question["filters"]) if "filters" in question else self.filters,
            order=question.get("order", self.order),
        )


def list_shown(
    lake: Lake, cache: ConversationCache, shown: ShownList, timezone: str, drafts: Collection[str]
) -> dict[str, Any]:
    """The list as a browser gets it.

    Args:
        drafts: ids of the conversations for which the reader has a draft.
    """
    with _near(lake, cache, shown.search.strip()) as near:
        return _list_shown(lake, near, cache, shown, timezone, drafts)


def _near(lake: Lake, cache: ConversationCache, search: str) -> AbstractContextManager[Readable]:
    """What answers the questions of a list."""
    return lines_found(lake, cache, like_pattern(search), search) if search else lists_in_memory(lake)


def _list_shown(
    lake: Lake, near: Readable, cache: ConversationCache, shown: ShownList, timezone: str,
    drafts: Collection[str],
) -> dict[str, Any]:  # fmt: skip
    listing = list_conversations(
        lake, shown.view, search=shown.search, number=shown.number, limit=shown.limit, cache=cache,
        filters=shown.filters, order=shown.order, theirs_first=True, near=near,
    )  # fmt: skip
    hits = read_hits(near, listing.rows, shown.search)
    others = replace(shown.filters, waits=None)
    now = datetime.now(UTC)
    return {
        "view": shown.view,
        "search": shown.search,
        "order": shown.order or usual_order(shown.view),
        "filters": {name: value for name, value in asdict(shown.filters).items() if value},
        "rows": [
            view_models.summary_line(row, now, timezone, has_draft=row.conversation_id in drafts)
            | hit_shown(hits.get(row.conversation_id), now, timezone)
            for row in listing.rows
        ],
        "total": listing.total,
        "counts": count_views(near, cache, others),
        "values": count_values(near, cache, VIEWS[shown.view]),
        "older": count_views(near, cache, replace(others, waits="older"))["waiting"],
        "elsewhere": {} if listing.rows else _count_elsewhere(lake, near, cache, shown),
    }


def _count_elsewhere(
    lake: Lake, near: Readable, cache: ConversationCache, shown: ShownList
) -> dict[str, int]:
    """How many conversations of each other view have what is searched, where this one has none."""
    if not shown.search:
        return {}
    totals = {
        view: list_conversations(
            lake, view, search=shown.search, number=shown.number, limit=1, cache=cache, near=near
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
    ids = list_ids(
        lake, cache, shown.view, search=shown.search, number=shown.number, filters=shown.filters,
        limit=MOST_AT_ONCE + 1,
    )  # fmt: skip
    if len(ids) != expected:
        number = f"{len(ids):,}" if len(ids) <= MOST_AT_ONCE else f"more than {MOST_AT_ONCE:,}"
        raise UsageError(
            f"The list has changed: it had {expected:,} conversations and has {number} now. "
            "Nothing was changed; look at it and try again."
        )
    return ids

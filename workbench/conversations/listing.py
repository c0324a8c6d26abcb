"""The list of conversations: views, filters, search, order, and the fields of a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from workbench.conversations.conversation_cache import EVERYTHING, NAMES_SQL, ConversationCache
from workbench.conversations.find import Conversation
from workbench.conversations.found_lines import found_sql, is_message_sid
from workbench.conversations.list_filters import NO_FILTERS, ListFilters, filter_conditions
from workbench.display.message_content import content_words
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.connect import Readable
from workbench.lake.inbound_fields import read_inbound_fields
from workbench.lake.number_lookups import number_conditions
from workbench.lake.shown_address import shown_address_sql

VIEWS: Mapping[str, LiteralString] = {
    "waiting": "waiting_since is not null",
    "open": "state = 'open'",
    "pending": "state = 'pending'",
    "snoozed": "state = 'snoozed'",
    "resolved": "state = 'resolved'",
    "all": "true",
}
"""The conditions of the views, by name; only `all` has contacts who never wrote."""

MOST_LISTED = 500
_ORDER = {"longest": "waiting_since, last_at desc", "newest": "last_at desc"}
_AFTER_AT = "(last_at < $at or (last_at = $at and conversation_id > $id))"
#: Those that follow a conversation in an order; who waits for nothing comes last.
_AFTER = {
    "newest": _AFTER_AT,
    "longest": f"(($since is not null and (waiting_since > $since or waiting_since is null)) "
    f"or (waiting_since is not distinct from $since and {_AFTER_AT}))",
}


@dataclass(frozen=True)
class Summary:
    """A conversation as one line of a list."""

    conversation_id: str
    our_side: str
    contact: str
    country: str | None
    name: str | None
    state: str
    is_reopened: bool
    snoozed_until: datetime | None
    assignee: str | None
    labels: tuple[str, ...]
    notes: int
    messages: int
    last_at: datetime
    waiting_since: datetime | None
    last_message_sid: str
    last_body: str | None
    last_is_outbound: bool
    last_status: str
    last_media: int
    last_encoding: str | None
    last_content: str = ""
    """What the last message holds where it has no text, in words."""


@dataclass(frozen=True)
class Listing:
    """One page of the list, and the number of all conversations in it."""

    rows: tuple[Summary, ...]
    total: int
    """0 where no row is left, too."""


class Place(NamedTuple):
    """Where a conversation stands in a list."""

    waiting_since: datetime | None
    last_at: datetime
    conversation_id: str


def list_conversations(
    lake: Readable,
    view: str = "open",
    *,
    search: str = "",
    number: str | None = None,
    assignee: str | None = None,
    label: str | None = None,
    order: str | None = None,
    limit: int = 60,
    cache: ConversationCache | None = None,
    after: Place | None = None,
    filters: ListFilters = NO_FILTERS,
    theirs_first: bool = False,
    found_table: LiteralString | None = None,
) -> Listing:
    """Conversations of a view, the longest wait or the newest message first.

    Args:
        view: a name in VIEWS.
        search: part of a text or of a contact's name, a label, the digits of a number that are shown, or a
            whole message SID.
        number: a whole number that is looked up, as `look_up_number` gives it; none is found without.
        order: `longest` (usual for `waiting`) or `newest`.
        cache: makes the list fast.
        after: only those that follow it.
        filters: more that has to hold; all of them together.
        theirs_first: where something is searched, what a contact wrote comes before what we wrote.
        found_table: a table with the rows of `found_sql` for this search, where ``lake`` has one.

    Raises:
        UsageError: no such view or order, or the limit is not from 1 to MOST_LISTED.
    """
    require_view(view)
    order = order or usual_order(view)
    if order not in _ORDER:
        raise UsageError(f"order is {order!r}; allowed are longest and newest.")
    if not 1 <= limit <= MOST_LISTED:
        raise UsageError(f"limit is {limit}; it must be from 1 to {MOST_LISTED}.")
    parameters: dict[str, Any] = {"limit": limit}
    filters = replace(filters, assignee=assignee or filters.assignee, label=label or filters.label)
    found_from = _found_from(search, found_table, parameters)
    conditions = _conditions(view, search.strip(), number, filters, found_from, parameters)
    if after is not None:
        parameters |= {"at": after.last_at, "id": after.conversation_id}
        if order == "longest":
            parameters["since"] = after.waiting_since
    source = cache.table_name() if cache else EVERYTHING
    ranked = _ORDER[order]
    if theirs_first and "text" in parameters:
        ranked = f"{_THEIRS.format(source=source, found=found_from)} desc, {ranked}"
    sql = _list_sql(cache).format(
        source=source,
        names=cache.names_table if cache else f"({NAMES_SQL})",
        conditions=" and ".join(conditions),
        after="true" if after is None else _AFTER[order],
        order=ranked,
    )
    rows = lake.rows(sql, parameters)
    summaries = _with_content(lake, [_summary(row) for row in rows])
    return Listing(tuple(summaries), int(rows[0][-1]) if rows else 0)


def usual_order(view: str) -> str:
    """The order of a view where nobody asked for another."""
    return "longest" if view == "waiting" else "newest"


def list_ids(
    lake: Readable, cache: ConversationCache, view: str, *, search: str = "", number: str | None = None,
    filters: ListFilters = NO_FILTERS, limit: int, found_table: LiteralString | None = None,
) -> list[str]:  # fmt: skip
    """The ids of the conversations that :func:`list_conversations` would list, at most so many."""
    parameters: dict[str, Any] = {"limit": limit}
    found_from = _found_from(search, found_table, parameters)
    conditions = _conditions(require_view(view), search.strip(), number, filters, found_from, parameters)
    sql = _IDS_SQL.format(
        source=cache.table_name(), names=cache.names_table, conditions=" and ".join(conditions)
    )
    return [str(row[0]) for row in lake.rows(sql, parameters)]


def _found_from(search: str, found_table: LiteralString | None, parameters: dict[str, Any]) -> LiteralString:
    """The table with what a search finds, or the query for it, with what that needs."""
    if found_table is not None or not search.strip():
        return found_table or ""
    parameters["wanted"] = search.strip()
    return f"({found_sql(search.strip())})"


def _conditions(
    view: str, search: str, number: str | None, filters: ListFilters, found_from: LiteralString,
    parameters: dict[str, Any],
) -> list[str]:  # fmt: skip
    """What a conversation of the list has to fulfil."""
    return [
        VIEWS[view],
        *_search_sql(search, number, found_from, parameters),
        *filter_conditions(filters, parameters),
    ]


_IDS_SQL: LiteralString = """
    with chosen as (
        select c.*, n.name, n.contact_labels from {source} c left join {names} n on n.person = c.person
    )
    select conversation_id from chosen where {conditions} order by 1 limit $limit
"""


def _list_sql(cache: ConversationCache | None) -> LiteralString:
    """The query over the table in memory, which has the last messages, or over the lake's view."""
    if cache is not None:
        return _CHOSEN_SQL.replace("[person]", "c.person") + _FROM_MEMORY_SQL
    return _CHOSEN_SQL.replace("[person]", "person_of(c.contact)") + _FROM_LAKE_SQL


def _with_content(lake: Readable, summaries: list[Summary]) -> list[Summary]:
    told = [
        (row.last_message_sid, row.last_at)
        for row in summaries
        if not row.last_body and not row.last_is_outbound
    ]
    fields = read_inbound_fields(lake, told)
    return [
        replace(row, last_content=content_words(fields.get(row.last_message_sid, {}))) for row in summaries
    ]


def require_view(name: str) -> str:
    """The name, if it is that of a view.

    Raises:
        UsageError: it is none; the message has all there are.
    """
    if name not in VIEWS:
        raise UsageError(f"No view named {name!r}; known: {', '.join(VIEWS)}.")
    return name


def _summary(row: tuple[Any, ...]) -> Summary:
    values = list(row[:-1])
    values[9] = tuple(values[9])
    return Summary(*values)


class StateRow(NamedTuple):
    """What people here decided about one conversation."""

    state: str
    is_reopened: bool
    snoozed_until: datetime | None
    assignee: str | None
    labels: list[str]
    waiting_since: datetime | None


def read_state(lake: Lake, conversation: Conversation, cache: ConversationCache | None = None) -> StateRow:
    """The state of one conversation, from the cache if it is there."""
    for source in (cache.table_name() if cache else EVERYTHING, EVERYTHING):
        rows = lake.rows(
            "select state, is_reopened, snoozed_until, assignee, labels, waiting_since "
            f"from {source} where our_side = ? and contact = ?",
            [conversation.our_side, conversation.contact],
        )
        if rows:
            return StateRow(*rows[0])
    raise UsageError(f"No conversation {conversation.conversation_id} in this lake any more.")


def count_views(
    lake: Readable, cache: ConversationCache, filters: ListFilters = NO_FILTERS
) -> dict[str, int]:
    """How many conversations each view holds, of those that pass the filters."""
    parameters: dict[str, Any] = {}
    columns = ", ".join(f"count(*) filter ({condition})" for condition in VIEWS.values())
    conditions = ["true", *filter_conditions(filters, parameters)]
    row = lake.rows(
        f"select {columns} from {cache.table_name()} c where {' and '.join(conditions)}", parameters
    )[0]
    return dict(zip(VIEWS, map(int, row), strict=True))


_CHOSEN_SQL: LiteralString = """
    with chosen as (
        select c.*, n.name, n.contact_labels from {source} c left join {names} n on n.person = [person]
    ),
    page as (
        select * from (select *, count(*) over () as total from chosen where {conditions}) where {after}
        order by {order}, conversation_id limit $limit
    )
    select
        p.conversation_id, p.our_side, p.contact, p.country, p.name, p.state, p.is_reopened, p.snoozed_until,
        p.assignee, p.labels, p.notes, p.messages, p.last_at, p.waiting_since, p.last_message_sid,
"""
_FROM_MEMORY_SQL: LiteralString = """
        p.last_body, p.last_is_outbound, p.last_status, p.last_media, p.last_encoding, p.total
    from page p
    order by {order}, p.conversation_id
"""
_FROM_LAKE_SQL: LiteralString = """
        m.body, m.is_outbound, m.status, coalesce(m.media_count, 0), m.encoding, p.total
    from page p
    join message_facts m on m.message_sid = p.last_message_sid
        and m.date_created >= (select min(last_at) from page)
    order by {order}, p.conversation_id
"""


#: By the last message, which names a conversation in the list and nothing else.
_THEIRS: LiteralString = (
    "(last_message_sid in (select last_message_sid from {source} where (our_side, contact) in "
    "(select (our_side, contact) from {found} where kind = 'theirs')))"
)


def _search_sql(
    search: str, number: str | None, found_from: LiteralString, parameters: dict[str, Any]
) -> list[str]:
    """Text, name, label or number; a message SID finds the conversation it is in."""
    if not search:
        return []
    said_sql = f"(our_side, contact) in (select (our_side, contact) from {found_from})"
    if is_message_sid(search):
        return [said_sql]
    parameters["text"] = like_pattern(search)
    matches = [
        "name ilike $text escape '\\'",
        "array_to_string(labels, ',') ilike $text escape '\\'",
        "contact_labels ilike $text escape '\\'",
        f"{shown_address_sql('contact')} ilike $text escape '\\'",
        said_sql,
    ]
    matches += number_conditions(search, number, ("contact",), parameters)
    return [f"({' or '.join(matches)})"]


def like_pattern(text: str) -> str:
    """The pattern of `ilike … escape '\\'` for a text that is anywhere."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"

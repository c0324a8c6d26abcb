"""What narrows the list of conversations, beside its view: whose, which label, which sender, how long, …

All filters hold together. Each has its values with their counts, so that a browser can offer them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from workbench.conversations.conversation_cache import ConversationCache
from workbench.errors import UsageError
from workbench.lake.connect import Readable

RECENT_DAYS = 7
"""Who has been waiting for longer belongs to the `older`."""

WAITS: Mapping[str, LiteralString] = {
    "hour": "waiting_since <= now() - interval 1 hour",
    "day": "waiting_since <= now() - interval 1 day",
    "recent": f"(waiting_since is null or waiting_since > now() - interval {RECENT_DAYS:d} days)",
    "older": f"waiting_since <= now() - interval {RECENT_DAYS:d} days",
}
"""How long a contact has been waiting, by name: an hour at least, a day, at most a week, longer than that."""

_CHANNEL: LiteralString = "coalesce(nullif(split_part(contact, ':', 1), contact), 'sms')"
_HAS_FAILED: LiteralString = (
    "(our_side, contact) in (select (our_side, contact) from conversation_lines "
    "where is_outbound and status in ('failed', 'undelivered'))"
)

_HAS_FAILED_IN_MEMORY: LiteralString = (
    "(our_side, contact) in (select (our_side, contact) from {parts} where has_failed)"
)


@dataclass(frozen=True)
class ListFilters:
    """What a conversation of the list must be; what is empty does not narrow it.

    Attributes:
        assignee: whose it is.
        unassigned: nobody's.
        side: our sender or messaging service.
        channel: `sms`, `whatsapp`, …
        waits: a name in WAITS.
        failed: one of our messages in it was not delivered.
    """

    assignee: str | None = None
    unassigned: bool = False
    label: str | None = None
    side: str | None = None
    channel: str | None = None
    waits: str | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        if self.waits and self.waits not in WAITS:
            raise UsageError(f"waits is {self.waits!r}; allowed are {', '.join(WAITS)}.")


NO_FILTERS = ListFilters()


def filter_conditions(
    filters: ListFilters, parameters: dict[str, Any], cache: ConversationCache | None = None
) -> list[LiteralString]:
    """The conditions in SQL over the columns of a conversation; their values go into ``parameters``.

    Args:
        cache: the conversations are those of its table in memory.
    """
    conditions: list[LiteralString] = []
    for name, value, condition in (
        ("assignee", filters.assignee, "lower(assignee) = lower($assignee)"),
        ("label", filters.label, "list_contains(labels, $label)"),
        ("side", filters.side, "our_side = $side"),
        ("channel", filters.channel, f"{_CHANNEL} = $channel"),
    ):
        if value:
            parameters[name] = value
            conditions.append(condition)
    if filters.unassigned:
        conditions.append("assignee is null")
    if filters.waits:
        conditions.append(WAITS[filters.waits])
    if filters.failed:
        conditions.append(_HAS_FAILED_IN_MEMORY.format(parts=cache.parts_table) if cache else _HAS_FAILED)
    return conditions


def count_values(lake: Readable, cache: ConversationCache, view: LiteralString) -> dict[str, dict[str, int]]:
    """The values that each filter can have in a view, the most frequent first, with their counts.

    Args:
        view: the view's condition.
    """
    table = cache.table_name()
    rows = lake.rows(_VALUES_SQL.format(table=table, view=view, channel=_CHANNEL))
    values: dict[str, dict[str, int]] = {"assignee": {}, "label": {}, "side": {}, "channel": {}}
    for name, value, count in rows:
        values[name][value or ""] = int(count)
    return values


_VALUES_SQL: LiteralString = """
    with chosen as (select * from {table} where {view})
    select 'assignee', assignee, count(*) from chosen group by assignee
    union all select 'label', label, count(*) from (select unnest(labels) as label from chosen) group by label
    union all select 'side', our_side, count(*) from chosen group by our_side
    union all select 'channel', {channel}, count(*) from chosen group by 2
    order by 1, 3 desc, 2
"""

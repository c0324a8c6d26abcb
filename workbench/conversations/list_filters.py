"""What narrows the list of conversations, beside its view: whose, which label, which language, how long, …

All filters hold together. Each has its values with their counts, so that a browser can offer them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

from workbench.conversations.conversation_cache import ConversationCache
from workbench.errors import UsageError
from workbench.lake.connect import Readable
from workbench.lake.contact_languages import UNKNOWN

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
_WRITES: LiteralString = "contact in (select contact from contact_languages where language = $language)"
_WRITES_UNCLEARLY: LiteralString = (
    "contact not in (select contact from contact_languages where language is not null)"
)
_LANGUAGE = re.compile("[a-z]{2,3}")
_HAS_FAILED: LiteralString = (
    "(our_side, contact) in (select (our_side, contact) from conversation_lines "
    "where is_outbound and status in ('failed', 'undelivered'))"
)


@dataclass(frozen=True)
class ListFilters:
    """What a conversation of the list must be; what is empty does not narrow it.

    Attributes:
        assignee: whose it is: a person or a team.
        mine: the reader and their teams, in small letters: what a team has is nobody's else yet.
        unassigned: nobody's.
        side: our sender or messaging service.
        channel: `sms`, `whatsapp`, …
        language: in which they write, as ISO 639 has it, or `unknown`.
        waits: a name in WAITS.
        failed: one of our messages in it was not delivered.
    """

    assignee: str | None = None
    mine: tuple[str, ...] = ()
    unassigned: bool = False
    label: str | None = None
    side: str | None = None
    channel: str | None = None
    language: str | None = None
    waits: str | None = None
    failed: bool = False

    def __post_init__(self) -> None:
        if self.waits and self.waits not in WAITS:
            raise UsageError(f"waits is {self.waits!r}; allowed are {', '.join(WAITS)}.")
        if self.language and self.language != UNKNOWN and not _LANGUAGE.fullmatch(self.language):
            raise UsageError(
                f"language is {self.language!r}; write a code of ISO 639, as es, or {UNKNOWN!r}."
            )


NO_FILTERS = ListFilters()


def filter_conditions(filters: ListFilters, parameters: dict[str, Any]) -> list[LiteralString]:
    """The conditions in SQL over the columns of a conversation; their values go into ``parameters``."""
    conditions: list[LiteralString] = []
    for name, value, condition in (
        ("assignee", filters.assignee, "lower(assignee) = lower($assignee)"),
        ("label", filters.label, "list_contains(labels, $label)"),
        ("side", filters.side, "our_side = $side"),
        ("channel", filters.channel, f"{_CHANNEL} = $channel"),
        ("language", filters.language != UNKNOWN and filters.language, _WRITES),
    ):
        if value:
            parameters[name] = value
            conditions.append(condition)
    if filters.language == UNKNOWN:
        conditions.append(_WRITES_UNCLEARLY)
    if filters.mine:
        parameters["mine"] = list(filters.mine)
        conditions.append("list_contains($mine, lower(assignee))")
    if filters.unassigned:
        conditions.append("assignee is null")
    if filters.waits:
        conditions.append(WAITS[filters.waits])
    if filters.failed:
        conditions.append(_HAS_FAILED)
    return conditions


def count_values(lake: Readable, cache: ConversationCache, view: LiteralString) -> dict[str, dict[str, int]]:
    """The values that each filter can have in a view, the most frequent first, with their counts.

    Args:
        view: the view's condition.
    """
    table = cache.table_name()
    rows = lake.rows(_VALUES_SQL.format(table=table, view=view, channel=_CHANNEL))
    values: dict[str, dict[str, int]] = {
        "assignee": {},
        "label": {},
        "side": {},
        "channel": {},
        "language": {},
    }
    for name, value, count in rows:
        values[name][value or ""] = int(count)
    return values


_VALUES_SQL: LiteralString = """
    with chosen as (select * from {table} where {view})
    select 'assignee', assignee, count(*) from chosen group by assignee
    union all select 'label', label, count(*) from (select unnest(labels) as label from chosen) group by label
    union all select 'side', our_side, count(*) from chosen group by our_side
    union all select 'channel', {channel}, count(*) from chosen group by 2
    union all
    select 'language', coalesce(l.language, 'unknown'), count(*)
    from chosen c left join contact_languages l on l.contact = c.contact group by 2
    order by 1, 3 desc, 2
"""

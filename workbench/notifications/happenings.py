"""What the lake says of the conversations that people are told about: whose they are, what notes name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workbench.lake.connect import Readable
from workbench.lake.feed import FeedEvent
from workbench.messaging.addresses import mask
from workbench.notifications.decide import Happening
from workbench.notifications.mentions import mentioned

_NOTES_SINCE = timedelta(hours=1)


@dataclass(frozen=True)
class Described:
    """One conversation as a notice names it. `text` is the contact's last message."""

    contact: str
    side: str
    text: str = ""


def happenings_of(
    lake: Readable, events: Sequence[FeedEvent], owners: Callable[[str], tuple[str, ...]]
) -> list[Happening]:
    """What people may be told of these events of the feed; an opt-out or another keyword is no question.

    Args:
        owners: the people behind an assignee: one person, all of a team, or none who is still here.
    """
    messages = [each for each in events if each.kind == "message.received" and not each.detail.get("keyword")]
    assignees = read_assignees(lake, {each.conversation_id for each in messages if each.conversation_id})
    happenings = []
    for event in events:
        if event.conversation_id is None:
            continue
        if event in messages:
            has_it = owners(assignees.get(event.conversation_id, ""))
            happenings.append(Happening("message", event.conversation_id, event.happened_at, owners=has_it))
        if event.kind == "conversation.assigned" and event.detail.get("assignee"):
            named = owners(str(event.detail["assignee"]))
            actor = str(event.detail.get("actor", ""))
            happenings.append(
                Happening("assigned", event.conversation_id, event.happened_at, actor, named=named)
            )
    return happenings


def read_mentions(
    lake: Readable, names: Mapping[str, Sequence[str]], now: datetime
) -> list[tuple[str, Happening]]:
    """Notes of the last hour that name somebody, each with its id. The feed has no notes.

    Args:
        names: what a note can name, each with the people behind it: a person, or all of a team.
    """
    rows = lake.rows(
        "select event_id, conversation_id, happened_at, actor, value from conversation_events "
        "where kind = 'note' and happened_at >= $since and contains(value, '@') order by happened_at",
        {"since": now - _NOTES_SINCE},
    )
    return [
        (
            event_id,
            Happening(
                "mention",
                conversation,
                happened_at,
                actor,
                named=tuple(person for name in named for person in names[name]),
            ),
        )
        for event_id, conversation, happened_at, actor, text in rows
        if (named := mentioned(text, names))
    ]


def mention_id(event_id: str, person: str) -> str:
    """The id of the notification of a mention: the same note tells the same person once."""
    return hashlib.sha256(f"{event_id}:{person}".encode()).hexdigest()[:32]


def read_assignees(lake: Readable, conversations: Collection[str]) -> Mapping[str, str]:
    """Who has each of these conversations now; nobody has those that are not in it."""
    if not conversations:
        return {}
    rows = lake.rows(_ASSIGNEES_SQL, {"ids": sorted(conversations)})
    return {conversation: assignee for conversation, assignee in rows if assignee}


def describe(
    lake: Readable, conversations: Collection[str], *, with_text: bool = False
) -> dict[str, Described]:
    """Each conversation in words that may leave the pages, but for its text.

    Args:
        with_text: also read the contact's last message.
    """
    if not conversations:
        return {}
    rows = lake.rows(_DESCRIBED_SQL, {"ids": sorted(conversations)})
    texts = dict(lake.rows(_TEXTS_SQL, {"ids": sorted(conversations)})) if with_text else {}
    return {
        # A sender of ours without a name is a number, too.
        each: Described(mask(contact), name or mask(side), texts.get(each) or "")
        for each, contact, side, name in rows
    }


_LINES = """
    lines as (
        select
            m.conversation_id, m.contact, m.is_outbound, m.body, m.date_created,
            coalesce(p.messaging_service_sid, m.sender, m.messaging_service_sid) as our_side
        from raw_messages m left join sender_pools p on p.sender = m.sender
    ),
    asked as (
        select distinct conversation_id, our_side, contact from lines
        where conversation_id in (select unnest($ids::varchar[]))
    )
"""

_ASSIGNEES_SQL = f"""
    with {_LINES},
    places as (
        select distinct a.conversation_id, l.conversation_id as place from asked a
        join lines l on l.our_side = a.our_side and l.contact = a.contact
    )
    select p.conversation_id, max({{'at': e.happened_at, 'value': e.value}})['value']
    from places p join conversation_events e on e.conversation_id = p.place and e.kind = 'assignee'
    group by 1
"""

_DESCRIBED_SQL = f"""
    with {_LINES},
    names as (
        select messaging_service_sid as side, max(friendly_name) as name from messaging_services group by 1
        union all
        select sender, max(friendly_name) from senders group by 1
    )
    select a.conversation_id, a.contact, a.our_side, max(n.name)
    from asked a left join names n on n.side = a.our_side
    group by 1, 2, 3
"""

_TEXTS_SQL = f"""
    with {_LINES}
    select a.conversation_id, max({{'at': l.date_created, 'body': l.body}})['body']
    from asked a join lines l on l.our_side = a.our_side and l.contact = a.contact and not l.is_outbound
    group by 1
"""

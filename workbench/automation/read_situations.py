"""Reads the facts of events that rules look at, many at once; the same for what happens and for a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, LiteralString

from workbench.automation.situation import RuleEvent, Situation, kinds_of
from workbench.conversations.contacts import split_labels
from workbench.conversations.find import Conversation
from workbench.lake.connect import Readable

FAILED = ("failed", "undelivered")
_LONGEST_WAIT = timedelta(days=1)
"""Who waits longer than a rule says by more than this began to wait before anybody looked."""


def read_situations(lake: Readable, message_sids: Sequence[str]) -> dict[str, Situation]:
    """The situation of each of these messages, by its SID; those that nothing can be said of are left out.

    An inbound message is a `message_received`, or what its keyword says; an outbound one that failed is an
    `answer_failed`, if the contact had written before it.
    """
    return _read_these(lake, message_sids)


def read_past_situations(lake: Readable, since: datetime, until: datetime, limit: int) -> list[Situation]:
    """Those of the latest messages of a period that came in or failed, the oldest first."""
    condition: LiteralString = (
        "(not is_outbound or status in ('failed', 'undelivered')) and date_created >= $since "
        "and date_created < $until order by date_created desc, message_sid desc limit $limit"
    )
    situations = _read(lake, condition, {"since": since, "until": until, "limit": limit})
    return sorted(situations.values(), key=lambda each: (each.at, each.event.message_sid))


def read_waiting(lake: Readable, lengths: Sequence[timedelta], now: datetime) -> list[Situation]:
    """Questions that have been waiting for an answer for one of these lengths, the oldest first."""
    if not lengths:
        return []
    rows = lake.rows(
        "select message_sid, date_created from reply_blocks where answered_at is null and closed_at is null "
        "and date_created between $first and $last order by date_created, message_sid",
        {"first": now - max(lengths) - _LONGEST_WAIT, "last": now - min(lengths)},
    )
    return list(_waiting(lake, dict(rows)).values())


def read_past_waiting(lake: Readable, since: datetime, until: datetime) -> list[Situation]:
    """Questions of a period that waited or still wait; `happened_at` is when the wait ended."""
    rows = lake.rows(
        "select message_sid, date_created, least(answered_at, closed_at, $until) from reply_blocks "
        "where date_created >= $since and date_created < $until order by date_created, message_sid",
        {"since": since, "until": until},
    )
    situations = _waiting(lake, {sid: at for sid, at, _ in rows})
    return [replace(situations[sid], happened_at=end) for sid, _, end in rows if sid in situations]


def _waiting(lake: Readable, waiting: Mapping[str, datetime]) -> dict[str, Situation]:
    return _read_these(lake, list(waiting), waiting)


def _read_these(
    lake: Readable, message_sids: Sequence[str], waiting: Mapping[str, datetime] | None = None
) -> dict[str, Situation]:
    if not message_sids:
        return {}
    condition: LiteralString = "message_sid in (select unnest($sids::varchar[]))"
    return _read(lake, condition, {"sids": list(message_sids)}, waiting)


@dataclass(frozen=True)
class _Decisions:
    """What people decided about conversations, by the conversation's two sides, the oldest first."""

    states: Mapping[tuple[str, str], Sequence[tuple[datetime, str, datetime | None]]]
    labels: Mapping[tuple[str, str], frozenset[str]]


def _read(
    lake: Readable,
    condition: LiteralString,
    parameters: Mapping[str, Any],
    waiting: Mapping[str, datetime] | None = None,
) -> dict[str, Situation]:
    rows = lake.rows(f"{_BEGIN_SQL} {condition}) {_LINES_SQL}", dict(parameters))
    messages = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    if not messages:
        return {}
    contacts = sorted({message["contact"] for message in messages})
    decisions, overlays = _read_decisions(lake, contacts), _read_contacts(lake, contacts)
    situations = {}
    for message in messages:
        since = None if waiting is None else waiting[message["message_sid"]]
        situation = _situation(message, decisions, overlays.get(message["contact"]), since)
        if situation:
            situations[message["message_sid"]] = situation
    return situations


_COLUMNS = (
    "message_sid", "account_sid", "our_side", "contact", "sender", "is_outbound", "status", "body", "keyword",
    "media", "country", "at", "updated_at", "main_id", "last_sender", "received_here", "asked_at", "received",
    "follows_answer",
)  # fmt: skip
_BEGIN_SQL = "with chosen as (select message_sid, contact from conversation_lines where"
#: Each chosen message with what came before it, in its conversation and from its contact at all.
_LINES_SQL = """,
    lines as (
        select
            *,
            min({'at': date_created, 'id': conversation_id}) over place as first_line,
            max(case when sender is not null then {'at': date_created, 'sender': sender} end) over place
                as last_line,
            count(*) filter (not is_outbound) over earlier_here as received_here,
            max(date_created) filter (not is_outbound and keyword is null) over earlier_here as asked_at,
            count(*) filter (not is_outbound) over earlier as received,
            max(case when is_answer or (not is_outbound and keyword is null)
                then {'at': date_created, 'sid': message_sid, 'is_answer': is_answer} end) over earlier_here
                as last_turn
        from (
            select
                *,
                is_outbound and direction <> 'outbound-reply'
                    and status not in ('failed', 'undelivered', 'canceled', 'scheduled')
                    and message_sid not in (select message_sid from automatic_replies) as is_answer
            from conversation_lines
        )
        where contact in (select contact from chosen)
        window
            place as (partition by our_side, contact),
            earlier_here as (
                partition by our_side, contact order by date_created, message_sid
                rows between unbounded preceding and 1 preceding
            ),
            earlier as (
                partition by contact order by date_created, message_sid
                rows between unbounded preceding and 1 preceding
            )
    )
    select
        message_sid, account_sid, our_side, contact, sender, is_outbound, status, body, keyword,
        coalesce(media_count, 0), country, date_created, coalesce(date_updated, date_created),
        first_line['id'], last_line['sender'], received_here, asked_at, received,
        coalesce(last_turn['is_answer'], false)
    from lines
    where message_sid in (select message_sid from chosen)
    order by date_created, message_sid
"""


def _read_decisions(lake: Readable, contacts: Sequence[str]) -> _Decisions:
    rows = lake.rows(
        """
        select distinct l.our_side, l.contact, e.event_id, e.kind, e.value, e.until, e.happened_at
        from conversation_events e
        join (
            select distinct conversation_id, our_side, contact from conversation_lines
            where contact in (select unnest(?::varchar[]))
        ) l on l.conversation_id = e.conversation_id
        where e.kind in ('state', 'label', 'unlabel')
        order by e.happened_at, e.kind, e.event_id
        """,
        [list(contacts)],
    )
    states: dict[tuple[str, str], list[tuple[datetime, str, datetime | None]]] = {}
    labels: dict[tuple[str, str], frozenset[str]] = {}
    for our_side, contact, _, kind, value, until, at in rows:
        place = (our_side, contact)
        if kind == "state":
            states.setdefault(place, []).append((at, value, until))
        else:
            before = labels.get(place, frozenset())
            labels[place] = before | {value} if kind == "label" else before - {value}
    return _Decisions(states, labels)


def _read_contacts(lake: Readable, contacts: Sequence[str]) -> dict[str, tuple[str | None, ...]]:
    """Name, labels and language that people gave these contacts."""
    rows = lake.rows(
        "select asked.address, coalesce(main.name, own.name), coalesce(main.labels, own.labels), "
        "coalesce(main.language, own.language) from (select unnest(?::varchar[]) as address) asked "
        "join contact_overlay own on own.person_key = person_of(asked.address) "
        "left join contact_overlay main on main.person_key = person_of(own.merged_into)",
        [list(contacts)],
    )
    return {address: fields for address, *fields in rows}  # type: ignore[misc]


def _situation(
    message: Mapping[str, Any],
    decisions: _Decisions,
    overlay: Sequence[str | None] | None,
    waiting_since: datetime | None,
) -> Situation | None:
    place = (message["our_side"], message["contact"])
    state, is_reopened = _state_before(decisions.states.get(place, ()), message["asked_at"], message["at"])
    event = _event_of(message, waiting_since, is_reopened)
    if event is None:
        return None
    name, contact_labels, language = overlay or (None, None, None)
    return Situation(
        event=event,
        conversation=Conversation(message["main_id"], *place, message["account_sid"], message["last_sender"]),
        at=message["at"],
        happened_at=message["updated_at"] if message["is_outbound"] else message["at"],
        body=message["body"] or "",
        keyword=message["keyword"],
        sender=message["sender"],
        media=message["media"],
        country=message["country"],
        state=state,
        labels=decisions.labels.get(place, frozenset()),
        contact_name=name,
        contact_labels=frozenset(split_labels(contact_labels or "")),
        contact_language=language,
        is_first_message=not message["is_outbound"] and message["received"] == 0,
        is_after_answer=not message["is_outbound"] and message["follows_answer"],
        waiting_since=waiting_since,
    )


def _event_of(
    message: Mapping[str, Any], waiting_since: datetime | None, is_reopened: bool
) -> RuleEvent | None:
    sid = message["message_sid"]
    if waiting_since is not None:
        return RuleEvent(("waiting_too_long",), f"waiting:{sid}", sid)
    if message["is_outbound"]:
        is_answer = message["status"] in FAILED and message["received_here"] > 0
        return RuleEvent(("answer_failed",), f"failed:{sid}", sid) if is_answer else None
    kinds = kinds_of(message["keyword"], is_new=message["received_here"] == 0, is_reopened=is_reopened)
    return RuleEvent(kinds, f"received:{sid}", sid) if kinds else None


def _state_before(
    states: Sequence[tuple[datetime, str, datetime | None]], asked_at: datetime | None, at: datetime
) -> tuple[str, bool]:
    """The state just before a message, and whether the message opens the conversation again."""
    decided = [each for each in states if each[0] <= at]
    if not decided:
        return "open", False
    decided_at, state, until = decided[-1]
    is_over = until is not None and until <= at
    if state == "open" or is_over or (asked_at is not None and asked_at > decided_at):
        return "open", False
    return state, True

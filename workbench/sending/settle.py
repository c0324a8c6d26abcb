"""Finds out from Twilio's log what became of messages that were begun and whose outcome is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import duckdb

from workbench.errors import TwilioError
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import MalformedMessage, MessageRow, message_row, read_date
from workbench.messaging.quarantine import read_each
from workbench.sending.context import SendContext
from workbench.sending.log_matching import BEFORE, LogMatch, UnreadableRow, match_intents
from workbench.sending.outbox import OPEN, Intent, append_events, read_intents, read_open, read_sids
from workbench.sending.outgoing import fingerprint
from workbench.twilio.resources import MESSAGES

_CLOCKS_ARE_EQUAL = timedelta(seconds=5)
"""Differences below this are not counted: Twilio states whole seconds, and its answer takes time."""

_PAGE = 200


def settle(
    context: SendContext, intents: Sequence[Intent], numbers: Mapping[str, str]
) -> dict[str, LogMatch]:
    """Decide about intents that the caller has taken (`Owner.begin`), and record what was decided.

    Other abandoned messages to the same people are decided together with them: two identical messages can
    only be told apart by deciding about both at once.

    Args:
        numbers: the recipients by key; needed where the lake keeps no numbers, as the whole log is read
            otherwise.
    """
    others, _ = _others(context, intents)
    free_keys = context.owner.begin(intent.key for intent in others)
    try:
        together = [*intents, *(intent for intent in others if intent.key in free_keys)]
        decisions = _decide_all(context, together, numbers)
        _record(context, together, decisions)
    finally:
        context.owner.end(free_keys)
    return {intent.key: decisions[intent.key] for intent in intents}


def settle_all(context: SendContext) -> dict[str, LogMatch]:
    """Look for every abandoned message, whoever began it; what is still being sent is left alone."""
    with context.lake.cursor() as cursor:
        open_intents = read_open(cursor)
    now = context.clock()
    free_keys = context.owner.begin(intent.key for intent in open_intents)
    try:
        abandoned = [
            intent
            for intent in open_intents
            if intent.key in free_keys and context.owner.is_abandoned(intent.owner, intent.intended_at, now)
        ]
        return settle(context, abandoned, {})
    finally:
        context.owner.end(free_keys)


def _others(context: SendContext, intents: Sequence[Intent]) -> tuple[list[Intent], list[Intent]]:
    """Unfinished messages to the same people: the abandoned ones, and those that somebody is sending."""
    keys, people = {intent.key for intent in intents}, {intent.contact for intent in intents}
    with context.lake.cursor() as cursor:
        open_intents = read_open(cursor)
    unfinished = [intent for intent in open_intents if intent.contact in people and intent.key not in keys]
    now, owner = context.clock(), context.owner
    abandoned = [
        intent for intent in unfinished if owner.is_free(intent.key, intent.owner, intent.intended_at, now)
    ]
    return abandoned, [intent for intent in unfinished if intent not in abandoned]


def _decide_all(
    context: SendContext, intents: Sequence[Intent], numbers: Mapping[str, str]
) -> dict[str, LogMatch]:
    keeps_numbers = not context.privacy.mode.needs_key
    numbers_of = {intent.contact: numbers[intent.key] for intent in intents if intent.key in numbers}
    by_number: dict[str | None, list[Intent]] = {}
    for intent in intents:
        number = intent.contact if keeps_numbers else numbers_of.get(intent.contact)
        by_number.setdefault(number, []).append(intent)
    decisions: dict[str, LogMatch] = {}
    for number, group in by_number.items():
        decisions |= _decide(context, group, number)
    return decisions


def _decide(context: SendContext, intents: Sequence[Intent], number: str | None) -> dict[str, LogMatch]:
    try:
        log = _read_log(context, number, min(intent.intended_at for intent in intents))
    except TwilioError as error:
        return {intent.key: LogMatch("undecided", reason=str(error)) for intent in intents}
    # First who is sending, then what is known to be sent: whoever ends in between is in the second list.
    _, rivals = _others(context, intents)
    with context.lake.cursor() as cursor:
        claimed = read_sids(cursor, sorted({intent.contact for intent in intents}))
    return match_intents(
        intents,
        log.rows,
        unreadable=log.unreadable,
        rivals=rivals,
        claimed=claimed,
        contact_of=lambda row: context.privacy.contact(row.contact),
        fingerprint_of=lambda row: fingerprint(row.body or "", context.secret),
        clock_offset=log.clock_offset,
        now=context.clock(),
        settle_after=timedelta(seconds=context.settings.settle_after_seconds),
    )


@dataclass(frozen=True)
class _Log:
    """What Twilio's log shows, and how far its clock is ahead of ours."""

    rows: Sequence[MessageRow]
    unreadable: Sequence[UnreadableRow]
    clock_offset: timedelta


def _read_log(context: SendContext, number: str | None, since: datetime) -> _Log:
    """Twilio's log to a recipient, newest first, back to before the first intent.

    Without a filter by date: a message that still waits has no date of sending, and whether a filter shows it
    is not documented. The list goes by the date of sending, creation standing in, and neither is before
    creation.
    """
    params: dict[str, str | int] = {"PageSize": _PAGE}
    if number is not None:
        params["To"] = number
    rows: list[MessageRow] = []
    unreadable: list[UnreadableRow] = []
    offset: timedelta | None = None
    for page in context.log.pages(MESSAGES.path_for(context.account_sid), params, MESSAGES.key or ""):
        if offset is None:
            ahead = page.server_time - context.clock() if page.server_time is not None else timedelta(0)
            offset = ahead if abs(ahead) > _CLOCKS_ARE_EQUAL else timedelta(0)
        page_rows, failures = read_each(page.rows, message_row)
        rows += page_rows
        unreadable += [_unreadable(context, number, item, error) for item, error in failures]
        if _reaches(page_rows, since + offset - 2 * BEFORE):
            break
    return _Log(rows, unreadable, offset or timedelta(0))


def _unreadable(context: SendContext, number: str | None, item: Any, error: Exception) -> UnreadableRow:
    """The little that can be told of a row that cannot be read. In the log to one recipient it is to them."""
    fields: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    sid, to, direction = (_text(fields.get(name)) for name in ("sid", "to", "direction"))
    return UnreadableRow(
        problem=str(error) if isinstance(error, MalformedMessage) else type(error).__name__,
        message_sid=sid,
        contact=context.privacy.contact(to) if number is None else None,
        date_created=read_date(fields.get("date_created")),
        is_inbound=(direction or "").startswith("inbound"),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _reaches(rows: Iterable[MessageRow], moment: datetime) -> bool:
    return any((row.date_sent or row.date_created) < moment for row in rows)


def _record(context: SendContext, intents: Sequence[Intent], decisions: Mapping[str, LogMatch]) -> None:
    now = context.clock()
    rows = [decision.row for decision in decisions.values() if decision.row is not None]
    table = message_table([context.privacy.apply(row) for row in rows])

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        latest = read_intents(cursor, [intent.key for intent in intents])
        ended = [
            settled
            for intent in intents
            if (stored := latest.get(intent.key)) is not None
            and stored.attempt == intent.attempt
            and stored.state in OPEN
            and (settled := _settled(stored, decisions[intent.key])) != stored
        ]
        append_events(cursor, ended, now)
        save_messages(cursor, table, source="send", received_at=now)

    if intents:
        context.lake.write(work)


def _settled(intent: Intent, decision: LogMatch) -> Intent:
    if decision.answer == "accepted" and decision.row is not None:
        return replace(intent, state="accepted", message_sid=decision.row.message_sid, problem=None)
    if decision.answer == "absent":
        return replace(intent, state="unsent", problem="Twilio's log does not have it.")
    return replace(intent, state="unclear", problem=decision.reason)

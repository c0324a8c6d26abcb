"""Finds out from Twilio's log what became of messages that were begun and whose end nobody recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import duckdb

from workbench.errors import TwilioError
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import MalformedMessage, MessageRow, message_row
from workbench.sending.context import SendContext
from workbench.sending.log_matching import BEFORE, LogMatch, match_intents
from workbench.sending.outbox import OPEN, Intent, append_events, read_intents, read_open, read_sids
from workbench.sending.outgoing import fingerprint
from workbench.twilio.resources import MESSAGES

_CLOCKS_ARE_EQUAL = timedelta(seconds=5)
"""Twilio states its clock in whole seconds, and its answer takes a moment."""

_PAGE = 200


def settle(
    context: SendContext, intents: Sequence[Intent], numbers: Mapping[str, str]
) -> dict[str, LogMatch]:
    """Decide about intents that the caller has taken (`Owner.begin`), and record what was decided.

    Other abandoned messages to the same people are decided along with them: two that look alike can only be
    told apart together.

    Args:
        numbers: the recipients by key; needed where the lake keeps no numbers, as the whole log is read
            otherwise.
    """
    others, _ = _others(context, intents)
    taken = context.owner.begin(intent.key for intent in others)
    try:
        together = [*intents, *(intent for intent in others if intent.key in taken)]
        decisions = _decide_all(context, together, numbers)
        _record(context, together, decisions)
    finally:
        context.owner.end(taken)
    return {intent.key: decisions[intent.key] for intent in intents}


def settle_all(context: SendContext) -> dict[str, LogMatch]:
    """Look for every abandoned message, whoever began it; what is still being sent is left alone."""
    with context.lake.cursor() as cursor:
        found = read_open(cursor)
    now = context.clock()
    taken = context.owner.begin(intent.key for intent in found)
    try:
        abandoned = [
            intent
            for intent in found
            if intent.key in taken and context.owner.is_abandoned(intent.owner, intent.intended_at, now)
        ]
        return settle(context, abandoned, {})
    finally:
        context.owner.end(taken)


def _others(context: SendContext, intents: Sequence[Intent]) -> tuple[list[Intent], list[Intent]]:
    """Unfinished messages to the same people: the abandoned ones, and those that somebody is sending."""
    keys, people = {intent.key for intent in intents}, {intent.contact for intent in intents}
    with context.lake.cursor() as cursor:
        found = [one for one in read_open(cursor) if one.contact in people and one.key not in keys]
    now = context.clock()
    gone = [one for one in found if context.owner.is_free(one.key, one.owner, one.intended_at, now)]
    return gone, [one for one in found if one not in gone]


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
        rows, offset = _read_log(context, number, min(intent.intended_at for intent in intents))
    except (TwilioError, MalformedMessage) as error:
        # A row of the log that cannot be read may be the very message: nothing is concluded.
        return {intent.key: LogMatch("undecided", reason=str(error)) for intent in intents}
    # In this order: whoever was at it while the log was read is a rival, and who has ended since is claimed.
    _, rivals = _others(context, intents)
    with context.lake.cursor() as cursor:
        claimed = read_sids(cursor, sorted({intent.contact for intent in intents}))
    return match_intents(
        intents,
        rows,
        rivals=rivals,
        claimed=claimed,
        contact_of=lambda row: context.privacy.contact(row.contact),
        fingerprint_of=lambda row: fingerprint(row.body or "", context.secret),
        clock_offset=offset,
        now=context.clock(),
        settle_after=timedelta(seconds=context.settings.settle_after_seconds),
    )


def _read_log(
    context: SendContext, number: str | None, since: datetime
) -> tuple[list[MessageRow], timedelta]:
    """Twilio's log to a recipient, newest first, back to before the first intent; and how far its clock is
    ahead.

    Without a filter by date: a message that still waits has no date of sending, and whether a filter shows it
    is not documented. The list goes by the date of sending, creation standing in, and neither is before
    creation.
    """
    params: dict[str, str | int] = {"PageSize": _PAGE}
    if number is not None:
        params["To"] = number
    rows: list[MessageRow] = []
    offset = timedelta(0)
    for page in context.log.pages(MESSAGES.path_for(context.account_sid), params, MESSAGES.key or ""):
        if not rows and page.server_time is not None:
            ahead = page.server_time - context.clock()
            offset = ahead if abs(ahead) > _CLOCKS_ARE_EQUAL else timedelta(0)
        found = [message_row(row) for row in page.rows]
        rows += found
        if _reaches(found, since + offset - 2 * BEFORE):
            break
    return rows, offset


def _reaches(rows: Iterable[MessageRow], moment: datetime) -> bool:
    return any((row.date_sent or row.date_created) < moment for row in rows)


def _record(context: SendContext, intents: Sequence[Intent], decisions: Mapping[str, LogMatch]) -> None:
    now = context.clock()
    rows = [decision.row for decision in decisions.values() if decision.row is not None]
    table = message_table([context.privacy.apply(row) for row in rows])

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        held = read_intents(cursor, [intent.key for intent in intents])
        ended = [
            settled
            for intent in intents
            if (now_held := held.get(intent.key)) is not None
            and now_held.attempt == intent.attempt
            and now_held.state in OPEN
            and (settled := _settled(now_held, decisions[intent.key])) != now_held
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

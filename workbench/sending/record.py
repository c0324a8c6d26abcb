"""Commits what became of requests: the outbox, the messages, and what Twilio said about consent."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from workbench.lake.consent import OPTED_OUT_ERROR, ConsentEvent, save_consent_events
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import MalformedMessage, MessageRow, message_row
from workbench.sending.attempt import Attempt
from workbench.sending.context import SendContext
from workbench.sending.facts import read_account_senders
from workbench.sending.outbox import append_events
from workbench.twilio.sending import Accepted, Outcome


def record_outcomes(context: SendContext, claimed: Sequence[Attempt]) -> None:
    """Commit what became of them: the outbox, the messages themselves, and what Twilio said about consent."""
    if not claimed:
        return
    now = context.clock()
    ended = [attempt.ended_intent() for attempt in claimed]
    rows = [row for attempt in claimed if (row := _row(attempt.outcome)) is not None]
    table = message_table([context.privacy.apply(row) for row in rows])
    refused = [intent for intent in ended if intent.error_code == OPTED_OUT_ERROR]

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        append_events(cursor, ended, now)
        save_messages(cursor, table, source="send", received_at=now)
        if refused:
            account_senders = read_account_senders(cursor, context.account_sid)
            events = [
                ConsentEvent(
                    account_sid=context.account_sid,
                    address=intent.contact,
                    scope=account_senders.opt_out_scope(intent.sender, intent.messaging_service_sid) or "*",
                    kind="opt-out",
                    source="twilio-21610",
                    happened_at=now,
                    evidence=f"Twilio refused the message ({OPTED_OUT_ERROR}).",
                    said_to=intent.sender,
                )
                for intent in refused
            ]
            save_consent_events(cursor, events, now)

    context.lake.write(work)


def _row(outcome: Outcome) -> MessageRow | None:
    if not isinstance(outcome, Accepted):
        return None
    try:
        return message_row(outcome.payload)
    except MalformedMessage:
        # Twilio has it, and says so; the next sync brings the row.
        return None

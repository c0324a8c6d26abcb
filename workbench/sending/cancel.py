"""Calls off a message that is scheduled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.quarantine import save_quarantined
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.quarantine import quarantine, read_each
from workbench.sending.context import SendContext
from workbench.twilio.resources import MESSAGES

CANCELED = "cancel"
"""The action in the audit trail."""

UNKNOWN_STATUS = "unknown"


def cancel(context: SendContext, message_sid: str, because: Mapping[str, Any] | None = None) -> str:
    """Cancel it at Twilio and keep what it became; the status it has now.

    Twilio has canceled it when it answers. An answer that cannot be read goes into quarantine, and the next
    sync asks for the message again; the status is `unknown` where the answer does not tell it.

    Args:
        because: facts for the audit trail, beside the status.

    Raises:
        TwilioError: it cannot be canceled any more, or there is none.
        TwilioUnavailable: no answer; doing the same again does no harm.
    """
    return keep_answer(context, message_sid, context.sender.cancel(message_sid), CANCELED, because)


def keep_answer(
    context: SendContext,
    message_sid: str,
    told: Mapping[str, Any],
    action: str | None,
    because: Mapping[str, Any] | None = None,
) -> str:
    """Keep what Twilio says of a message, and an action in the audit trail; the status it has now."""
    # Which message it is we know, whatever the answer says.
    answer = {**told, "sid": message_sid}
    rows, failures = read_each([answer], message_row)
    table, now = message_table([context.privacy.apply(row) for row in rows]), context.clock()
    unread = quarantine(
        failures, resource=MESSAGES.name, account_sid=context.account_sid, privacy=context.privacy
    )
    status = answer.get("status")
    status = status if isinstance(status, str) and status else UNKNOWN_STATUS
    detail = {"status": status, **(because or {})}

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        if action:
            append_audit(cursor, action, actor=context.actor, subject=message_sid, detail=detail)
        save_messages(cursor, table, source="send", received_at=now)
        save_quarantined(cursor, unread, now)

    context.lake.write(work)
    return status

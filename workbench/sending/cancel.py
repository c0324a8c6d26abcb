"""Calls off a message that is scheduled."""

from __future__ import annotations

import duckdb

from workbench.lake.audit import append_audit
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.sending.context import SendContext


def cancel(context: SendContext, message_sid: str) -> str:
    """Cancel it at Twilio and keep what it became; the status it has now.

    Raises:
        TwilioError: it cannot be canceled any more, or there is none.
        TwilioUnavailable: no answer; doing the same again does no harm.
    """
    row = message_row(context.sender.cancel(message_sid))
    table, now = message_table([context.privacy.apply(row)]), context.clock()

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        append_audit(
            cursor, "cancel", actor=context.actor, subject=message_sid, detail={"status": row.status}
        )
        save_messages(cursor, table, source="send", received_at=now)

    context.lake.write(work)
    return row.status

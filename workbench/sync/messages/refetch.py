"""Reads a few messages again, now: for somebody who watches what becomes of them and has no webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb

from workbench.lake import Lake
from workbench.lake.quarantine import save_quarantined
from workbench.lake.save import Saved, join_message_tables, save_messages
from workbench.messaging.privacy import Privacy
from workbench.sync.messages.pages import MessageReader
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import fetch_message


def read_again(
    lake: Lake, client: TwilioClient, messages: Sequence[tuple[str, str]], privacy: Privacy
) -> Saved:
    """Fetch messages, by account and message SID, and save what changed.

    Raises:
        TwilioError: Twilio refused, or could not be reached.
    """
    found = [fetch_message(client, account_sid, message_sid) for account_sid, message_sid in messages]
    now = datetime.now(UTC)
    pages = [
        MessageReader(account_sid, privacy).read([{**item, "sid": message_sid}])
        for (account_sid, message_sid), item in zip(messages, found, strict=True)
        if item is not None
    ]

    def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
        save_quarantined(cursor, [row for page in pages for row in page.unread], now)
        table = join_message_tables([page.table for page in pages])
        return save_messages(cursor, table, source="sync", received_at=now)

    return lake.write(work)

"""Reads a few messages again, now: for somebody who watches what becomes of them and has no webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from workbench.lake import Lake
from workbench.lake.save import Saved, message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy
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
    rows = [privacy.apply(message_row(item)) for item in found if item is not None]
    table, now = message_table(rows), datetime.now(UTC)
    return lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=now))

"""Turns a page of messages into a table, and unreadable rows into quarantined ones. No database, no HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from workbench.lake.save import message_table
from workbench.messaging.message import MessageRow, message_row
from workbench.messaging.privacy import Privacy
from workbench.messaging.quarantine import QuarantinedRow, quarantine, read_each
from workbench.twilio.resources import MESSAGES


@dataclass(frozen=True)
class ReadPage:
    """The readable rows of a page, the same as a table, and the unreadable rows."""

    rows: Sequence[MessageRow]
    table: pa.Table
    unread: Sequence[QuarantinedRow] = ()

    @property
    def sids(self) -> set[str]:
        """The SIDs of all listed rows, readable or not."""
        return {row.message_sid for row in self.rows} | {row.sid for row in self.unread if row.sid}


@dataclass(frozen=True)
class MessageReader:
    """Reads an account's messages, with only what the privacy mode permits."""

    account_sid: str
    privacy: Privacy
    currency: str | None = None

    def read(self, items: Sequence[Any], part: str = "") -> ReadPage:
        """Read every row of a page; unreadable rows are for the quarantine.

        Args:
            part: the GMT day of the list; empty for messages that were fetched one by one.
        """
        try:
            # The whole page at once, because unreadable rows are rare and the search for them takes time.
            rows = [self._row(item) for item in items]
            return ReadPage(rows, message_table(rows))
        except Exception:
            return self._read_one_by_one(items, part)

    def _row(self, item: Any) -> MessageRow:
        row = message_row(item, self.currency)
        return row if self.privacy.leaves_rows else self.privacy.apply(row)

    def _read_one_by_one(self, items: Sequence[Any], part: str) -> ReadPage:
        def read(item: Any) -> MessageRow:
            row = self._row(item)
            message_table([row])  # raises if a value does not fit into its column
            return row

        rows, failures = read_each(items, read)
        unread = quarantine(
            failures,
            resource=MESSAGES.name,
            account_sid=self.account_sid,
            privacy=self.privacy,
            part_of=lambda item: part,
        )
        return ReadPage(rows, message_table(rows), unread)

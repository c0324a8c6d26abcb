"""From a page of messages to a table, and to the quarantine what cannot be read. No database, no HTTP."""

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
    """The rows of a page, the same as a table, and those that could not be read."""

    rows: Sequence[MessageRow]
    table: pa.Table
    unread: Sequence[QuarantinedRow] = ()

    @property
    def sids(self) -> set[str]:
        """All that were listed and have one, whether they could be read or not."""
        return {row.message_sid for row in self.rows} | {row.sid for row in self.unread if row.sid}


@dataclass(frozen=True)
class MessageReader:
    """Reads an account's messages as far as they may be kept."""

    account_sid: str
    privacy: Privacy
    currency: str | None = None

    def read(self, items: Sequence[Any], part: str = "") -> ReadPage:
        """Every row of a page, kept or set aside.

        Args:
            part: the GMT day that was listed; empty for messages that were asked for one by one.
        """
        try:
            # The whole page at once: a row that cannot be read is rare, and looking for it costs time.
            rows = [self._row(item) for item in items]
            return ReadPage(rows, message_table(rows))
        except Exception:
            return self._read_one_by_one(items, part)

    def _row(self, item: Any) -> MessageRow:
        row = message_row(item, self.currency)
        return row if self.privacy.keeps_all else self.privacy.apply(row)

    def _read_one_by_one(self, items: Sequence[Any], part: str) -> ReadPage:
        def read(item: Any) -> MessageRow:
            row = self._row(item)
            message_table([row])  # whether it fits
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

"""Marks messages as deleted at Twilio: they leave the views and lose their body, but can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from workbench.lake.connect import Lake


def save_tombstones(
    cursor: duckdb.DuckDBPyConnection,
    account_sid: str,
    message_sids: Sequence[str],
    now: datetime,
    reason: str = "deleted_upstream",
) -> None:
    """Mark messages as deleted at Twilio and remove their bodies; a second call changes nothing."""
    if not message_sids:
        return
    cursor.execute(
        "insert into tombstones select sid, ?, ?, ? from (select unnest(?::varchar[]) as sid) "
        "where sid not in (select message_sid from tombstones)",
        [account_sid, now, reason, list(message_sids)],
    )
    cursor.execute(
        "update raw_messages set body = null "
        "where body is not null and message_sid in (select unnest(?::varchar[]))",
        [list(message_sids)],
    )


def remove_tombstones(cursor: duckdb.DuckDBPyConnection, message_sids: Sequence[str]) -> None:
    """Remove the marks of messages that Twilio shows again."""
    cursor.execute(
        "delete from tombstones where message_sid in (select unnest(?::varchar[]))", [list(message_sids)]
    )


@dataclass(frozen=True)
class Removed:
    """Messages whose text Twilio no longer has: deleted as a whole, or redacted after the lake read them."""

    deleted: int
    redacted: int


def count_removed(lake: Lake, account_sid: str) -> Removed:
    """The counts for one account.

    A redacted message still has its encoding; a message that never had a text has none.
    """
    deleted = lake.value("select count(*) from tombstones where account_sid = ?", [account_sid])
    redacted = lake.value(
        "select count(*) from message_facts where account_sid = ? and body = '' and encoding is not null",
        [account_sid],
    )
    return Removed(int(deleted), int(redacted))

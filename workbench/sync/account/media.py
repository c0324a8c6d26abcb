"""Lists the attachments of messages that have some, newest first, until all of a message are listed.

Twilio can list an attachment some seconds after its message; see :mod:`late_media` for how long that counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import duckdb

from workbench.lake.connect import Lake
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.account.late_media import LATE_FOR, next_listing
from workbench.sync.shared.fields import Row, moment, required, text
from workbench.twilio.resources import MEDIA, list_rows

#: How many messages are listed between two commits.
BATCH = 25

_UNLISTED_SQL = """
    select m.message_sid, m.media_count, coalesce(l.attempts, 0), m.date_created
    from raw_messages m
    left join media_listings l on l.message_sid = m.message_sid
    where m.account_sid = $account and m.media_count > 0
      and (l.message_sid is null
        or (l.files < m.media_count
          and (l.attempts is null or l.expected < m.media_count or l.next_at <= $now::timestamptz)))
    order by m.date_created desc, m.message_sid
"""


@dataclass(frozen=True)
class _Waiting:
    """A message whose attachments are not listed, or not all of them."""

    message_sid: str
    expected: int
    attempts: int
    created_at: datetime


#: By message, so that a message without attachments counts as listed, too.
Listed = dict[str, Rows]

_GONE: Rows = []
"""The list of a message that Twilio no longer has, told from an empty list by its identity."""


def media_is_due(lake: Lake, account_sid: str, now: datetime) -> bool:
    """Whether attachments of a new message are to be listed, for the first time or again.

    Those of old messages are left to the reading of the whole catalog.
    """
    parameters = {"account": account_sid, "now": now, "since": now - LATE_FOR}
    return bool(
        lake.rows(f"select 1 from ({_UNLISTED_SQL}) where date_created >= $since limit 1", parameters)
    )


def sync_media(reading: AccountReader) -> None:
    """List the attachments of messages that are not all listed, up to a number of messages per sync."""
    parameters = {"account": reading.account_sid, "now": reading.now}
    waiting = {row[0]: _Waiting(*row) for row in reading.lake.rows(_UNLISTED_SQL, parameters)}
    wanted = reading.wanted(MEDIA, list(waiting), str)
    now = wanted[: reading.media_messages]
    if len(wanted) > len(now):
        reading.say(MEDIA.name, f"{len(wanted) - len(now):,} more messages are left for the next syncs.")
    batches = [now[start : start + BATCH] for start in range(0, len(now), BATCH)]

    def keep(read_batches: list[tuple[list[str], Listed]]) -> None:
        listed = {sid: files for _, of_batch in read_batches for sid, files in of_batch.items()}
        _save(reading, listed, waiting)

    reading.fetch_each(batches, lambda message_sids: _fetch(reading, message_sids), keep)


def _fetch(reading: AccountReader, message_sids: Sequence[str]) -> Listed:
    """The lists that could be read."""
    listed: Listed = {}
    for sid in message_sids:
        if reading.cancellation.is_set:
            break
        rows = reading.attempt(MEDIA, partial(_list, reading, sid), absent=_GONE)
        if rows is not None:
            listed[sid] = rows
    return listed


def _list(reading: AccountReader, message_sid: str) -> Rows:
    answered = list(list_rows(reading.client, MEDIA, reading.account_sid, message_sid=message_sid))
    rows = reading.checked(MEDIA, answered, lambda row: media_row(row, message_sid), [message_sid])
    return [media_row(row, message_sid) for row in rows]


def _save(reading: AccountReader, listed: Listed, waiting: Mapping[str, _Waiting]) -> None:
    own = {"account_sid": reading.account_sid}
    listings = [
        {**own, **_listing(waiting[sid], rows, reading.now)}
        for sid, rows in listed.items()
        if reading.is_whole(MEDIA, sid)  # else it is listed again
    ]
    files = [{**own, **row, "read_at": reading.now} for rows in listed.values() for row in rows]

    def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
        save_rows(cursor, "media_listings", listings, key=("message_sid",))
        return save_rows(cursor, "media", files, key=("media_sid",))

    reading.write(work)


def _listing(message: _Waiting, rows: Rows, now: datetime) -> dict[str, Any]:
    """A row of `media_listings`, without account."""
    attempts = message.attempts + 1
    next_at = (
        None
        if rows is _GONE
        else next_listing(len(rows), message.expected, attempts, message.created_at, now)
    )
    return {
        "message_sid": message.message_sid,
        "files": len(rows),
        "listed_at": now,
        "expected": message.expected,
        "attempts": attempts,
        "next_at": next_at,
    }


def media_row(row: Row, message_sid: str) -> dict[str, Any]:
    """A row of `media`, without account and time of reading."""
    return {
        "media_sid": required(row, "sid"),
        "message_sid": message_sid,
        "content_type": text(row, "content_type"),
        "date_created": moment(row, "date_created"),
        "date_updated": moment(row, "date_updated"),
    }

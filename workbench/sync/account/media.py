"""Lists the attachments of messages, once for each message that has some, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import duckdb

from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.sync.account.account_reader import AccountReader, Rows
from workbench.sync.shared.fields import Row, moment, required, text
from workbench.twilio.resources import MEDIA, list_rows

#: How many messages are listed between two commits.
BATCH = 25

_UNLISTED_SQL = """
    select m.message_sid from raw_messages m
    where m.account_sid = ? and m.media_count > 0
      and not exists (select 1 from media_listings l where l.message_sid = m.message_sid)
    order by m.date_created desc, m.message_sid
"""

#: By message, so that a message without attachments counts as listed, too.
Listed = dict[str, Rows]

_NOTHING: Rows = []


def sync_media(reading: AccountReader) -> None:
    """List the attachments of messages that were not listed yet, up to a number of messages per sync."""
    waiting = [sid for (sid,) in reading.lake.rows(_UNLISTED_SQL, [reading.account_sid])]
    waiting = reading.wanted(MEDIA, waiting, str)
    now = waiting[: reading.media_messages]
    if len(waiting) > len(now):
        reading.say(MEDIA.name, f"{len(waiting) - len(now):,} more messages are left for the next syncs.")
    batches = [now[start : start + BATCH] for start in range(0, len(now), BATCH)]
    reading.fetch_each(
        batches,
        lambda message_sids: _fetch(reading, message_sids),
        lambda _, listed: _save(reading, listed),
    )


def _fetch(reading: AccountReader, message_sids: Sequence[str]) -> Listed:
    """The lists that could be read; a message that Twilio no longer has has no attachments."""
    listed: Listed = {}
    for sid in message_sids:
        if reading.cancellation.is_set:
            break
        rows = reading.attempt(MEDIA, partial(_list, reading, sid), absent=_NOTHING)
        if rows is not None:
            listed[sid] = rows
    return listed


def _list(reading: AccountReader, message_sid: str) -> Rows:
    answered = list(list_rows(reading.client, MEDIA, reading.account_sid, message_sid=message_sid))
    rows = reading.checked(MEDIA, answered, lambda row: media_row(row, message_sid), [message_sid])
    return [media_row(row, message_sid) for row in rows]


def _save(reading: AccountReader, listed: Listed) -> None:
    own = {"account_sid": reading.account_sid}
    listings = [
        {**own, "message_sid": sid, "files": len(rows), "listed_at": reading.now}
        for sid, rows in listed.items()
        if reading.is_whole(MEDIA, sid)  # else it is listed again
    ]
    files = [{**own, **row, "read_at": reading.now} for rows in listed.values() for row in rows]

    def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
        save_rows(cursor, "media_listings", listings, key=("message_sid",))
        return save_rows(cursor, "media", files, key=("media_sid",))

    reading.write(work)


def media_row(row: Row, message_sid: str) -> dict[str, Any]:
    """A row of `media`, without account and time of reading."""
    return {
        "media_sid": required(row, "sid"),
        "message_sid": message_sid,
        "content_type": text(row, "content_type"),
        "date_created": moment(row, "date_created"),
        "date_updated": moment(row, "date_updated"),
    }

"""Fetches the files of attachments, if requested: once, stored as a file, removed with the message.

The file's name is Twilio's SID only. The name and type that the sender gave are not trusted and never used in
the file system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from workbench.errors import TwilioError, TwilioUnavailable
from workbench.files import write_whole
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.sync.account.account_reader import AccountReader
from workbench.twilio.media import MediaFile
from workbench.twilio.resources import MEDIA, check_sid

#: How many files are fetched between two commits.
BATCH = 10

_MISSING_SQL = """
    select m.media_sid, m.message_sid from media m
    where m.account_sid = ?
      and not exists (select 1 from media_files f where f.media_sid = m.media_sid)
      and not exists (select 1 from tombstones t where t.message_sid = m.message_sid)
    order by m.date_created desc, m.media_sid
"""

_ORPHANED_SQL = """
    select f.media_sid, f.file_name from media_files f
    where f.account_sid = ? and exists (select 1 from tombstones t where t.message_sid = f.message_sid)
"""


@dataclass(frozen=True)
class MediaStore:
    """The folder for the files, and the function `fetch(account_sid, message_sid, media_sid)`."""

    folder: Path
    fetch: Callable[[str, str, str], MediaFile]


def sync_media_bytes(reading: AccountReader, store: MediaStore) -> None:
    """Fetch missing files, up to a number per sync; remove files of messages deleted at Twilio."""
    remove_orphaned_files(reading, store.folder)
    missing = reading.lake.rows(_MISSING_SQL, [reading.account_sid])
    now = missing[: reading.media_messages]
    if len(missing) > len(now):
        reading.say(MEDIA.name, f"{len(missing) - len(now):,} more files are left for the next syncs.")
    for start in range(0, len(now), BATCH):
        if not reading.cancellation.is_set:
            _bring(reading, store, now[start : start + BATCH])


def _bring(reading: AccountReader, store: MediaStore, files: Sequence[tuple[str, str]]) -> None:
    """Fetch some files, then save their rows in one transaction."""
    fetched: list[dict[str, Any]] = []
    reading.fetch_each(
        files,
        lambda task: _fetch(reading, store, *task),
        lambda answers: fetched.extend(row for _, row in answers),
    )
    if fetched:
        reading.write(partial(_save, fetched))
        _remove_unwanted(reading, store, fetched)


def _save(fetched: Sequence[dict[str, Any]], cursor: duckdb.DuckDBPyConnection) -> Saved:
    """Save the rows of files whose message still exists; it may have been erased during the fetch."""
    there = cursor.execute(
        "select message_sid from raw_messages where message_sid in (select unnest(?::varchar[]))",
        [[row["message_sid"] for row in fetched]],
    ).fetchall()
    rows = [row for row in fetched if (row["message_sid"],) in there]
    return save_rows(cursor, "media_files", rows, key=("media_sid",)) if rows else Saved()


def _remove_unwanted(reading: AccountReader, store: MediaStore, fetched: Sequence[dict[str, Any]]) -> None:
    """Remove the files whose rows were not saved."""
    noted = reading.lake.rows(
        "select media_sid from media_files where media_sid in (select unnest(?::varchar[]))",
        [[row["media_sid"] for row in fetched]],
    )
    for row in fetched:
        if row["file_name"] and (row["media_sid"],) not in noted:
            (store.folder / row["file_name"]).unlink(missing_ok=True)


def remove_orphaned_files(reading: AccountReader, folder: Path) -> None:
    """Remove the files of messages that Twilio no longer has, then their rows."""
    orphaned = reading.lake.rows(_ORPHANED_SQL, [reading.account_sid])
    for _, file_name in orphaned:
        if file_name:
            (folder / file_name).unlink(missing_ok=True)
    if orphaned:
        sids = [sid for sid, _ in orphaned]
        reading.lake.write(
            lambda cursor: cursor.execute(
                "delete from media_files where media_sid in (select unnest(?::varchar[]))", [sids]
            )
        )


def _fetch(
    reading: AccountReader, store: MediaStore, media_sid: str, message_sid: str
) -> dict[str, Any] | None:
    """One file as a row of `media_files`; None if another attempt may succeed."""
    row = {
        "media_sid": check_sid(media_sid), "message_sid": message_sid, "account_sid": reading.account_sid,
        "file_name": None, "bytes": None, "sha256": None, "problem": None, "fetched_at": reading.now,
    }  # fmt: skip
    try:
        media_file = store.fetch(reading.account_sid, message_sid, media_sid)
    except TwilioUnavailable as error:
        reading.note(MEDIA, error)
        return None
    except TwilioError as error:
        # Too large, or refused: another attempt would fail, too.
        return {**row, "problem": str(error)}
    file_name = f"{media_sid[:4]}/{media_sid}"
    path = store.folder / file_name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, media_file.content)
    digest = hashlib.sha256(media_file.content).hexdigest()
    return {**row, "file_name": file_name, "bytes": len(media_file.content), "sha256": digest}

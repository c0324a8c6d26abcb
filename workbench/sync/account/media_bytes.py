"""The bytes of attachments, for who asked for them: fetched once, kept as a file, gone with the message.

A file's name is Twilio's SID and nothing else: what the sender called it, and what type they say it has, is
theirs and stays out of the file system.
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

#: Files fetched between two commits.
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
    """Where the files go, and how one is fetched: `fetch(account_sid, message_sid, media_sid)`."""

    folder: Path
    fetch: Callable[[str, str, str], MediaFile]


def sync_media_bytes(reading: AccountReader, store: MediaStore) -> None:
    """Fetch what is missing, at most so many files per sync; remove what was deleted at Twilio."""
    remove_orphaned_files(reading, store.folder)
    missing = reading.lake.rows(_MISSING_SQL, [reading.account_sid])
    now = missing[: reading.media_messages]
    if len(missing) > len(now):
        reading.say(MEDIA.name, f"{len(missing) - len(now):,} more files are left for the next syncs.")
    for start in range(0, len(now), BATCH):
        if not reading.cancellation.is_set:
            _bring(reading, store, now[start : start + BATCH])


def _bring(reading: AccountReader, store: MediaStore, files: Sequence[tuple[str, str]]) -> None:
    """Fetch some files, then note them together."""
    found: list[dict[str, Any]] = []
    reading.fetch_each(files, lambda task: _fetch(reading, store, *task), lambda _, row: found.append(row))
    if found:
        reading.write(partial(_save, found))
        _remove_unwanted(reading, store, found)


def _save(found: Sequence[dict[str, Any]], cursor: duckdb.DuckDBPyConnection) -> Saved:
    """Note the files whose message is still there; it may have been erased while they were fetched."""
    there = cursor.execute(
        "select message_sid from raw_messages where message_sid in (select unnest(?::varchar[]))",
        [[row["message_sid"] for row in found]],
    ).fetchall()
    rows = [row for row in found if (row["message_sid"],) in there]
    return save_rows(cursor, "media_files", rows, key=("media_sid",)) if rows else Saved()


def _remove_unwanted(reading: AccountReader, store: MediaStore, found: Sequence[dict[str, Any]]) -> None:
    """Remove the files that were not noted."""
    noted = reading.lake.rows(
        "select media_sid from media_files where media_sid in (select unnest(?::varchar[]))",
        [[row["media_sid"] for row in found]],
    )
    for row in found:
        if row["file_name"] and (row["media_sid"],) not in noted:
            (store.folder / row["file_name"]).unlink(missing_ok=True)


def remove_orphaned_files(reading: AccountReader, folder: Path) -> None:
    """Remove the files of messages that Twilio no longer has, then what the lake says of them."""
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
    """One file as a row of `media_files`; None when another try may bring it."""
    row = {
        "media_sid": check_sid(media_sid), "message_sid": message_sid, "account_sid": reading.account_sid,
        "file_name": None, "bytes": None, "sha256": None, "problem": None, "fetched_at": reading.now,
    }  # fmt: skip
    try:
        found = store.fetch(reading.account_sid, message_sid, media_sid)
    except TwilioUnavailable as error:
        reading.note(MEDIA, error)
        return None
    except TwilioError as error:
        # Too large, or refused: asking again would end the same.
        return {**row, "problem": str(error)}
    file_name = f"{media_sid[:4]}/{media_sid}"
    path = store.folder / file_name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(path, found.content)
    digest = hashlib.sha256(found.content).hexdigest()
    return {**row, "file_name": file_name, "bytes": len(found.content), "sha256": digest}

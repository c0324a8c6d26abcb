"""Imports exported files, for messages that are too old or too many for Twilio's list.

Each batch has its own commit, so a killed import keeps what was committed, and importing the same file again
does not change it. A file is noted in `imports` after it was read to its end.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from workbench.errors import ConfigError, UsageError
from workbench.lake.connect import Lake
from workbench.lake.number_context import read_number_context
from workbench.messaging.address_reader import NumberContext
from workbench.messaging.exports import ExportedMessage, ExportOrigin
from workbench.messaging.privacy import Privacy
from workbench.sync.imports.export_files import BadLine, ByteSource, DamagedFile, ExportReader, open_file
from workbench.sync.imports.rows import ImportBatch
from workbench.sync.imports.summary import FileImport, ImportSummary, gap_notice, stretches
from workbench.sync.messages import state
from workbench.sync.messages.page_writer import BATCH_ROWS
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.request import OnProgress, Progress

_MIB = 1 << 20


def import_files(
    lake: Lake,
    paths: Sequence[Path],
    account_sid: str,
    *,
    privacy: Privacy,
    currency: str | None = None,
    zone: tzinfo | None = None,
    numbers: NumberContext | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancellation: Cancellation | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> ImportSummary:
    """Import BulkExport files (JSON lines) and console CSVs, plain or gzipped.

    Args:
        account_sid: the account of the messages; lines of another account are rejected.
        currency: the currency of prices without one; by default the account's, if a sync has read it.
        zone: the time zone of dates without one.
        numbers: how to read numbers without a country code; by default by what the lake knows.
        cancellation: ends the import early, between two batches.

    Raises:
        UsageError: a file cannot be read, is not an export, or lacks a column; then nothing was imported.
        ConfigError: the lake holds another account's messages.
        SyncStopped: `cancellation` was asked.
    """
    check_import_account(lake, account_sid)
    check_files(paths)
    began = time.monotonic()
    importer = Importer(
        lake,
        account_sid,
        privacy,
        currency,
        zone,
        on_progress,
        cancellation or Cancellation(),
        clock,
        numbers,
    )
    summary = ImportSummary(account_sid)
    for path in paths:
        with open_file(path) as source:
            summary.files.append(importer.run(source, path.name, size=path.stat().st_size))
    summary.gaps = _find_gaps(lake, account_sid, summary.files)
    summary.notices = [notice for file in summary.files for notice in file.notices()]
    summary.notices += gap_notice(summary.gaps, "either nothing was sent, or a file is missing.")
    summary.seconds = round(time.monotonic() - began, 3)
    return summary


def check_files(paths: Sequence[Path]) -> None:
    """Refuse files that cannot be read or are no exports.

    Raises:
        UsageError: naming the first of them.
    """
    for path in paths:
        _check_file(path)


def time_zone(name: str) -> tzinfo:
    """The time zone with this name, for dates of a file without one.

    Raises:
        UsageError: the zone does not exist.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UsageError(
            f"--timezone is {name!r}, which is not a time zone; use a name such as 'Europe/Berlin' or 'UTC'."
        ) from error


def check_import_account(lake: Lake, account_sid: str) -> None:
    """Refuse an account that does not belong into this lake.

    Raises:
        UsageError: the text is not an account SID.
        ConfigError: the lake holds another account, and not this one.
    """
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", account_sid):
        raise UsageError(f"{account_sid!r} is not an account SID: AC and 32 hexadecimal digits.")
    accounts = [sid for (sid,) in lake.rows(_ACCOUNTS_SQL)]
    if accounts and account_sid not in accounts:
        raise ConfigError(
            f"This lake holds account {accounts[0]}, and the import is for {account_sid}. Use a lake of its "
            "own: set WORKBENCH_HOME to another folder. (A subaccount has to be synced before its files.)"
        )


_ACCOUNTS_SQL = """
    select account_sid from sync_runs union select account_sid from accounts
    union select account_sid from imports order by 1
"""


@dataclass(frozen=True)
class ExportedDay:
    """The export of a file: the day, and a version that differs for a later export of that day."""

    day: date
    version: str


@dataclass(frozen=True)
class Importer:
    """Saves exported messages of one account in batches; the arguments are those of :func:`import_files`."""

    lake: Lake
    account_sid: str
    privacy: Privacy
    currency: str | None
    zone: tzinfo | None
    on_progress: OnProgress
    cancellation: Cancellation
    clock: Callable[[], datetime]
    numbers: NumberContext | None = None

    def run(
        self, source: ByteSource, file_name: str, *, size: int = 0, export: ExportedDay | None = None
    ) -> FileImport:
        """Import one file to its end, or up to the point where it is damaged.

        Args:
            size: bytes of the file, for the progress.
        """
        result = FileImport(file_name)
        try:
            reader = ExportReader(source, file_name)
            result.kind = reader.kind
            result.ignored_columns = reader.layout.unknown if reader.layout else ()
            for batch in _batches(reader, self._origin(), result):
                self._commit(batch, result)
                total = max(size, source.bytes_read)
                done, of = source.bytes_read // _MIB, -(-total // _MIB)
                self.on_progress(Progress(file_name, done, of, result.rows))
                if self.cancellation.is_asked:
                    raise SyncStopped("The import was stopped. What was read is kept; run it again to go on.")
        except DamagedFile as error:
            result.damage = str(error)
        result.sha256 = source.sha256
        if result.damage is None:
            self._note(result, export)
        return result

    def _origin(self) -> ExportOrigin:
        currency = self.currency or state.read_account_currency(self.lake, self.account_sid)
        numbers = self.numbers or read_number_context(self.lake)
        return ExportOrigin(self.account_sid, currency, self.zone, replace(numbers, is_from_twilio=True))

    def _commit(self, messages: Sequence[ExportedMessage], result: FileImport) -> None:
        if not messages:
            return
        apply, now = self.privacy.apply, self.clock()
        batch = ImportBatch([ExportedMessage(apply(row), is_guessed) for row, is_guessed in messages])
        saved = self.lake.write(lambda cursor: batch.save(cursor, now))
        result.count(messages, saved)

    def _note(self, result: FileImport, export: ExportedDay | None) -> None:
        """Replace the note about this file, or about this exported day."""
        day, version = (export.day, export.version) if export else (None, None)
        row = [
            self.account_sid, result.file_name, result.kind, result.sha256, result.rows, result.added,
            result.changed, result.kept, result.rejected_lines, result.first_day, result.last_day,
            day, version, self.clock(),
        ]  # fmt: skip

        def work(cursor: duckdb.DuckDBPyConnection) -> None:
            cursor.execute(_FORGET_SQL, {"account": self.account_sid, "sha256": result.sha256, "day": day})
            cursor.execute(f"insert into imports values ({', '.join('?' for _ in row)})", row)

        self.lake.write(work)


_FORGET_SQL = """
    delete from imports
    where account_sid = $account
      and case when $day is null then export_day is null and sha256 = $sha256 else export_day = $day end
"""


def days_with_messages(lake: Lake, account_sid: str, first: date, last: date) -> set[date]:
    """The GMT days from first to last (both included) on which the lake has a message of the account."""
    return {day for (day,) in lake.rows(_DAYS_SQL, {"account": account_sid, "first": first, "last": last})}


_DAYS_SQL = """
    select distinct cast(coalesce(date_sent, date_created) as date) as day
    from raw_messages
    where account_sid = $account
      and date_created between $first::timestamptz - interval 36 days and $last::timestamptz + interval 1 day
      and cast(coalesce(date_sent, date_created) as date) between $first and $last
"""


def _find_gaps(lake: Lake, account_sid: str, files: Sequence[FileImport]) -> list[tuple[date, date]]:
    first = min((file.first_day for file in files if file.first_day), default=None)
    last = max((file.last_day for file in files if file.last_day), default=None)
    if first is None or last is None:
        return []
    return stretches(first, last, days_with_messages(lake, account_sid, first, last))


def _batches(
    reader: ExportReader, origin: ExportOrigin, result: FileImport
) -> Iterator[list[ExportedMessage]]:
    """The messages in batches, with the last one before a damage; notes bad lines in the result."""
    batch: list[ExportedMessage] = []
    try:
        for message in reader.messages(origin):
            if isinstance(message, BadLine):
                result.reject(message)
                continue
            batch.append(message)
            if len(batch) >= BATCH_ROWS:
                yield batch
                batch = []
    except DamagedFile:
        yield batch
        raise
    yield batch


def _check_file(path: Path) -> None:
    """Raise if the file is not an export, before anything is written; damage is noticed later."""
    with open_file(path) as source, suppress(DamagedFile):
        ExportReader(source, path.name)

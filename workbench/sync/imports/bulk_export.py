"""Imports the days that Twilio has exported, for days that are too old or too large for its list.

Each day's file is read while it is downloaded and never stored, so that no body or number that may not be
kept is left on the disk. An interrupted day is downloaded again; a day that is noted in `imports` is not read
twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from workbench.display.result_html import result_html
from workbench.errors import TwilioAuthError, TwilioError, TwilioUnavailable, UsageError
from workbench.lake.connect import Lake
from workbench.messaging.privacy import Privacy
from workbench.sync.imports.export_files import ByteSource
from workbench.sync.imports.run import ExportedDay, Importer, check_import_account, days_with_messages
from workbench.sync.imports.summary import FileImport, ImportSummary, counted, gap_notice, stretches
from workbench.sync.messages import state
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.request import OnProgress, Progress
from workbench.twilio.bulk_exports import BulkExportClient
from workbench.twilio.export_jobs import DayFile, ExportJob

#: Twilio's limits: https://www.twilio.com/docs/usage/bulkexport/export-custom-job
LONGEST_JOB_DAYS = 366
NEWEST_DAY_BACK = 2
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class BulkExportRequest:
    """The GMT days: `since` is included, `until` is not; None takes every exported day."""

    since: date | None = None
    until: date | None = None
    full: bool = False
    """Read days again that were imported before."""
    create_job: bool = False
    """Ask Twilio to export the days first."""


@dataclass(repr=False)
class BulkExportSummary:
    """The result; the one JSON object of ``workbench sync --bulk-export --json``."""

    account_sid: str
    ready_days: int = 0
    """How many of the requested days have a file at Twilio."""
    known_days: int = 0
    """How many of these were imported before and not read again."""
    imported: ImportSummary = field(default_factory=lambda: ImportSummary(""))
    failed_days: dict[str, str] = field(default_factory=dict)
    """Days whose file could not be read, with the reason; the next run tries them again."""
    job: ExportJob | None = None
    notices: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_complete(self) -> bool:
        """Whether every line of every file that is ready was imported."""
        return not self.failed_days and self.imported.is_complete

    def sentence(self) -> str:
        """What was done, in one or two sentences."""
        total, days = self.imported.total, counted(self.ready_days, "exported day")
        text = (
            f"{self.account_sid}: {days}, {self.known_days} known already, "
            f"{len(self.imported.files)} read with {total('rows'):,} messages in {self.seconds:.1f} s: "
            f"{total('added'):,} new, {total('changed'):,} changed, {self.imported.rejected:,} lines refused."
        )
        if self.job:
            done = f", done about {self.job.estimated_completion}" if self.job.estimated_completion else ""
            text += f" Job {self.job.job_sid} exports {self.job.first_day} to {self.job.last_day}{done}."
        return text

    def __repr__(self) -> str:
        return "\n".join([self.sentence(), *(f"Notice: {text}" for text in self.remarks())])

    def _repr_html_(self) -> str:
        return result_html(self.sentence(), notices=self.remarks(), is_bad=not self.is_complete)

    def remarks(self) -> list[str]:
        """What the reader must not miss: notices, days that failed, lines that could not be used."""
        failed = [f"{day} did not come in: {reason}" for day, reason in self.failed_days.items()]
        return [*self.notices, *failed, *self.imported.bad_line_texts()]

    def as_dict(self) -> dict[str, Any]:
        job = asdict(self.job) if self.job else None
        return {
            **{
                name: getattr(self, name)
                for name in ("account_sid", "ready_days", "known_days", "failed_days")
            },
            "imported": self.imported.as_dict(),
            "job": job,
            "notices": self.notices,
            "seconds": self.seconds,
            "is_complete": self.is_complete,
        }


def check_bulk_export(exports: BulkExportClient, request: BulkExportRequest) -> None:
    """Raise what would end it, before a lake is made for it; see :func:`sync_bulk_export`."""
    if request.create_job:
        plan_job(request, datetime.now(UTC).date())
    exports.days()


def sync_bulk_export(
    lake: Lake,
    exports: BulkExportClient,
    account_sid: str,
    request: BulkExportRequest,
    *,
    privacy: Privacy,
    on_progress: OnProgress = lambda progress: None,
    cancellation: Cancellation | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> BulkExportSummary:
    """Import the exported days that were not imported yet; create an export job first if requested.

    Raises:
        ConfigError: the lake holds another account's messages.
        UsageError: a job was requested without `since`, or for more days than Twilio exports.
        TwilioError: Twilio refused the list or the job. The failure of a single file is in the summary.
        SyncStopped: `cancellation` was asked; days that were read are kept.
    """
    check_import_account(lake, account_sid)
    run = _BulkExportRun(
        lake, exports, account_sid, request, privacy, on_progress, cancellation or Cancellation(), clock
    )
    return run.run()


@dataclass
class _BulkExportRun:
    lake: Lake
    exports: BulkExportClient
    account_sid: str
    request: BulkExportRequest
    privacy: Privacy
    on_progress: OnProgress
    cancellation: Cancellation
    clock: Callable[[], datetime]
    currency: str | None = None

    def run(self) -> BulkExportSummary:
        began, today = time.monotonic(), self.clock().date()
        summary = BulkExportSummary(self.account_sid, imported=ImportSummary(self.account_sid))
        if self.request.create_job:
            plan_job(self.request, today)  # raises before any request if the job is not possible
        ready, jobs = self.exports.days(), self.exports.jobs()
        if self.request.create_job:
            summary.job = self._ensure_job(jobs, ready, today, summary.notices)
        wanted = [file for file in ready if self._is_asked_for(file.day)]
        imported_versions = {} if self.request.full else self._imported_versions()
        new = [file for file in wanted if imported_versions.get(file.day) != file.version]
        summary.ready_days, summary.known_days = len(wanted), len(wanted) - len(new)
        known_currency = state.read_account_currency(self.lake, self.account_sid)
        self.currency = known_currency or (self.exports.account_currency() if new else None)
        for number, file in enumerate(new, start=1):
            self._import_day(file, summary)
            self.on_progress(Progress("exported days", number, len(new), summary.imported.total("rows")))
        self._state_gaps(summary, wanted, jobs, today)
        summary.seconds = round(time.monotonic() - began, 3)
        return summary

    def _is_asked_for(self, day: date) -> bool:
        since, until = self.request.since or date.min, self.request.until or date.max
        return since <= day < until

    # --- a day ---

    def _import_day(self, file: DayFile, summary: BulkExportSummary) -> None:
        """Import one day; if it breaks off, again from its beginning, and in the end note it as failed."""
        reason = ""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                result = self._read_day(file)
            except TwilioAuthError:
                raise
            except (TwilioError, UsageError) as error:
                reason, may_help = str(error), isinstance(error, TwilioUnavailable)
            else:
                if result.damage is None:
                    summary.imported.files.append(result)
                    summary.notices += result.notices()
                    return
                reason, may_help = result.damage, True
            if not may_help or attempt == _ATTEMPTS:
                break
            self.cancellation.pause(_PAUSE_SECONDS * attempt)
        summary.failed_days[file.day.isoformat()] = reason

    def _read_day(self, file: DayFile) -> FileImport:
        if self.cancellation.is_asked:
            raise SyncStopped(
                "The import was stopped. Days that were read are kept; run it again for the rest."
            )
        importer = Importer(
            self.lake, self.account_sid, self.privacy, self.currency, None, lambda progress: None,
            self.cancellation, self.clock,
        )  # fmt: skip
        with self.exports.open_day(file.day) as chunks:
            export = ExportedDay(file.day, file.version)
            return importer.run(ByteSource(chunks), f"Messages {file.day}", export=export)

    def _imported_versions(self) -> dict[date, str]:
        versions = self.lake.rows(
            "select export_day, export_version from imports where account_sid = ? and export_day is not null",
            [self.account_sid],
        )
        return dict(versions)

    # --- a job ---

    def _ensure_job(
        self, jobs: list[ExportJob], ready: list[DayFile], today: date, notices: list[str]
    ) -> ExportJob:
        """The job for the requested days: an existing one if it fits, else a new one."""
        first, last = plan_job(self.request, today)
        if self.request.until is None or last < self.request.until - timedelta(days=1):
            notices.append(f"Twilio exports days up to two days back: asked for {first} to {last}.")
        files = {file.day for file in ready}
        for job in jobs:
            is_same = (job.first_day, job.last_day) == (first.isoformat(), last.isoformat())
            if is_same and (job.is_under_way or job.days("Completed") & files):
                notices.append(f"Job {job.job_sid} for {first} to {last} exists already; none was created.")
                return job
        return self.exports.create_job(first, last, f"workbench {first} to {last}")

    # --- gaps ---

    def _state_gaps(
        self, summary: BulkExportSummary, wanted: list[DayFile], jobs: list[ExportJob], today: date
    ) -> None:
        """Report the requested days (or days between the first and last file) without a file or message."""
        days = [file.day for file in wanted]
        newest = today - timedelta(days=NEWEST_DAY_BACK)
        first = self.request.since or min(days, default=None)
        last = self.request.until - timedelta(days=1) if self.request.until else max(days, default=None)
        if first is None or last is None or first > (last := min(last, newest)):
            if not wanted:
                summary.notices.append(_NOTHING_READY)
            return
        explained = {day for job in jobs for day in job.days("CompletedEmptyRecords")}
        explained |= set(self._imported_versions()) | {date.fromisoformat(day) for day in summary.failed_days}
        days_in_lake = days_with_messages(self.lake, self.account_sid, first, last)
        summary.imported.gaps = stretches(first, last, days_in_lake | explained)
        summary.notices += gap_notice(summary.imported.gaps, _WITH_JOB if summary.job else _WITHOUT_JOB)


_WITH_JOB = "run this again once the job is done."
_WITHOUT_JOB = "Twilio has no file of them; --create-job with --since and --until asks for one."
_NOTHING_READY = (
    "Twilio has no exported day for this (files stay for seven days; exports exist in the US1 region only). "
    "Ask for one with --create-job --since DAY, and run this again once it is done."
)


def plan_job(request: BulkExportRequest, today: date) -> tuple[date, date]:
    """First and last day (both included) to ask Twilio for. Pure.

    Raises:
        UsageError: no `since`, no day that Twilio exports yet, or more days than it exports in one day.
    """
    if request.since is None:
        raise UsageError("--create-job needs --since: the first day (GMT) to export, as 2025-01-01.")
    newest = today - timedelta(days=NEWEST_DAY_BACK)
    last = min(request.until - timedelta(days=1), newest) if request.until else newest
    count = (last - request.since).days + 1
    if count < 1:
        raise UsageError(
            f"Twilio exports days up to {newest}; --since is {request.since}: sync lists newer ones."
        )
    if count > LONGEST_JOB_DAYS:
        until = request.since + timedelta(days=LONGEST_JOB_DAYS)
        raise UsageError(
            f"{request.since} to {last} is {count} days; Twilio exports {LONGEST_JOB_DAYS} in a day. Ask for "
            f"--until {until} today, and for the rest tomorrow."
        )
    return request.since, last

"""The notebook API of the sync: bring the account in, prove it complete, say where it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.api.base import Opened
from workbench.api.periods import parse_period
from workbench.api.status import Status
from workbench.errors import TRY_AGAIN, ConfigError, WorkbenchError

if TYPE_CHECKING:
    from workbench.messaging.privacy import Privacy
    from workbench.sync.account.media_bytes import MediaStore
    from workbench.sync.imports.bulk_export import BulkExportSummary
    from workbench.sync.imports.summary import ImportSummary
    from workbench.sync.reconcile.run import OnDay, ReconcileReport
    from workbench.sync.shared.cancellation import Cancellation
    from workbench.sync.shared.request import OnProgress, SyncSummary
    from workbench.twilio.client import TwilioClient

#: A long sync outlasts a Twilio that stumbles for a quarter of a minute.
_SYNC_ATTEMPTS = 8
_RECONCILED_DAYS = 7


class SyncCalls(Opened):
    """Bring the account in, prove it complete, say where it stands."""

    def sync(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        full: bool = False,
        subaccounts: bool | None = None,
        messages_only: bool = False,
        retry_quarantined: bool = False,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> SyncSummary:
        """Bring the account into the lake: messages, and at most hourly what is around them.

        Args:
            since: first GMT day; by default where the lake begins, or everything Twilio still lists.
            until: first GMT day not to read any more.
            full: read every day again, also those that are complete, and everything around.
            subaccounts: the open subaccounts too; by default as the settings say.
            messages_only: leave out what is around them, and the audits.
            retry_quarantined: read again what is in quarantine because it could not be read, nothing else.
            stop: set it from elsewhere to end early; SyncStopped is raised, and what was read is kept.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.account.account_check import AccountCheck
        from workbench.sync.shared.cancellation import Cancellation

        first, end = parse_period(since or self.settings.sync.since, until)
        cancellation = Cancellation(stop)
        with only_one(self.settings.home / "sync.lock", "sync"), self._client(cancellation) as client:
            # Twilio is asked first: its answer comes while the engine loads and the lake opens.
            check = AccountCheck(client, client.account_sid)
            try:
                from workbench.sync.shared.request import SyncRequest
                from workbench.sync.whole_account import sync_whole_account

                summary = sync_whole_account(
                    self.lake,
                    client,
                    SyncRequest(first, end, full, self.settings.sync.lookback_days, retry_quarantined),
                    privacy=self._privacy(),
                    check=check,
                    mps_limits=self.settings.mps_limits,
                    media_store=self._media_store(),
                    messages_only=messages_only,
                    with_subaccounts=self.settings.sync.subaccounts if subaccounts is None else subaccounts,
                    on_progress=on_progress or (lambda progress: None),
                    cancellation=cancellation,
                )
            except BaseException:
                cancellation.fail()
                raise
        if not messages_only:
            try:
                self.prepare_audits()
            except ConfigError as error:  # what was read is in the lake, and is not wrong
                summary.notices.append(f"The audits were not brought up to date. {error}")
        return summary

    def prepare_audits(self) -> None:
        """Bring what the audits stand on (places, hours, the opt-out clock) up to date with the log."""
        from workbench.compliance.checks import prepare_audits

        prepare_audits(self.lake)

    def sync_bulk_export(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        full: bool = False,
        create_job: bool = False,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> BulkExportSummary:
        """Bring in the days that Twilio has exported to files, older than its list or too large for it.

        Args:
            since: first GMT day; by default whatever is exported.
            until: first GMT day not wanted any more.
            full: read days again that came in before.
            create_job: first ask Twilio to export these days, which takes it hours.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.imports.bulk_export import BulkExportRequest, sync_bulk_export
        from workbench.sync.shared.cancellation import Cancellation
        from workbench.twilio.bulk_exports import BulkExportClient

        request = BulkExportRequest(*parse_period(since, until), full=full, create_job=create_job)
        credentials, cancellation = self.settings.credentials, Cancellation(stop)
        exports = BulkExportClient(
            credentials,
            base_url=self.settings.twilio.base_url,
            sleep=cancellation.pause,
            attempts=_SYNC_ATTEMPTS,
        )
        with exports, only_one(self.settings.home / "sync.lock", "sync"):
            return sync_bulk_export(
                self.lake,
                exports,
                credentials.account_sid,
                request,
                privacy=self._privacy(),
                on_progress=on_progress or (lambda progress: None),
                cancellation=cancellation,
            )

    def import_files(
        self,
        *paths: Path | str,
        account_sid: str | None = None,
        currency: str | None = None,
        timezone: str | None = None,
        country: str | None = None,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> ImportSummary:
        """Bring in files of messages: BulkExport's JSON lines or the console's CSV, plain or gzipped.

        The console's CSV is read as any program saved it again, also as XLSX; ``-`` is stdin.

        Args:
            account_sid: whose messages they are; by default the account of the settings.
            currency: of prices that name none, as USD; by default the account's.
            timezone: of dates that name none.
            country: of numbers that lost their country code, as US; by default as ``[sending]`` says.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.imports.run import import_files, time_zone
        from workbench.sync.shared.cancellation import Cancellation
        from workbench.table_files import stdin_as_file

        account_sid = account_sid or self.settings.credentials.account_sid
        with only_one(self.settings.home / "sync.lock", "sync"), stdin_as_file(paths) as files:
            return import_files(
                self.lake,
                files,
                account_sid,
                privacy=self._privacy(),
                currency=currency.upper() if currency else None,
                zone=time_zone(timezone) if timezone else None,
                numbers=self._number_context(country),
                on_progress=on_progress or (lambda progress: None),
                cancellation=Cancellation(stop),
            )

    def reconcile(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        repair: bool = False,
        on_day: OnDay | None = None,
        stop: threading.Event | None = None,
    ) -> ReconcileReport:
        """Compare the lake with Twilio, GMT day by day: rows, spend and statuses.

        Args:
            since: first GMT day; by default the last 7 days.
            until: first GMT day not to compare any more; by default tomorrow.
            repair: bring what is missing, correct what differs, and compare those days again.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.reconcile.run import reconcile
        from workbench.sync.shared.cancellation import Cancellation

        now = datetime.now(UTC)
        first, end = parse_period(since, until)
        end = end or now.date() + timedelta(days=1)
        cancellation = Cancellation(stop)
        with self._client(cancellation) as client, only_one(self.settings.home / "sync.lock", "sync"):
            return reconcile(
                self.lake,
                client,
                client.account_sid,
                first or end - timedelta(days=_RECONCILED_DAYS),
                end,
                now=now,
                repair=repair,
                prepare=self._privacy().apply,
                on_day=on_day or (lambda check: None),
                cancellation=cancellation,
            )

    def _client(self, cancellation: Cancellation) -> TwilioClient:
        """For long work: patient with a Twilio that stumbles, and ended by `cancellation`."""
        from workbench.twilio.client import TwilioClient
        from workbench.twilio.concurrency import REQUESTS_AT_ONCE, AdaptiveLimit

        return TwilioClient(
            self.settings.credentials,
            base_url=self.settings.twilio.base_url,
            sleep=cancellation.pause,
            limit=AdaptiveLimit(REQUESTS_AT_ONCE, start=REQUESTS_AT_ONCE * 3 // 4, step=1),
            attempts=_SYNC_ATTEMPTS,
        )

    def _media_store(self) -> MediaStore | None:
        """Where the bytes of attachments go, if the settings ask for them."""
        if not self.settings.sync.media_bytes:
            return None
        from workbench.sync.account.media_bytes import MediaStore
        from workbench.twilio.media import fetch_media_bytes

        fetch = partial(fetch_media_bytes, self.settings.credentials, base_url=self.settings.twilio.base_url)
        return MediaStore(self.settings.home / "media", fetch)

    def _privacy(self) -> Privacy:
        """What this lake may keep, settled before its first message."""
        from workbench.sync.shared.privacy import open_privacy

        return open_privacy(self.lake, self.settings.privacy.mode)

    def watch(
        self,
        every_seconds: float,
        *,
        subaccounts: bool | None = None,
        stop: threading.Event,
        on_sync: Callable[[SyncSummary], None],
        on_trouble: Callable[[WorkbenchError], None],
    ) -> None:
        """Sync again and again until `stop` is set; one watcher per lake.

        What may pass by itself (Twilio away, the lake busy) goes to `on_trouble` and is tried again next
        time; anything else is raised.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.shared.cancellation import SyncStopped

        with only_one(self.settings.home / "watch.lock", "watching sync"):
            while not stop.is_set():
                try:
                    on_sync(self.sync(subaccounts=subaccounts, stop=stop))
                except SyncStopped:
                    return
                except WorkbenchError as error:
                    if error.exit_code != TRY_AGAIN:
                        raise
                    on_trouble(error)
                stop.wait(every_seconds)

    def status(self) -> Status:
        """How far the sync is, what is open, how fresh the numbers are."""
        from workbench.lake.jobs import read_last_job_runs
        from workbench.lake.removals import read_unfinished
        from workbench.metrics.freshness import freshness
        from workbench.sync.status import read_sync_status

        lake = self._reader
        return Status(
            home=str(self.settings.home),
            lake=lake.address.shown,
            is_simulated=self.settings.is_demo,
            sync=read_sync_status(lake),
            freshness=freshness(lake),
            jobs=tuple(read_last_job_runs(lake)),
            unfinished=tuple(read_unfinished(lake)),
        )

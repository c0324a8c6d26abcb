"""``wb.sync``: bring the account in, from Twilio or from files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.api.installation import SYNC_ATTEMPTS
from workbench.api.live_line import describe_sync, live_line
from workbench.api.namespace import Namespace
from workbench.api.periods import parse_period
from workbench.errors import TRY_AGAIN, ConfigError, LakeBusy, WorkbenchError

if TYPE_CHECKING:
    from workbench.sync.account.account_check import AccountCheck
    from workbench.sync.imports.bulk_export import BulkExportSummary
    from workbench.sync.imports.summary import ImportSummary
    from workbench.sync.shared.cancellation import Cancellation
    from workbench.sync.shared.request import OnProgress, SyncRequest, SyncSummary
    from workbench.twilio.client import TwilioClient


class Sync(Namespace):
    """Bring the account in, from Twilio or from files."""

    def __call__(
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
            on_progress: is told how far it is; by default a notebook shows it in one line under the cell.
            stop: set it from elsewhere to end early; SyncStopped is raised, and what was read is kept.
        """
        from workbench.sync.account.account_check import AccountCheck
        from workbench.sync.shared.cancellation import Cancellation

        installation = self._installation
        first, end = parse_period(since or installation.settings.sync.since, until)
        cancellation = Cancellation(stop)
        with (
            installation.alone("sync", "sync") as sole,
            installation.twilio_client(cancellation) as client,
            live_line("Sync", on_progress, describe_sync) as tell,
        ):
            sole.on_loss(cancellation.end)
            # Twilio is asked first: its answer comes while the engine loads and the lake opens.
            check = AccountCheck(client, client.account_sid)
            try:
                from workbench.sync.shared.request import SyncRequest

                lookback = installation.settings.sync.lookback_days
                request = SyncRequest(first, end, full, lookback, retry_quarantined)
                summary = self._sync_account(
                    client, check, request, subaccounts, messages_only, tell, cancellation
                )
            except BaseException:
                cancellation.fail()
                raise
        summary.notices += self._after_sync(messages_only)
        return summary

    def _sync_account(
        self,
        client: TwilioClient,
        check: AccountCheck,
        request: SyncRequest,
        subaccounts: bool | None,
        messages_only: bool,
        on_progress: OnProgress,
        cancellation: Cancellation,
    ) -> SyncSummary:
        from workbench.sync.whole_account import sync_whole_account

        installation = self._installation
        settings = installation.settings
        return sync_whole_account(
            installation.begin_lake(check.result),
            client,
            request,
            privacy=installation.privacy(),
            check=check,
            mps_limits=settings.mps_limits,
            media_store=installation.media_store(),
            messages_only=messages_only,
            with_subaccounts=settings.sync.subaccounts if subaccounts is None else subaccounts,
            on_progress=on_progress,
            cancellation=cancellation,
        )

    def _after_sync(self, messages_only: bool) -> list[str]:
        """Bring the audits up to date, with the keywords of campaigns that came too; what is amiss."""
        from workbench.lake.clock import clock_warning

        warning = clock_warning(self._installation.lake, datetime.now(UTC))
        notices = [warning] if warning else []
        if not messages_only:
            try:
                self._installation.prepare_audits()
            except ConfigError as error:  # what was read is in the lake, and is not wrong
                notices.append(f"The audits were not brought up to date. {error}")
        return notices

    def bulk_export(
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
        from workbench.sync.imports.bulk_export import BulkExportRequest, check_bulk_export, sync_bulk_export
        from workbench.sync.shared.cancellation import Cancellation
        from workbench.twilio.bulk_exports import BulkExportClient

        installation = self._installation
        request = BulkExportRequest(*parse_period(since, until), full=full, create_job=create_job)
        credentials, cancellation = installation.settings.credentials, Cancellation(stop)
        exports = BulkExportClient(
            credentials,
            base_url=installation.settings.twilio.base_url,
            sleep=cancellation.pause,
            attempts=SYNC_ATTEMPTS,
        )
        with (
            exports,
            installation.alone("sync", "sync") as sole,
            live_line("Bulk export", on_progress, describe_sync) as tell,
        ):
            sole.on_loss(cancellation.end)
            return sync_bulk_export(
                installation.begin_lake(lambda: check_bulk_export(exports, request)),
                exports,
                credentials.account_sid,
                request,
                privacy=installation.privacy(),
                on_progress=tell,
                cancellation=cancellation,
            )

    def import_files(
        self,
        *files: Path | str,
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
        from workbench.sync.imports.run import check_files, import_files, time_zone
        from workbench.sync.shared.cancellation import Cancellation
        from workbench.table_files import stdin_as_file

        installation = self._installation
        account_sid = account_sid or installation.settings.credentials.account_sid
        cancellation = Cancellation(stop)
        with (
            installation.alone("sync", "sync") as sole,
            stdin_as_file(files) as given,
            live_line("Import", on_progress, describe_sync) as tell,
        ):
            sole.on_loss(cancellation.end)
            return import_files(
                installation.begin_lake(lambda: check_files(given)),
                given,
                account_sid,
                privacy=installation.privacy(),
                currency=currency.upper() if currency else None,
                zone=time_zone(timezone) if timezone else None,
                numbers=installation.number_context(country),
                on_progress=tell,
                cancellation=cancellation,
            )

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
        from workbench.sync.shared.cancellation import SyncStopped

        installation = self._installation
        with installation.alone("watch", "watching sync") as sole:
            while not stop.is_set():
                if sole.is_lost():
                    raise LakeBusy("Another machine may watch this lake now. Run the same command again.")
                try:
                    on_sync(self(subaccounts=subaccounts, stop=stop, on_progress=lambda progress: None))
                except SyncStopped:
                    return
                except WorkbenchError as error:
                    if error.exit_code != TRY_AGAIN:
                        raise
                    on_trouble(error)
                stop.wait(every_seconds)

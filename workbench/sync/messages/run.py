"""One sync of messages: windows first, then the open set, each batch committed together with its progress.

Worker threads fetch pages and turn them into rows; the calling thread alone writes. A page that was
committed is never asked for again, so after ``kill -9`` the next run goes on behind the last commit.
What a settled day no longer shows when it is read again is looked for at the end (see ``rescan``). A row that
nobody can read is set aside in the same commit as the others, and asked for again by later syncs.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from workbench.errors import ConfigError, WorkbenchError
from workbench.lake.connect import Lake
from workbench.lake.save_rows import save_rows
from workbench.messaging.privacy import Privacy
from workbench.sync.account.account_check import AccountCheck
from workbench.sync.account.accounts import account_row
from workbench.sync.messages import state
from workbench.sync.messages.open_set import is_unresolved, plan_open_set
from workbench.sync.messages.page_writer import FetchedPage, PageWriter
from workbench.sync.messages.pages import MessageReader
from workbench.sync.messages.quarantine import MessageQuarantine, RetryPlan, plan_retry
from workbench.sync.messages.refetch import fetch_each
from workbench.sync.messages.rescan import DeletionWatch, plan_rescan
from workbench.sync.messages.state import WindowProgress
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.fields import MalformedRow
from workbench.sync.shared.request import OnProgress, SyncRequest, SyncSummary
from workbench.sync.shared.windows import PAGE_SIZE, SyncWindow, clamp_since, plan_windows
from workbench.twilio.client import ListPage, TwilioClient
from workbench.twilio.resources import message_page


def run_sync(
    lake: Lake,
    client: TwilioClient,
    account_sid: str,
    request: SyncRequest,
    *,
    privacy: Privacy | None = None,
    check: AccountCheck | None = None,
    on_progress: OnProgress = lambda progress: None,
    cancellation: Cancellation | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> SyncSummary:
    """Bring the account's messages into the lake.

    Args:
        privacy: what may be kept of a message; everything by default.
        check: the account's check, if it is on its way already.
        cancellation: ends the sync early when asked; what was read is kept and SyncStopped is raised. The
            client's waits between attempts should be its `pause`.

    Raises:
        ConfigError: the lake holds another account's messages.
        TwilioError: Twilio refused, or could not be reached; what was read before is kept.
    """
    check = check or AccountCheck(client, account_sid)
    privacy, cancellation = privacy or Privacy(), cancellation or Cancellation()
    return _MessageSync(lake, client, check, request, privacy, on_progress, cancellation, clock).run()


class _MessageSync:
    """The state of one sync: plan, fetch in threads, write in this one."""

    def __init__(
        self,
        lake: Lake,
        client: TwilioClient,
        check: AccountCheck,
        request: SyncRequest,
        privacy: Privacy,
        on_progress: OnProgress,
        cancellation: Cancellation,
        clock: Callable[[], datetime],
    ) -> None:
        self.lake, self.client, self.check, self.request = lake, client, check, request
        self.account_sid = account_sid = check.account_sid
        self.privacy, self.clock = privacy, clock
        self.run_id = uuid.uuid4().hex
        self.started_at = clock()
        self.reader = MessageReader(account_sid, privacy)
        # One at a time: Python runs one thread at once anyway, and a page's rows take five times its size.
        self.making_tables = threading.Lock()
        self.cancellation = cancellation
        self.known = state.read_windows(lake, account_sid)
        self.deletions = DeletionWatch(lake, client, account_sid, self.known)
        self.quarantine = MessageQuarantine(lake, account_sid)
        self.asked_before = check.asked_before
        today = self.started_at.date()
        self.summary = SyncSummary(account_sid, today, today + timedelta(days=1))
        self.writer = PageWriter(
            lake, account_sid, self.quarantine, self.summary, on_progress, cancellation, clock
        )

    def run(self) -> SyncSummary:
        began = time.monotonic()
        self._check_account()
        self._settle_period()
        self._save_run("running")
        try:
            self._sync()
        except BaseException as error:
            self._finish(began)
            is_stop = isinstance(error, SyncStopped) or not isinstance(error, Exception)
            outcome = "stopped" if is_stop else "failed"
            self._save_run(outcome, error=str(error) if isinstance(error, WorkbenchError) else repr(error))
            raise
        self._say_repairs()
        self._finish(began)
        self._save_run("done")
        return self.summary

    def _finish(self, began: float) -> None:
        self.summary.seconds = round(time.monotonic() - began, 3)
        self.summary.requests = self.client.requests - self.asked_before

    def _sync(self) -> None:
        if self.request.retry_quarantined:
            self._retry(self._plan_retry((), everything=True))
            self._settle_deletions()
            self._count_open()
            return
        windows = self._plan_windows()
        windows += self._plan_rescan({window.day for window in windows})
        retry = self._plan_retry({window.day for window in windows})
        windows += [self._window(day) for day in retry.days]
        self.summary.windows = len(windows)
        self.writer.read("messages", windows, self._walk)
        listed = {window.day for window in windows}
        plan = self._plan_open_set(listed)
        self.writer.read("open messages, by day", [SyncWindow(day) for day in plan.list_days], self._walk)
        self.writer.read("open messages, one by one", _chunks(plan.fetch, 50), self._fetch_singly)
        self.summary.fetched_singly = len(plan.fetch)
        self._retry(RetryPlan(fetch=retry.fetch))
        self._settle_deletions()
        self._count_open()

    def _retry(self, plan: RetryPlan) -> None:
        """Read quarantined rows again, and nothing else."""
        self.summary.windows += len(plan.days)
        self.writer.read("quarantined rows, by day", [self._window(day) for day in plan.days], self._walk)
        self.writer.read("quarantined rows, one by one", _chunks(plan.fetch, 50), self._fetch_singly)
        self.summary.fetched_singly += len(plan.fetch)

    # --- plan ---

    def _check_account(self) -> None:
        """Prove the credentials and keep two accounts from being mixed up in one lake."""
        checked = self.check.result()
        account = checked.account
        currency = checked.currency
        if checked.notice:
            self.summary.notices.append(checked.notice)
            currency = state.read_account_currency(self.lake, self.account_sid)
        self.reader = MessageReader(self.account_sid, self.privacy, currency)
        synced = state.read_synced_accounts(self.lake)
        if synced and self.account_sid not in synced and account.get("owner_account_sid") not in synced:
            raise ConfigError(
                f"This lake holds account {synced[0]}, and the credentials are for {self.account_sid}. "
                "Use a lake of its own: set WORKBENCH_HOME to another folder."
            )
        try:
            fields = {**account_row({"sid": self.account_sid, **account}), "currency": currency}
        except MalformedRow as error:
            self.summary.notices.append(f"What Twilio says of the account itself was not kept. {error}")
            fields = {"account_sid": self.account_sid, "currency": currency}
        # What may not be read now stays as it was read before.
        known = {name: value for name, value in fields.items() if value is not None}
        row = {**known, "read_at": self.started_at}
        self.lake.write(lambda cursor: save_rows(cursor, "accounts", [row], key=("account_sid",)))

    def _settle_period(self) -> None:
        """Which days this sync is for; noted with the run, so that the next one goes on if it is killed."""
        if self.request.retry_quarantined:
            return
        today = self.started_at.date()
        first_day = state.read_first_day(self.lake, self.account_sid)
        wanted = self.request.since or first_day or clamp_since(date.min, today)
        since = clamp_since(wanted, today)
        if self.request.since and since > wanted:
            self.summary.notices.append(
                f"Twilio lists no message older than 400 days: since {wanted} was moved to {since}."
            )
        self.summary.since, self.summary.until = since, self.request.until or today + timedelta(days=1)
        self.lake.write(lambda cursor: state.save_start(cursor, self.account_sid, since))

    def _plan_windows(self) -> list[SyncWindow]:
        return plan_windows(
            self.summary.since,
            self.summary.until,
            self.started_at.date(),
            self.known,
            lookback_days=self.request.lookback_days,
            full=self.request.full,
        )

    def _plan_rescan(self, listed: set[date]) -> list[SyncWindow]:
        """Settled days to read again for what was deleted or redacted; none when days were asked for."""
        if self.request.until:
            return []
        days = plan_rescan(self.known, self.started_at, lookback_days=self.request.lookback_days)
        return [SyncWindow(day) for day in days if day not in listed]

    def _plan_open_set(self, listed: set[date]) -> Any:
        messages = state.read_open_messages(self.lake, self.account_sid, self.started_at)
        waiting = [message for message in messages if message.day not in listed]
        days = state.read_rows_per_day(self.lake, self.account_sid, {message.day for message in waiting})
        return plan_open_set(waiting, days, self.started_at, page_size=PAGE_SIZE)

    def _plan_retry(self, listed: Collection[date], *, everything: bool = False) -> RetryPlan:
        """Quarantined rows to read again; those of a sync for some days only wait for the next one."""
        if self.request.until or not self.quarantine.waiting:
            return RetryPlan()
        rows = state.read_rows_per_day(self.lake, self.account_sid, self.quarantine.days())
        return plan_retry(
            self.quarantine.waiting, rows, self.started_at, listed=listed, everything=everything
        )

    def _window(self, day: date) -> SyncWindow:
        return SyncWindow(day, is_open_ended=day == self.started_at.date())

    def _say_repairs(self) -> None:
        notice = self.client.take_repairs().sentence()
        self.summary.notices += [notice] if notice else []
        if self.summary.quarantined:
            self.summary.notices.append(
                f"{self.summary.quarantined:,} of the rows could not be read and are kept in quarantine with "
                "the reason (table quarantined_rows, `workbench status`); the next syncs ask for them again."
            )

    def _settle_deletions(self) -> None:
        settled = self.deletions.settle(self.clock(), self.reader)
        self.summary.quarantined += settled.unread
        self.summary.deleted = settled.deleted
        if settled.left:
            self.summary.notices.append(
                f"{settled.left:,} more messages are not listed any more; the next syncs ask for them."
            )

    def _count_open(self) -> None:
        now = self.clock()
        messages = state.read_open_messages(self.lake, self.account_sid, now)
        self.summary.open_messages = len(messages)
        self.summary.unresolved = sum(is_unresolved(message, now) for message in messages)

    # --- fetch, in worker threads ---

    def _walk(self, window: SyncWindow) -> None:
        """Read one window to its end, page after page."""
        read_from = window.resumed_from or self.clock()
        seen_day = self.deletions.begin(window.day, read_from, is_resumed=window.resume_at is not None)
        next_uri, seen = window.resume_at, window.resumed_rows
        while not self.cancellation.is_set:
            if next_uri:
                page = message_page(self.client, self.account_sid, next_page_uri=next_uri)
            else:
                page = message_page(self.client, self.account_sid, window.query())
                read_from = min(read_from, _asked_at(page) or read_from)
            with self.making_tables:
                read = self.reader.read(page.rows, window.day.isoformat())
            if seen_day:
                seen_day.note(read.rows)
                seen_day.sids |= {row.sid for row in read.unread if row.sid}
            seen, next_uri = seen + len(page.rows), page.next_page_uri
            progress = WindowProgress(window.day, read_from, seen, next_uri)
            fetched = FetchedPage(read.table, progress, unread=read.unread)
            del page, read  # not while the writer is waited for
            self.writer.put(fetched)
            if not next_uri:
                return self.deletions.end(seen_day)

    def _fetch_singly(self, message_sids: Sequence[str]) -> None:
        """Read messages one by one; one that Twilio no longer has is noted as read all the same."""
        _, page = fetch_each(self.client, self.reader, message_sids, at_once=1)
        self.writer.put(FetchedPage(page.table, checked=message_sids, unread=page.unread))

    def _save_run(self, outcome: str, error: str | None = None) -> None:
        row: dict[str, object] = {
            "run_id": self.run_id,
            "account_sid": self.account_sid,
            "started_at": self.started_at,
            "finished_at": None if outcome == "running" else self.clock(),
            "outcome": outcome,
            "listed": self.summary.listed,
            "added": self.summary.added,
            "changed": self.summary.changed,
            "requests": self.client.requests - self.asked_before,
            "error": error,
        }
        self.lake.write(lambda cursor: state.save_run(cursor, row))


def _asked_at(page: ListPage) -> datetime | None:
    """When Twilio was asked, by its own clock: one of ours that is ahead would end a day too soon."""
    return page.server_time and page.server_time - timedelta(seconds=page.elapsed)


def _chunks(items: Sequence[str], size: int) -> list[Sequence[str]]:
    return [items[start : start + size] for start in range(0, len(items), size)]

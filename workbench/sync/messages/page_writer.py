"""Commits what threads fetched: the calling thread alone writes, each batch together with its progress."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from workbench.lake.connect import Lake
from workbench.lake.save import Saved, join_message_tables, save_messages
from workbench.messaging.quarantine import QuarantinedRow
from workbench.sync.messages import state
from workbench.sync.messages.quarantine import MessageQuarantine
from workbench.sync.messages.state import WindowProgress
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.sync.shared.request import OnProgress, Progress, SyncSummary
from workbench.twilio.concurrency import REQUESTS_AT_ONCE

#: Rows per commit: large enough that commits cost little, small enough to bound memory and lost work.
BATCH_ROWS = 20_000
BATCH_SECONDS = 2.0
#: One for each request at once. A page that was fetched waits in its thread to be made a table.
THREADS = REQUESTS_AT_ONCE
#: Pages that may wait for the writer; a full queue stops the fetching, which bounds memory.
WAITING_PAGES = 32


@dataclass(frozen=True)
class FetchedPage:
    """One page as a table, and how far its window is read with it (None for messages fetched singly).

    A table, because rows as Python objects would take five times the memory.
    """

    table: pa.Table
    window: WindowProgress | None = None
    checked: Sequence[str] = ()
    unread: Sequence[QuarantinedRow] = ()


class PageWriter:
    """Runs work in threads and commits the pages that it brings.

    Args:
        summary: is told what was committed.
        clock: the moment of a commit.
    """

    def __init__(
        self,
        lake: Lake,
        account_sid: str,
        quarantine: MessageQuarantine,
        summary: SyncSummary,
        on_progress: OnProgress,
        cancellation: Cancellation,
        clock: Callable[[], datetime],
    ) -> None:
        self._lake, self._account_sid, self._quarantine = lake, account_sid, quarantine
        self._summary, self._on_progress = summary, on_progress
        self._cancellation, self._clock = cancellation, clock
        self._pages: queue.Queue[FetchedPage] = queue.Queue(maxsize=WAITING_PAGES)

    def put(self, page: FetchedPage) -> None:
        """Give a page to be committed, from any thread; waits while the writer has enough."""
        while not self._cancellation.is_set:
            try:
                return self._pages.put(page, timeout=0.2)
            except queue.Full:
                continue
        return None

    def read(self, phase: str, tasks: Sequence[Any], work: Callable[[Any], None]) -> None:
        """Run ``work`` for each task in threads and commit what they bring, until all are done."""
        if not tasks:
            return
        with ThreadPoolExecutor(THREADS, thread_name_prefix="sync") as pool:
            running = {pool.submit(work, task) for task in tasks}
            try:
                self._write_while(running, phase)
            except BaseException:
                self._cancellation.fail()
                pool.shutdown(wait=True, cancel_futures=True)
                self._commit(self._drain())
                raise

    def _write_while(self, running: set[Future[None]], phase: str) -> None:
        """Commit what arrives, in batches, until every task is over."""
        total, pending, committed_at = len(running), list[FetchedPage](), time.monotonic()
        while running or pending or not self._pages.empty():
            pending += self._drain(wait_seconds=0.05)
            finished, running = wait(running, timeout=0, return_when=FIRST_COMPLETED)
            for future in finished:
                future.result()
            is_over = not running and self._pages.empty()
            is_full = sum(page.table.num_rows for page in pending) >= BATCH_ROWS
            if is_over or is_full or time.monotonic() - committed_at >= BATCH_SECONDS:
                self._commit(pending)
                pending, committed_at = [], time.monotonic()
            if self._cancellation.is_asked:
                raise SyncStopped("The sync was stopped. What was read is kept; run it again to go on.")
            self._on_progress(Progress(phase, total - len(running), total, self._summary.listed))

    def _drain(self, wait_seconds: float = 0.0) -> list[FetchedPage]:
        """The pages that are waiting; at most one full batch, after at most `wait_seconds` of idling."""
        pages: list[FetchedPage] = []
        rows = 0
        while rows < BATCH_ROWS:
            try:
                is_idle = wait_seconds and not pages
                pages.append(self._pages.get(timeout=wait_seconds) if is_idle else self._pages.get_nowait())
            except queue.Empty:
                break
            rows += pages[-1].table.num_rows
        return pages

    def _commit(self, pages: Sequence[FetchedPage]) -> None:
        if not pages:
            return
        now = self._clock()
        table = join_message_tables([page.table for page in pages])
        # Pages of one window come in order; the last one says how far it is.
        windows = {page.window.day: page.window for page in pages if page.window}
        checked = [sid for page in pages for sid in page.checked]
        unread = [row for page in pages for row in page.unread]
        read_sids = self._quarantine.resolved(table["message_sid"], checked, unread)

        def work(cursor: duckdb.DuckDBPyConnection) -> Saved:
            saved = save_messages(cursor, table, source="sync", received_at=now)
            state.save_windows(cursor, self._account_sid, list(windows.values()), now)
            if checked:
                state.save_open_checks(cursor, self._account_sid, checked, now)
            self._quarantine.save(cursor, unread, read_sids, windows.values(), now)
            return saved

        saved = self._lake.write(work)
        self._quarantine.noted(unread)
        self._summary.listed += table.num_rows + len(unread)
        self._summary.quarantined += len(unread)
        self._summary.added += saved.added
        self._summary.changed += saved.changed

"""The worker process: notes what happens in the feed, and runs what acts on it.

A process of its own, because a rule or a slow receiver must keep neither a page nor a webhook waiting. It is
woken by commits to the lake. A consumer that fails is tried again after a longer and longer pause; the others
go on.

Of the workers of several machines on one lake one acts. The others stand by, and one of them goes on within
seconds after its lease ended; the cursors are in the lake.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from workbench.doctor.worker_state import ConsumerState, WorkerState, write_worker_state
from workbench.errors import LakeError, NothingKnown, WorkbenchError
from workbench.home import REMOVALS_LOCK, WORKER_LOCK
from workbench.lake import Lake, open_lake
from workbench.lake.address import lake_address
from workbench.lake.changed_tables import read_changed_tables
from workbench.lake.feed import append_feed
from workbench.lake.feed_news import DECISIONS, SOURCES
from workbench.lake.fleet.presence import present
from workbench.lake.fleet.standby import Standby
from workbench.lake.lock import is_held, only_one
from workbench.lake.renewal import EngineRenewal
from workbench.lake.watcher import LakeWatcher
from workbench.server.consumers import CONSUMERS, Consumer
from workbench.settings import Settings

log = logging.getLogger(__name__)

#: After a turn it rests so many times as long as the turn took: it takes at most a fifth of a core.
_REST, _SHORTEST_REST, _LONGEST_REST = 4, 0.25, 5.0
_AFTER_TROUBLE = 5.0
_STAND_BY_SECONDS = 2.0
_LONGEST_WAIT = 15.0
_ALL_AGAIN_SECONDS = 600.0
_SAY_EVERY = 5.0
_VERSIONS_PER_ENGINE = 250
_PAUSES = (1, 5, 30, 120, 300)
"""Seconds after the first, second … failure of a consumer in a row."""

_FEED_TABLE = "feed_events"


class Worker:
    """The worker of one installation, on the thread that calls :meth:`run`."""

    def __init__(self, settings: Settings, consumers: Sequence[Consumer] = CONSUMERS) -> None:
        self.settings = settings
        self._runs = [_ConsumerRuns(consumer) for consumer in consumers]
        self._wake, self._stop = threading.Event(), threading.Event()
        self._lake: Lake | None = None
        self._standby = Standby(settings, "worker")
        self._renewal = EngineRenewal(_VERSIONS_PER_ENGINE)
        self._snapshot = -1
        self._all_at = self._timed_at = self._said_at = float("-inf")
        self._state = WorkerState(datetime.now(UTC))

    def run(self) -> None:
        """Work until :meth:`stop`; in the main thread Ctrl-C and SIGTERM end it.

        Raises:
            LakeBusy: another worker runs in this home.
        """
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: self.stop())
        lock = only_one(self.settings.home / WORKER_LOCK, "worker process")
        with lock, present(self.settings, "worker"):
            watcher = LakeWatcher(lake_address(self.settings), self._snapshot_id)
            watcher.add(self._wake.set)
            try:
                while not self._stop.is_set():
                    self._wake.clear()
                    rest = self._turn_and_rest()
                    if not self._stop.wait(rest):
                        self._wake.wait(max(0.0, self._wait_seconds() - rest))
            finally:
                watcher.close()
                self._close_lake()
                self._standby.close()

    def stop(self) -> None:
        """End ``run``. Safe to call from a signal handler, another thread, or twice."""
        self._stop.set()
        self._wake.set()

    def _turn_and_rest(self) -> float:
        """One turn; how long to rest after it."""
        began, trouble = time.monotonic(), ""
        if is_held(self.settings.home / REMOVALS_LOCK):
            # Old copies of what was erased can be removed only while nobody reads them.
            self._say("waits for an erasure")
            return _AFTER_TROUBLE
        try:
            if leader := self._standby.leader():
                self._stand_by(leader)
                return _STAND_BY_SECONDS
            self._turn(datetime.now(UTC))
        except NothingKnown:
            trouble = "there is no lake yet"
        except WorkbenchError as error:
            trouble = type(error).__name__
            level = logging.DEBUG if trouble == self._state.trouble else logging.WARNING
            log.log(level, "what happens waits until the lake can be used: %s", error)
            self._close_lake()
        self._say(trouble)
        if trouble:
            return _AFTER_TROUBLE
        return min(max(_REST * (time.monotonic() - began), _SHORTEST_REST), _LONGEST_REST)

    def _stand_by(self, leader: str) -> None:
        """Another machine's worker acts. The lake is closed, so that old versions of it can go."""
        self._close_lake()
        if leader != self._state.standing_by:
            log.info("the worker stands by for the one of %s", leader)
            self._said_at = float("-inf")
        self._state = replace(self._state, looked_at=datetime.now(UTC), standing_by=leader)
        self._say("")

    def _turn(self, now: datetime) -> None:
        if self._state.standing_by:
            log.info("the worker acts now in place of the one of %s", self._state.standing_by)
            self._state = replace(self._state, standing_by="")
        lake = self._opened()
        changed = read_changed_tables(lake, self._snapshot)
        names, is_all = changed.names or frozenset(), changed.names is None
        sources = self._sources(names, is_all=is_all)
        appended = append_feed(lake, now, sources) if sources else 0
        if changed.snapshot != self._snapshot:
            self._renewal.note_version()
        self._snapshot = changed.snapshot
        self._state = replace(self._state, looked_at=now)
        touched = names | {_FEED_TABLE} if appended or is_all else names
        for runs in self._runs:
            if self._stop.is_set() or self._standby.is_lost():
                return
            if runs.is_due(touched, now):
                runs.run(lake, self.settings, now)
        self._renewal.renew_if_due(lake)

    def _sources(self, names: frozenset[str], *, is_all: bool) -> frozenset[str]:
        """In which tables to look for what happened: those that changed, now and then all."""
        moment = time.monotonic()
        if is_all or moment - self._all_at > _ALL_AGAIN_SECONDS:
            self._all_at = self._timed_at = moment
            return SOURCES
        if moment - self._timed_at > _LONGEST_WAIT:
            self._timed_at = moment
            return names & SOURCES | {DECISIONS}
        return names & SOURCES

    def _wait_seconds(self) -> float:
        if self._state.standing_by:
            return _STAND_BY_SECONDS
        now = datetime.now(UTC)
        moments = [runs.next_at for runs in self._runs if runs.next_at]
        soonest = min(((moment - now).total_seconds() for moment in moments), default=_LONGEST_WAIT)
        return min(max(soonest, 0.0), _LONGEST_WAIT)

    def _say(self, trouble: str) -> None:
        """Write down how it goes, every few seconds and when something goes wrong or well again."""
        consumers = {runs.consumer.name: runs.state for runs in self._runs}
        is_other = trouble != self._state.trouble or any(
            state.failures != self._state.consumers.get(name, ConsumerState()).failures
            for name, state in consumers.items()
        )
        self._state = replace(self._state, trouble=trouble, consumers=consumers)
        if is_other or time.monotonic() - self._said_at > _SAY_EVERY:
            self._said_at = time.monotonic()
            write_worker_state(self.settings.home, self._state)

    def _snapshot_id(self) -> int:
        if self._lake is None:
            raise LakeError("the worker has not opened the lake")
        return self._lake.snapshot_id()

    def _opened(self) -> Lake:
        if self._lake is None:
            self._lake = open_lake(self.settings, may_begin=False, threads=1)
            self._snapshot = -1
        return self._lake

    def _close_lake(self) -> None:
        lake, self._lake = self._lake, None
        if lake:
            lake.close()


class _ConsumerRuns:
    """The runs of one consumer: when the next one is due, and how the last ones went."""

    def __init__(self, consumer: Consumer) -> None:
        self.consumer = consumer
        self.state = ConsumerState()
        self.next_at: datetime | None = None
        self._is_behind = True

    def is_due(self, touched: frozenset[str], now: datetime) -> bool:
        """Whether it shall run now: something happened, or its time has come."""
        self._is_behind |= not touched.isdisjoint(self.consumer.tables | {_FEED_TABLE})
        is_time = self.next_at is not None and now >= self.next_at
        return is_time or (self._is_behind and not self.state.failures)

    def run(self, lake: Lake, settings: Settings, now: datetime) -> None:
        """Run it once; an error of its own stays its own."""
        try:
            self.next_at = self.consumer.run(lake, settings, now)
        except Exception as error:
            pause = _PAUSES[min(self.state.failures, len(_PAUSES) - 1)]
            since = self.state.failing_since or now
            self.state = ConsumerState(
                self.state.failures + 1, since, type(error).__name__, self.state.ended_at
            )
            self.next_at, self._is_behind = now + timedelta(seconds=pause), True
            log.exception("%s failed and is tried again in %d s", self.consumer.name, pause)
        else:
            self.state, self._is_behind = ConsumerState(ended_at=now), False

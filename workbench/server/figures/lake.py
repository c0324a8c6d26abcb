"""What the processes of an installation left in its lake: syncs, jobs, the outbox, the doctor's states.

Read when somebody looks, at most every :data:`CACHE_SECONDS`. What cannot be read is absent, and so is what
follows from the message log while none was read; what was read before is never shown for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from workbench.errors import WorkbenchError
from workbench.lake.connect import Lake
from workbench.lake.health import read_health
from workbench.lake.jobs import read_last_job_runs
from workbench.lake.quarantine import count_open
from workbench.lake.read_days import has_log
from workbench.metrics.freshness import freshness
from workbench.sending.outbox import count_states

CACHE_SECONDS, _WAIT_SECONDS = 10.0, 5.0
_OUTCOMES = ("running", "done", "failed", "stopped", "skipped")
_STATES = ("failure", "warning", "unknown", "fine")


class LakeFigures(Collector):
    """Figures of the lake.

    Args:
        open_lake: gives the lake, or raises why there is none now.
    """

    def __init__(self, open_lake: Callable[[], Lake], clock: Callable[[], float] = time.monotonic) -> None:
        self._open_lake, self._clock = open_lake, clock
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._figures: list[Metric] = []

    def describe(self) -> list[Metric]:
        """Nothing: to be registered needs no lake."""
        return []

    def collect(self) -> Iterator[Metric]:
        if not self._lock.acquire(timeout=_WAIT_SECONDS):
            return  # somebody waits for the lake already
        try:
            if self._clock() - self._read_at >= CACHE_SECONDS:
                self._figures = self._read()
                self._read_at = self._clock()
            figures = self._figures
        finally:
            self._lock.release()
        yield from figures

    def _read(self) -> list[Metric]:
        try:
            lake = self._open_lake()
            figures = [*_jobs(lake), *_health(lake), *_outbox(lake), *_messages(lake)]
        except WorkbenchError:
            return [_gauge("workbench_lake_readable", "Whether the lake answers.", 0)]
        return [_gauge("workbench_lake_readable", "Whether the lake answers.", 1), *figures]


def _messages(lake: Lake) -> Iterator[Metric]:
    if not has_log(lake):
        return
    fresh = freshness(lake)
    synced = _seconds(fresh.last_sync_at)
    yield _gauge("workbench_last_sync_timestamp_seconds", "When the last sync ended that was done.", synced)
    yield _gauge("workbench_messages", "Messages in the lake.", fresh.messages)
    yield _gauge("workbench_messages_in_flight", "Messages without a final status.", fresh.open_messages)
    yield _gauge(
        "workbench_priced_ratio", "Share of the final messages that have a price.", fresh.priced_share
    )
    newest = _seconds(fresh.newest_message_at)
    yield _gauge("workbench_newest_message_timestamp_seconds", "When the newest message was created.", newest)
    rows = sum(sum(counts.values()) for counts in count_open(lake).values())
    yield _gauge("workbench_quarantined_rows", "Rows that could not be read.", rows)


def _jobs(lake: Lake) -> Iterator[Metric]:
    began, ended, seconds, outcomes = (
        _gauge("workbench_job_last_start_timestamp_seconds", "When the last run began.", labels=["job"]),
        _gauge("workbench_job_last_end_timestamp_seconds", "When the last run ended.", labels=["job"]),
        _gauge("workbench_job_last_duration_seconds", "How long the last run took.", labels=["job"]),
        _gauge("workbench_job_last_outcome", "1 for how the last run ended.", labels=["job", "outcome"]),
    )
    for run in read_last_job_runs(lake):
        began.add_metric([run.job], run.started_at.timestamp())
        if run.finished_at:
            ended.add_metric([run.job], run.finished_at.timestamp())
            seconds.add_metric([run.job], (run.finished_at - run.started_at).total_seconds())
        for outcome in _OUTCOMES:
            outcomes.add_metric([run.job, outcome], run.outcome == outcome)
    yield from (began, ended, seconds, outcomes)


def _health(lake: Lake) -> Iterator[Metric]:
    states = read_health(lake)
    if not states:
        return
    counted = _gauge("workbench_health_results", "Results of the doctor by state.", labels=["state"])
    for state in _STATES:
        counted.add_metric([state], sum(result.state == state for result in states))
    yield counted
    seen = max(result.seen_at for result in states).timestamp()
    yield _gauge("workbench_health_examined_timestamp_seconds", "When the doctor last examined all.", seen)


def _outbox(lake: Lake) -> Iterator[Metric]:
    counted = _gauge("workbench_outbox_messages", "Messages of the outbox by state.", labels=["state"])
    for state, count in count_states(lake).items():
        counted.add_metric([state], count)
    yield counted


def _gauge(
    name: str, text: str, value: float | None = None, *, labels: Sequence[str] | None = None
) -> GaugeMetricFamily:
    """One value, or with labels the family of several; it stays empty where the value is not known."""
    return GaugeMetricFamily(name, text, value, labels)


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None

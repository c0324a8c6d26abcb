"""The check of the worker: is what happens noticed, and acted upon?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from workbench.display.formats import duration, plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped
from workbench.doctor.examination import Examination
from workbench.doctor.worker_state import ConsumerState, read_worker_state
from workbench.home import HOOKS_LOCK, WORKER_LOCK
from workbench.lake.lock import is_held

LATE = timedelta(minutes=1)
_FAILURES_OF_A_STUCK_ONE = 3
_LOG = "Look into the log of `workbench serve`; it says why."


def check_worker(examination: Examination) -> Iterator[CheckResult]:
    """What happens is noticed within a minute, and every consumer of the feed goes on."""
    home = examination.settings.home
    if not is_held(home / WORKER_LOCK):
        if is_held(home / HOOKS_LOCK):
            yield failure(
                "The hooks run on this machine and the worker does not: no rule, event webhook or "
                "notification acts on what happens.",
                "Start `workbench serve`, which runs all its processes, or `workbench serve --only worker`.",
            )
        else:
            yield skipped("No server runs on this machine, so nothing acts on what happens.")
        return
    state = read_worker_state(home)
    looked_at = state and (state.looked_at or state.started_at)
    late = examination.now - looked_at if looked_at else timedelta(0)
    if late > LATE:
        trouble = f" ({state.trouble})" if state and state.trouble else ""
        since = duration(late.total_seconds())
        yield failure(f"The worker has not compared the lake with the feed for {since}{trouble}.", _LOG)
    elif state and state.standing_by:
        yield fine(f"The worker of this machine stands by; the one of {state.standing_by} acts.")
    else:
        yield fine("The feed of what happens is at most a minute behind the lake.")
    for name, consumer in sorted((state.consumers if state else {}).items()):
        yield from _consumer(name, consumer, examination.now)


def _consumer(name: str, state: ConsumerState, now: datetime) -> Iterator[CheckResult]:
    if state.failures >= _FAILURES_OF_A_STUCK_ONE and state.failing_since:
        since = duration((now - state.failing_since).total_seconds())
        times = plural(state.failures, "time")
        evidence = f"It failed {times} in a row, for {since}: {state.error}. The others go on."
        yield failure(evidence, _LOG, subject=name)

"""Runs the schedule from the hooks process: one job at a time, each in a process of its own.

The job that watches over the others runs beside them, and at once after each.

Of several machines on one lake each runs this. A job that another one runs is not started, what another one
ran counts as run, and a job whose machine died is begun anew as soon as its lease has ended.

A process, because a sync keeps an interpreter busy and a webhook must not wait for it. What it did is in the
lake (`job_runs`), written by itself.
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.api.jobs import WATCH
from workbench.api.schedule import Rule
from workbench.errors import TRY_AGAIN, WorkbenchError
from workbench.lake.jobs import JobRun, read_last_job_runs
from workbench.server.hooks_lake import HooksLake
from workbench.server.jobs_elsewhere import JobsElsewhere
from workbench.settings import Settings

log = logging.getLogger(__name__)

_LOOK_EVERY, _AFTER_TROUBLE = 1.0, 10.0
_END_SECONDS = 15.0
_LEFT_AGAIN = timedelta(hours=1)


class Scheduler:
    """A thread that starts what is due and waits for it."""

    def __init__(self, settings: Settings, lake: HooksLake, rules: Sequence[Rule]) -> None:
        self._settings, self._lake = settings, lake
        self._rules = tuple(rules) if settings.optional_credentials else ()
        self._began = datetime.now(UTC)
        self._started: dict[str, datetime] = {}
        self._jitter: dict[str, Any] = {}
        self._rng = random.Random()
        self._runs: dict[str, JobRun] = {}
        self._is_stale = True
        self._elsewhere = JobsElsewhere(settings)
        self._hurried: set[str] = set()
        self._stop = threading.Event()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        work = [rule for rule in self._rules if rule.job != WATCH]
        watch = [rule for rule in self._rules if rule.job == WATCH]
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name="scheduler", daemon=True)
            for lane in (work, watch)
            if lane
        ]

    def start(self) -> None:
        if self._threads:
            self._elsewhere.start()
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the running job in an orderly way; its next run continues where it stopped."""
        self._stop.set()
        for running in list(self._running.values()):
            if running.poll() is None:
                running.terminate()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_END_SECONDS)
        self._elsewhere.close()

    def hurry(self, job: str) -> None:
        """Run a job before its time, if it is on; once for however many calls until then."""
        self._hurried.add(job)

    def report(self) -> dict[str, Any]:
        """The last run of each job, for `/readyz`."""
        return {
            rule.job: {
                "outcome": run.outcome,
                "started_at": run.started_at.isoformat(),
                "error": run.error,
            }
            if (run := self._runs.get(rule.job))
            else {"outcome": "never ran"}
            for rule in self._rules
        }

    def failed(self) -> list[str]:
        """Jobs whose last run failed."""
        return sorted(job for job, run in self._runs.items() if run.outcome == "failed")

    def _run(self, lane: Sequence[Rule]) -> None:
        last_trouble: type[Exception] | None = None
        while not self._stop.is_set():
            try:
                self._read_runs()
                for rule in self._due(lane):
                    if not self._stop.is_set():
                        self._run_job(rule)
                last_trouble = None
            except Exception as error:
                # What nobody expected, as no memory for a process, must not end the schedule until a restart.
                # A lake that is away for an hour is said once.
                log.log(
                    logging.DEBUG if type(error) is last_trouble else logging.WARNING,
                    "the schedule goes on in %d s: %s",
                    _AFTER_TROUBLE,
                    error,
                    exc_info=not isinstance(error, WorkbenchError),
                )
                last_trouble = type(error)
                self._stop.wait(_AFTER_TROUBLE)
            self._stop.wait(_LOOK_EVERY)

    def _read_runs(self) -> None:
        """What ran last, also by cron or a person; asked again after every run and at the start."""
        self._is_stale |= self._elsewhere.take_change()
        if self._is_stale:
            self._runs = {run.job: run for run in read_last_job_runs(self._lake.opened())}
            self._is_stale = False

    def _due(self, lane: Sequence[Rule]) -> list[Rule]:
        now = datetime.now(UTC)
        return [
            rule
            for rule in lane
            if (rule.job in self._hurried or self._due_at(rule) <= now)
            and self._elsewhere.may_start(rule.job)
        ]

    def _due_at(self, rule: Rule) -> datetime:
        if self._elsewhere.is_left(rule.job):
            return self._due_at_once(rule)
        run = self._runs.get(rule.job)
        begun = self._elsewhere.last_started(rule.job), self._started.get(rule.job)
        known = [at for at in (run.started_at if run else None, *begun) if at]
        if rule.job not in self._jitter:
            self._jitter[rule.job] = rule.jitter(self._rng)
        due_at = rule.due_at(max(known, default=None), self._began)
        return due_at if not known else due_at + self._jitter[rule.job]

    def _due_at_once(self, rule: Rule) -> datetime:
        """At once, but not oftener than the job runs: it may be what kills the machines."""
        started = self._started.get(rule.job)
        return started + (rule.every or _LEFT_AGAIN) if started else self._began

    def _run_job(self, rule: Rule) -> None:
        self._started[rule.job] = datetime.now(UTC)
        self._jitter.pop(rule.job, None)
        self._hurried.discard(rule.job)
        command = [sys.executable, "-m", "workbench", "schedule", "run", rule.job, "--as-service"]
        term = self._elsewhere.term(rule.job)
        command += [] if term is None else ["--after-term", str(term)]
        environment = {**os.environ, "WORKBENCH_HOME": str(self._settings.home)}
        # A session of its own: Ctrl-C goes to the server only, which then ends the job. Its log is ours.
        with subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as running:
            self._running[rule.job] = running
            running.wait()
        self._is_stale = True
        code = running.returncode
        if code == TRY_AGAIN and self._elsewhere.is_elsewhere_now(rule.job):
            # It was not run here, so nothing of it counts.
            self._started.pop(rule.job)
            return
        if rule.job != WATCH:
            self.hurry(WATCH)
        if code and not self._stop.is_set():
            level = logging.INFO if code == TRY_AGAIN else logging.WARNING
            log.log(level, "the job %s ended with exit code %d", rule.job, code)

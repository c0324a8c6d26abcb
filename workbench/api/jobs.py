"""The jobs of the schedule: the same whether the server, cron or a person runs them."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbench.errors import LakeBusy, NothingKnown, UnknownName, WorkbenchError
from workbench.logs.request_ids import use_request_id

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.jobs import JobRun
    from workbench.lake.maintenance import Maintained


def run_job(
    installation: Installation,
    name: str,
    *,
    stop: threading.Event | None = None,
    after_term: int | None = None,
) -> JobRun:
    """Run one job of the schedule now and note it in `job_runs`.

    One job at a time per home, and each on one machine of the lake.

    Args:
        name: one of :data:`JOBS`.
        stop: set it from elsewhere to end early; it is also set when another machine may run the job.
        after_term: do not run it where another machine did since that term of its lease.

    Raises:
        UnknownName: there is no such job.
        LakeBusy: another job runs here, or this one elsewhere.
        WorkbenchError: it failed; the failure is noted.
    """
    from workbench.lake.lock import only_one

    if name not in JOBS:
        raise UnknownName("job", name, JOBS)
    stop = stop or threading.Event()
    with ExitStack() as alone:
        if name not in _BESIDE:
            alone.enter_context(only_one(installation.settings.home / "jobs.lock", "scheduled job"))
        sole = alone.enter_context(installation.only_machine(job_lease(name), f"run of the job {name}"))
        if after_term is not None and sole.term is not None and sole.term != after_term + 1:
            raise LakeBusy(f"Another machine ran the job {name} a moment ago; it runs when it is due again.")
        sole.on_loss(stop.set)
        return (_run_beside if name in _BESIDE else _run_alone)(installation, name, stop)


def job_lease(name: str) -> str:
    """The name of the lease of a job."""
    return f"job {name}"


def _run_alone(installation: Installation, name: str, stop: threading.Event) -> JobRun:
    """Run a job while no other one runs here, and note how it went."""
    from workbench.lake.jobs import JobRun, begin_job_run, end_job_run

    # Only a sync brings something in: where there is no lake, no other job makes one.
    is_noted = name != "sync" or _has_lake(installation)
    run = JobRun(uuid.uuid4().hex, name, datetime.now(UTC), None, "running")
    use_request_id(f"{name}-{run.run_id[:8]}")
    if is_noted:
        begin_job_run(installation.lake, run)
    outcome, detail, error = "stopped", None, None
    try:
        detail = JOBS[name](installation, stop)
        outcome = "done"
    except LakeBusy as trouble:
        outcome, error = "skipped", str(trouble)
        raise
    except Exception as trouble:
        outcome = "stopped" if stop.is_set() else "failed"
        error = str(trouble) if isinstance(trouble, WorkbenchError) else repr(trouble)
        raise
    finally:
        run = replace(run, finished_at=datetime.now(UTC), outcome=outcome, detail=detail, error=error)
        if is_noted:
            end_job_run(installation.lake, run)
        elif _has_lake(installation):
            begin_job_run(installation.lake, run)
    return run


def _has_lake(installation: Installation) -> bool:
    try:
        return installation.lake is not None
    except NothingKnown:
        return False


def _run_beside(installation: Installation, name: str, stop: threading.Event) -> JobRun:
    """Run a job beside whatever other job runs, so that none that hangs holds it up.

    It comes every few minutes: what it wrote each time would be most of the lake's versions. So a run is
    noted where it did something, failed, is the first good one after a failure, or after an hour.
    """
    from workbench.lake.jobs import JobRun, note_job_run, read_last_job_runs

    run = JobRun(uuid.uuid4().hex, name, datetime.now(UTC), None, "running")
    use_request_id(f"{name}-{run.run_id[:8]}")
    lake = installation.lake
    try:
        detail, is_news = _BESIDE[name](installation, stop)
    except LakeBusy:
        raise
    except Exception as trouble:
        error = str(trouble) if isinstance(trouble, WorkbenchError) else repr(trouble)
        outcome = "stopped" if stop.is_set() else "failed"
        note_job_run(lake, replace(run, finished_at=datetime.now(UTC), outcome=outcome, error=error))
        raise
    run = replace(run, finished_at=datetime.now(UTC), outcome="done", detail=detail)
    last = next((each for each in read_last_job_runs(lake) if each.job == name), None)
    if is_news or not last or last.outcome != "done" or run.started_at - last.started_at >= _NOTE_EVERY:
        note_job_run(lake, run)
    return run


def _look_at_alerts(installation: Installation, stop: threading.Event) -> tuple[str, bool]:
    """What the rules of the alerts found, and whether that is news."""
    from workbench.api.alerts import run_alerts

    done = run_alerts(installation)
    if done.problems:
        raise WorkbenchError(" ".join(done.problems))
    return str(done), bool(done.opened or done.recovered or done.told)


def _cancel_unwanted(installation: Installation, stop: threading.Event) -> tuple[str, bool]:
    """What was cancelled for people who opted out; what could not be is a failure, again and again."""
    from workbench.api.cancellations import run_cancellations

    done = run_cancellations(installation, stop)
    if trouble := done.trouble():
        raise WorkbenchError(trouble)
    return str(done), bool(done.cancelled)


WATCH = "alerts"
"""The job that watches over the others, and so does not wait for them."""
_NOTE_EVERY = timedelta(hours=1)
_BESIDE: Mapping[str, Callable[[Installation, threading.Event], tuple[str, bool]]] = {
    WATCH: _look_at_alerts,
    "cancellations": _cancel_unwanted,
}


def maintain(installation: Installation, *, stop: threading.Event | None = None) -> Maintained:
    """Look after the lake: merge small files, let old versions go, finish interrupted deletions.

    Attachments of answers that nobody needs any more go, too.
    """
    from workbench.api.reply_files import sweep_reply_files
    from workbench.api.subject import finish_interrupted_removals
    from workbench.home import MOVE_LOCK
    from workbench.lake.lock import is_held
    from workbench.lake.maintenance import maintain

    if is_held(installation.settings.home / MOVE_LOCK):
        raise LakeBusy(
            "The lake is being moved, which takes over each change; merging its files would make all of them "
            "change. It is looked after again when the move is done."
        )
    done = maintain(installation.lake, stop=stop.is_set if stop else lambda: False)
    if not (stop and stop.is_set()):
        finish_interrupted_removals(installation)
    sweep_reply_files(installation)
    return done


def _sync(installation: Installation, stop: threading.Event) -> str:
    """Messages with the open set, and at most hourly the usage and the rest of the catalog."""
    from workbench.api.sync import Sync

    summary = Sync(installation)(stop=stop)
    return f"{summary.listed:,} read, {summary.added:,} new, {summary.changed:,} changed"


def _reconcile(installation: Installation, stop: threading.Event) -> str:
    from workbench.api.reconcile import reconcile

    report = reconcile(installation, stop=stop)
    if report.unexplained:
        raise WorkbenchError(
            f"{report.unexplained:,} differences to Twilio have no explanation: "
            "run `workbench reconcile --repair`."
        )
    return "the lake equals Twilio"


def _reports(installation: Installation, stop: threading.Event) -> str:
    from workbench.api.reports import Reports
    from workbench.api.view_mails import mail_due_views

    # A report that fails keeps no view from being mailed.
    try:
        made = Reports(installation).due(stop=stop)
    finally:
        mailed = mail_due_views(installation, stop=stop)
    return f"{made}, {mailed} {'view' if mailed == 1 else 'views'} mailed" if mailed else made


def _retention(installation: Installation, stop: threading.Event) -> str:
    """What `[retention]` asks for; a policy in the settings is the confirmation."""
    from workbench.api.retention import Retention
    from workbench.compliance.retention import retention_rules

    if not retention_rules(installation.settings.retention):
        return "nothing: workbench.toml has no [retention]"
    removed = Retention(installation).run(confirm=True)
    return ", ".join(f"{row.rows:,} {row.rule}" for row in removed.itertuples()) + " removed"


def _doctor(installation: Installation, stop: threading.Event) -> str:
    from workbench.api.doctor import examine_and_note

    return examine_and_note(installation)


def _backup(installation: Installation, stop: threading.Event) -> str:
    """Where `[backup] target` says."""
    from workbench.api.backup import make

    if not installation.settings.backup.target:
        return "nothing: workbench.toml has no [backup] target"
    return make(installation, stop=stop).sentence()


def _maintenance(installation: Installation, stop: threading.Event) -> str:
    return str(maintain(installation, stop=stop))


def _beside(name: str) -> Callable[[Installation, threading.Event], str]:
    return lambda installation, stop: str(_run_beside(installation, name, stop).detail)


JOBS: Mapping[str, Callable[[Installation, threading.Event], str]] = {
    "sync": _sync,
    "maintenance": _maintenance,
    "doctor": _doctor,
    WATCH: _beside(WATCH),
    "cancellations": _beside("cancellations"),
    "reconcile": _reconcile,
    "reports": _reports,
    "retention": _retention,
    "backup": _backup,
}
"""What each job does; the text says how it went."""

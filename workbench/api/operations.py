"""What runs and what waits in an installation: servers, jobs, the spool, the outbox, the doctor's states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.display.formats import duration, plural
from workbench.home import API_LOCK, HOOKS_LOCK, PAGES_LOCK, SPOOL_FOLDER, WORKER_LOCK

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.jobs import JobRun

_SHOWN_TEXT = 160


@dataclass(frozen=True)
class HealthCounts:
    """How many of the doctor's results have each state, and when it last examined all."""

    examined_at: datetime
    failure: int = 0
    warning: int = 0
    unknown: int = 0
    fine: int = 0

    def __str__(self) -> str:
        words = {"failed": self.failure, "warnings": self.warning, "could not be examined": self.unknown}
        words["fine"] = self.fine
        counts = ", ".join(f"{count} {word}" for word, count in words.items() if count)
        todo = ": `workbench doctor`" if self.failure or self.warning or self.unknown else ""
        return f"{counts} ({self.examined_at:%Y-%m-%d %H:%M} UTC){todo}"


@dataclass(frozen=True)
class Operations:
    """What runs and what waits; of servers those of this machine.

    `jobs` are the last runs and `next_runs` when each job that is on is due, None for one that waits for a
    server or cron. `runs` are as many runs of each job as were asked for, the latest first.
    """

    pages_run: bool
    hooks_run: bool
    api_runs: bool
    """The HTTP interface, which starts with the first token."""
    webhooks_on_disk: int
    outcomes_unknown: int
    """Messages of the outbox of which nobody knows yet whether they were sent."""
    undated: int
    health: HealthCounts | None
    jobs: Sequence[JobRun] = ()
    next_runs: Mapping[str, datetime | None] | None = None
    runs: Sequence[JobRun] = ()
    outdated: Sequence[str] = ()
    """What changed in the settings after a server had read them, in words."""
    worker: str | None = None
    """What keeps the worker from acting on what happens; None where nothing does, or where none runs."""

    def lines(self) -> Iterator[tuple[str, str]]:
        """In words, as (label, value)."""
        yield "servers", _servers(self.pages_run, self.hooks_run, self.api_runs)
        if self.worker:
            yield "worker", self.worker
        yield from (("settings", f"{text} Start `workbench serve` again.") for text in self.outdated)
        if self.webhooks_on_disk:
            yield "spool", f"{plural(self.webhooks_on_disk, 'webhook')} on the disk, on the way to the lake"
        if self.outcomes_unknown:
            waiting = plural(self.outcomes_unknown, "message")
            yield "outbox", f"{waiting} whose outcome is not known yet: `workbench outbox settle`"
        if self.undated:
            yield "undated", f"{plural(self.undated, 'sent message')} without a date: `workbench reconcile`"
        yield "health", str(self.health) if self.health else "never examined: `workbench doctor`"
        last = {run.job: run for run in self.jobs}
        due = self.next_runs or {}
        for job in sorted({*last, *due}):
            said = _last_run(last[job]) if job in last else "never ran"
            yield f"job {job}", said + (f"; next {_due(due[job])}" if job in due else "; off")
        yield from ((f"run {run.job}", _run(run)) for run in self.runs)


def read_operations(installation: Installation, runs: int = 0) -> Operations:
    """Read it now.

    Args:
        runs: how many runs of each job to list.
    """
    from workbench.doctor.running import outdated_servers
    from workbench.lake.jobs import read_last_job_runs
    from workbench.lake.lock import is_held
    from workbench.lake.spool import count_records
    from workbench.sending.outbox import OPEN, count_states

    home, lake = installation.settings.home, installation.reader
    states, hooks_run = count_states(lake), is_held(home / HOOKS_LOCK)
    jobs = read_last_job_runs(lake)
    return Operations(
        pages_run=is_held(home / PAGES_LOCK),
        hooks_run=hooks_run,
        api_runs=is_held(home / API_LOCK),
        webhooks_on_disk=count_records(home / SPOOL_FOLDER),
        outcomes_unknown=sum(states[state] for state in OPEN),
        undated=lake.value(_UNDATED_SQL),
        health=_read_health(installation),
        jobs=jobs,
        next_runs=_next_runs(installation, jobs, hooks_run),
        runs=read_last_job_runs(lake, runs) if runs else (),
        outdated=tuple(outdated_servers(home)),
        worker=_worker(installation, hooks_run),
    )


_UNDATED_SQL = """
    select count(*) from message_facts
    where date_sent is null and status in ('sent', 'delivered') and date_created < now() - interval 1 day
"""


def _worker(installation: Installation, hooks_run: bool) -> str | None:
    from workbench.doctor.worker_state import read_worker_state
    from workbench.lake.lock import is_held

    home = installation.settings.home
    if not is_held(home / WORKER_LOCK):
        return "does not run, so nothing acts on what happens: `workbench serve`" if hooks_run else None
    state = read_worker_state(home)
    if state and state.standing_by:
        return f"stands by; the one of {state.standing_by} acts on what happens"
    failing = [name for name, each in state.consumers.items() if each.failures] if state else []
    return f"tries again what failed: {', '.join(failing)}" if failing else None


def _read_health(installation: Installation) -> HealthCounts | None:
    from workbench.lake.health import read_health

    results = read_health(installation.reader)
    if not results:
        return None
    counts = {
        state: sum(result.state == state for result in results)
        for state in ("failure", "warning", "unknown", "fine")
    }
    return HealthCounts(max(result.seen_at for result in results), **counts)


def _next_runs(
    installation: Installation, jobs: Sequence[JobRun], hooks_run: bool
) -> dict[str, datetime | None]:
    """When each job that is on is due; None where nothing runs that would start it."""
    from workbench.api.schedule import schedule_of

    started, now = {run.job: run.started_at for run in jobs}, datetime.now(UTC)
    will_run = hooks_run and installation.settings.optional_credentials is not None
    return {
        rule.job: rule.due_at(started.get(rule.job), now) if will_run else None
        for rule in schedule_of(installation.settings)
    }


def _servers(pages_run: bool, hooks_run: bool, api_runs: bool) -> str:
    if pages_run and hooks_run:
        both = "pages, hooks and the HTTP interface" if api_runs else "pages and hooks"
        return f"{both} run on this machine"
    if hooks_run:
        return "hooks run on this machine, and no pages"
    none = "no webhook is taken and no job started here: `workbench serve`"
    return (
        f"pages run on this machine, and no hooks: {none}" if pages_run else f"none on this machine: {none}"
    )


def _due(moment: datetime | None) -> str:
    if moment is None:
        return "when a server or cron starts it"
    if moment <= datetime.now(UTC):
        return "now"
    return f"about {moment:%Y-%m-%d %H:%M} UTC"


def _last_run(run: JobRun) -> str:
    if run.finished_at is None:
        return f"began {run.started_at:%Y-%m-%d %H:%M} UTC and has not ended"
    said = _shortened(run.error or run.detail)
    return f"{run.outcome} {run.finished_at:%Y-%m-%d %H:%M} UTC" + (f": {said}" if said else "")


def _run(run: JobRun) -> str:
    took = f" in {duration(run.seconds)}" if run.seconds is not None else ""
    said = _shortened(run.error or run.detail)
    return f"{run.started_at:%Y-%m-%d %H:%M} UTC {run.outcome}{took}" + (f": {said}" if said else "")


def _shortened(text: str | None) -> str:
    """One line of it; ``--format json`` has it whole."""
    line = " ".join((text or "").split())
    return line if len(line) <= _SHOWN_TEXT else line[: _SHOWN_TEXT - 1] + "…"

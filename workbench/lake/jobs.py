"""The history of scheduled jobs: written by whoever runs one, read by pages, status and health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workbench.errors import UsageError
from workbench.lake.connect import Lake

#: Enough to see a pattern; maintenance deletes older runs.
KEPT_RUNS_PER_JOB = 500


@dataclass(frozen=True)
class JobRun:
    """A row of `job_runs`; times in UTC, `finished_at` None while it runs (or after it was killed)."""

    run_id: str
    job: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    detail: str | None = None
    error: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else None


def begin_job_run(lake: Lake, run: JobRun) -> None:
    """Note that a job began."""
    row = [run.run_id, run.job, run.started_at, run.finished_at, run.outcome, run.detail, run.error]
    lake.write(lambda cursor: cursor.execute("insert into job_runs values (?, ?, ?, ?, ?, ?, ?)", row))


def note_job_run(lake: Lake, run: JobRun) -> None:
    """Note a run that is over, of which nothing was noted when it began."""
    begin_job_run(lake, run)


def end_job_run(lake: Lake, run: JobRun) -> None:
    """Note how it ended."""
    lake.write(
        lambda cursor: cursor.execute(
            "update job_runs set finished_at = ?, outcome = ?, detail = ?, error = ? where run_id = ?",
            [run.finished_at, run.outcome, run.detail, run.error, run.run_id],
        )
    )


def read_last_job_runs(lake: Lake, most: int = 1) -> list[JobRun]:
    """The latest runs of each job, by name, the newest first.

    Raises:
        UsageError: `most` is less than 1.
    """
    if most < 1:
        raise UsageError(f"The number of runs is {most}; give a whole number from 1.")
    rows = lake.rows(
        "select run_id, job, started_at, finished_at, outcome, detail, error from job_runs "
        "qualify row_number() over (partition by job order by started_at desc) <= ? "
        "order by job, started_at desc",
        [most],
    )
    return [JobRun(*row) for row in rows]


def forget_old_job_runs(lake: Lake) -> None:
    """Keep the latest runs of each job."""
    lake.write(
        lambda cursor: cursor.execute(
            "delete from job_runs where run_id in (select run_id from job_runs "
            "qualify row_number() over (partition by job order by started_at desc) > ?)",
            [KEPT_RUNS_PER_JOB],
        )
    )

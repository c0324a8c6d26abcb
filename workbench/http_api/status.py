"""Where the installation stands, and what the doctor says of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from workbench.api.doctor import diagnose
from workbench.api.operations import HealthCounts
from workbench.api.status import read_status
from workbench.doctor.check_result import CheckResult, State
from workbench.http_api.opened import Opened
from workbench.http_api.routes import ApiAnswer, reads
from workbench.metrics.freshness import Freshness
from workbench.sync.status import SyncStatus

router = APIRouter(tags=["status"])


class JobRunLine(BaseModel):
    """One run of a job."""

    model_config = ConfigDict(from_attributes=True)

    job: str
    started_at: datetime
    finished_at: datetime | None = Field(description="null while it runs, or where it was killed.")
    outcome: str
    detail: str | None
    error: str | None


class OperationsState(BaseModel):
    """What runs and what waits; of servers those of this machine."""

    model_config = ConfigDict(from_attributes=True)

    pages_run: bool
    hooks_run: bool
    api_runs: bool
    webhooks_on_disk: int
    outcomes_unknown: int = Field(description="Messages of which nobody knows yet whether they were sent.")
    undated: int
    health: HealthCounts | None
    jobs: list[JobRunLine] = Field(description="The last run of each job.")
    next_runs: dict[str, datetime | None] | None
    runs: list[JobRunLine] = Field(description="As many runs of each job as were asked for.")
    outdated: list[str] = Field(description="Settings that changed since a server read them.")


class StatusAnswer(ApiAnswer):
    """Where the installation stands: the sync, how fresh the numbers are, what runs and what waits."""

    is_simulated: bool = Field(description="Whether the account is the demo's.")
    sync: SyncStatus
    freshness: Freshness | None = Field(description="null while no message log was ever read.")
    operations: OperationsState | None
    unfinished: list[str] = Field(description="Erasures that the next maintenance finishes.")
    clock: str | None = Field(description="What is wrong with the machine's clock; null where nothing is.")


class Counts(BaseModel):
    """How many results have each state."""

    failure: int
    warning: int
    unknown: int
    fine: int
    skipped: int


class DiagnosisAnswer(ApiAnswer):
    """What the doctor found."""

    examined_at: datetime
    counts: Counts
    results: list[CheckResult]


@router.get("/status", dependencies=reads("status", "read the status", of_lake=False))
def status(
    installation: Opened,
    runs: Annotated[int, Query(ge=0, le=100, description="So many runs of each job are listed.")] = 0,
) -> StatusAnswer:
    """Say how far the sync is, what is open, how fresh the numbers are, and what runs."""
    now = read_status(installation, runs)
    return StatusAnswer(
        is_simulated=now.is_simulated,
        sync=now.sync,
        freshness=now.freshness,
        operations=None if now.operations is None else OperationsState.model_validate(now.operations),
        unfinished=[str(removal) for removal in now.unfinished],
        clock=now.clock,
    )


@router.get("/doctor", dependencies=reads("status", "examine the installation", role="admin", of_lake=False))
def doctor(
    installation: Opened,
    check: Annotated[
        list[Annotated[str, Query(max_length=80)]],
        Query(max_length=50, description="Names of checks; by default all."),
    ] = [],  # noqa: B006
    offline: Annotated[bool, Query(description="Ask neither Twilio nor the public address.")] = False,
) -> DiagnosisAnswer:
    """Examine the installation and its account: each trouble with its repair; nothing is changed."""
    diagnosis = diagnose(installation, check, offline=offline)
    counts: dict[State, int] = diagnosis.counts
    return DiagnosisAnswer(
        examined_at=diagnosis.as_of,
        counts=Counts(**counts),
        results=list(diagnosis.results),
    )

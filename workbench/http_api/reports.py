"""Reports: which there are, one run as a resource with its state, and its files to download."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, BeforeValidator, Field

from workbench.api.reports import Reports
from workbench.http_api.frames import cut
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.report_runs import ReportRuns, Run, RunState
from workbench.http_api.routes import ApiAnswer, ApiInput, ApiPage, reads, writes
from workbench.reports.run import plan_report

router = APIRouter(tags=["reports"])

Format = Literal["html", "pdf", "ipynb"]
RunId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
_MEDIA_TYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "ipynb": "application/x-ipynb+json",
    "manifest": "application/json",
}


def _text_only(value: Any) -> Any:
    """A number would be read as seconds since 1970."""
    if not isinstance(value, str):
        raise ValueError("Give a day as 2026-09-01")
    return value


_Day = Annotated[
    date, BeforeValidator(_text_only, json_schema_input_type=date), Field(examples=["2026-09-01"])
]


class ReportParameter(BaseModel):
    """One parameter of a report."""

    name: str
    allowed: str
    default: str | None
    help: str


class ReportKind(BaseModel):
    """One report that there is."""

    report: str
    title: str
    description: str
    parameters: list[ReportParameter]


class ReportList(ApiAnswer):
    """The reports that there are."""

    items: list[ReportKind]


class RunInput(ApiInput):
    """What the report is to show."""

    since: _Day | None = Field(default=None, description="First day; default: the last whole month or week.")
    until: _Day | None = Field(default=None, description="The first day that is not in it any more.")
    formats: list[Format] = Field(default=["html"], min_length=1, max_length=3)
    parameters: dict[str, str | list[str]] = Field(
        default={}, max_length=30, description="By name; GET /reports names them.", examples=[{}]
    )


class RunLine(BaseModel):
    """One run of a report."""

    run: str = Field(description="Its id.")
    report: str
    state: RunState = Field(description="interrupted: its process ended before it; ask for it again.")
    asked_at: datetime
    asked_by: str
    began_at: datetime | None
    ended_at: datetime | None
    title: str | None
    files: list[str] = Field(description="Kinds of files to download.")
    problems: list[str] = Field(description="What speaks against its data.")
    findings: list[str] = Field(description="Values beyond their limits.")
    error: str | None


class RunDetails(ApiAnswer, RunLine):
    """One run of a report."""


class RunPage(ApiPage):
    """A page of runs."""

    items: list[RunLine]


def _runs_of(request: Request) -> ReportRuns:
    runs: ReportRuns = request.app.state.report_runs
    return runs


Runs = Annotated[ReportRuns, Depends(_runs_of)]


@router.get("/reports", dependencies=reads("reports", "read reports", of_lake=False))
def reports(installation: Opened) -> ReportList:
    """List the reports that there are, with their parameters."""
    notebooks = Reports(installation).notebooks().values()
    return ReportList(
        items=[
            ReportKind(
                report=notebook.name,
                title=notebook.title,
                description=notebook.description,
                parameters=[
                    ReportParameter(
                        name=each.name, allowed=each.allowed, default=each.default_text, help=each.help
                    )
                    for each in notebook.parameters
                ],
            )
            for notebook in notebooks
        ]
    )


@router.post(
    "/reports/{report}/runs",
    dependencies=writes("reports", "run a report"),
    status_code=202,
    response_model=RunDetails,
    responses={
        202: {
            "description": "It was taken; Location is where its state is.",
            "headers": {"Location": {"schema": {"type": "string"}}},
        }
    },
)
def run_report(
    request: Request,
    write: Write,
    runs: Runs,
    report: Annotated[str, Path(max_length=80, examples=["cost"])],
    body: RunInput,
) -> JSONResponse:
    """Ask for one report; it runs by itself, one after another."""
    run_id = write.id or uuid.uuid4().hex
    given = {"since": body.since, "until": body.until, **body.parameters}

    def do() -> WriteAnswer:
        plan_report(write.installation.settings, report, given)
        write.installation.require_log()
        run = runs.start(run_id, report, given, tuple(body.formats))
        return WriteAnswer(202, RunDetails(**_line(run)).model_dump(mode="json"))

    answer = write.once(body, do)
    answer.headers["Location"] = str(request.app.url_path_for("report_run", run=run_id))
    return answer


@router.get("/reports/runs", dependencies=reads("reports", "read reports", of_lake=False))
def report_runs(runs: Runs, pages: Pages, limit: Limit = 50, cursor: Cursor = None) -> RunPage:
    """List the runs that programs asked for, the newest first."""
    with pages.page("report runs", {}, cursor) as page:
        rows = [_line(run) for run in runs.all() if run.asked_at <= page.as_of]
        items, next_cursor = cut(page, rows, limit)
        return RunPage(as_of=page.as_of, next_cursor=next_cursor, items=[RunLine(**row) for row in items])


@router.get("/reports/runs/{run}", dependencies=reads("reports", "read reports", of_lake=False))
def report_run(runs: Runs, run: RunId) -> RunDetails:
    """Read how far one run is, and which files it wrote."""
    return RunDetails(**_line(runs.read(run)))


@router.get(
    "/reports/runs/{run}/files/{kind}",
    dependencies=reads("reports", "read reports", of_lake=False),
    response_class=FileResponse,
    responses={
        200: {
            "description": "The file.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
                "application/x-ipynb+json": {"schema": {"type": "object"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
def report_file(runs: Runs, run: RunId, kind: Literal["html", "pdf", "ipynb", "manifest"]) -> FileResponse:
    """Download what a run wrote: the page, the PDF, the notebook, or the manifest."""
    path = runs.file(runs.read(run), kind)
    return FileResponse(path, media_type=_MEDIA_TYPES[kind], filename=path.name)


def _line(run: Run) -> dict[str, Any]:
    return {
        "run": run.run,
        "report": run.report,
        "state": run.state,
        "asked_at": run.asked_at,
        "asked_by": run.asked_by,
        "began_at": run.began_at,
        "ended_at": run.ended_at,
        "title": run.title,
        "files": list(run.files or {}),
        "problems": list(run.problems),
        "findings": list(run.findings),
        "error": run.error,
    }

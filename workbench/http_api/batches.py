"""Batches: one text to many, begun by one request and followed by others."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workbench.api.sending import check, draft_of, recipient_rows, require_rows, send_batch
from workbench.errors import NotFound
from workbench.http_api.batch_runs import BatchRuns
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened, opened_of
from workbench.http_api.routes import ApiAnswer, reads, writes
from workbench.http_api.sends import ReplyInput
from workbench.roles import current_user, require_role
from workbench.sending.batch import BatchProgress
from workbench.sending.confirm import is_confirmed
from workbench.sending.overview import batch_overview
from workbench.sending.results import BatchResult

router = APIRouter(tags=["messages"])
Name = Annotated[str, Path(min_length=1, max_length=200)]


class BatchInput(ReplyInput):
    """One text to many. `confirm` is the number of rows; without it the answer is what would happen."""

    batch: str = Field(min_length=1, max_length=200, description="Its name: within it a text goes once.")
    rows: list[dict[str, str | int | float | None]] = Field(
        min_length=1, max_length=100_000, description="Each with `to`, and values of the blanks."
    )
    to_column: str | None = Field(None, max_length=200)
    sender: str | None = Field(None, max_length=200, description="One of our addresses.")
    service: str | None = Field(None, description="SID of a messaging service, instead of a sender.")


class BatchReason(BaseModel):
    """A rule, and how many rows it meets."""

    verdict: str
    count: int
    text: str


class BatchPreflight(ApiAnswer):
    """What would happen; nothing was sent."""

    batch: str
    state: Literal["unconfirmed"]
    total: int
    verdicts: dict[str, int]
    going: int
    sent: int
    segments: int
    costs: list[str]
    unpriced: int
    reasons: list[BatchReason]


class BatchAnswer(ApiAnswer):
    """How far a batch is."""

    batch: str
    state: Literal["running", "done", "interrupted", "failed"] = Field(
        description="`interrupted` goes on with the same request; nothing is sent twice."
    )
    total: int | None = Field(description="Rows of the request.")
    sent: int = Field(description="Messages of this batch that Twilio has.")
    outbox: dict[str, int] = Field(description="Messages of this batch by their state in the outbox.")
    counts: dict[str, int] | None = Field(description="Rows by how they ended, once it ended.")
    phase: str | None
    done: int | None
    rate: float | None = Field(description="Segments per second that are allowed now.")
    eta_seconds: float | None
    problem: str | None
    changed_at: datetime


@router.post(
    "/batches",
    dependencies=writes("messages", "send a batch"),
    status_code=202,
    response_model=BatchAnswer,
    responses={200: {"model": BatchPreflight, "description": "What would happen; nothing was sent."}},
)
def begin_batch(request: Request, installation: Opened, write: Write, body: BatchInput) -> JSONResponse:
    """Begin to send a batch at its sender's pace, or go on with one that was interrupted."""
    options = body.options()
    if body.ignore_quiet_hours:
        require_role("admin", "send in quiet hours")

    def accept() -> WriteAnswer:
        draft, variables = draft_of(installation, body.body, options, has_rows=True)
        rows = recipient_rows(installation, body.rows, body.to_column)
        require_rows(rows)
        if is_confirmed(body.confirm, len(rows), 1):
            return WriteAnswer(202, {"batch": body.batch})
        checked = check(installation, draft, rows, variables, ignore_quiet_hours=body.ignore_quiet_hours)
        overview = batch_overview(checked)
        told = {name: overview[name] for name in BatchPreflight.model_fields if name in overview}
        preflight = BatchPreflight(batch=body.batch, state="unconfirmed", total=len(rows), **told)
        return WriteAnswer(200, preflight.model_dump(), is_final=False)

    answer = write.once(body, accept)
    if answer.status_code != 202:
        return answer
    _runs(request).start(
        body.batch, _digest(body), len(body.rows), current_user(), _sender(installation, body, options)
    )
    return JSONResponse(
        _described(request, body.batch).model_dump(mode="json"),
        202,
        {"Location": f"/api/v1/batches/{body.batch}"},
    )


@router.get("/batches/{batch}", dependencies=reads("messages", "follow a batch"))
def batch(request: Request, batch: Name) -> BatchAnswer:
    """How far a batch is that programs began within the last two days."""
    return _described(request, batch)


@router.post("/batches/{batch}/stop", dependencies=writes("messages", "stop a batch"))
def stop_batch(request: Request, batch: Name) -> BatchAnswer:
    """End a batch after the messages in hand; the same request goes on with it."""
    _runs(request).stop(batch)
    return _described(request, batch)


def _sender(
    installation: Opened, body: BatchInput, options: dict[str, Any]
) -> Callable[[threading.Event, Callable[[BatchProgress], None]], BatchResult]:
    def send(stop: threading.Event, tell: Callable[[BatchProgress], None]) -> BatchResult:
        return send_batch(
            installation,
            body.rows,
            body.body,
            len(body.rows),
            body.to_column,
            body.ignore_quiet_hours,
            stop,
            tell,
            options,
        )

    return send


def _described(request: Request, batch: str) -> BatchAnswer:
    described = _runs(request).describe(batch)
    if described is None:
        raise NotFound(f"No batch {batch[:80]!r} was begun over HTTP within the last two days.")
    return BatchAnswer(**described)


def _digest(body: BatchInput) -> str:
    text = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return hashlib.blake2s(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _runs(request: Request) -> BatchRuns:
    return opened_of(request).batches

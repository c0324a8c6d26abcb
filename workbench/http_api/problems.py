"""Every error as `application/problem+json` (RFC 9457): what was given, what is allowed, and the fix.

Our own errors are told in their own words; of any other a caller only learns that it happened and under
which request id the log has it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from workbench.errors import (
    ConfigError,
    LakeBusy,
    LakeError,
    NotAllowed,
    NotFound,
    NothingKnown,
    ReportDoubtful,
    TwilioError,
    TwilioUnavailable,
    UnknownName,
    Unreachable,
    UsageError,
    WorkbenchError,
)
from workbench.logs.request_ids import current_request_id
from workbench.render import json_value
from workbench.server.access.tokens import NoToken

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
_LONGEST_SHOWN = 80


class ApiProblem(WorkbenchError):
    """An error of the interface itself, with its status.

    Args:
        kind: the last part of its `type`.
        headers: of the answer, as Retry-After.
        more: further members of the answer.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.kind = status, kind
        self.headers, self.more = dict(headers or {}), dict(more or {})


class Problem(BaseModel):
    """What an error answers."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["urn:workbench:problem:usage-error"])
    title: str
    status: int
    detail: str = Field(description="What was given, what is allowed, and the fix.")
    request_id: str | None = Field(description="Under which the log of this installation has the request.")


#: The status of an error by its class, the nearest one of its bases first; and when to come again.
_STATUSES: dict[type[WorkbenchError], tuple[int, int | None]] = {
    NoToken: (401, None),
    NotAllowed: (403, None),
    NotFound: (404, None),
    UnknownName: (422, None),
    UsageError: (422, None),
    NothingKnown: (409, None),
    ReportDoubtful: (409, None),
    LakeBusy: (503, 2),
    Unreachable: (503, 30),
    TwilioUnavailable: (503, 5),
    TwilioError: (502, None),
    ConfigError: (500, None),
    LakeError: (500, None),
    WorkbenchError: (500, None),
}
_TITLES = {
    400: "The request cannot be read",
    401: "No token that is taken",
    403: "Not allowed",
    404: "Not found",
    405: "Not this method",
    406: "Not this form",
    408: "The request took too long",
    409: "Not in this state",
    413: "The request is too large",
    415: "Not this content type",
    421: "This name is not served here",
    422: "The request is wrong",
    429: "Too many requests",
    500: "Something is wrong with this installation",
    502: "Twilio refused",
    503: "Not now",
}
_KIND_TITLES = {"blocked": "Blocked by a rule"}


def problem(
    status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The answer that tells of an error."""
    content = problem_content(status, kind, detail, **more)
    return JSONResponse(content, status, {"Cache-Control": "no-store", **(headers or {})}, PROBLEM_TYPE)


def problem_content(status: int, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    """The members of a problem."""
    return {
        "type": f"urn:workbench:problem:{kind}",
        "title": _KIND_TITLES.get(kind) or _TITLES.get(status, "An error"),
        "status": status,
        "detail": detail,
        "request_id": current_request_id(),
        **plain(more),
    }


def plain(value: Any) -> Any:
    """JSON values as the command line writes them: decimals as text, times in UTC."""
    return jsonable_encoder(value, custom_encoder={Decimal: json_value, datetime: json_value})


def problem_of(error: WorkbenchError) -> JSONResponse:
    """The answer that tells of an error of ours."""
    if isinstance(error, ApiProblem):
        return problem(error.status, error.kind, str(error), error.headers, **error.more)
    status, again = next(_STATUSES[base] for base in type(error).__mro__ if base in _STATUSES)
    headers = {"Retry-After": str(again)} if again else {}
    more: dict[str, Any] = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="workbench"'
    if isinstance(error, TwilioError):
        more["error_code"] = error.code
    return problem(status, _kind(type(error)), str(error), headers, **more)


def add_problem_handlers(app: FastAPI) -> None:
    """From now on every error of an app is answered as a problem."""

    @app.exception_handler(WorkbenchError)
    async def our_error(request: Request, error: WorkbenchError) -> JSONResponse:
        if isinstance(error, UnknownName) and error.name in request.path_params.values():
            return problem(404, "not-found", str(error))
        return problem_of(error)

    @app.exception_handler(RequestValidationError)
    async def wrong_request(request: Request, error: RequestValidationError) -> JSONResponse:
        return _invalid(error.errors())

    @app.exception_handler(HTTPException)
    async def of_the_framework(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            detail = f"There is nothing at {request.url.path[:_LONGEST_SHOWN]!r}; /api/v1/docs lists what is."
            return problem(404, "not-found", detail)
        if error.status_code == 405:
            allowed = _allowed_methods(app, request.url.path) or (error.headers or {}).get("Allow", "")
            detail = f"{request.method} is not possible here; allowed are {allowed or 'other methods'}."
            return problem(405, "method-not-allowed", detail, {"Allow": allowed})
        return problem(error.status_code, "unreadable", str(error.detail), error.headers)

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        return unexpected_problem(error)


def _allowed_methods(app: FastAPI, path: str) -> str:
    """All methods of an address; the framework names those of its first route only."""
    fits = [
        {method.upper() for method in operations}
        for template, operations in app.openapi()["paths"].items()
        if compile_path(template)[0].match(path)
    ]
    return ", ".join(sorted(set().union(*fits)))


def unexpected_problem(error: Exception) -> JSONResponse:
    """What a caller learns of an error that nobody expected; the log has the rest."""
    log.error("a request failed unexpectedly", exc_info=error)
    return problem(500, "unexpected", "It failed unexpectedly; the log has it under this request id.")


def _invalid(errors: Sequence[Mapping[str, Any]]) -> JSONResponse:
    """422 for fields that are missing or wrong; 400 for a body that is no JSON, or is not called so."""
    # What is not called JSON comes to us as bytes.
    if any(
        error["type"] in ("json_invalid", "bytes_invalid") or isinstance(error.get("input"), bytes)
        for error in errors
    ):
        return problem(
            400,
            "unreadable",
            "The body is not JSON; send an object, with the header Content-Type: application/json.",
        )
    fields = [
        {"field": ".".join(map(str, error["loc"]))[:_LONGEST_SHOWN], "detail": _in_words(error)}
        for error in errors
    ]
    detail = " ".join(f"{field['field']}: {field['detail']}" for field in fields)
    return problem(422, "invalid", detail, errors=fields)


def _in_words(error: Mapping[str, Any]) -> str:
    allowed = str(error["msg"]).rstrip(".") + "."
    if error["type"] == "missing":
        return allowed
    if error["type"] == "extra_forbidden":
        return "There is no such field here."
    shown = repr(error.get("input"))
    shown = shown if len(shown) <= _LONGEST_SHOWN else shown[: _LONGEST_SHOWN - 1] + "…"
    return f"It is {shown}. {allowed}"


def _kind(error: type) -> str:
    """The class's name in words: `usage-error`."""
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in error.__name__).lstrip(
        "-"
    )

"""What each route says of itself: who may ask (role and scope), and whether it reads or writes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Depends
from pydantic import BaseModel, ConfigDict, Field

from workbench.errors import NotAllowed, UnknownName
from workbench.http_api.opened import opened_of
from workbench.http_api.problems import PROBLEM_TYPE, ApiProblem
from workbench.roles import require_role
from workbench.tokens.store import Token

_TAG_SECONDS = 60


class ApiAnswer(BaseModel):
    """What every answer has: the moment that it is of."""

    as_of: datetime = Field(
        default_factory=lambda: datetime.now(UTC), description="When this was asked of the local copy."
    )


class ApiPage(ApiAnswer):
    """A page of a list; a subclass adds `items`."""

    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")


class ApiInput(BaseModel):
    """What a request's body may have: a field that does not exist is refused."""

    model_config = ConfigDict(extra="forbid")


class NotModified(Exception):
    """The caller has this answer already."""

    def __init__(self, tag: str) -> None:
        self.tag = tag


@dataclass(frozen=True)
class Needs:
    """Lets a request through to its route if its token has the role and the scope."""

    role: str
    scope: str
    doing: str

    async def __call__(self, request: Request) -> None:
        require_role(self.role, self.doing)
        token: Token = request.scope["state"]["token"]
        if not token.may(self.scope):
            raise NotAllowed(
                f"The token {token.name} may not {self.doing}: that takes the scope {self.scope}, and it is "
                f"limited to {', '.join(token.scopes)}. `workbench tokens create` makes one with another."
            )
        _refuse_unknown_parameters(request)


def reads(area: str, doing: str, role: str = "viewer", *, of_lake: bool = True) -> Sequence[Depends]:
    """For `dependencies=` of a route that reads: its role and scope, and an `ETag` that saves the answer.

    Args:
        area: one of `SCOPE_AREAS`.
        doing: what it does, as `read conversations`; said where it is refused.
        of_lake: whether the answer follows from the lake alone. One of files, of what runs, or of Twilio
            has no `ETag`, which would say that nothing changed.
    """
    needs = Depends(Needs(role, f"{area}:read", doing))
    return [needs, Depends(_tag)] if of_lake else [needs]


def asks(area: str, doing: str, role: str = "viewer") -> Sequence[Depends]:
    """For `dependencies=` of a POST that only reads, because what it asks for may not stand in an address:
    its role and scope."""
    return [Depends(Needs(role, f"{area}:read", doing))]


def writes(area: str, doing: str, role: str = "agent") -> Sequence[Depends]:
    """For `dependencies=` of a route that writes: its role and scope."""
    return [Depends(Needs(role, f"{area}:write", doing))]


def needs_of(dependencies: Sequence[Depends]) -> Needs | None:
    """What a route says of itself; None where it says nothing."""
    return next((each.dependency for each in dependencies if isinstance(each.dependency, Needs)), None)


def _tag(request: Request, response: Response) -> None:
    """Tag the answer by what it follows from: the lake's version, the question, who asks, and the minute.

    The minute, because a snooze ends and a business day begins without a commit.
    """
    token: Token = request.scope["state"]["token"]
    moment = int(time.time()) // _TAG_SECONDS
    parts = [
        opened_of(request).version(),
        moment,
        token.name,
        token.role,
        str(request.url.query),
        request.url.path,
    ]
    tag = f'W/"{hashlib.blake2s(repr(parts).encode(), digest_size=12).hexdigest()}"'
    asked = request.headers.get("if-none-match", "")
    if tag in (each.strip() for each in asked.split(",")) or asked.strip() == "*":
        raise NotModified(tag)
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"


def _refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter would otherwise answer with everything."""
    declared = get_flat_params(request.scope["route"].dependant)
    known = {field.alias for field in declared if isinstance(field.field_info, params.Query)}
    for name in request.query_params:
        if name not in known:
            raise UnknownName("parameter of this address", name[:80], known)


def _described(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {PROBLEM_TYPE: {"schema": schema}}}


PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    400: _described("The request cannot be read."),
    401: _described("No token, or one that is not taken."),
    403: _described("The token's role or scopes do not permit it."),
    404: _described("What the address names is not there."),
    409: _described("Not in this state: nothing was synced yet, or the same request is still running."),
    422: _described("The request is wrong: what was given, what is allowed, and the fix."),
    429: _described("The token asked too often; Retry-After says when to come again."),
    500: _described("Something is wrong with this installation."),
    502: _described("Twilio refused."),
    503: _described("The lake or Twilio cannot be reached now; Retry-After says when to come again."),
}
"""The errors that every route may answer with."""


def bad_request(detail: str) -> ApiProblem:
    """400: what cannot be read."""
    return ApiProblem(400, "unreadable", detail)

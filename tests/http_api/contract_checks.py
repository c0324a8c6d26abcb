"""What is asked of each answer beside Schemathesis' own checks; loaded by it (SCHEMATHESIS_HOOKS)."""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

FORM = ("urn:workbench:problem:invalid", "urn:workbench:problem:unreadable")
"""What is answered to a request whose form is wrong, and not only what it asks for."""


@schemathesis.check
def what_the_document_allows_has_the_right_form(
    ctx: CheckContext, response: Response, case: Case[Any]
) -> None:
    """A request of the document may be refused for what it asks, never for its form."""
    if (
        case.meta is None
        or not case.meta.generation.mode.is_positive
        or response.status_code not in (400, 422)
    ):
        return
    problem = response.json()
    assert problem["type"] not in FORM, f"{problem['type']}: {problem['detail']}"


@schemathesis.check
def every_error_is_a_problem(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Each error says what was given, what is allowed, and under which id the log has it."""
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"], response.headers
    problem = response.json()
    assert problem["status"] == response.status_code
    assert len(problem["detail"]) > 20
    assert problem["request_id"]

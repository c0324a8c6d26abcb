"""Who may ask what: written by hand, asked of every route, and printed in docs/http-roles.md.

``python -m tests.http_api.role_table`` writes the table there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).parents[2] / "docs" / "http-roles.md"
ROLES = ("viewer", "agent", "admin")


class Row(NamedTuple):
    """One route: its scope, the lowest role, and what it answers that role to the question of the test."""

    scope: str
    role: str
    answer: int


SID = "SM0123456789abcdef0123456789abcdef"
RUN = "0123456789abcdef0123456789abcdef"
NAMES = {
    "{conversation}": "CV0123456789abcdef01234567",
    "{conversation_id}": "CV0123456789abcdef01234567",
    "{account_id}": "1",
    "{media}": "ME0123456789abcdef0123456789abcdef",
    "{text}": "vip",
    "{batch}": "none",
    "{metric}": "delivery_rate",
    "{campaign}": "none",
    "{template}": "hours",
    "{message_sid}": SID,
    "{change_id}": "none",
    "{report}": "none",
    "{run}": RUN,
    "{kind}": "html",
    "{rule}": "none",
}
"""What stands for the names in an address; most name nothing, so that nothing is done."""

ROWS: dict[str, Row] = {
    "GET /conversations": Row("conversations:read", "viewer", 200),
    "GET /conversations/{conversation}": Row("conversations:read", "viewer", 404),
    "GET /conversations/{conversation}/messages": Row("conversations:read", "viewer", 404),
    "GET /conversations/{conversation}/attachments/{media}": Row("conversations:read", "viewer", 404),
    "POST /conversations/{conversation}/reveal": Row("conversations:write", "agent", 404),
    "POST /conversations/{conversation}/reply": Row("conversations:write", "agent", 404),
    "POST /conversations/{conversation}/notes": Row("conversations:write", "agent", 422),
    "PUT /conversations/{conversation}/state": Row("conversations:write", "agent", 422),
    "PUT /conversations/{conversation}/assignee": Row("conversations:write", "agent", 422),
    "PUT /conversations/{conversation}/labels/{text}": Row("conversations:write", "agent", 404),
    "DELETE /conversations/{conversation}/labels/{text}": Row("conversations:write", "agent", 404),
    "POST /accounts/{account_id}/conversations/{conversation_id}/messages": Row(
        "conversations:write", "agent", 422
    ),
    "GET /messages": Row("messages:read", "viewer", 200),
    "GET /messages/{message_sid}": Row("messages:read", "viewer", 404),
    "POST /messages": Row("messages:write", "agent", 422),
    "POST /batches": Row("messages:write", "agent", 422),
    "GET /batches/{batch}": Row("messages:read", "viewer", 404),
    "POST /batches/{batch}/stop": Row("messages:write", "agent", 404),
    "GET /contacts": Row("contacts:read", "viewer", 200),
    "POST /contacts": Row("contacts:write", "agent", 422),
    "POST /contacts/look-up": Row("contacts:read", "agent", 422),
    "GET /contacts/changes": Row("contacts:read", "viewer", 200),
    "POST /contacts/changes/{change_id}/undo": Row("contacts:write", "agent", 404),
    "GET /consent/blocked": Row("consent:read", "viewer", 200),
    "POST /consent/check": Row("consent:read", "agent", 422),
    "POST /consent/history": Row("consent:read", "agent", 422),
    "POST /consent/proof": Row("consent:read", "agent", 422),
    "POST /consent/events": Row("consent:write", "agent", 422),
    "GET /outbox": Row("outbox:read", "viewer", 200),
    "GET /outbox/{message_sid}": Row("outbox:read", "viewer", 404),
    "POST /outbox/{message_sid}/cancel": Row("outbox:write", "agent", 404),
    "GET /templates": Row("templates:read", "viewer", 200),
    "GET /templates/{template}": Row("templates:read", "viewer", 200),
    "GET /templates/{template}/approval": Row("templates:read", "viewer", 422),
    "POST /templates/{template}/preview": Row("templates:read", "viewer", 200),
    "GET /metrics": Row("metrics:read", "viewer", 200),
    "GET /metrics/{metric}": Row("metrics:read", "viewer", 200),
    "GET /metrics/{metric}/values": Row("metrics:read", "viewer", 200),
    "GET /dimensions": Row("metrics:read", "viewer", 200),
    "GET /campaigns": Row("metrics:read", "viewer", 200),
    "GET /campaigns/{campaign}": Row("metrics:read", "viewer", 404),
    "GET /campaigns/{campaign}/comparison": Row("metrics:read", "viewer", 422),
    "GET /reports": Row("reports:read", "viewer", 200),
    "POST /reports/{report}/runs": Row("reports:write", "agent", 404),
    "GET /reports/runs": Row("reports:read", "viewer", 200),
    "GET /reports/runs/{run}": Row("reports:read", "viewer", 404),
    "GET /reports/runs/{run}/files/{kind}": Row("reports:read", "viewer", 404),
    "GET /alerts": Row("status:read", "viewer", 200),
    "GET /alerts/history": Row("status:read", "viewer", 200),
    "GET /alerts/rules": Row("status:read", "viewer", 200),
    "POST /alerts/rules/{rule}/mute": Row("status:write", "admin", 404),
    "POST /alerts/rules/{rule}/unmute": Row("status:write", "admin", 404),
    "GET /status": Row("status:read", "viewer", 200),
    "GET /doctor": Row("status:read", "admin", 200),
}


def expected(row: Row, token: str) -> int:
    """What a route answers to a token of the test."""
    if token in ("none", "unknown", "expired", "revoked"):
        return 401
    if token == "narrow" or ROLES.index(token) < ROLES.index(row.role):
        return 403
    return row.answer


def table() -> str:
    """The table as the docs show it."""
    head = ["route", "scope", "no token, or one that ended", *ROLES]
    lines = [head, ["---"] * len(head)]
    for route, row in ROWS.items():
        may = ["yes" if expected(row, role) < 401 or expected(row, role) > 403 else "403" for role in ROLES]
        lines.append([f"`{route}`", f"`{row.scope}`", "401", *may])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def updated(text: str) -> str:
    """The docs with the table between its marks written anew."""
    text, count = re.subn(
        r"(<!-- roles -->\n).*?(<!-- /roles -->)", lambda mark: mark[1] + table() + mark[2], text, flags=re.S
    )
    assert count == 1, f"{DOCS.name} lacks the marks <!-- roles --> and <!-- /roles -->"
    return text


if __name__ == "__main__":
    DOCS.write_text(updated(DOCS.read_text()))

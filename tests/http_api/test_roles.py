"""Every route with a token of every kind: the answers of the table, and the table in the docs."""

from __future__ import annotations

import pytest

from tests.http_api.api_process import Api
from tests.http_api.role_table import DOCS, NAMES, ROWS, expected, updated
from workbench.roles import ROLES

TOKENS = ("none", "unknown", "expired", "revoked", "narrow", *ROLES)


def _address(path: str) -> str:
    for name, value in NAMES.items():
        path = path.replace(name, value)
    return f"/api/v1{path}"


def test_every_route_stands_in_the_table(api: Api) -> None:
    with api.client(None) as client:
        document = client.get("/api/v1/openapi.json").json()
    routes = {
        f"{method.upper()} {path.removeprefix('/api/v1')}"
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert routes == set(ROWS), "give a new route its row in tests/http_api/role_table.py"


@pytest.mark.parametrize("token", TOKENS)
def test_each_route_answers_as_the_table_says(api: Api, token: str) -> None:
    answers, wanted = {}, {}
    with api.client(None if token == "none" else token) as client:
        for route, row in ROWS.items():
            method, path = route.split(" ")
            query = {"offline": "true", "check": "disk"} if path == "/doctor" else {}
            body: dict[str, str] | None = None if method == "GET" else {}
            answer = client.request(method, _address(path), json=body, params=query)
            answers[route], wanted[route] = answer.status_code, expected(row, token)
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", route
                assert answer.json()["detail"], route
    assert answers == wanted


def test_a_refusal_says_what_it_takes(api: Api) -> None:
    with api.client("viewer") as client:
        refused = client.post("/api/v1/contacts", json={}).json()
        assert "viewer may not edit contacts: that takes the role 'agent'" in refused["detail"]
    with api.client("narrow") as client:
        refused = client.get("/api/v1/contacts").json()
        assert "that takes the scope contacts:read, and it is limited to events:read" in refused["detail"]
    with api.client("expired") as client:
        refused = client.get("/api/v1/contacts")
        assert "The token expired expired on 2020-01-01" in refused.json()["detail"]
        assert refused.headers["www-authenticate"] == 'Bearer realm="workbench"'


def test_the_docs_have_the_table() -> None:
    text = DOCS.read_text()
    assert text == updated(text), "run: python -m tests.http_api.role_table"


def test_the_document_says_each_route_in_words_and_whom_it_answers(api: Api) -> None:
    with api.client(None) as client:
        document = client.get("/api/v1/openapi.json").json()
    groups = [group["name"] for group in document["tags"]]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            row = ROWS[f"{method.upper()} {path.removeprefix('/api/v1')}"]
            assert operation["tags"][0] in groups, path
            assert len(operation["summary"].split()) >= 3, operation["summary"]
            assert operation["description"].endswith(f"Role `{row.role}`, scope `{row.scope}`."), path

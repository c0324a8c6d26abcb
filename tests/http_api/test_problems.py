"""Every error is a problem in words, with a status that says whose affair it is; never a traceback."""

from __future__ import annotations

from typing import Any

import pytest

from tests.http_api.asking import InProcess
from tests.http_api.conftest import Known
from workbench import errors
from workbench.errors import WorkbenchError
from workbench.http_api.problems import problem_of

#: The status of each error and when to come again.
STATUSES = {
    "UsageError": (422, None), "UnknownName": (422, None), "NotFound": (404, None),
    "ConfigError": (500, None), "NotAllowed": (403, None), "Unreachable": (503, "30"),
    "LakeError": (500, None), "NothingKnown": (409, None), "LakeTooNew": (500, None),
    "LakeRefused": (500, None), "CatalogLost": (500, None), "LakeDamaged": (500, None),
    "LakeMoved": (500, None),
    "LakeBusy": (503, "2"), "BackupError": (500, None), "BackupDamaged": (500, None),
    "ReportFailed": (500, None), "ReportDoubtful": (409, None), "TwilioError": (502, None),
    "TwilioAuthError": (502, None), "TwilioUnavailable": (503, "5"), "WorkbenchError": (500, None),
}  # fmt: skip
#: What errors are made of that are not made of one text.
MADE_OF: dict[str, tuple[Any, ...]] = {
    "UnknownName": ("metric", "x", ["y"]), "LakeMoved": ("sqlite:old", "postgres:new"),
}  # fmt: skip


def test_each_error_of_the_tree_has_its_status() -> None:
    classes = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, WorkbenchError)
    }
    assert set(classes) == set(STATUSES)
    for name, (status, again) in STATUSES.items():
        words = MADE_OF.get(name, ("Words.",))
        answer = problem_of(classes[name](*words))
        assert (answer.status_code, answer.headers.get("Retry-After")) == (status, again), name
        assert answer.headers["Content-Type"] == "application/problem+json"


REQUESTS: list[tuple[str, str, dict[str, Any], int, str, str]] = [
    ("GET", "/nothing", {}, 404, "not-found", "There is nothing at '/api/v1/nothing'"),
    ("DELETE", "/messages", {}, 405, "method-not-allowed", "DELETE is not possible here; allowed are"),
    ("GET", "/conversations?vew=all", {}, 422, "unknown-name", "Did you mean 'view'?"),
    ("GET", "/conversations?limit=0", {}, 422, "invalid", "query.limit: It is '0'."),
    ("GET", "/conversations?view=new", {}, 422, "invalid", "'waiting', 'open', 'pending'"),
    ("GET", "/conversations/12", {}, 422, "invalid", "path.conversation: It is '12'."),
    ("GET", "/conversations/CW" + "0" * 24, {}, 404, "not-found", "No conversation CW000"),
    ("GET", "/messages/SM" + "f" * 32, {}, 404, "not-found", "No message SMfff"),
    ("GET", "/messages?where=colour%3Dred", {}, 422, "unknown-name", "No dimension named 'colour'."),
    ("GET", "/messages?where=red", {}, 422, "usage-error", "where is 'red'; write dimension=value"),
    ("GET", "/messages?since=never", {}, 422, "usage-error", "never"),
    (
        "POST", "/messages", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400,
        "unreadable", "The body is not JSON",
    ),
    (
        "POST", "/messages",
        {"content": b'{"to": "x"}', "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400,
        "unreadable", "with the header Content-Type: application/json",
    ),
    ("POST", "/messages", {"json": {"body": "x"}}, 422, "invalid", "body.to: Field required."),
    ("POST", "/messages", {"json": {"to": "+14155550000"}}, 422, "usage-error", "body"),
    ("POST", "/messages", {"json": {"to": "+14155550000", "bdy": "x"}}, 422, "invalid", "no such field here"),
    (
        "POST", "/messages", {"json": {"to": "+14155550000", "template": "none"}}, 422, "unknown-name",
        "No template named 'none'.",
    ),
    (
        "POST", "/messages",
        {"json": {"to": "+14155550000", "body": "x", "ignore_quiet_hours": True, "sender": "+14155550104"}},
        403, "not-allowed", "may not send in quiet hours",
    ),
    (
        "POST", "/messages",
        {"json": {"to": "12", "body": "x", "confirm": True, "sender": "+14155550104"}}, 422, "blocked",
        "Not sent.",
    ),
    ("POST", "/messages", {"content": b" " * (4 * 2**20 + 1)}, 413, "too-large", "larger than 4,194,304"),
    ("GET", "/batches/none", {}, 404, "not-found", "No batch 'none'"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "options", "status", "kind", "words"), REQUESTS)
def test_a_wrong_request_is_told_in_words(
    method: str, path: str, options: dict[str, Any], status: int, kind: str, words: str, known: Known
) -> None:
    answer = known.ask()(method, path, **options)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), problem
    assert problem["type"] == f"urn:workbench:problem:{kind}"
    assert words in problem["detail"]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert "Traceback" not in answer.text


def test_what_nobody_expected_is_told_without_a_word_of_it(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the text of somebody's message")

    monkeypatch.setattr("workbench.http_api.messages.read_rows", broken)
    answer = known.ask()("GET", "/messages")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "It failed unexpectedly; the log has it under this request id."
    assert "somebody" not in answer.text


def test_another_name_is_not_answered(known: Known) -> None:
    answer = known.ask()("GET", "/messages", headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:workbench:problem:misdirected"


def test_every_answer_has_the_security_headers_and_no_cors(known: Known) -> None:
    for path in ("/messages?limit=1", "/docs", "/openapi.json", "/nothing"):
        answer = known.ask()("GET", path, headers={"Origin": "https://evil.example"})
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_lake_that_is_not_there_is_not_answered_with_nothing(
    tmp_path: Any, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tokens.toml").write_bytes((known.home / "tokens.toml").read_bytes())
    (tmp_path / "tokens.toml").chmod(0o600)
    ask = InProcess({**known.environ, "WORKBENCH_HOME": str(tmp_path)}, known.tokens["viewer"])
    answer = ask("GET", "/conversations")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:workbench:problem:nothing-known")


def test_the_document_is_3_1_and_open_and_names_what_is_refused(known: Known) -> None:
    answer = known.ask()("GET", "/openapi.json", headers={"Authorization": ""})
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"token", "chatwoot_token"}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert {"401", "403", "422", "429"} <= set(operation["responses"]), f"{method} {path}"
            assert operation["responses"]["401"]["content"].keys() == {"application/problem+json"}, path

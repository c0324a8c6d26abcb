"""Tokens, roles and scopes: who comes in, who may do what, and what is refused in which words."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from tests.http_api.asking import InProcess
from tests.http_api.conftest import Known
from workbench import UnknownName, UsageError, Workbench
from workbench.http_api.app import ROUTERS
from workbench.http_api.routes import needs_of
from workbench.logs.redaction import Redaction
from workbench.roles import Actor, acting_as, current_user, find_people_with
from workbench.settings import load_settings
from workbench.tokens.store import SCOPES, Tokens
from workbench.tokens.uses import TokenUses

SID = "SM" + "1" * 32
VALUES = {
    "conversation": "CW" + "0" * 24, "conversation_id": "CW" + "0" * 24, "account_id": "1", "text": "vip",
    "message_sid": SID, "media": "ME" + "1" * 32, "batch": "none", "metric": "spend", "template": "none",
    "change_id": "none", "report": "none", "run": "0" * 32, "kind": "html", "rule": "none",
    "campaign": "none",
}  # fmt: skip


def routes() -> list[tuple[str, str, str, str]]:
    """Method, path, lowest role and scope of every route."""
    listed = []
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            needs = needs_of(route.dependencies)
            assert needs is not None, f"{route.path} does not say who may ask"
            assert needs.scope in SCOPES
            methods = sorted(route.methods or ())
            listed += [(method, route.path, needs.role, needs.scope) for method in methods]
    return listed


@pytest.fixture
def wb(known: Known) -> Iterator[Workbench]:
    """Opened by somebody at the machine, beside the server."""
    with acting_as(Actor("ops", "admin", kind="local")), Workbench(load_settings(known.environ)) as opened:
        yield opened


@pytest.mark.parametrize(("method", "path", "role", "scope"), routes())
def test_a_role_below_is_refused_on_every_route(
    method: str, path: str, role: str, scope: str, known: Known
) -> None:
    for given in ("viewer", "agent"):
        answer = known.ask(given)(method, path.format(**VALUES), json={})
        may = ("viewer", "agent", "admin").index(given) >= ("viewer", "agent", "admin").index(role)
        assert (answer.status_code != 403) is may, answer.text
        assert answer.status_code != 500, answer.text
    if scope.endswith(":write"):
        assert role != "viewer", "a viewer writes nothing"


def test_a_viewer_sees_no_whole_number_and_sends_nothing(known: Known) -> None:
    ask = known.ask("viewer")
    for path in ("/conversations?view=all", "/messages", f"/conversations/{known.conversations[0]}"):
        answer = ask("GET", path)
        assert answer.status_code == 200
        assert "1556" not in answer.text.replace("155***", ""), path
        assert "+1415***" in answer.text
    refused = ask("POST", "/messages", json={"to": "+14155550000", "body": "Hi", "confirm": True})
    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "viewer may not send a message: that takes the role 'agent', and theirs is 'viewer'. "
        "An admin can change it."
    )


def test_a_token_is_shown_once_hashed_and_audited(wb: Workbench, known: Known) -> None:
    new = wb.tokens.create("shop", role="agent", scopes="messages:read", expires="90d")
    assert new.text.startswith("wbt_")
    assert len(new.text) == 68
    assert new.text not in repr(new)
    path = known.home / "tokens.toml"
    assert new.text not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = wb.tokens.list().set_index("name").loc["shop"]
    assert (listed["role"], listed["scopes"], listed["created_by"]) == ("agent", "messages:read", "local:ops")
    trail = wb.audit.show(action="token-created", limit=1)
    assert trail["subject"].tolist() == ["shop"]
    assert json.loads(trail["detail"][0])["scopes"] == ["messages:read"]
    assert new.text not in repr(trail.to_dict())
    with pytest.raises(UsageError, match="There is a token 'shop' already"):
        wb.tokens.create("shop", role="viewer")


def test_the_last_use_is_shown_and_a_revoked_token_refused(wb: Workbench, known: Known) -> None:
    ask = InProcess(known.environ, wb.tokens.create("gone", role="viewer").text)
    assert ask("GET", "/messages?limit=1").status_code == 200
    used = TokenUses(known.home).all()["gone"]
    assert ask("GET", "/messages?limit=1").status_code == 200
    assert TokenUses(known.home).all()["gone"] == used, "written at most once a minute"
    assert wb.tokens.list().set_index("name").loc["gone", "last_used_at"] == used
    wb.tokens.revoke("gone")
    answer = ask("GET", "/messages?limit=1")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("The token gone was revoked on ")
    assert wb.audit.show(action="token-revoked", limit=1)["subject"].tolist() == ["gone"]
    with pytest.raises(UsageError, match="Nothing is left to do"):
        wb.tokens.revoke("gone")
    with pytest.raises(UnknownName, match="No token named 'nobody'"):
        wb.tokens.revoke("nobody")
    ask.close()


def test_an_expired_token_is_refused(wb: Workbench, known: Known) -> None:
    new = wb.tokens.create("old", role="viewer", expires="2999-01-01")
    path = known.home / "tokens.toml"
    path.write_text(path.read_text().replace("2999-01-01T00:00:00", "2026-01-01T00:00:00"))
    answer = InProcess(known.environ, new.text)("GET", "/messages")
    assert answer.status_code == 401
    assert answer.json()["detail"].startswith("The token old expired on 2026-01-01 00:00 UTC.")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="workbench"'


@pytest.mark.parametrize("expires", ["yesterday", "2020-01-01", "0d", "-1d", ""])
def test_an_end_that_is_none_is_refused(expires: str, wb: Workbench) -> None:
    with pytest.raises(UsageError, match="expires is"):
        wb.tokens.create("never", role="viewer", expires=expires)


def test_a_scope_limits_a_token(wb: Workbench, known: Known) -> None:
    scoped = wb.tokens.create("scoped", role="admin", scopes=["conversations:write"]).text
    ask = InProcess(known.environ, scoped)
    assert ask("GET", "/conversations").status_code == 200, "to write includes to read"
    answer = ask("GET", "/messages")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith(
        "The token scoped may not read messages: that takes the scope messages:read, and it is limited to "
        "conversations:write."
    )
    ask.close()


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": ""},
        {"Authorization": "Bearer wbt_" + "0" * 64},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Authorization": "Bearer"},
        {"api_access_token": "wbt_" + "0" * 64},
    ],
)
def test_without_a_token_that_is_taken_nobody_comes_in(headers: dict[str, str], known: Known) -> None:
    answer = known.ask()("GET", "/conversations", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_each_token_has_its_own_minute(known: Known) -> None:
    ask = InProcess({**known.environ, "WORKBENCH_API_REQUESTS_PER_MINUTE": "2"}, known.tokens["viewer"])
    answers = [ask("GET", "/nothing") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[0].headers["RateLimit"] == '"minute";r=1;t=30'
    assert answers[2].headers["RateLimit-Policy"] == '"minute";q=2;w=60'
    assert answers[2].headers["Retry-After"] == "30"
    assert answers[2].json()["detail"].startswith("The token viewer asked 2 times within a minute")
    assert ask.with_token(known.tokens["agent"])("GET", "/nothing").status_code == 404


def test_outside_of_the_door_nobody_is_signed_in(known: Known) -> None:
    assert current_user().name == ""


def test_a_token_never_stands_in_a_log() -> None:
    text = "wbt_" + "ab" * 32
    for line in (f"token {text} came", f"Bearer {text}", f"{text[:20]} cut off", f"x{text}y"):
        assert "abab" not in Redaction().text(line)


def test_a_file_that_others_can_read_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "tokens.toml"
    path.write_text("")
    path.chmod(0o644)
    with pytest.raises(Exception, match="can be read by others"):
        Tokens(tmp_path).all()
    find_people_with(None)

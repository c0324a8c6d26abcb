"""The process, over real HTTP: a script from the token to the delivery, Chatwoot's call, a killed batch."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.http_api.asking import served
from tests.http_api.conftest import Known
from tests.sending.conftest import SENDER, sent_to
from workbench import Workbench
from workbench.http_api.server import ApiServer
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings
from workbench.simulator import Server


def client(url: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=60, trust_env=False)


@pytest.fixture(scope="module")
def url(known: Known) -> Iterator[str]:
    with served(known.environ, known.home) as (address, _):
        yield address


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.1)


def test_a_script_lists_who_waits_answers_and_sees_it_delivered(
    url: str, known: Known, server: Server
) -> None:
    with client(url, known.tokens["agent"]) as http:
        waiting = http.get("/conversations", params={"view": "waiting"}).json()["items"]
        chosen = waiting[3]
        assert chosen["last"].startswith("Question ")
        path = f"/conversations/{chosen['conversation']}"
        looked = http.post(f"{path}/reply", json={"body": "Yes, until 6 pm."})
        assert (looked.status_code, looked.json()["state"]) == (200, "unconfirmed")
        sent = http.post(
            f"{path}/reply", json={"body": "Yes, until 6 pm.", "confirm": True},
            headers={"Idempotency-Key": "order-1"},
        )  # fmt: skip
        assert (sent.status_code, sent.json()["state"]) == (201, "sent")
        sid = sent.json()["message_sid"]
        with acting_as(Actor("ops", "admin", kind="local")), Workbench(load_settings(known.environ)) as wb:

            def is_delivered() -> bool:
                wb.sync(since="2026-01-01")
                return bool(http.get(f"/messages/{sid}").json().get("status") == "delivered")

            until(is_delivered)
        answered = http.get(path).json()
        assert answered["waiting_since"] is None
        assert http.put(f"{path}/state", json={"state": "resolved"}).json()["state"] == "resolved"


def test_prometheus_sees_requests_by_route_with_a_token_of_its_own(url: str, known: Known) -> None:
    with client(url, known.tokens["viewer"]) as http:
        assert http.get(f"/conversations/{known.conversations[0]}").status_code == 200
        assert http.post("/messages", json={"to": "+14155550123", "body": "Hi"}).status_code == 403
        assert http.get("/+14155550123").status_code == 404
        assert http.get("/status", headers={"Authorization": "Bearer wbt_no"}).status_code == 401
        refused = http.get(f"{url}/metrics")
        assert (refused.status_code, "workbench_" in refused.text) == (401, False)
        own = {"Authorization": f"Bearer {(known.home / 'metrics.token').read_text()}"}
        assert http.get("/status", headers=own).status_code == 401
        text = http.get(f"{url}/metrics", headers=own).raise_for_status().text
    for labels in (
        'kind="conversation",status="200"', 'kind="send",status="403"',
        'kind="not_found",status="404"', 'kind="refused",status="401"', 'kind="prometheus",status="401"',
    ):  # fmt: skip
        assert f"workbench_http_requests_total{{{labels}}}" in text
    assert 'workbench_http_request_seconds_count{kind="conversation"}' in text
    assert 'process="api"' in text
    assert 'workbench_log_lines_total{level="error"}' in text
    assert "415555" not in text


def test_a_script_of_chatwoot_moves_by_its_address_and_token(url: str, known: Known, server: Server) -> None:
    path = f"{url}/api/v1/accounts/1/conversations/{known.conversations[5]}/messages"
    headers = {"api_access_token": known.tokens["agent"]}
    body = {"content": "Braces stay {{ braces }}", "message_type": "outgoing", "private": False}
    answer = httpx.post(path, json=body, headers=headers, timeout=60, trust_env=False)
    message = answer.json()
    assert answer.status_code == 200, message
    assert {
        "content": "Braces stay {{ braces }}", "message_type": 1, "content_type": "text", "private": False,
        "status": "sent", "conversation_id": known.conversations[5],
    }.items() <= message.items()  # fmt: skip
    assert isinstance(message["id"], int)
    assert isinstance(message["created_at"], int)
    assert message["source_id"].startswith("SM")
    note = httpx.post(
        path, data={"content": "Only for us", "private": "true"}, headers=headers, timeout=60, trust_env=False
    )
    assert (note.status_code, note.json()["private"]) == (200, True)
    bodies = sent_to(server)
    assert bodies["+14155560006"] == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"message_type": "incoming"}, "only 'outgoing' is possible"),
        ({"content_type": "cards"}, "only 'text' is possible"),
        ({"content_attributes": {"items": []}}, "content_attributes means nothing here"),
        ({"template_params": {"name": "x"}}, "Templates and media go through POST"),
        ({"campaign_id": 1}, "campaign_id means nothing here"),
        ({"content": " "}, "content is empty"),
        ({"colour": "red"}, "There is no such field here"),
    ],
)
def test_what_chatwoots_call_cannot_mean_here_is_refused(
    fields: dict[str, Any], words: str, known: Known
) -> None:
    path = f"/accounts/1/conversations/{known.conversations[5]}/messages"
    answer = known.ask()("POST", path, json={"content": "Hi", **fields})
    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_a_file_another_account_and_another_id_are_refused_in_words(known: Known) -> None:
    ask, conversation = known.ask(), known.conversations[5]
    path = f"/accounts/1/conversations/{conversation}/messages"
    file = {"attachments[]": ("a.png", b"\x89PNG", "image/png")}
    refused = ask("POST", path, data={"content": "Look"}, files=file)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:workbench:problem:no-files")
    other = ask("POST", f"/accounts/AC0/conversations/{conversation}/messages", json={"content": "Hi"})
    assert other.status_code == 404
    number = ask("POST", "/accounts/1/conversations/12/messages", json={"content": "Hi"})
    assert number.status_code == 404
    assert "Those of Chatwoot mean nothing here." in number.json()["detail"]


def test_a_batch_that_was_killed_goes_on_with_the_same_request(known: Known, server: Server) -> None:
    numbers = [f"+1415558{number:04}" for number in range(30)]
    body = {"batch": "news", "sender": SENDER, "body": "News", "rows": [{"to": to} for to in numbers]}
    confirmed = {**body, "confirm": len(numbers)}
    with served(known.environ, known.home) as (url, process), client(url, known.tokens["agent"]) as http:
        looked = http.post("/batches", json=body)
        assert (looked.status_code, looked.json()["going"]) == (200, 30)
        wrong = http.post("/batches", json={**body, "confirm": 29})
        assert (wrong.status_code, "there are 30 messages" in wrong.json()["detail"]) == (422, True)
        begun = http.post("/batches", json=confirmed, headers={"Idempotency-Key": "news"})
        assert (begun.status_code, begun.headers["Location"]) == (202, "/api/v1/batches/news")
        until(lambda: sum(sent_to(server, set(numbers)).values()) >= 1)
        process.kill()
        process.wait()
    with served(known.environ, known.home) as (url, _), client(url, known.tokens["agent"]) as http:
        told = http.get("/batches/news").json()
        assert told["state"] in ("interrupted", "done")
        again = http.post("/batches", json=confirmed, headers={"Idempotency-Key": "news"})
        assert again.status_code == 202, again.text
        until(lambda: http.get("/batches/news").json()["state"] == "done")
        done = http.get("/batches/news").json()
        assert (done["total"], done["sent"], done["outbox"]) == (30, 30, {"accepted": 30})
    assert set(sent_to(server, set(numbers)).values()) == {1}
    assert len(sent_to(server, set(numbers))) == 30


def test_it_ends_in_order_and_nothing_stood_in_its_log(known: Known) -> None:
    with served(known.environ, known.home) as (url, process):
        httpx.get(f"{url}/healthz", trust_env=False).raise_for_status()
        process.terminate()
        assert process.wait(30) == 0
    log = (known.home / "api.log").read_text()
    assert "Traceback" not in log
    assert "wbt_" not in log
    assert "+1415" not in log


def test_a_head_that_does_not_come_or_is_too_large_ends(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.http_api.server.HEAD_SECONDS", 0.5)
    server = ApiServer(load_settings(known.environ), 0)
    began = threading.Event()
    thread = threading.Thread(target=server.run, args=[lambda url: began.set()])
    thread.start()
    try:
        assert began.wait(30)
        address = ("127.0.0.1", server.port)
        with socket.create_connection(address, timeout=30) as slow:
            slow.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127")
            assert slow.recv(100) == b"", "the connection is ended"
        with socket.create_connection(address, timeout=30) as large:
            large.sendall(b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n")
            assert b" 400 " in large.recv(100)
    finally:
        server.stop()
        thread.join(30)


def test_head_is_get_without_the_body(url: str, known: Known) -> None:
    for path in ("/healthz", "/api/v1/openapi.json", "/api/v1/status", "/api/v1/nothing"):
        plain, head = httpx.get(f"{url}{path}", trust_env=False), httpx.head(f"{url}{path}", trust_env=False)
        assert (head.status_code, head.content) == (plain.status_code, b""), path
        assert head.headers["Content-Type"] == plain.headers["Content-Type"]

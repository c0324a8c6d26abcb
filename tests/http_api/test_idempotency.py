"""A write under a key: done once and answered the same, also after ``kill -9`` between any two steps."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.http_api.asking import InProcess, ask_and_die
from tests.http_api.conftest import Known
from tests.sending.conftest import sent_to
from workbench.http_api.idempotency import with_given, without_given
from workbench.simulator import Fault, Server

#: The steps of a keyed send, and where the process dies: after the key is committed, after the message's key
#: is in the outbox, before and after Twilio has it, after the outcome is recorded, after the answer is.
STEPS = ["write 1", "write 2", "create before", "create after", "write 3", "write 4"]


def until_done(ask: InProcess, path: str, key: str, body: dict[str, object]) -> tuple[int, dict[str, object]]:
    """Repeat the request as its caller would, until its end is known."""
    for _ in range(40):
        answer = ask("POST", path, key=key, json=body)
        if answer.status_code not in (202, 409, 503):
            return answer.status_code, answer.json()
        time.sleep(0.3)
    raise AssertionError(answer.text)


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_of_a_send(step: str, known: Known, server: Server) -> None:
    number = STEPS.index(step)
    path = f"/conversations/{known.conversations[-1 - number]}/reply"
    body = {"body": f"Killed at {step}", "confirm": True}
    request = ("POST", path, f"kill-{number}", body)
    warm = "/conversations?limit=1"
    assert ask_and_die(known.environ, known.tokens["agent"], step, warm, request) == -9
    ask = known.ask()
    status, answer = until_done(ask, path, f"kill-{number}", body)
    assert (status, answer["state"]) == (201, "sent"), answer
    assert sent_to(server)[f"+1415556{number:04}"] == 1
    again = ask("POST", path, key=f"kill-{number}", json=body)
    assert (again.status_code, again.json()) == (201, answer)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert sent_to(server)[f"+1415556{number:04}"] == 1


def test_an_answer_is_the_same_though_a_template_changed_after_a_crash(known: Known, server: Server) -> None:
    """The message is found by what was committed, not by composing it once more."""
    templates = known.home / "templates"
    templates.mkdir(exist_ok=True)
    (templates / "hello.toml").write_text('body = "Hello from the desk"\n')
    body = {"to": "+14155570900", "sender": "+14155550104", "template": "hello", "confirm": True}
    request = ("POST", "/messages", "template", body)
    status = ask_and_die(
        known.environ, known.tokens["agent"], "create after", "/conversations?limit=1", request
    )
    assert status == -9
    (templates / "hello.toml").write_text('body = "Another text"\n')
    assert until_done(known.ask(), "/messages", "template", body)[0] == 201
    assert sent_to(server)["+14155570900"] == 1


def test_another_body_under_a_key_is_refused(known: Known, server: Server) -> None:
    ask, path = known.ask(), f"/conversations/{known.conversations[0]}/notes"
    assert ask("POST", path, key="note", json={"text": "One"}).status_code == 201
    refused = ask("POST", path, key="note", json={"text": "Two"})
    assert refused.status_code == 422
    assert refused.json()["type"] == "urn:workbench:problem:key-used-before"
    # The key is the token's own.
    assert known.ask("admin")("POST", path, key="note", json={"text": "Two"}).status_code == 201


def test_a_note_is_kept_once_and_its_text_only_there(known: Known) -> None:
    ask, conversation = known.ask(), known.conversations[1]
    text = "Call +14155551234, he asked twice"
    first = ask("POST", f"/conversations/{conversation}/notes", key="once", json={"text": text})
    again = ask("POST", f"/conversations/{conversation}/notes", key="once", json={"text": text})
    assert again.json() == first.json()
    assert first.json()["text"] == text
    events = ask("GET", f"/conversations/{conversation}/messages").json()["events"]
    assert [event["value"] for event in events if event["kind"] == "note"] == [text]
    rows = ask.opened.installation.lake.rows("select * from idempotency_keys")
    assert "14155551234" not in repr(rows)
    assert "asked twice" not in repr(rows)


def test_one_key_at_once_is_sent_once(known: Known, server: Server) -> None:
    ask, to = known.ask(), "+14155570901"
    body = {"to": to, "sender": "+14155550104", "body": "At once", "confirm": True}
    server.faults.add(Fault("delay", when="before", seconds=1, method="POST"))
    barrier = threading.Barrier(6)

    def post(_: int) -> tuple[int, str | None]:
        barrier.wait(30)
        answer = ask("POST", "/messages", key="at-once", json=body)
        return answer.status_code, answer.headers.get("Retry-After")

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(post, range(6)))
    assert sorted(set(answers)) == [(201, None), (409, "1")]
    assert sent_to(server)[to] == 1


def test_without_a_yes_nothing_is_sent_and_the_key_stays_free(known: Known, server: Server) -> None:
    ask, to = known.ask(), "+14155570902"
    body = {"to": to, "sender": "+14155550104", "body": "Perhaps"}
    looked = ask("POST", "/messages", key="perhaps", json=body)
    assert (looked.status_code, looked.json()["state"]) == (200, "unconfirmed")
    assert sent_to(server)[to] == 0
    sent = ask("POST", "/messages", key="perhaps", json={**body, "confirm": True})
    assert (sent.status_code, sent.json()["state"]) == (201, "sent")
    # Another key is another message, the same one is not.
    assert ask("POST", "/messages", key="more", json={**body, "confirm": True}).status_code == 201
    assert sent_to(server)[to] == 2


def test_what_the_caller_gave_is_kept_as_its_place() -> None:
    given = {"text": "Secret", "list": ["a", {"b": "c"}]}
    answer = {"shown": "Secret", "other": ["x", "c"], "number": 3, "none": None}
    kept = without_given(answer, given)
    assert kept == {
        "shown": {"$given": "/text"}, "other": ["x", {"$given": "/list/1/b"}], "number": 3, "none": None,
    }  # fmt: skip
    assert with_given(kept, given) == answer

"""Drafts and answers that wait: nothing is lost, or sent twice or after its undo, whenever a process ends."""

from __future__ import annotations

import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.known import ANA, BEN, DESK
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_replies import ReplyDesk
from workbench.conversations.reply_queue import ReplyQueue
from workbench.errors import UsageError
from workbench.roles import Actor, acting_as, current_actor

AGENT, OTHER = Actor("ana", "agent"), Actor("ben", "agent")
CONVERSATION = Conversation("CW" + "a" * 24, DESK, ANA, "AC" + "0" * 32, DESK)
PASS: dict[str, Any] = {"verdict": "pass", "reasons": []}
NIGHT: dict[str, Any] = {"verdict": "warn", "reasons": [{"verdict": "warn", "text": "It is night there."}]}
OPTED_OUT: dict[str, Any] = {"verdict": "block", "reasons": [{"verdict": "block", "text": "Opted out."}]}


class Desk:
    """A desk over a real queue and real files; what it sends is written down here."""

    def __init__(self, home: Path, outbox: dict[str, str] | None = None) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.verdict, self.ended = PASS, {"state": "sent", "text": "Sent."}
        self.done = threading.Event()
        self.outbox = outbox if outbox is not None else {}
        self.drafts = DraftStore(home)
        self.queue = ReplyQueue(self.drafts, lambda *_: self.verdict, self._send, self.outbox.get)
        self.desk = ReplyDesk(self.drafts, self.queue, lambda *_: self.verdict, self._send)

    def _send(self, conversation: Conversation, body: str, key: str) -> dict[str, Any]:
        self.sent.append((current_actor(), body, key))
        self.done.set()
        return self.ended

    def send(self, body: str = "Hello", **fields: Any) -> dict[str, Any]:
        question: Any = {"conversation": CONVERSATION.conversation_id, "body": body, "key": "k", **fields}
        with acting_as(AGENT):
            return self.desk.send(CONVERSATION, question)

    def draft(self) -> Any:
        return self.desk.draft_shown(AGENT.actor, CONVERSATION)

    def send_the_waiting(self) -> None:
        """As if the seconds were over."""
        [(place, timer)] = self.queue._timers.items()
        timer.cancel()
        timer.function(*timer.args)
        assert place not in self.queue._timers

    def status(self) -> dict[str, Any]:
        return self.desk.status(AGENT.actor, CONVERSATION.conversation_id)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_draft_is_one_persons_and_nobody_elses(desk: Desk, tmp_path: Path) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    assert DraftStore(tmp_path).read(AGENT.actor, CONVERSATION.conversation_id) is not None
    assert desk.draft()["body"] == "Dear Ana"
    assert desk.desk.draft_shown(OTHER.actor, CONVERSATION) is None
    assert desk.drafts.conversations_of(AGENT.actor) == {CONVERSATION.conversation_id}
    assert desk.drafts.conversations_of(OTHER.actor) == set()
    [path] = (tmp_path / "drafts").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    # An erasure finds it by the number.
    assert ANA in path.read_text()
    assert desk.desk.others_writing(OTHER.actor, CONVERSATION) == ["ana"]
    assert desk.desk.others_writing(AGENT.actor, CONVERSATION) == []
    desk.desk.keep(AGENT.actor, CONVERSATION, "  ", "reply")
    assert list((tmp_path / "drafts").iterdir()) == []


def test_who_typed_long_ago_is_not_writing(desk: Desk) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    path = desk.drafts._path(AGENT.actor, CONVERSATION.conversation_id)
    text = path.read_text()
    saved_at = desk.drafts.read(AGENT.actor, CONVERSATION.conversation_id)
    assert saved_at is not None
    assert saved_at.saved_at is not None
    old = saved_at.saved_at - timedelta(seconds=31)
    path.write_text(text.replace(saved_at.saved_at.isoformat(), old.isoformat()))
    assert desk.desk.others_writing(OTHER.actor, CONVERSATION) == []


@pytest.mark.parametrize("bad", ["../../x", "CW", "CWZ" + "a" * 23, ""])
def test_a_draft_never_leaves_its_folder(desk: Desk, bad: str) -> None:
    with pytest.raises(UsageError, match="is no id of a conversation"):
        desk.drafts.save(ReplyDraft("user:ana", bad, BEN, "x"))


def test_an_answer_waits_and_is_sent_once(desk: Desk) -> None:
    assert desk.send(wait=10) == {"state": "queued", "text": "", "seconds": 10.0}
    assert desk.sent == []
    assert desk.draft()["state"] == "queued"
    with pytest.raises(UsageError, match="waits already"):
        desk.send(wait=10)
    # What is typed meanwhile elsewhere does not replace what waits.
    desk.desk.keep(AGENT.actor, CONVERSATION, "Something else", "reply")
    desk.send_the_waiting()
    assert desk.sent == [("user:ana", "Hello", "k")]
    assert desk.status() == {"state": "sent", "seconds": 0.0, "text": "Sent."}
    assert desk.draft() is None
    assert desk.status()["state"] == "draft"


def test_the_timer_itself_sends(desk: Desk) -> None:
    with acting_as(AGENT):
        draft = ReplyDraft(AGENT.actor, CONVERSATION.conversation_id, ANA, "Now", key="k")
        desk.queue.put(AGENT, CONVERSATION, draft, 0.01)
    assert desk.done.wait(20)


def test_an_answer_that_was_taken_back_is_not_sent(desk: Desk) -> None:
    desk.send(wait=10)
    [timer] = desk.queue._timers.values()
    assert desk.desk.unsend(AGENT.actor, CONVERSATION.conversation_id) == {"state": "draft", "text": ""}
    timer.function(*timer.args)
    assert desk.sent == []
    assert (desk.draft()["body"], desk.draft()["state"]) == ("Hello", "draft")
    with pytest.raises(UsageError, match="too late"):
        desk.desk.unsend(AGENT.actor, CONVERSATION.conversation_id)


def test_a_warning_needs_its_own_yes_and_a_block_is_final(desk: Desk) -> None:
    desk.verdict = NIGHT
    assert desk.send(wait=10) == {"state": "unconfirmed", "text": "It is night there."}
    assert desk.send(wait=10, confirmed=True)["state"] == "queued"
    desk.send_the_waiting()
    assert len(desk.sent) == 1
    desk.verdict = OPTED_OUT
    assert desk.send(wait=10, confirmed=True) == {"state": "blocked", "text": "Not sent. Opted out."}
    assert len(desk.sent) == 1


def test_a_warning_that_came_up_meanwhile_stops_it(desk: Desk) -> None:
    desk.send(wait=10)
    desk.verdict = NIGHT
    desk.send_the_waiting()
    assert desk.sent == []
    assert desk.status()["state"] == "unconfirmed"
    assert desk.draft()["problem"] == "Not sent: this needs your confirmation now. It is night there."


@pytest.mark.parametrize(
    ("state", "key"), [("failed", ""), ("blocked", ""), ("unclear", "k")], ids=lambda value: value or "none"
)
def test_what_was_not_sent_is_a_draft_again(desk: Desk, state: str, key: str) -> None:
    desk.ended = {"state": state, "text": "Why."}
    desk.send(wait=10)
    desk.send_the_waiting()
    assert desk.status() == {"state": state, "seconds": 0.0, "text": "Why."}
    shown = desk.draft()
    assert (shown["body"], shown["state"], shown["problem"], shown["key"]) == ("Hello", "draft", "Why.", key)


@pytest.mark.parametrize(
    ("outbox", "state", "problem"),
    [
        ({}, "draft", "Not sent: the program ended before its time. Press Send to send it."),
        ({"k": "refused"}, "draft", "Not sent: the program ended before its time. Press Send to send it."),
        (
            {"k": "intended"}, "draft",
            "Nobody knows yet whether this was sent. Press Send to find out; it is never sent twice.",
        ),
        ({"k": "accepted"}, None, None),
    ],
    ids=["never begun", "refused", "begun", "sent"],
)  # fmt: skip
@pytest.mark.parametrize("left_as", ["queued", "sending"])
def test_after_a_killed_process_the_outbox_says_what_became_of_it(
    tmp_path: Path, outbox: dict[str, str], state: str | None, problem: str | None, left_as: Any
) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    left = ReplyDraft(
        AGENT.actor, CONVERSATION.conversation_id, ANA, "Hello", key="k", state=left_as, send_at=long_ago
    )
    DraftStore(tmp_path).save(left)
    desk = Desk(tmp_path, outbox)
    shown = desk.draft()
    assert (shown and shown["state"], shown and shown["problem"]) == (state, problem)
    assert desk.sent == []
    if shown is None:
        assert desk.status() == {"state": "sent", "seconds": 0.0, "text": "Sent."}
    else:
        # The same key: if it was sent after all, the outbox sends it no second time.
        assert shown["key"] == "k"


def test_what_another_process_waits_with_is_left_to_it(tmp_path: Path) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=8)
    place = (AGENT.actor, CONVERSATION.conversation_id)
    waiting = ReplyDraft(*place, ANA, "Hello", key="k", state="queued", send_at=soon)
    desk = Desk(tmp_path)
    desk.drafts.save(waiting)
    assert desk.draft()["state"] == "queued"
    assert 0 < desk.status()["seconds"] <= 8
    desk.drafts.save(replace(waiting, state="draft"))
    assert desk.draft()["state"] == "draft"

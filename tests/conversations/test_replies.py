"""Drafts and answers that wait: nothing is lost, or sent twice or after its undo, whenever a process ends."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.known import ANA, BEN, DESK
from workbench.conversations import reply_queue
from workbench.conversations.drafts import DraftStore, ReplyDraft
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_replies import ReplyDesk
from workbench.conversations.reply_queue import ReplyQueue
from workbench.errors import LakeBusy, UsageError
from workbench.lake import Lake
from workbench.lake.erased import is_erased, save_erased
from workbench.roles import Actor, acting_as, current_actor

AGENT, OTHER = Actor("ana", "agent"), Actor("ben", "agent")
CONVERSATION = Conversation("CW" + "a" * 24, DESK, ANA, "AC" + "0" * 32, DESK)
PASS: dict[str, Any] = {"verdict": "pass", "reasons": []}
NIGHT: dict[str, Any] = {"verdict": "warn", "reasons": [{"verdict": "warn", "text": "It is night there."}]}
UNCLEAR = "Nobody knows yet whether this was sent. Press Send to find out; it is never sent twice."
OPTED_OUT: dict[str, Any] = {"verdict": "block", "reasons": [{"verdict": "block", "text": "Opted out."}]}


class Desk:
    """A desk over a real queue and real files; what it sends is written down here."""

    def __init__(
        self,
        home: Path,
        outbox: dict[str, str] | None = None,
        is_erased: Callable[[str], bool] = lambda contact: False,
    ) -> None:
        self.sent: list[tuple[str, str, str]] = []
        self.verdict, self.ended = PASS, {"state": "sent", "text": "Sent."}
        self.error: Exception | None = None
        self.done = threading.Event()
        self.outbox = outbox if outbox is not None else {}
        self.drafts = DraftStore(home, is_erased)
        self.queue = ReplyQueue(self.drafts, lambda *_: self.verdict, self._send, self._sent_state)
        self.desk = ReplyDesk(self.drafts, self.queue, lambda *_: self.verdict, self._send)

    def _send(
        self, conversation: Conversation, body: str, key: str, files: tuple[str, ...]
    ) -> dict[str, Any]:
        self.sent.append((current_actor(), body, key))
        self.done.set()
        if self.error:
            raise self.error
        return self.ended

    def _sent_state(self, key: str, draft: ReplyDraft | None) -> str | None:
        return self.outbox.get(key)

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

    def status(self, key: str = "k") -> dict[str, Any]:
        return self.desk.status(AGENT.actor, CONVERSATION.conversation_id, key)


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
    # A second tab, or one that the answer did not reach, is told the same; what is written next is not.
    assert desk.status() == {"state": "sent", "seconds": 0.0, "text": "Sent."}
    desk.desk.keep(AGENT.actor, CONVERSATION, "And now?", "reply")
    assert desk.status()["state"] == "sent"
    assert desk.status("")["state"] == desk.status("another")["state"] == "draft"


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
    ("state", "key"), [("failed", "k"), ("blocked", "k"), ("unclear", "k")], ids=lambda value: value or "none"
)
def test_what_was_not_sent_is_a_draft_again(desk: Desk, state: str, key: str) -> None:
    desk.ended = {"state": state, "text": "Why."}
    desk.send(wait=10)
    desk.send_the_waiting()
    for _ in range(2):
        assert desk.status() == {"state": state, "seconds": 0.0, "text": "Why."}
    shown = desk.draft()
    assert (shown["body"], shown["state"], shown["problem"], shown["key"]) == ("Hello", "draft", "Why.", key)


def test_only_so_many_endings_are_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_queue, "_ENDINGS", 2)
    for key in ("a", "b", "c"):
        desk.send(wait=10, key=key)
        desk.send_the_waiting()
    assert [desk.status(key)["state"] for key in ("a", "b", "c")] == ["draft", "sent", "sent"]
    # Where it is not kept, the outbox tells.
    desk.outbox["a"] = "accepted"
    assert desk.status("a") == {"state": "sent", "seconds": 0.0, "text": "Sent."}


@pytest.mark.parametrize("state", [None, "refused", "unsent", "intended", "unclear", "accepted", "no answer"])
def test_an_error_says_nothing_of_whether_it_was_sent(desk: Desk, state: str | None) -> None:
    desk.error = LakeBusy("The lake is busy.")
    desk.send(wait=10)
    if state == "no answer":
        desk.queue._sent_state = refuse
    elif state:
        desk.outbox["k"] = state
    desk.send_the_waiting()
    stored = desk.drafts.read(AGENT.actor, CONVERSATION.conversation_id)
    assert stored is not None
    assert (stored.body, stored.key) == ("Hello", "k")
    if state in (None, "refused", "unsent"):
        assert stored.problem == "The lake is busy."
        assert desk.status() == {"state": "failed", "seconds": 0.0, "text": "The lake is busy."}
        return
    assert stored.problem == f"{UNCLEAR} The lake is busy."
    desk.queue._sent_state = desk._sent_state
    expected = "sent" if state == "accepted" else "unclear"
    assert [desk.status()["state"] for _ in range(2)] == [expected, expected]


def refuse(key: str, draft: ReplyDraft | None) -> str | None:
    raise LakeBusy("The lake is busy.")


def test_an_unclear_text_that_is_changed_and_written_again_has_its_key(desk: Desk) -> None:
    desk.ended = {"state": "unclear", "text": "Why."}
    desk.send(wait=10)
    desk.send_the_waiting()
    desk.desk.keep(AGENT.actor, CONVERSATION, "Hello you", "reply")
    desk.desk.keep(AGENT.actor, CONVERSATION, "Hello", "reply")
    assert desk.draft()["key"] == "k"


def test_the_key_of_a_text_whose_answer_was_lost_is_kept_with_it(desk: Desk) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "Hello", "reply", "k")
    assert desk.draft()["key"] == "k"
    # It was sent after all.
    desk.outbox["k"] = "accepted"
    assert desk.draft() is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", "7", '{"person": "user:ana", "bo', '{"person": "user:ana"}', "\x00", b"\xff\xfe{"],
)
def test_a_damaged_file_is_no_draft(
    desk: Desk, content: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "The gate code is 7741", "reply")
    path = desk.drafts._path(AGENT.actor, CONVERSATION.conversation_id)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert desk.draft() is None
    assert desk.status()["state"] == "draft"
    assert desk.desk.others_writing(OTHER.actor, CONVERSATION) == []
    assert f"the draft {path.name} cannot be read" in caplog.text
    desk.desk.keep(AGENT.actor, CONVERSATION, "Anew", "reply")
    assert desk.draft()["body"] == "Anew"


@pytest.mark.parametrize(
    ("field", "value"),
    [("body", 7741), ("state", "7741"), ("saved_at", "7741 o'clock"), ("send_at", 7741), ("key", None)],
)
def test_a_field_that_is_damaged_is_not_written_to_the_log(
    desk: Desk, field: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    path = desk.drafts._path(AGENT.actor, CONVERSATION.conversation_id)
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    assert desk.draft() is None
    assert "cannot be read" in caplog.text
    assert "7741" not in caplog.text


def test_a_draft_of_another_version_is_read(desk: Desk) -> None:
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    path = desk.drafts._path(AGENT.actor, CONVERSATION.conversation_id)
    stored = json.loads(path.read_text())
    del stored["problem"]
    path.write_text(json.dumps({**stored, "colour": "red"}))
    assert desk.draft()["body"] == "Dear Ana"


@pytest.mark.parametrize("left_as", ["queued", "sending"])
def test_what_waits_in_another_process_is_not_replaced(tmp_path: Path, left_as: Any) -> None:
    page, notebook = Desk(tmp_path), Desk(tmp_path)
    page.send("From the page", wait=10, key="of the page")
    waiting = page.drafts.read(AGENT.actor, CONVERSATION.conversation_id)
    assert waiting is not None
    page.drafts.save(replace(waiting, state=left_as))
    for wait in ({"wait": 10}, {"confirmed": True}):
        with pytest.raises(UsageError, match="waits already"):
            notebook.send("From the notebook", **wait)
    # What is typed meanwhile is not said to be kept, so that the browser asks again.
    kept = notebook.desk.keep(AGENT.actor, CONVERSATION, "From the notebook", "reply", "k")
    assert kept == {"kept": False, "key": "k"}
    page.drafts.save(waiting)
    page.send_the_waiting()
    assert page.sent == [("user:ana", "From the page", "of the page")]
    # Nobody waits for ever for a process that ended.
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    page.drafts.save(replace(waiting, state=left_as, send_at=long_ago))
    assert notebook.send("From the notebook", wait=10, key="of the page")["state"] == "queued"


@pytest.mark.parametrize("wait", [{"wait": 10}, {"confirmed": True}], ids=str)
def test_a_text_written_in_two_tabs_has_one_key(desk: Desk, wait: dict[str, Any]) -> None:
    assert desk.desk.keep(AGENT.actor, CONVERSATION, "Hello", "reply", "first") == {
        "kept": True,
        "key": "first",
    }
    # The second tab sends before it was told of the other key.
    with pytest.raises(UsageError, match="another window"):
        desk.send(key="second", **wait)
    told = desk.desk.keep(AGENT.actor, CONVERSATION, "Hello", "reply", "second")
    assert told == {"kept": True, "key": "first"}
    assert desk.send(key=told["key"], **wait)["state"] in ("queued", "sent")


def test_what_is_sent_at_once_is_kept_with_its_key_until_it_is(desk: Desk) -> None:
    desk.error = LakeBusy("The lake is busy.")
    with pytest.raises(LakeBusy):
        desk.send(confirmed=True)
    assert (desk.draft()["body"], desk.draft()["key"]) == ("Hello", "k")


def test_what_another_process_took_up_is_left_to_it(tmp_path: Path) -> None:
    page, notebook = Desk(tmp_path), Desk(tmp_path)
    page.send("Hello", wait=10)
    waiting = page.drafts.read(AGENT.actor, CONVERSATION.conversation_id)
    assert waiting is not None
    # The page slept; the notebook found that it was too late, and another text was sent there.
    page.drafts.save(replace(waiting, send_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert notebook.draft()["state"] == "draft"
    notebook.send("Hello Ana", wait=10)
    page.send_the_waiting()
    assert page.sent == []
    assert page.status()["state"] == notebook.status()["state"] == "queued"
    notebook.send_the_waiting()
    assert notebook.sent == [("user:ana", "Hello Ana", "k")]


def test_what_was_written_on_meanwhile_is_not_removed(desk: Desk) -> None:
    desk.send(wait=10)
    place = (AGENT.actor, CONVERSATION.conversation_id)
    desk.queue._send = lambda *_: written_on()

    def written_on() -> dict[str, Any]:
        desk.drafts.save(ReplyDraft(*place, ANA, "And now?", key="k"))
        return desk.ended

    desk.send_the_waiting()
    assert desk.draft()["body"] == "And now?"
    assert desk.status()["state"] == "sent"


def test_a_file_that_cannot_be_written_stops_no_other_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ended = {"state": "unclear", "text": "Why."}
    desk.send(wait=10)
    states: list[str] = []

    def asked(contact: str) -> bool:
        states.append(contact)
        if len(states) == 2:
            raise LakeBusy("The lake is busy.")
        return False

    monkeypatch.setattr(desk.drafts, "_is_erased", asked)
    with pytest.raises(LakeBusy):
        desk.send_the_waiting()
    stored = desk.drafts.read(AGENT.actor, CONVERSATION.conversation_id)
    assert stored is not None
    assert stored.state == "sending"
    desk.outbox["k"] = "unclear"
    desk.drafts.save(replace(stored, send_at=datetime.now(UTC) - timedelta(minutes=5)))
    assert desk.status()["state"] == "unclear"
    assert desk.send(wait=10)["state"] == "queued"


def test_a_note_with_the_text_of_an_answer_stays(desk: Desk) -> None:
    desk.outbox["k"] = "accepted"
    desk.desk.keep(AGENT.actor, CONVERSATION, "Call her back", "note", "k")
    assert desk.draft()["body"] == "Call her back"


def test_nothing_is_kept_of_who_was_erased(lake: Lake) -> None:
    desk = Desk(lake.home, is_erased=lambda contact: is_erased(lake, contact))
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    assert desk.draft()["body"] == "Dear Ana"
    desk.send(wait=10)
    lake.write(lambda cursor: save_erased(cursor, [ANA], "e", datetime.now(UTC)))
    desk.ended = {"state": "blocked", "text": "They were erased."}
    desk.send_the_waiting()
    assert list((lake.home / "drafts").iterdir()) == []
    desk.desk.keep(AGENT.actor, CONVERSATION, "Dear Ana", "reply")
    assert list((lake.home / "drafts").iterdir()) == []
    with pytest.raises(UsageError, match="was erased"):
        desk.send(wait=10)
    assert desk.queue._timers == {}
    assert list((lake.home / "drafts").iterdir()) == []


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


@pytest.mark.parametrize(
    ("outbox", "told"),
    [
        (None, "draft"),
        ("refused", "draft"),
        ("intended", "unclear"),
        ("unclear", "unclear"),
        ("accepted", "sent"),
    ],
)
@pytest.mark.parametrize("left_as", ["queued", "sending", "draft"])
def test_after_a_killed_process_a_tab_that_asks_first_is_told_the_same(
    tmp_path: Path, outbox: str | None, told: str, left_as: Any
) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=5)
    place = (AGENT.actor, CONVERSATION.conversation_id)
    left = ReplyDraft(*place, ANA, "Hello", key="k", state=left_as, send_at=long_ago)
    DraftStore(tmp_path).save(left)
    desk = Desk(tmp_path, {"k": outbox} if outbox else {})
    assert [desk.status()["state"] for _ in range(3)] == [told, told, told]
    assert desk.sent == []
    if told != "sent":
        assert (desk.draft()["body"], desk.draft()["key"]) == ("Hello", "k")
    # Nor does it matter who else asked, or how long ago.
    assert Desk(tmp_path, desk.outbox).status()["state"] == told


def test_an_unclear_answer_that_turns_out_sent_is_told_so(desk: Desk) -> None:
    desk.ended = {"state": "unclear", "text": "Why."}
    desk.send(wait=10)
    desk.send_the_waiting()
    assert desk.status()["state"] == "unclear"
    desk.outbox["k"] = "accepted"
    assert desk.status()["state"] == "sent"
    assert desk.draft() is None


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

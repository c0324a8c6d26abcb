"""The inbox session: who may do what, what is sent once after a confirmation, and that no number is shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conversations.installation import CONTACT, QUESTION, Installation, installed
from workbench.api.inbox import _InboxCalls, _queue_of, open_inbox_session
from workbench.browser.inbox_answers import INBOX_ANSWERS
from workbench.browser.schema import check
from workbench.conversations.attachments import image_type
from workbench.conversations.drafts import ReplyDraft
from workbench.conversations.inbox_session import InboxSession
from workbench.roles import NOBODY, Actor, acting_as

VIEWER, AGENT = Actor("vic", "viewer"), Actor("ana", "agent")
NEW, STORE = "+12065550171", "+17135550105"
"""Somebody without a conversation, and a sender of ours in no service."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with installed(tmp_path_factory.mktemp("inbox")) as installed_here:
        yield installed_here


@pytest.fixture
def session(installation: Installation) -> InboxSession:
    return open_inbox_session(installation.wb._installation)


def ask(session: InboxSession, name: str, person: Actor = AGENT, **fields: Any) -> Any:
    with acting_as(person):
        answer = session.answer({"id": 7, "ask": name, **fields})
    assert answer["id"] == 7
    return answer.get("ok", answer.get("error"))


def test_a_viewer_reads_and_nobody_does_not(installation: Installation, session: InboxSession) -> None:
    conversation = installation.wb.conversation(CONTACT).id
    started = ask(session, "start", VIEWER, conversation=conversation)
    assert (started["actor"], started["sends"], started["acts"]) == ("vic", False, False)
    assert started["thread"]["items"][0]["text"] == QUESTION
    assert CONTACT not in json.dumps(started)
    for name, doing in (
        ("reveal", "reveal a number"),
        ("send", "send a message"),
        ("decide", "decide about a conversation"),
        ("contact", "change a contact"),
    ):
        refused = ask(session, name, VIEWER, body="x", key="k", confirmed=True, conversation=conversation)
        assert refused.startswith(f"vic may not {doing}: that takes the role 'agent'")
    assert ask(session, "start", NOBODY).startswith("Only somebody who is signed in may read the inbox")
    assert installation.sent() == []
    assert installation.wb.sql("from audit_events where actor = 'user:vic'").empty


def test_what_an_agent_does_is_theirs_in_the_trail_and_sent_once(
    installation: Installation, session: InboxSession
) -> None:
    conversation = installation.wb.conversation(CONTACT).id
    ask(session, "open", conversation=conversation)
    draft: dict[str, Any] = {"body": "On its way.", "key": "one draft", "conversation": conversation}
    assert ask(session, "send", **draft) == "A message is sent only after it was confirmed."
    other: dict[str, Any] = {**draft, "conversation": "CV" + "0" * 24, "confirmed": True}
    assert ask(session, "send", **other) == "Another conversation is open now; nothing was sent."
    assert installation.sent() == []
    bodies = ["On its way.", "On its way.", " On its way. \n"]
    states = [ask(session, "send", **{**draft, "body": body}, confirmed=True)["state"] for body in bodies]
    assert states == ["sent", "already_sent", "already_sent"]
    assert installation.sent() == ["On its way."]
    assert ask(session, "reveal") == {"address": CONTACT}
    # What the outbox says is of a text, too: another one under the same key was never begun.
    of_outbox = _queue_of(_InboxCalls(installation.wb._installation))._sent_state
    texts = ["On its way.", " On its way. ", "On its way to you.", "{{ blank }}"]
    drafts = [ReplyDraft("user:ana", conversation, CONTACT, text) for text in texts]
    states = [of_outbox("one draft", draft) for draft in (*drafts, None)]
    assert states == ["accepted", "accepted", None, None, "accepted"]
    assert of_outbox("another", None) is None
    ask(session, "decide", kind="assignee", value="ana")
    trail = installation.wb.sql(
        "select action, subject from audit_events where actor = 'user:ana' order by seq"
    )
    assert list(trail.action) == ["send", "reveal", "conversation-assignee"]
    assert CONTACT not in trail.to_json()


def test_questions_that_make_no_sense_have_an_answer(session: InboxSession) -> None:
    assert ask(session, "dance") == "The inbox does not know the question 'dance'; reload the page."
    assert ask(session, "check", body="x") == "No conversation is open; choose one first."
    assert ask(session, "list", view="lost").startswith("No view named 'lost'")
    assert ask(session, "list", limit="many") == (
        "The question 'list' has a wrong 'limit': it is 'many'; allowed is a whole number. "
        "Reload the page and try again."
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVE", None),
        (b"<svg onload=alert(1)>", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_only_what_begins_as_an_image_is_one(content: bytes, expected: str | None) -> None:
    assert image_type(content) == expected


def test_a_list_that_is_behind_is_asked_for_again(installation: Installation) -> None:
    """Somebody commits while the cached list is not made again: a later question for changes brings it."""
    session = open_inbox_session(installation.wb._installation)
    ask(session, "start", view="open")
    # As after a list that took a minute: it is not made anew for the next commit.
    cache = session._inbox.cache
    cache._renewed_at, cache._took = time.monotonic(), 60.0
    other = "+12065550188"
    installation.ask("Are you there?", contact=other)
    shown = ask(session, "start", view="open")["list"]["rows"]
    assert not [row for row in shown if "0188" in str(row)]
    cache._took = 0.0
    changes = ask(session, "changes")
    assert changes["changed"] is True
    assert [row for row in changes["list"]["rows"] if "0188" in str(row)]


def test_a_conversation_begins_with_its_first_message_and_not_before(
    installation: Installation, session: InboxSession
) -> None:
    writers = ask(session, "start")["writers"]
    # A sender in a service writes as the service.
    assert sorted(writers.values()) == [
        "Houston store (+17135550105)", "Notifications", "Promotions", "Support",
        "Survey trial (+18445550109)", "WhatsApp desk (whatsapp:+14155550111)",
    ]  # fmt: skip
    before = installation.wb.sql("select count(*) n from conversations").n[0]
    installation.move_to_afternoon(NEW)
    begun = ask(session, "begin", to="tel:+1 (206) 555-0171", side=STORE)
    check(INBOX_ANSWERS["begin"], begun, "the answer 'begin'")
    assert (begun["state"], begun["items"], begun["who"], begun["link"]) == ("new", [], "+1206***0171", "")
    assert ask(session, "check", body="Hello")["verdict"] in ("pass", "warn")
    assert ask(session, "decide", kind="label", value="vip").startswith(
        "Nothing was sent in this conversation"
    )
    # What is typed is found again by its address after a reload; the address of nothing opens the list.
    kept = ask(session, "draft", conversation=begun["id"], body="Hello", mode="reply", key="k")
    reloaded = open_inbox_session(installation.wb._installation)
    assert kept == {"kept": True, "key": "k"}
    assert ask(reloaded, "start", conversation=begun["id"])["thread"]["draft"]["body"] == "Hello"
    assert installation.wb.sql("select count(*) n from conversations").n[0] == before
    unknown = ask(reloaded, "start", conversation="CW" + "0" * 24)
    assert unknown["problem"] == f"No conversation CW{'0' * 24} in this lake; sync, then look again."
    assert unknown["list"]["rows"]
    draft = {"body": "Hello", "key": "k", "conversation": begun["id"], "confirmed": True}
    assert [ask(session, "send", **draft)["state"] for _ in range(2)] == ["sent", "already_sent"]
    assert installation.sent(NEW) == ["Hello"]
    installation.wb.sync()
    thread = ask(session, "begin", to="+1 206 555 0171", side=STORE)
    assert [item["text"] for item in thread["items"]] == ["Hello"]
    # The lake has it under the id that it was begun with.
    assert thread["id"] == thread["link"] == begun["id"]
    ask(session, "decide", kind="label", value="vip")
    assert ask(session, "open", conversation=begun["id"])["labels"] == ["vip"]


def test_who_has_a_conversation_is_not_begun_anew(installation: Installation, session: InboxSession) -> None:
    support = next(side for side, name in ask(session, "start")["writers"].items() if name == "Support")
    thread = ask(session, "begin", to="+1 206.555.0142", side=support)
    assert thread["id"] == installation.wb.conversation(CONTACT).id
    assert thread["items"][0]["text"] == QUESTION


def test_one_begun_through_a_service_keeps_its_address_when_twilio_chooses_the_sender(
    installation: Installation, session: InboxSession
) -> None:
    writers = ask(session, "start")["writers"]
    service = next(side for side, name in writers.items() if name == "Notifications")
    installation.move_to_afternoon("+12065550172")
    begun = ask(session, "begin", to="+12065550172", side=service)
    draft = {"body": "Hello", "key": "of a service", "conversation": begun["id"], "confirmed": True}
    sent = ask(session, "send", **draft)
    assert sent["state"] == "sent", sent
    installation.wb.sync()
    thread = ask(session, "changes").get("thread") or ask(session, "open", conversation=begun["id"])
    stored = installation.wb.conversation("+12065550172").id
    assert (thread["id"], thread["link"]) == (begun["id"], stored)
    ask(session, "decide", kind="label", value="vip")
    assert ask(session, "open", conversation=stored)["labels"] == ["vip"]


@pytest.mark.parametrize(
    ("to", "side", "refusal"),
    [
        ("(206) 555-0171", STORE, "its country code is missing"),
        ("12345", STORE, "'12345'"),
        ("nobody", STORE, "'nobody'"),
        ("", STORE, "''"),
        ("whatsapp:+12065550171", STORE, "This is an address of whatsapp, and the sender is one of sms."),
        (NEW, "+19995550100", "Nothing can be sent from '+19995550100'; there are "),
    ],
)
def test_a_conversation_that_cannot_begin_says_why(
    session: InboxSession, to: str, side: str, refusal: str
) -> None:
    answer = ask(session, "begin", to=to, side=side)
    assert isinstance(answer, str)
    assert refusal in answer


def test_a_viewer_begins_no_conversation(session: InboxSession) -> None:
    assert ask(session, "start", VIEWER)["writers"] == {}
    assert ask(session, "begin", VIEWER, to=NEW, side=STORE).startswith("vic may not begin a conversation")

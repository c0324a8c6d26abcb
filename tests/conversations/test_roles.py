"""Who may do what in the inbox: a viewer reads, an agent answers, and the trail names the person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.known import DESK
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_session import InboxSession, InboxTools
from workbench.lake import Lake
from workbench.roles import NOBODY, Actor, acting_as, find_people_with
from workbench.settings import Settings

VIEWER, AGENT = Actor("vera", "viewer"), Actor("ana", "agent")


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def desk(talks: Lake, settings: Settings, sent: list[str]) -> InboxSession:
    def send(conversation: Conversation, body: str, key: str) -> dict[str, Any]:
        sent.append(body)
        return {"state": "sent", "text": "Sent."}

    return InboxSession(talks, settings, InboxTools(send=send))


def opened(desk: InboxSession, talks: Lake) -> str:
    found = talks.rows(
        "select conversation_id from messages where sender = ? and contact is not null limit 1", [DESK]
    )
    conversation = str(found[0][0])
    assert "ok" in desk.answer({"id": 1, "ask": "open", "conversation": conversation})
    return conversation


ASKED: list[dict[str, Any]] = [
    {"ask": "reveal"},
    {"ask": "decide", "kind": "note", "value": "hers"},
    {"ask": "contact", "field": "name", "value": "Her"},
    {"ask": "send", "body": "Hello", "key": "k", "confirmed": True},
]


@pytest.mark.parametrize("question", ASKED, ids=lambda question: question["ask"])
@pytest.mark.parametrize("person", [VIEWER, NOBODY], ids=["viewer", "nobody"])
def test_who_may_only_read_changes_nothing(
    desk: InboxSession, talks: Lake, sent: list[str], question: dict[str, Any], person: Actor
) -> None:
    conversation = opened(desk, talks)
    before = talks.snapshot_id()
    with acting_as(person):
        answer = desk.answer({"id": 2, "conversation": conversation, **question})
    assert "ok" not in answer
    assert "may" in answer["error"]
    assert sent == []
    assert talks.snapshot_id() == before


def test_an_agent_answers_and_the_trail_names_them(desk: InboxSession, talks: Lake, sent: list[str]) -> None:
    conversation = opened(desk, talks)
    with acting_as(AGENT):
        shown = desk.answer({"id": 2, "ask": "reveal"})["ok"]["address"]
        desk.answer({"id": 3, **ASKED[1]})
        assert "ok" in desk.answer({"id": 4, "conversation": conversation, **ASKED[3]})
    assert "*" not in shown
    assert sent == ["Hello"]
    assert {actor for (actor,) in talks.rows("select actor from audit_events")} == {"user:ana"}


def test_a_viewer_is_told_that_nothing_can_be_sent(desk: InboxSession) -> None:
    with acting_as(VIEWER):
        assert desk.answer({"id": 1, "ask": "start"})["ok"]["sends"] is False
    with acting_as(AGENT):
        assert desk.answer({"id": 1, "ask": "start"})["ok"]["sends"] is True


def test_with_sign_in_on_and_nobody_there_nothing_is_allowed(desk: InboxSession, talks: Lake) -> None:
    opened(desk, talks)
    find_people_with(lambda: None)
    try:
        assert "sign in again" in desk.answer({"id": 2, "ask": "reveal"})["error"]
    finally:
        find_people_with(None)

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
def session(known_lake: Lake, settings: Settings, sent: list[str]) -> InboxSession:
    def send(conversation: Conversation, body: str, key: str) -> dict[str, Any]:
        sent.append(body)
        return {"state": "sent", "text": "Sent."}

    return InboxSession(known_lake, settings, InboxTools(send=send))


def opened(session: InboxSession, known_lake: Lake) -> str:
    rows = known_lake.rows(
        "select conversation_id from messages where sender = ? and contact is not null limit 1", [DESK]
    )
    conversation = str(rows[0][0])
    assert "ok" in session.answer({"id": 1, "ask": "open", "conversation": conversation})
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
    session: InboxSession, known_lake: Lake, sent: list[str], question: dict[str, Any], person: Actor
) -> None:
    conversation = opened(session, known_lake)
    before = known_lake.snapshot_id()
    with acting_as(person):
        answer = session.answer({"id": 2, "conversation": conversation, **question})
    assert "ok" not in answer
    assert "may" in answer["error"]
    assert sent == []
    assert known_lake.snapshot_id() == before


def test_an_agent_answers_and_the_trail_names_them(
    session: InboxSession, known_lake: Lake, sent: list[str]
) -> None:
    conversation = opened(session, known_lake)
    with acting_as(AGENT):
        shown = session.answer({"id": 2, "ask": "reveal"})["ok"]["address"]
        session.answer({"id": 3, **ASKED[1]})
        assert "ok" in session.answer({"id": 4, "conversation": conversation, **ASKED[3]})
    assert "*" not in shown
    assert sent == ["Hello"]
    assert {actor for (actor,) in known_lake.rows("select actor from audit_events")} == {"user:ana"}


def test_a_viewer_is_told_that_nothing_can_be_sent(session: InboxSession) -> None:
    with acting_as(VIEWER):
        assert session.answer({"id": 1, "ask": "start"})["ok"]["sends"] is False
    with acting_as(AGENT):
        assert session.answer({"id": 1, "ask": "start"})["ok"]["sends"] is True


def test_with_sign_in_on_and_nobody_there_nothing_is_allowed(session: InboxSession, known_lake: Lake) -> None:
    opened(session, known_lake)
    find_people_with(lambda: None)
    try:
        assert "sign in again" in session.answer({"id": 2, "ask": "reveal"})["error"]
    finally:
        find_people_with(None)

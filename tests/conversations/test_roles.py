"""Who may do what in the inbox: a viewer reads, an agent answers, and the trail names the person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.known import ANA, BEN, DESK
from workbench.conversations.find import Conversation
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.lake import Lake
from workbench.roles import NOBODY, Actor, acting_as, find_people_with
from workbench.settings import Settings

VIEWER, AGENT = Actor("vera", "viewer"), Actor("ana", "agent")


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def session(known_lake: Lake, settings: Settings, sent: list[str]) -> InboxSession:
    def send(conversation: Conversation, body: str, key: str, files: tuple[str, ...]) -> dict[str, Any]:
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


def test_a_viewer_looks_numbers_up_within_limits(session: InboxSession, known_lake: Lake) -> None:
    def listed(search: str) -> list[str]:
        answer = session.answer({"id": 1, "ask": "list", "view": "all", "search": search})
        return [row["who"] for row in answer["ok"]["rows"]] if "ok" in answer else [answer["error"]]

    with acting_as(VIEWER):
        assert listed("0123") == listed("+1415***0123") == ["+1415***0123"]
        assert listed("5550123") == []
        assert known_lake.value("select count(*) from audit_events") == 0
        # A list that is asked for again is the same look-up.
        assert listed(ANA) == listed(ANA) == ["+1415***0123"]
        assert known_lake.rows("select actor, action, subject, detail from audit_events") == [
            ("user:vera", "number-lookup", "+1415***0123", '{"place": "inbox"}')
        ]
        # To open a conversation by a number is a look-up, too.
        for last in range(29):
            answer = session.answer({"id": 2, "ask": "open", "conversation": f"+1415555{last:04}"})
            assert "No conversation with +1415***" in answer["error"]
        for question in (
            {"ask": "open", "conversation": ANA},
            {"ask": "start", "conversation": ANA},
            {"ask": "list", "search": BEN},
        ):
            assert "vera has looked up 30 whole numbers" in session.answer({"id": 3, **question})["error"]
        assert listed("0123") == ["+1415***0123"]
    with acting_as(AGENT):
        assert listed(BEN) == ["+1312***0124"]
    assert known_lake.value("select count(*) from audit_events") == 31

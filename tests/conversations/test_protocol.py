"""What a browser may ask the inbox and the composer, and what they do with everything else."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conversations.known import ANA
from workbench.api.canned import CannedReplies
from workbench.api.installation import Installation
from workbench.browser.composer import COMPOSER_ANSWERS, COMPOSER_QUESTIONS
from workbench.browser.inbox_answers import INBOX_ANSWERS
from workbench.browser.inbox_questions import INBOX_QUESTIONS
from workbench.browser.schema import check
from workbench.conversations.composer_session import ComposerSession, ComposerTools
from workbench.conversations.find import Conversation, find_conversation
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.lake import Lake
from workbench.roles import Actor, acting_as
from workbench.settings import Settings

AGENT = Actor("ana", "agent")
ADMIN = Actor("root", "admin")
CHECKED = {"segments": 1, "encoding": "GSM-7", "cost": "$0.0083", "verdict": "pass", "reasons": []}


@pytest.fixture
def session(known_lake: Lake, settings: Settings) -> InboxSession:
    def send(conversation: Conversation, body: str, key: str, files: tuple[str, ...]) -> dict[str, Any]:
        return {"state": "sent", "text": "Sent."}

    (settings.home / "templates").mkdir()
    (settings.home / "templates" / "hours.toml").write_text('title = "Hours"\nbody = "We are open."\n')
    canned = CannedReplies(Installation(settings, lake=known_lake))
    return InboxSession(known_lake, settings, InboxTools(lambda *_: dict(CHECKED), send, canned))


MALFORMED: list[tuple[object, str]] = [
    (None, "The inbox takes questions as objects; reload the page."),
    (["ask", "start"], "The inbox takes questions as objects; reload the page."),
    ({}, "The inbox does not know the question None; reload the page."),
    ({"ask": 7}, "The inbox does not know the question 7; reload the page."),
    ({"ask": ["list"]}, "The inbox does not know the question ['list']; reload the page."),
    ({"ask": "list\0"}, "The inbox does not know the question 'list\\x00'; reload the page."),
    (
        {"ask": "list", "id": {"a": 1}},
        "The id of a question is a text of at most 64 characters, or a number.",
    ),
    (
        {"ask": "list", "limit": "many"},
        "The question 'list' has a wrong 'limit': it is 'many'; allowed is a whole number. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "list", "limit": True},
        "The question 'list' has a wrong 'limit': it is True; allowed is a whole number. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "list", "limit": 501},
        "The question 'list' has a wrong 'limit': it is 501; allowed is a whole number from 1 to 500. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "list", "search": "a\0b"},
        "The question 'list' has a wrong 'search': it has the character NUL, which no text may have. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "list", "search": "\ud800"},
        "The question 'list' has a wrong 'search': it has half a character (a surrogate alone), which no "
        "text may have. Reload the page and try again.",
    ),
    (
        {"ask": "list", "search": "x" * 501},
        "The question 'list' has a wrong 'search': it has 501 characters; allowed are at most 500. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "open"},
        "The question 'open' has no 'conversation'; it needs conversation. Reload the page and try again.",
    ),
    (
        {"ask": "check", "body": "x", "boddy": "y"},
        "The question 'check' has 'boddy', which is unknown; known are body, files, at. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "decide", "kind": "dance", "value": "x"},
        "The question 'decide' has a wrong 'kind': it is 'dance'; allowed is one of state, assignee, label, "
        "unlabel, note. Reload the page and try again.",
    ),
    (
        {"ask": "send", "body": {"$ne": 1}, "key": "k", "conversation": "c", "confirmed": True},
        "The question 'send' has a wrong 'body': it is {'$ne': 1}; allowed is a text. "
        "Reload the page and try again.",
    ),
    (
        {"ask": "send", "body": "x", "key": "k", "conversation": "c", "confirmed": "yes"},
        "The question 'send' has a wrong 'confirmed': it is 'yes'; allowed is true or false. "
        "Reload the page and try again.",
    ),
]


def test_a_malformed_question_is_answered_and_the_session_goes_on(
    session: InboxSession, caplog: pytest.LogCaptureFixture
) -> None:
    with acting_as(AGENT):
        for question, error in MALFORMED:
            assert session.answer(question) == {"id": None, "error": error}
            assert "ok" in session.answer({"id": "b:1", "ask": "list"})
    assert caplog.records == []


def test_a_view_that_does_not_exist_does_not_stay(session: InboxSession) -> None:
    with acting_as(AGENT):
        assert session.answer({"ask": "start", "view": "lost"})["error"].startswith("No view named 'lost'")
        assert session.answer({"ask": "list", "view": "lost"})["error"].startswith("No view named 'lost'")
        assert session.answer({"ask": "start"})["ok"]["list"]["view"] == "waiting"


def json_values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    plain = st.none() | st.booleans() | st.integers() | st.floats() | texts
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=5,
    )


TEXTS = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    [ANA, "waiting", "all", "CV" + "0" * 24, "state", "note", "snoozed", "name", "labels", "time_zone", "\0",
     "9999-12-31T23:59:59-14:00", "2999-01-01", "x" * 5000]
)  # fmt: skip
FIELDS = st.sampled_from(
    ["conversation", "view", "search", "limit", "messages", "body", "media", "key", "confirmed", "kind",
     "value", "until", "field", "typed", "filters", "order", "wait", "mode", "conversations", "all", "action",
     "to", "side"]
)  # fmt: skip
QUESTIONS = json_values(TEXTS) | st.builds(
    lambda ask, number, fields: {"ask": ask, "id": number, **fields},
    st.sampled_from([*INBOX_QUESTIONS, *COMPOSER_QUESTIONS]),
    st.integers() | TEXTS,
    st.dictionaries(FIELDS, TEXTS | json_values(TEXTS), max_size=5),
)
OFTEN = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(question=QUESTIONS)
@OFTEN
def test_the_inbox_answers_whatever_it_is_asked(session: InboxSession, question: Any) -> None:
    with acting_as(AGENT), no_errors_logged():
        answer = session.answer(question)
        assert set(answer) in ({"id", "ok"}, {"id", "error"})
        json.dumps(answer).encode()
        assert "ok" in session.answer({"id": 1, "ask": "list", "view": "all", "search": ""})


@given(question=QUESTIONS)
@OFTEN
def test_the_composer_answers_whatever_it_is_asked(question: Any) -> None:
    session = composer()
    with acting_as(AGENT), no_errors_logged():
        answer = session.answer(question)
        assert set(answer) in ({"id", "ok"}, {"id", "error"})
        assert "ok" in session.answer({"id": 1, "ask": "progress"})


class no_errors_logged(logging.Handler):
    """Fails if the code inside logs an error: an unexpected exception is one."""

    def __enter__(self) -> None:
        self.records: list[logging.LogRecord] = []
        logging.getLogger("workbench").addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("workbench").removeHandler(self)
        assert [record.exc_info for record in self.records if record.levelno >= logging.ERROR] == []


def composer() -> ComposerSession:
    checked = {
        "verdicts": {"pass": 2}, "going": 2, "sent": 0, "segments": 2, "costs": ["$0.0166"], "unpriced": 0,
        "reasons": [{"verdict": "warn", "text": "Late.", "count": 1}],
        "previews": [{"to": "+1202***0101", "text": "Hi", "segments": 1}],
    }  # fmt: skip
    ended = {"counts": {"sent": 2}, "text": "2 sent.", "failed": False}

    def send(body: str, stop: threading.Event, tell: Any) -> dict[str, Any]:
        tell({"done": 1, "total": 2, "eta": None})
        return ended

    return ComposerSession(2, ["name"], "Hi", ComposerTools(lambda body: checked, send))


def test_every_answer_of_the_inbox_has_the_form_that_it_is_declared_with(
    session: InboxSession, known_lake: Lake
) -> None:
    conversation = find_conversation(known_lake, ANA).conversation_id
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    asked: list[dict[str, Any]] = [
        {"ask": "start", "conversation": conversation, "view": "all"},
        {"ask": "list", "view": "open", "search": "", "limit": 60},
        {"ask": "open", "conversation": conversation, "messages": 100},
        {"ask": "check", "body": "Hello"},
        {"ask": "send", "body": "Hello", "key": "k", "confirmed": True, "conversation": conversation},
        {"ask": "draft", "conversation": conversation, "body": "Dear", "mode": "reply", "key": "l"},
        {"ask": "seen", "conversation": conversation},
        {"ask": "status", "conversation": conversation, "key": "k"},
        {"ask": "decide", "kind": "note", "value": "Called her."},
        {"ask": "decide", "kind": "label", "value": "vip"},
        {"ask": "decide", "kind": "unlabel", "value": "vip"},
        {"ask": "decide", "kind": "assignee", "value": "ana"},
        {"ask": "decide", "kind": "state", "value": "snoozed", "until": until},
        {"ask": "contact", "field": "name", "value": "Ana Li"},
        {"ask": "bulk", "conversations": [conversation], "kind": "state", "value": "resolved"},
        {"ask": "changes"},
        {"ask": "reveal"},
        {"ask": "export", "format": "json", "whole": True},
        {"ask": "customer"},
        {"ask": "canned", "template": "hours", "values": {}},
        {"ask": "save_canned", "template": "", "title": "Thanks", "shortcut": "thanks", "text": "Thank you."},
        {"ask": "remove_canned", "template": "hours"},
        {"ask": "list", "view": "all"},
        {"ask": "close"},
    ]
    with acting_as(ADMIN):
        for question in asked:
            answer = session.answer({"id": 1, **question})
            assert "ok" in answer, answer
            check(INBOX_ANSWERS[question["ask"]], answer["ok"], f"the answer {question['ask']!r}")
            if question["ask"] == "bulk":
                undone = session.answer({"ask": "undo", "action": answer["ok"]["action"]})
                check(INBOX_ANSWERS["undo"], undone["ok"], "the answer 'undo'")
    # An answer that waits is taken back in test_replies.py, conversations begin in test_inbox_session.py, and
    # attachments and scheduled answers are checked in test_reply_attachments.py.
    elsewhere = {"attach", "detach", "reply_file", "call_off", "media", "undo", "unsend", "begin"}
    assert {question["ask"] for question in asked} == set(INBOX_QUESTIONS) - elsewhere
    assert set(INBOX_ANSWERS) == set(INBOX_QUESTIONS)


def test_every_answer_of_the_composer_has_the_form_that_it_is_declared_with() -> None:
    session = composer()
    asked: list[dict[str, Any]] = [
        {"ask": "start"},
        {"ask": "check", "body": "Hi"},
        {"ask": "send", "body": "Hi", "typed": "2"},
        {"ask": "progress"},
        {"ask": "stop"},
    ]
    for question in asked:
        answer = session.answer({"id": 1, **question})
        check(COMPOSER_ANSWERS[question["ask"]], answer["ok"], f"the answer {question['ask']!r}")
    assert {question["ask"] for question in asked} == set(COMPOSER_QUESTIONS) == set(COMPOSER_ANSWERS)

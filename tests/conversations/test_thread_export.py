"""A conversation as a file: all of it, the number masked unless somebody may see it, each export audited."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.conversations.known import ANA, BEN, DESK
from workbench.conversations import thread_export
from workbench.conversations.events import label, note, save_event
from workbench.conversations.find import find_conversation
from workbench.conversations.thread_export import export_thread
from workbench.errors import NotAllowed, UsageError
from workbench.lake import Lake
from workbench.roles import NOBODY, Actor, acting_as

VIEWER, AGENT = Actor("vic", "viewer"), Actor("ana", "agent")
TEXT = """\
Contact: +1415***0123
With: +12025550110
State: open
Labels: vip
Messages: 6. Times in America/New_York. Exported """
LINES = r"""
The contact's number is masked. Texts, names and notes are as they are, and may hold personal data.

2026-09-07 06:00  ← Where is my order?
2026-09-07 06:01  → We got your message.  [Delivered]
2026-09-07 06:10  ← Hello?
2026-09-07 06:30  → It ships tomorrow.  [Delivered]
2026-09-07 08:00  ← <img src=x onerror="window.hacked=1"> =HYPERLINK("https://example.com")
2026-09-07 08:05  → Sorry  [Not delivered: 30003, """


def test_a_text_has_all_of_it_and_no_whole_number(known_lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    # A page has fewer messages than the conversation.
    monkeypatch.setattr(thread_export, "MOST_MESSAGES", 4)
    conversation = find_conversation(known_lake, ANA)
    save_event(known_lake, conversation, label("vip", "user:ana"))
    save_event(known_lake, conversation, note("Called\n2026-09-07 06:00  ← Hi", "user:ana"))
    with acting_as(VIEWER):
        export = export_thread(known_lake, conversation, timezone="America/New_York")
    assert export.name == f"conversation-{conversation.conversation_id}.txt"
    assert TEXT in export.text
    assert LINES in export.text
    # A note cannot look like a message.
    assert r"Private note by ana: Called\n2026-09-07 06:00  ← Hi" in export.text
    assert export.text.count("  * ana labelled it vip\n") == 1
    assert ANA not in export.text
    [(actor, subject, detail)] = known_lake.rows(
        "select actor, subject, detail from audit_events where action = 'export'"
    )
    assert (actor, subject) == ("user:vic", "+1415***0123")
    assert json.loads(detail) == {
        "conversation": conversation.conversation_id, "format": "txt", "messages": 6, "number": "masked",
        "what": "conversation",
    }  # fmt: skip


def test_a_file_for_programs_has_the_whole_number_for_who_may_see_it(known_lake: Lake) -> None:
    conversation = find_conversation(known_lake, BEN)
    with acting_as(VIEWER), pytest.raises(NotAllowed, match="vic may not export whole numbers"):
        export_thread(known_lake, conversation, format="json", whole=True)
    with acting_as(NOBODY), pytest.raises(NotAllowed):
        export_thread(known_lake, conversation)
    assert known_lake.rows("select * from audit_events where action = 'export'") == []
    with acting_as(AGENT):
        record = json.loads(export_thread(known_lake, conversation, format="json", whole=True).text)
    assert record["contact"]["address"] == BEN
    assert record["note"].startswith("Nothing is masked")
    assert [message["body"] for message in record["messages"]] == ["Your code is 1", "STOP", "Your code is 2"]
    assert datetime.fromisoformat(record["messages"][0]["date_created"]) == datetime(
        2026, 9, 7, 8, tzinfo=UTC
    )
    [(detail,)] = known_lake.rows("select detail from audit_events where action = 'export'")
    assert json.loads(detail)["number"] == "whole"


def test_what_cannot_be_exported_says_why(known_lake: Lake) -> None:
    conversation = find_conversation(known_lake, ANA, our_side=DESK)
    with pytest.raises(UsageError, match="format is 'pdf'; allowed are txt, json"):
        export_thread(known_lake, conversation, format="pdf")

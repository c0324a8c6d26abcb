"""What was decided about a conversation that a service began outlives the moment in which its id changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.messages import CONTACT, payload
from workbench.conversations.events import assign, label, save_event
from workbench.conversations.find import find_conversation
from workbench.conversations.listing import list_conversations
from workbench.lake import Lake, open_lake
from workbench.lake.begun_decisions import mend_lost_decisions
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import Settings

NOW = datetime(2026, 9, 2, tzinfo=UTC)
SERVICE = "MG" + "a" * 32

KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from tests.lake.test_begun_decisions import save
from workbench.lake import open_lake, save as saving
from workbench.settings import load_settings

home, step = sys.argv[1:]
real = saving.move_decisions

def die(cursor, staged):
    if step == "after the move":
        real(cursor, staged)
    os.kill(os.getpid(), signal.SIGKILL)

saving.move_decisions = die
with open_lake(load_settings({"WORKBENCH_HOME": home})) as lake:
    save(lake, 1)
"""


def save(lake: Lake, number: int, **fields: Any) -> None:
    """Message of the service; by default Twilio has named its sender."""
    row = message_row(payload(number, messaging_service_sid=SERVICE, **fields))
    table = message_table([row])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def begin(lake: Lake, number: int = 1) -> None:
    """A message whose sender Twilio has not named yet."""
    save(lake, number, status="accepted", date_sent=None, **{"from": None})


def decide(lake: Lake) -> str:
    """As every door does it; returns the conversation's id of that moment."""
    conversation = find_conversation(lake, CONTACT)
    save_event(lake, conversation, assign("ana", "user:ana"))
    save_event(lake, conversation, label("refund", "user:ana"))
    return conversation.conversation_id


def decided(lake: Lake) -> list[tuple[str | None, tuple[str, ...]]]:
    return [(row.assignee, row.labels) for row in list_conversations(lake, "all").rows]


def test_a_decision_stays_when_twilio_names_the_sender(lake: Lake) -> None:
    begin(lake)
    before = decide(lake)
    save(lake, 1)
    assert find_conversation(lake, CONTACT).conversation_id != before
    assert decided(lake) == [("ana", ("refund",))]


def test_it_stays_with_the_messages_that_still_have_no_sender(lake: Lake) -> None:
    begin(lake)
    begin(lake, 2)
    before = decide(lake)
    save(lake, 1)
    assert lake.rows("select distinct conversation_id from conversation_events") == [(before,)]
    save(lake, 2)
    assert decided(lake) == [("ana", ("refund",))]


def test_one_that_was_written_in_that_moment_is_found_by_the_next_sync(lake: Lake) -> None:
    begin(lake)
    conversation = find_conversation(lake, CONTACT)
    save(lake, 1)
    save_event(lake, conversation, assign("ana", "user:ana"))
    assert decided(lake) == [(None, ())]
    assert mend_lost_decisions(lake) == 1
    assert decided(lake) == [("ana", ())]
    assert mend_lost_decisions(lake) == 0


def test_a_decision_whose_messages_are_gone_is_left_alone(lake: Lake) -> None:
    save(lake, 1)
    decide(lake)
    lake.write(lambda cursor: cursor.execute("delete from raw_messages"))
    save(lake, 2, to="+13125550124")
    assert mend_lost_decisions(lake) == 0
    assert decided(lake) == [(None, ())]


@pytest.mark.parametrize("step", ["before the move", "after the move"])
def test_a_kill_between(step: str, settings: Settings) -> None:
    with open_lake(settings) as lake:
        begin(lake)
        decide(lake)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(settings.home), step], env={**os.environ}, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    with open_lake(settings) as lake:
        assert decided(lake) == [("ana", ("refund",))]
        save(lake, 1)
        assert decided(lake) == [("ana", ("refund",))]

"""An automatic answer is no answer of a person: the lake that was counted by hand, with one made so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.conversations.known import ANA, save_known
from tests.lakes import begin_lake
from workbench.conversations.find import find_conversation
from workbench.conversations.thread import read_thread
from workbench.conversations.view_models import message_shown
from workbench.lake import Lake
from workbench.lake.save_rows import save_rows
from workbench.settings import load_settings

BLOCKS = "select date_created, reply_seconds from reply_blocks where contact = ? order by date_created"
TEN, NOON = datetime(2026, 9, 7, 10, tzinfo=UTC), datetime(2026, 9, 7, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("replies")
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as opened:
        save_known(opened)
        yield opened


def test_it_ends_no_wait_and_is_marked(lake: Lake) -> None:
    # Ana asks at 10:00 and is answered at 10:30; what she asks at 12:00 is not.
    assert lake.rows(BLOCKS, [ANA]) == [(TEN, 1800.0), (NOON, None)]
    sid = lake.value("select message_sid from messages where body = 'It ships tomorrow.'")
    row = {
        "key": "k", "attempt": 1, "state": "accepted", "happened_at": NOON, "intended_at": NOON,
        "batch": "rule:hours:received:SM1", "account_sid": "AC1", "contact": ANA, "segments": 1,
        "media_count": 0, "actor": "rule:hours", "owner": "o", "message_sid": sid,
    }  # fmt: skip
    lake.write(lambda cursor: save_rows(cursor, "outbox_events", [row], key=("key",)))
    # Now nobody has answered her since 10:00.
    assert lake.rows(BLOCKS, [ANA]) == [(TEN, None)]
    assert lake.rows("select waiting_since from conversations where contact = ?", [ANA]) == [(TEN,)]
    thread = read_thread(lake, find_conversation(lake, ANA))
    marks = {message.body: message_shown(message, "UTC")["auto"] for message in thread.messages}
    assert [body for body, is_automatic in marks.items() if is_automatic] == [
        "We got your message.", "It ships tomorrow.",
    ]  # fmt: skip
    assert [message.rule for message in thread.messages if message.rule] == ["hours"]

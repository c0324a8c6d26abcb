"""What is read beside the lake for one thread or search says the same as the lake's views."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.conversations.known import ANA, BEN, CAL, DEE, DESK, save_known
from tests.messages import payload
from workbench.conversations.consent import consent_at, read_consent
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.events import note, save_event
from workbench.conversations.find import find_conversation
from workbench.conversations.hits import read_hits
from workbench.conversations.listing import like_pattern, list_conversations
from workbench.conversations.near_lines import lines_found, lines_of_contact
from workbench.conversations.thread import read_thread
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings

NEW = "+14155550177"
SEARCHES = {
    "hello": [ANA],
    "MOR": [CAL, ANA],
    "blue kettle": [CAL],
    f"SM{1:032x}": [ANA],
    "4915***6789": [CAL],
    "code is": [BEN],
    "100%": [],
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("near"))})
    with open_lake(settings) as lake:
        save_known(lake)
        save_event(lake, find_conversation(lake, CAL), note("wants the blue kettle", "user:ana"))
        yield lake


def test_a_thread_is_the_same(searched: Lake) -> None:
    cache = ConversationCache(searched)
    for contact, number in ((ANA, 6), (BEN, 3), (CAL, 4), (DEE, 1)):
        conversation = find_conversation(searched, contact)
        with lines_of_contact(searched, cache, conversation.contacts) as version:
            thread, consent = read_thread(version, conversation), consent_at(version, conversation)
        assert thread == read_thread(searched, conversation)
        assert consent == read_consent(searched, conversation)
        assert len(thread.messages) == number
    assert consent.standing == "unknown"
    # What was copied for a thread is seen by nobody else.
    assert searched.value("select count(distinct contact) from conversation_lines") == 4


@pytest.mark.parametrize("search", SEARCHES)
def test_a_search_finds_the_same_for_the_same_reason(searched: Lake, search: str) -> None:
    cache = ConversationCache(searched)
    with lines_found(searched, cache, like_pattern(search), search) as near:
        found = list_conversations(searched, "all", search=search, theirs_first=True, cache=cache, near=near)
        hits = read_hits(near, found.rows, search)
    assert [row.contact for row in found.rows] == SEARCHES[search]
    slow = list_conversations(searched, "all", search=search, theirs_first=True)
    assert found == slow
    assert hits == read_hits(searched, slow.rows, search)


def test_what_came_since_is_found(lake: Lake) -> None:
    save_known(lake)
    cache = ConversationCache(lake)
    cache.table_name()
    moment = datetime(2026, 9, 8, tzinfo=UTC)
    dates = dict.fromkeys(("date_created", "date_sent", "date_updated"), moment)
    new = payload(900, **{"from": NEW, "to": DESK, "body": "Straße offen?", "direction": "inbound", **dates})
    table = message_table([message_row(new)])
    lake.write(lambda cursor: save_messages(cursor, table, source="callback", received_at=moment))
    cache.table_name(rest=0.0)
    for search, contacts in (("straße", [NEW]), ("STRASSE", []), ("Offen?", [NEW, CAL])):
        with lines_found(lake, cache, like_pattern(search), search) as near:
            found = list_conversations(lake, "all", search=search, cache=cache, near=near)
        assert found == list_conversations(lake, "all", search=search)
        assert [row.contact for row in found.rows] == contacts

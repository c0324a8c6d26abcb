"""A search shows what it found and where: the contact's own words first, whatever came after them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conversations.known import ANA, BEN, CAL, save_known
from workbench.conversations.events import note, save_event
from workbench.conversations.find import find_conversation
from workbench.conversations.hits import excerpt, read_hits
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.conversations.listing import list_conversations
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings
from workbench.settings.model import Settings


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Settings]]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("hits"))})
    with open_lake(settings) as lake:
        save_known(lake)
        save_event(lake, find_conversation(lake, CAL), note("wants the blue kettle", "user:ana"))
        yield lake, settings


def hits(lake: Lake, search: str) -> list[tuple[str, str, bool, str]]:
    """Contact, why, whether it is ours, and what is marked."""
    rows = list_conversations(lake, "all", search=search, theirs_first=True).rows
    by_id = read_hits(lake, rows, search)
    told = [(row.contact, by_id[row.conversation_id]) for row in rows]
    return [(contact, hit.why, hit.is_ours, hit.text[hit.start : hit.end]) for contact, hit in told]


def test_what_contacts_wrote_comes_before_what_we_wrote(searched: tuple[Lake, Settings]) -> None:
    lake, _ = searched
    # Ana's conversation is newer than Cal's; we wrote "tomorrow" to her, and he wrote "morgen".
    assert hits(lake, "mor") == [(CAL, "message", False, "mor"), (ANA, "message", True, "mor")]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("hello", [(ANA, "message", False, "Hello")]),
        ("stop", [(BEN, "message", False, "STOP")]),
        ("BLUE kettle", [(CAL, "note", True, "blue kettle")]),
        (f"SM{1:032x}", [(ANA, "message", False, "")]),
        ("+4915***6789", [(CAL, "number", False, "")]),
        ("100%", []),
    ],
)
def test_the_hit_says_why(
    searched: tuple[Lake, Settings], search: str, expected: list[tuple[str, str, bool, str]]
) -> None:
    assert hits(searched[0], search) == expected


def test_a_search_that_finds_nothing_here_says_where_it_does(searched: tuple[Lake, Settings]) -> None:
    lake, settings = searched
    session = InboxSession(lake, settings, InboxTools())
    session.answer({"id": 1, "ask": "start"})
    answer = session.answer({"id": 2, "ask": "list", "view": "snoozed", "search": "hello"})["ok"]
    assert (answer["rows"], answer["elsewhere"]) == ([], {"open": 1, "all": 1})
    answer = session.answer({"id": 3, "ask": "list", "view": "open", "search": "hello"})["ok"]
    [row] = answer["rows"]
    assert (row["hit"]["text"], row["hit"]["mine"], row["hit"]["why"]) == ("Hello?", False, "message")
    assert (row["hit"]["start"], row["hit"]["end"], answer["elsewhere"]) == (0, 5, {})
    assert row["preview"] == "Sorry", "the last message is still there"


@given(before=st.text(max_size=80), after=st.text(max_size=200))
def test_the_marked_part_is_what_was_searched(before: str, after: str) -> None:
    text, start, end = excerpt(f"{before} needle {after}", "NEEDLE")
    assert text[start:end].lower() == "needle"
    assert "\n" not in text
    assert len(text) <= 40 + 100 + 8

"""What a search found is read once, and says the same as asking the lake for each question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conversations.known import ANA, BEN, CAL, DESK, save_known
from tests.messages import payload
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.events import note, save_event
from workbench.conversations.find import find_conversation
from workbench.conversations.found_lines import FOUND, reading_found
from workbench.conversations.hits import Hit, read_hits
from workbench.conversations.listing import Listing, like_pattern, list_conversations, list_ids
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import load_settings

SEARCHES = {
    "hello": [ANA],
    "MOR": [CAL, ANA],
    " blue kettle ": [CAL],
    f"SM{1:032x}": [ANA],
    "4915***6789": [CAL],
    "code is": [BEN],
    "100%": [],
    "zzz not there": [],
}


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("found"))})
    with open_lake(settings) as lake:
        save_known(lake)
        save_event(lake, find_conversation(lake, CAL), note("wants the blue kettle", "user:ana"))
        yield lake


def searched_once(
    lake: Lake, cache: ConversationCache, search: str
) -> tuple[Listing, dict[str, Hit], list[str]]:
    with reading_found(lake, cache.found.of(search)) as near:
        listing = list_conversations(
            near, "all", search=search, theirs_first=True, cache=cache, found_table=FOUND
        )
        ids = list_ids(near, cache, "all", search=search, limit=9, found_table=FOUND)
        return listing, read_hits(near, listing.rows, search, FOUND), ids


@pytest.mark.parametrize("search", SEARCHES)
def test_the_same_is_found_for_the_same_reason(searched: Lake, search: str) -> None:
    listing, hits, ids = searched_once(searched, ConversationCache(searched), search)
    assert [row.contact for row in listing.rows] == SEARCHES[search]
    assert listing == list_conversations(searched, "all", search=search, theirs_first=True)
    assert hits == read_hits(searched, listing.rows, search)
    assert ids == sorted(row.conversation_id for row in listing.rows)


def test_it_is_read_once_until_the_lake_changes(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    save_known(lake)
    cache = ConversationCache(lake)
    first = cache.found.of("straße")
    assert cache.found.of("straße ") is first
    assert first.num_rows == 0
    moment = datetime(2026, 9, 8, tzinfo=UTC)
    dates = dict.fromkeys(("date_created", "date_sent", "date_updated"), moment)
    new = payload(
        900, **{"from": "+14155550177", "to": DESK, "body": "Straße offen?", "direction": "inbound", **dates}
    )
    table = message_table([message_row(new)])
    lake.write(lambda cursor: save_messages(cursor, table, source="callback", received_at=moment))
    for search in ("straße", "STRAßE", "E OFFEN?"):
        [row] = cache.found.of(search).to_pylist()
        assert (row["contact"], row["kind"], row["told_at"]) == ("+14155550177", "theirs", moment)
    # Not more than some are kept.
    for number in range(20):
        cache.found.of(f"text {number}")
    assert len(cache.found._kept) == 8


TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_characters="\0"), st.sampled_from("aA%_\\ßẞİiIıΣσςéÉ")),
    max_size=12,
)


@given(text=TEXTS, wanted=TEXTS)
@example(text="Straße", wanted="STRASSE")
@example(text="100 % off", wanted="100_%")
@hypothesis_settings(max_examples=150, deadline=None)
def test_it_is_what_ilike_finds(text: str, wanted: str) -> None:
    sql = "select $text ilike $like escape '\\', contains(lower($text), lower($wanted))"
    [(expected, is_found)] = duckdb.execute(
        sql, {"text": text, "like": like_pattern(wanted), "wanted": wanted}
    ).fetchall()
    assert is_found == expected

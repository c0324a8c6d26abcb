"""Hidden digits of a number cannot be searched; look-ups of whole numbers have a trace and a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.messages import payload
from tests.ui.known import at, save
from workbench import Workbench
from workbench.conversations.contacts import search_contacts
from workbench.conversations.listing import list_conversations
from workbench.errors import NotAllowed
from workbench.lake import Lake
from workbench.lake.audit import append_audit
from workbench.lake.number_lookups import look_up_number
from workbench.lake.save import message_table, save_messages
from workbench.lake.shown_address import shown_address_sql
from workbench.messaging.addresses import mask
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.metrics import RowQuery, query_rows, stream_rows
from workbench.metrics.rows import compile_count
from workbench.roles import NOBODY, Actor, acting_as
from workbench.settings import Settings

VIEWER, AGENT = Actor("vera", "viewer"), Actor("ana", "agent")
OURS = "+12025550110"
#: Numbers of one mask: whatever is asked, each must be answered as the others.
TWINS = ("+14155550123", "+14159990123", "+14150070123")
MEXICAN, BY_WHATSAPP = "+525512345678", "whatsapp:+5215512345678"
ALL_TIME = RowQuery(since=date(2025, 3, 1), until=date(2025, 4, 1))
"""As the pages of messages ask."""


@pytest.fixture
def twins(lake: Lake) -> Lake:
    """Each twin got one message at the same time, and another contact."""
    texts = [
        payload(number, **at(3, 3, 9), **{"from": OURS, "to": contact}, body="Hello")
        for number, contact in enumerate((*TWINS, MEXICAN, BY_WHATSAPP), 1)
    ]
    save(lake, texts)
    return lake


def in_messages(lake: Lake, search: str, number: str | None = None) -> list[str]:
    query = replace(ALL_TIME, search=search, number=number)
    page = query_rows(lake, query, "contact")
    assert page.total == len(page.rows) == lake.value(*_count(query))
    return sorted(contacts_of(lake, [row["message_sid"] for row in page.rows]))


def _count(query: RowQuery) -> tuple[str, dict[str, object]]:
    count = compile_count(query)
    return count.sql, count.parameters


def in_a_file(lake: Lake, search: str, number: str | None = None) -> list[str]:
    with stream_rows(lake, replace(ALL_TIME, search=search, number=number), "-contact") as stream:
        sids = [row["message_sid"] for batch in stream.batches for row in batch.to_pylist()]
        assert stream.total == len(sids)
    return sorted(contacts_of(lake, sids))


def in_the_inbox(lake: Lake, search: str, number: str | None = None) -> list[str]:
    listing = list_conversations(lake, "all", search=search, number=number)
    assert listing.total == len(listing.rows)
    return sorted(row.contact for row in listing.rows)


def in_contacts(lake: Lake, search: str, number: str | None = None) -> list[str]:
    contacts, total = search_contacts(lake, search, number=number)
    assert total == len(contacts)
    return sorted(contact.address for contact in contacts)


def contacts_of(lake: Lake, sids: list[str]) -> list[str]:
    rows = lake.rows(
        "select contact from message_facts where list_contains($sids::varchar[], message_sid)", {"sids": sids}
    )
    return [contact for (contact,) in rows]


SEARCHES: list[Callable[..., list[str]]] = [in_messages, in_a_file, in_the_inbox, in_contacts]


def guesses() -> list[str]:
    """What somebody asks who wants to know the digits of +1415***0123 behind the asterisks."""
    target = TWINS[0][1:]
    growing = [target[:length] for length in range(3, len(target) + 1)]
    ending = [target[-length:] for length in range(3, len(target) + 1)]
    inner = [target[start:end] for start in range(4, 7) for end in (start + 3, start + 4, len(target))]
    # The hidden digits are 5, 9 and 0; 4 is none of them.
    next_digit = [head + digit for head in ("1415", "14155", "141555") for digit in "0459"]
    before = [digit + tail for tail in ("0123", "50123", "550123") for digit in "0459"]
    wild = ["+1415_550123", "%5550123", "+1415%0123", "1415555****", "5***0123", "+1415.5", "whatsapp:+14155"]
    written = ["+" + target, "whatsapp:+" + target, "(415) 555-0123", "+1 415 555 0123", '="+14155550123"']
    return list(dict.fromkeys([*growing, *ending, *inner, *next_digit, *before, *wild, *written]))


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
def test_no_search_tells_numbers_of_one_mask_apart(twins: Lake, search: Callable[..., list[str]]) -> None:
    everybody = sorted(TWINS)
    nobody: list[str] = []
    told: dict[str, list[str]] = {}
    for guess in guesses():
        told[guess] = [contact for contact in search(twins, guess) if contact in TWINS]
        assert told[guess] in (everybody, nobody), guess
    # What is shown is still found.
    assert [told[guess] for guess in ("1415", "0123", "141", "123")] == [everybody] * 4
    assert [told[guess] for guess in ("14155", "50123", "+14155550123")] == [nobody] * 3


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.__name__)
def test_a_whole_number_finds_its_person_exactly(twins: Lake, search: Callable[..., list[str]]) -> None:
    assert search(twins, TWINS[1], TWINS[1]) == [TWINS[1]]
    assert search(twins, MEXICAN, MEXICAN) == [MEXICAN, BY_WHATSAPP]
    assert search(twins, "+5215512345678", "+5215512345678") == [MEXICAN, BY_WHATSAPP]
    assert search(twins, "+14155550124", "+14155550124") == []


@pytest.mark.parametrize("sort", ["contact", "-contact"])
def test_the_order_is_that_of_what_is_shown(twins: Lake, sort: str) -> None:
    """The hidden digits of the twins are in another order than their messages."""
    save(twins, [payload(9, **at(3, 3, 9), **{"from": OURS, "to": "+14150000123"}, body="Hello")])
    rows = [row for row in query_rows(twins, ALL_TIME, sort).rows if row["contact"] == "+1415***0123"]
    numbers = [int(row["message_sid"][2:], 16) for row in rows]
    assert numbers == ([1, 2, 3, 9] if sort == "contact" else [9, 3, 2, 1])


ENGINE = duckdb.connect()
ADDRESSES = st.one_of(
    st.from_regex(r"\A(?:(?:whatsapp|rcs|messenger|sms|RCS):)?\+?[0-9]{0,16}(?:XXXX)?\Z"),
    st.from_regex(r"\A(?:rcs:)?[A-Za-z0-9_ +:.*-]{0,14}\Z"),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
)


@given(addresses=st.lists(ADDRESSES, min_size=1, max_size=60))
@example(
    addresses=["+14155552671", "whatsapp:+14155552671", "55501", "ACME", "rcs:brand", "+1415***2671", ""]
)
def test_sql_and_python_show_the_same(addresses: list[str]) -> None:
    rows = ENGINE.execute(
        f"select {shown_address_sql('address')} from (select unnest($1::varchar[]) as address)", [addresses]
    ).fetchall()
    assert [shown for (shown,) in rows] == [mask(address) for address in addresses]


def trail(lake: Lake) -> list[tuple[Any, ...]]:
    return lake.rows("select actor, action, subject, detail from audit_events order by seq")


def test_a_look_up_is_in_the_trail(twins: Lake) -> None:
    with acting_as(VIEWER):
        assert look_up_number(twins, "+1 415 555 0123", "messages") == "+14155550123"
        for part in ("0123", "+1415***0123", "hello", "", "55501"):
            assert look_up_number(twins, part, "messages") is None
    assert trail(twins) == [("user:vera", "number-lookup", "+1415***0123", '{"place": "messages"}')]


def test_who_may_not_reveal_has_a_limit(twins: Lake) -> None:
    with acting_as(VIEWER):
        for _ in range(30):
            assert look_up_number(twins, TWINS[0], "inbox") is not None
        with pytest.raises(
            NotAllowed, match=r"vera has looked up 30 whole numbers in 10 minutes, .*'viewer' may"
        ):
            look_up_number(twins, TWINS[1], "contacts")
        assert look_up_number(twins, "0123", "inbox") is None
    with acting_as(AGENT):
        assert look_up_number(twins, TWINS[0], "inbox") == TWINS[0]
    with acting_as(Actor("vic", "viewer")):
        assert look_up_number(twins, TWINS[0], "inbox") == TWINS[0]
    with acting_as(NOBODY), pytest.raises(NotAllowed, match="sign in again"):
        look_up_number(twins, TWINS[0], "inbox")
    assert len(trail(twins)) == 32


@pytest.mark.parametrize(("count", "minutes", "is_refused"), [
    (30, 11, False), (30, 9, True), (29, 9, False), (100, 1439, True), (99, 1439, False), (100, 1441, False),
])  # fmt: skip
def test_the_limits_are_of_ten_minutes_and_of_a_day(
    twins: Lake, count: int, minutes: int, is_refused: bool
) -> None:
    earlier = datetime.now(UTC) - timedelta(minutes=minutes)

    def write(cursor: Any) -> None:
        for _ in range(count):
            append_audit(cursor, "number-lookup", actor="user:vera", subject="+1415***0123", at=earlier)

    twins.write(write)
    with acting_as(VIEWER):
        if not is_refused:
            assert look_up_number(twins, TWINS[0], "inbox") == TWINS[0]
            return
        window = timedelta(minutes=10) if count == 30 else timedelta(days=1)
        with pytest.raises(NotAllowed, match=f"the next is possible at {earlier + window:%H:%M} UTC"):
            look_up_number(twins, TWINS[0], "inbox")


@pytest.mark.parametrize(
    ("mode", "kept"), [(PrivacyMode.MASKED, ["+1415***0123"]), (PrivacyMode.HASHED, [])]
)  # fmt: skip
def test_a_lake_without_numbers_is_searched_for_what_it_has(
    lake: Lake, mode: PrivacyMode, kept: list[str]
) -> None:
    privacy = Privacy(mode, b"k" * 32)
    message = message_row(payload(1, **at(3, 3, 9), **{"from": OURS, "to": TWINS[0]}))
    table = message_table([privacy.apply(message)])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=datetime.now(UTC)))
    for search in SEARCHES:
        assert search(lake, TWINS[0], TWINS[0]) == kept
        assert search(lake, "0123") == kept
        assert search(lake, "14155") == []


def test_the_notebook_searches_by_the_same_rule(twins: Lake, settings: Settings) -> None:
    with Workbench(settings) as wb:
        assert list(wb.contacts.list(search="0123")["contact"]) == ["+1415***0123"] * 3
        assert list(wb.contacts.list(search="50123")["contact"]) == []
        assert list(wb.contacts.list(search="+1 415 555 0123")["contact"]) == ["+1415***0123"]
        assert list(wb.conversations("all", search="+1 415 999 0123")["contact"]) == ["+1415***0123"]
    assert [(row[1], row[2], row[3]) for row in trail(twins)] == [
        ("number-lookup", "+1415***0123", '{"place": "contacts"}'),
        ("number-lookup", "+1415***0123", '{"place": "conversations"}'),
    ]

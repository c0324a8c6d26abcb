"""Which messages are one conversation, who waits, and how long answers took, counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conversations.known import ANA, BEN, CAL, DEE, DESK, EAST, SERVICE, WEST, at
from tests.messages import payload
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.events import assign, label, note, save_event, set_state
from workbench.conversations.find import find_conversation, require_reachable
from workbench.conversations.listing import count_views, list_conversations, read_state
from workbench.conversations.thread import last_question, read_thread
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.metrics import DIMENSIONS, METRICS, query_metric


def receive(lake: Lake, number: int, contact: str, body: str, moment: datetime, to: str = DESK) -> None:
    message = payload(
        number,
        **{
            "from": contact, "to": to, "body": body, "direction": "inbound", "status": "received",
            "date_created": moment, "date_sent": moment, "date_updated": moment,
        },
    )  # fmt: skip
    table = message_table([message_row(message)])
    lake.write(lambda cursor: save_messages(cursor, table, source="callback", received_at=moment))


def stored_id(lake: Lake, side: str, contact: str) -> str:
    """The id of the messages of one of our sides; of a service, of those that have no sender yet."""
    sql = "select distinct conversation_id from messages where coalesce(sender, messaging_service_sid) = ?"
    [(id,)] = lake.rows(f"{sql} and contact = ?", [side, contact])
    return str(id)


def test_a_services_senders_are_one_conversation(told: Lake) -> None:
    rows = told.rows("select our_side, contact, messages, state from conversations order by contact")
    assert rows == [
        (SERVICE, BEN, 3, "quiet"),
        (DESK, ANA, 6, "open"),
        (DESK, CAL, 4, "open"),
        ("whatsapp:" + DESK, DEE, 1, "open"),
    ]


@pytest.mark.parametrize("side", [EAST, WEST, SERVICE])
def test_every_id_of_a_conversation_finds_it(told: Lake, side: str) -> None:
    conversation = find_conversation(told, stored_id(told, side, BEN))
    assert (conversation.our_side, conversation.contact, conversation.service, conversation.sender) == (
        SERVICE,
        BEN,
        SERVICE,
        None,
    )
    # The id in links is that of its first message.
    assert conversation.conversation_id == stored_id(told, EAST, BEN)
    assert len(read_thread(told, conversation).messages) == 3


def test_a_number_as_people_type_it_finds_the_latest_conversation(known_lake: Lake) -> None:
    assert find_conversation(known_lake, "+1 (415) 555-0123").contact == ANA
    receive(known_lake, 900, ANA, "also here", datetime(2026, 9, 7, 20, tzinfo=UTC), to=EAST)
    assert find_conversation(known_lake, ANA).our_side == SERVICE
    assert find_conversation(known_lake, ANA, our_side=DESK).our_side == DESK
    with pytest.raises(UsageError, match=r"No conversation with \+1999\*\*\*0000 in this lake"):
        find_conversation(known_lake, "+19995550000")
    with pytest.raises(UsageError, match="No conversation CV000"):
        find_conversation(known_lake, "CV" + "0" * 24)


def test_a_block_runs_from_its_first_question_to_our_answer(told: Lake) -> None:
    rows = told.rows(
        "select contact, date_created, answered_at, reply_seconds, business_reply_seconds, is_first "
        "from reply_blocks order by contact, date_created"
    )
    moment = {hour: at(hour)["date_created"] for hour in (8, 9, 10, 12)}
    assert rows == [
        # Ana's two questions are one block: 30 minutes, all of them in business hours.
        (ANA, moment[10], at(10, 30)["date_created"], 1800.0, 1800.0, True),
        (ANA, moment[12], None, None, None, False),
        # Friday 16:00 to Monday 8:00: one hour of Friday's business is left, Monday's has not begun.
        (CAL, at(16, day=4)["date_created"], moment[8], 64 * 3600.0, 3600.0, True),
        (CAL, at(9, 30)["date_created"], moment[10], 1800.0, 1800.0, False),
        (DEE, moment[9], None, None, None, True),
    ]


#: Answers took 30 minutes, 64 hours (one of them business) and 30 minutes; two questions have none.
REPLIES = {
    "first_response_p50": ((1800 + 230_400) / 2, 2),
    "first_response_p90": (1800 + 0.9 * (230_400 - 1800), 2),
    "reply_time_p50": (1800, 3),
    "reply_time_p90": (1800 + 0.8 * (230_400 - 1800), 3),
    "business_reply_time_p50": (1800, 3),
    "business_reply_time_p90": (1800 + 0.8 * 1800, 3),
    "unanswered_questions": (2, None),
    "unanswered_age": (None, 2),
}


def test_metrics_of_replies(told: Lake) -> None:
    assert set(REPLIES) == {name for name, metric in METRICS.items() if metric.source == "reply_blocks"}
    for name, (value, sample) in REPLIES.items():
        result = query_metric(told, name)
        row = result.frame.iloc[0]
        if value is None:  # Dee's question of 9:00 is the oldest
            value = (result.as_of - at(9)["date_created"]).total_seconds()
        assert row[name] == pytest.approx(value, abs=30), name
        assert row.get("sample_size") == sample, name


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_questions_by_every_dimension_add_up(told: Lake, dimension: str) -> None:
    """On the day, at the sender and in the country of their first message."""
    frame = query_metric(told, "unanswered_questions", [dimension]).frame
    assert frame["unanswered_questions"].sum() == 2
    assert query_metric(told, "reply_time_p90", [dimension]).frame["sample_size"].sum() == 3


def test_who_waits_longest_comes_first(told: Lake) -> None:
    listing = list_conversations(told, "waiting")
    assert [(row.contact, row.waiting_since) for row in listing.rows] == [
        (DEE, at(9)["date_created"]),
        (ANA, at(12)["date_created"]),
    ]
    assert listing.total == 2
    newest = list_conversations(told, "all", order="newest", limit=1)
    assert (newest.rows[0].contact, newest.total) == (ANA, 4)


@pytest.mark.parametrize(
    ("search", "contacts"),
    [
        ("order", [ANA]),
        ("ORDER?", [ANA]),
        ("415 555", []),
        ("1 415", [ANA]),
        ("+1415***0123", [ANA]),
        ("55501", []),
        (ANA, []),
        ("0123", [ANA]),
        ("%", []),
        ("_", []),
        ("whatsapp:", [DEE]),
        ("SM" + f"{8:032x}", [BEN]),
        ("'; drop table x; --", []),
    ],
)
def test_search(told: Lake, search: str, contacts: list[str]) -> None:
    assert [row.contact for row in list_conversations(told, "all", search=search).rows] == contacts


def test_a_list_of_what_does_not_exist_says_what_does(told: Lake) -> None:
    with pytest.raises(UsageError, match="No view named 'unread'; known: waiting, open, pending"):
        list_conversations(told, "unread")
    with pytest.raises(UsageError, match="limit is 0"):
        list_conversations(told, limit=0)


def test_a_decision_stays_until_they_write_again(known_lake: Lake) -> None:
    ana = find_conversation(known_lake, ANA)
    save_event(known_lake, ana, set_state("resolved", "local:ops"))
    assert read_state(known_lake, ana).state == "resolved"
    assert [row.contact for row in list_conversations(known_lake, "waiting").rows] == [DEE]
    # A question that was resolved without an answer does not wait, and is not counted as unanswered.
    assert query_metric(known_lake, "unanswered_questions").frame.iloc[0, 0] == 1
    receive(known_lake, 901, ANA, "STOP", datetime.now(UTC) + timedelta(seconds=5))
    assert read_state(known_lake, ana).state == "resolved"
    receive(known_lake, 902, ANA, "one more thing", datetime.now(UTC) + timedelta(seconds=10))
    assert (read_state(known_lake, ana).state, read_state(known_lake, ana).is_reopened) == ("open", True)
    assert last_question(known_lake, ana) == f"SM{902:032x}"


def test_a_snooze_ends_by_the_clock(known_lake: Lake) -> None:
    ana = find_conversation(known_lake, ANA)
    save_event(known_lake, ana, set_state("snoozed", "local:ops", datetime.now(UTC) + timedelta(days=1)))
    assert read_state(known_lake, ana).state == "snoozed"
    known_lake.write(
        lambda cursor: cursor.execute("update conversation_events set until = now() - interval 1 second")
    )
    assert (read_state(known_lake, ana).state, read_state(known_lake, ana).is_reopened) == ("open", False)


def test_decisions_are_kept_and_audited_without_the_notes_text(known_lake: Lake) -> None:
    ben = find_conversation(known_lake, BEN)
    for decision in (
        label("VIP", "local:a"), label("late", "local:a"), label("vip", "local:b", on=False),
        assign("Kim", "local:a"), assign("", "local:b"), note("Call the bank", "local:b"),
    ):  # fmt: skip
        save_event(known_lake, ben, decision)
    state = read_state(known_lake, ben)
    assert (state.labels, state.assignee) == (["late"], None)
    audit = known_lake.rows("select action, actor, subject, detail from audit_events order by seq")
    assert [row[0] for row in audit] == [
        "conversation-label", "conversation-label", "conversation-unlabel", "conversation-assignee",
        "conversation-assignee", "conversation-note",
    ]  # fmt: skip
    assert audit[-1][1:] == ("local:b", stored_id(known_lake, EAST, BEN), '{"characters": 13}')
    events = read_thread(known_lake, ben).events
    assert [(event.kind, event.value) for event in events][-2:] == [
        ("assignee", None),
        ("note", "Call the bank"),
    ]


def test_decisions_that_cannot_be(known_lake: Lake) -> None:
    with pytest.raises(UsageError, match="'closed' is no state of a conversation; allowed are open, pending"):
        set_state("closed", "local:a")
    with pytest.raises(UsageError, match="which is past"):
        set_state("snoozed", "local:a", datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="needs a time"):
        set_state("snoozed", "local:a")
    with pytest.raises(UsageError, match="without a comma"):
        label("a,b", "local:a")
    with pytest.raises(UsageError, match="The note is empty"):
        note("  ", "local:a")


def test_the_board_shows_the_same_as_the_view(known_lake: Lake) -> None:
    cache = ConversationCache(known_lake)
    for view in ("waiting", "open", "resolved", "all"):
        assert list_conversations(known_lake, view, cache=cache) == list_conversations(known_lake, view)
    assert count_views(known_lake, cache) == {
        "waiting": 2, "open": 3, "pending": 0, "snoozed": 0, "resolved": 0, "all": 4,
    }  # fmt: skip
    dee = find_conversation(known_lake, DEE)
    save_event(known_lake, dee, set_state("pending", "local:a"))
    cache.renew([dee.contact])
    assert count_views(known_lake, cache)["pending"] == 1
    assert count_views(known_lake, cache)["all"] == 4
    assert read_state(known_lake, dee, cache) == read_state(known_lake, dee)


def test_a_number_that_is_not_kept_cannot_be_answered(known_lake: Lake) -> None:
    receive(known_lake, 903, "+1415***9999", "hi", datetime(2026, 9, 7, 21, tzinfo=UTC))
    masked = known_lake.value("select conversation_id from messages where contact = '+1415***9999'")
    with pytest.raises(UsageError, match="keeps no whole number"):
        require_reachable(find_conversation(known_lake, masked))

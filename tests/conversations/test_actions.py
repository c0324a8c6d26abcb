"""One decision about many conversations: an event and an audit row for each, and an undo that restores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import hypothesis
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.conversations.known import ANA, BEN, CAL, DEE, DESK, WEST, save_known
from tests.messages import payload
from workbench.compliance.trail import verify_trail
from workbench.conversations.actions import decide_many, undo_action
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.events import ConversationEvent, assign, label, note, save_event, set_state
from workbench.conversations.find import find_conversation
from workbench.conversations.list_filters import ListFilters, count_values
from workbench.conversations.listing import count_views, list_conversations, list_ids
from workbench.errors import UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.contact_languages import prepare_languages
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.settings import Settings, load_settings

ME = "user:ana"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("actions"))})) as lake:
        save_known(lake)
        prepare_languages(lake)
        # Ana has a label, Cal an owner and is snoozed.
        save_event(lake, find_conversation(lake, ANA), label("spam", "local:a"))
        save_event(lake, find_conversation(lake, CAL), assign("cat", "local:a"))
        save_event(lake, find_conversation(lake, CAL), set_state("snoozed", "local:a", LATER))
        yield lake


@pytest.fixture(scope="module")
def cache(lake: Lake) -> ConversationCache:
    return ConversationCache(lake)


def ids(lake: Lake, *contacts: str) -> list[str]:
    return [find_conversation(lake, contact).conversation_id for contact in contacts]


def decided(lake: Lake) -> dict[str, Any]:
    rows = lake.rows("select contact, state, snoozed_until, assignee, labels from conversations")
    return {row[0]: row[1:] for row in rows}


def undo(lake: Lake, action_id: str) -> tuple[int, int]:
    result = undo_action(lake, action_id, ME, datetime.now(UTC))
    return result.changed, result.left


def writes(lake: Lake, number: int, contact: str, body: str, moment: datetime) -> None:
    sender = WEST if contact == BEN else DESK
    message = payload(
        number, **{"from": contact, "to": sender}, body=body, direction="inbound", status="received",
        date_created=moment,
    )  # fmt: skip
    table = message_table([message_row(message)])
    lake.write(lambda cursor: save_messages(cursor, table, source="webhook", received_at=moment))


LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)


DECISIONS = [
    set_state("resolved", ME), set_state("snoozed", ME, LATER), set_state("pending", ME), assign("ben", ME),
    label("vip", ME), label("spam", ME), label("spam", ME, on=False),
]  # fmt: skip


@given(decisions=st.lists(st.sampled_from(DECISIONS), min_size=1, max_size=2))
@example(decisions=DECISIONS[:2])
@example(decisions=DECISIONS[5:])
@hypothesis.settings(max_examples=3, deadline=None)
def test_undoing_in_turn_restores_what_each_had(lake: Lake, decisions: list[ConversationEvent]) -> None:
    everybody = ids(lake, ANA, BEN, CAL, DEE)
    steps = []
    for decision in decisions:
        before, trail = decided(lake), lake.value("select count(*) from audit_events")
        result = decide_many(lake, everybody, replace(decision, happened_at=datetime.now(UTC)))
        assert result.changed + result.left == 4
        assert lake.value("select count(*) from audit_events") == trail + result.changed
        steps.append((before, result))
    for before, result in reversed(steps):
        assert undo(lake, result.action_id) == (result.changed, 0) if result.changed else True
        assert decided(lake) == before


def test_what_somebody_changed_since_stays(lake: Lake) -> None:
    result = decide_many(lake, ids(lake, ANA, DEE), set_state("resolved", ME))
    save_event(lake, find_conversation(lake, ANA), set_state("pending", "user:ben"))
    # Another kind of decision is no change of this one.
    save_event(lake, find_conversation(lake, DEE), label("later", "user:ben"))
    assert undo(lake, result.action_id) == (1, 1)
    state = decided(lake)
    assert (state[ANA][0], state[DEE][0]) == ("pending", "open")
    # It was taken back already: a second time changes nothing.
    assert undo(lake, result.action_id) == (0, 2)
    save_event(lake, find_conversation(lake, ANA), set_state("open", "user:ben"))


def test_a_question_since_is_not_closed_by_an_undo(settings: Settings) -> None:
    moment = datetime.now(UTC).replace(microsecond=400_000)
    with open_lake(settings) as lake:
        save_known(lake)
        for contact in (ANA, CAL, BEN):
            before = replace(set_state("resolved", "user:ben"), happened_at=moment - timedelta(minutes=1))
            save_event(lake, find_conversation(lake, contact), before)
        both = ids(lake, ANA, CAL, BEN)
        opened = decide_many(lake, both, replace(set_state("open", ME), happened_at=moment))
        labelled = decide_many(lake, both, replace(label("asked", ME), happened_at=moment))
        # Of the second of the action nobody knows what came first: Twilio tells whole ones.
        writes(lake, 101, ANA, "Are you there?", moment.replace(microsecond=0))
        writes(lake, 102, CAL, "Are you there?", moment.replace(microsecond=0) - timedelta(seconds=1))
        writes(lake, 103, BEN, "STOP", moment + timedelta(seconds=1))
        assert undo(lake, opened.action_id) == (2, 1)
        assert {contact: row[0] for contact, row in decided(lake).items() if contact != DEE} == {
            ANA: "open", CAL: "resolved", BEN: "resolved",
        }  # fmt: skip
        assert undo(lake, labelled.action_id) == (3, 0), "a question changes no label"


def test_a_resolve_that_was_taken_back_closed_nothing(lake: Lake) -> None:
    closed = "select closed_at from reply_blocks where contact = ? and answered_at is null"
    result = decide_many(lake, ids(lake, DEE), ConversationEvent("state", "resolved", ME))
    assert lake.value(closed, [DEE]) is not None
    undo(lake, result.action_id)
    assert lake.value(closed, [DEE]) is None


def test_what_is_refused(lake: Lake) -> None:
    with pytest.raises(UsageError, match="0 conversations; allowed are 1 to 5,000"):
        decide_many(lake, [], set_state("resolved", ME))
    with pytest.raises(UsageError, match="A note belongs to one conversation"):
        decide_many(lake, ids(lake, ANA), note("x", ME))
    with pytest.raises(UsageError, match="no such action of yours"):
        undo_action(lake, "0" * 32, ME, datetime.now(UTC))
    result = decide_many(lake, ids(lake, ANA), label("mine", ME))
    with pytest.raises(UsageError, match="no such action of yours"):
        undo_action(lake, result.action_id, "user:ben", datetime.now(UTC))
    with pytest.raises(UsageError, match="more than an hour ago"):
        undo_action(lake, result.action_id, ME, datetime.now(UTC) + timedelta(hours=2))


FILTERS: list[tuple[ListFilters, set[str]]] = [
    (ListFilters(), {ANA, BEN, CAL, DEE}),
    (ListFilters(assignee="CAT"), {CAL}),
    (ListFilters(unassigned=True), {ANA, BEN, DEE}),
    (ListFilters(mine=("ana", "cat")), {CAL}),
    (ListFilters(mine=("ana",)), set()),
    (ListFilters(label="spam"), {ANA}),
    (ListFilters(language="de"), {CAL}),
    (ListFilters(language="unknown"), {BEN, DEE}),
    (ListFilters(language="de", unassigned=True), set()),
    (ListFilters(channel="whatsapp"), {DEE}),
    (ListFilters(channel="sms"), {ANA, BEN, CAL}),
    (ListFilters(side="MG" + "a" * 32), {BEN}),
    (ListFilters(failed=True), {ANA, BEN}),
    (ListFilters(waits="older"), {ANA, DEE}),
    (ListFilters(waits="hour"), {ANA, DEE}),
    (ListFilters(waits="recent"), {BEN, CAL}),
    (ListFilters(channel="sms", failed=True, unassigned=True, label="spam"), {ANA}),
    (ListFilters(channel="whatsapp", label="spam"), set()),
]


def test_filters_hold_together_in_the_list_its_counts_and_its_ids(
    lake: Lake, cache: ConversationCache
) -> None:
    for filters, contacts in FILTERS:
        listing = list_conversations(lake, "all", filters=filters, cache=cache)
        assert {row.contact for row in listing.rows} == contacts, filters
        assert count_views(lake, cache, filters)["all"] == len(contacts), filters
        assert len(list_ids(lake, cache, "all", filters=filters, limit=10)) == len(contacts), filters
    # Without the table in memory, too.
    for filters, contacts in FILTERS:
        rows = list_conversations(lake, "all", filters=filters).rows
        assert {row.contact for row in rows} == contacts, filters


def test_each_filter_offers_its_values_with_their_counts(lake: Lake, cache: ConversationCache) -> None:
    values = count_values(lake, cache, "true")
    assert values["channel"] == {"sms": 3, "whatsapp": 1}
    assert values["assignee"] == {"": 3, "cat": 1}
    assert values["language"] == {"unknown": 2, "de": 1, "en": 1}
    assert values["label"]["spam"] == 1
    assert values["side"]["MG" + "a" * 32] == 1
    with pytest.raises(UsageError, match="waits is 'years'; allowed are hour, day, recent, older"):
        ListFilters(waits="years")
    with pytest.raises(UsageError, match="language is 'Spanish'; write a code of ISO 639, as es, or 'unk"):
        ListFilters(language="Spanish")


def test_the_trail_still_is_whole(lake: Lake) -> None:
    assert verify_trail(lake).is_whole

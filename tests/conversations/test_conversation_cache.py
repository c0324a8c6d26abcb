"""The table in memory follows the lake: after any commits it has the rows that a new one would have."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.conversations.known import ANA, BEN, CAL, DESK, EAST, SERVICE, save_known
from tests.messages import payload
from workbench.conversations.contact_glance import read_contact_glance
from workbench.conversations.contacts import plan_edit, plan_merge, read_contact, same_person, save_changes
from workbench.conversations.conversation_cache import ConversationCache
from workbench.conversations.events import assign, label, save_event, set_state
from workbench.conversations.find import find_conversation
from workbench.conversations.listing import list_conversations
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row

NEW, ELSEWHERE = "+14155550177", "+13055550199"


@dataclass
class Account:
    """A lake and the next message's number."""

    lake: Lake
    number: int = 500

    def message(self, contact: str, *, is_ours: bool, sender: str = DESK, **fields: Any) -> None:
        self.number += 1
        moment = datetime(2026, 9, 8, tzinfo=UTC) + timedelta(seconds=self.number)
        ends = {"from": sender, "to": contact} if is_ours else {"from": contact, "to": sender}
        kind = {} if is_ours else {"direction": "inbound", "status": "received"}
        dates = dict.fromkeys(("date_created", "date_sent", "date_updated"), moment)
        table = message_table([message_row(payload(self.number, **{**ends, **kind, **dates, **fields}))])
        self.lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=moment))

    def decide(self, contact: str, decision: Any) -> None:
        save_event(self.lake, find_conversation(self.lake, contact), decision)

    def rename(self, contact: str) -> None:
        changes = plan_edit(read_contact(self.lake, contact), {"name": f"Name {self.number}"})
        save_changes(self.lake, changes, "local:a", "contact-edit")
        self.number += 1


STEPS: dict[str, Callable[[Account], None]] = {
    "a question": lambda account: account.message(ANA, is_ours=False, body="When?"),
    "an answer": lambda account: account.message(ANA, is_ours=True, body="Now."),
    "an answer that failed": lambda account: account.message(CAL, is_ours=True, status="failed"),
    "a keyword": lambda account: account.message(CAL, is_ours=False, body="STOP"),
    "somebody new": lambda account: account.message(NEW, is_ours=False, body="Hello"),
    "only we wrote": lambda account: account.message(ELSEWHERE, is_ours=True, body="News"),
    "through a service": lambda account: account.message(
        BEN, is_ours=True, sender=EAST, messaging_service_sid=SERVICE
    ),
    "a sender joins a service": lambda account: account.message(
        BEN, is_ours=True, sender=DESK, messaging_service_sid="MG" + "b" * 32
    ),
    "resolved": lambda account: account.decide(ANA, set_state("resolved", "local:a")),
    "snoozed": lambda account: account.decide(
        CAL, set_state("snoozed", "local:a", datetime.now(UTC) + timedelta(days=1))
    ),
    "assigned": lambda account: account.decide(BEN, assign("ben", "local:a")),
    "labelled": lambda account: account.decide(ANA, label("vip", "local:a")),
    "named": lambda account: account.rename(ANA),
}


def shown(lake: Lake, cache: ConversationCache) -> list[Any]:
    return sorted(list_conversations(lake, "all", cache=cache).rows, key=lambda row: row.contact)


@example(rounds=[["a question", "an answer", "somebody new"], ["resolved", "labelled", "assigned"]])
@example(rounds=[["snoozed", "named", "only we wrote"], ["an answer that failed", "a keyword"]])
@example(rounds=[["through a service", "a question"], ["a sender joins a service"]])
@given(rounds=st.lists(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3), max_size=2))
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_commits_it_has_what_the_lake_has(tmp_account: Account, rounds: list[list[str]]) -> None:
    account, cache = tmp_account, ConversationCache(tmp_account.lake)
    cache.table_name()
    for steps in rounds:
        version = cache.version
        for step in steps:
            STEPS[step](account)
        cache.table_name(rest=0.0)
        assert shown(account.lake, cache) == shown(account.lake, ConversationCache(account.lake)), steps
        assert cache.version > version, steps


@pytest.fixture(scope="module")
def tmp_account(told_to_change: Lake) -> Account:
    return Account(told_to_change)


@pytest.fixture(scope="module")
def told_to_change(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from workbench.lake import open_lake
    from workbench.settings import load_settings

    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("changing"))})) as lake:
        save_known(lake)
        yield lake


def test_only_what_a_commit_touched_is_read_again(tmp_account: Account, monkeypatch: Any) -> None:
    cache = ConversationCache(tmp_account.lake)
    cache.table_name()
    ana, cal = (find_conversation(tmp_account.lake, contact) for contact in (ANA, CAL))
    monkeypatch.setattr(cache, "_make", None)
    tmp_account.message(ANA, is_ours=False, body="Again?")
    cache.table_name(rest=0.0)
    assert (cache.changed_at(ana), cache.changed_at(cal)) == (cache.version, 0)


def test_a_contact_is_the_same_from_memory(tmp_account: Account) -> None:
    lake, cache = tmp_account.lake, ConversationCache(tmp_account.lake)
    tmp_account.rename(BEN)
    tmp_account.message("whatsapp:" + BEN, is_ours=False, body="Here, too", sender="whatsapp:" + DESK)
    for contact in (ANA, BEN, CAL, "+19995550000"):
        glance = read_contact_glance(lake, cache, contact)
        assert glance.contact == replace(read_contact(lake, contact), consent=None)
        assert sorted(glance.addresses) == sorted(same_person(lake, contact))
    # Two people that somebody made one.
    save_changes(lake, plan_merge(lake, CAL, BEN), "local:a", "contact-merge")
    cache = ConversationCache(lake)
    for contact in (BEN, CAL):
        glance = read_contact_glance(lake, cache, contact)
        assert sorted(glance.addresses) == sorted({BEN, CAL, "whatsapp:" + BEN})


def test_a_snooze_ends_without_a_commit(tmp_account: Account) -> None:
    tmp_account.message(NEW, is_ours=False, body="Hello?")
    soon = datetime.now(UTC) + timedelta(seconds=1.2)
    tmp_account.decide(NEW, set_state("snoozed", "local:a", soon))
    cache = ConversationCache(tmp_account.lake)
    assert NEW in {row.contact for row in list_conversations(tmp_account.lake, "snoozed", cache=cache).rows}
    while datetime.now(UTC) <= soon:
        time.sleep(0.05)
    cache._snoozes_at = 0.0
    cache.table_name(rest=0.0)
    assert NEW in {row.contact for row in list_conversations(tmp_account.lake, "open", cache=cache).rows}

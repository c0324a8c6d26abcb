"""What one person said and may ask for is theirs under every spelling of a number, on every channel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.messages import ACCOUNT, SENDER, payload
from workbench.compliance.data_subject import find_person
from workbench.compliance.erasure import order_erasure, readmit_person
from workbench.compliance.finishing import finish_erasure
from workbench.compliance.records import read_person
from workbench.conversations.contacts import plan_edit, read_contact, same_person, save_changes
from workbench.conversations.find import find_conversation
from workbench.conversations.thread import read_thread
from workbench.lake import Lake
from workbench.lake.consent import ConsentEvent, Side, find_suppressions, save_consent_events
from workbench.lake.memberships import note_pools
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.privacy import Privacy, PrivacyMode
from workbench.messaging.quiet_hours import load_rules
from workbench.metrics.run import query_audit, query_metric
from workbench.sending.facts import FactReader
from workbench.sending.outgoing import Outgoing
from workbench.sending.preflight import check_all
from workbench.sending.verdicts import Policy
from workbench.settings import SendingSettings

WHATSAPP = "whatsapp:+14155238886"
NOW = datetime(2026, 9, 20, tzinfo=UTC)
PEOPLE = [
    ("+525512345678", "+5215512345678"),
    ("+5541988887777", "+554188887777"),
    ("+541123456789", "+5491123456789"),
]


def save(lake: Lake, *payloads: dict[str, Any], privacy: Privacy | None = None) -> None:
    rows = [(privacy or Privacy()).apply(message_row(item)) for item in payloads]
    table = message_table(rows)
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def wrote(number: int, who: str, body: str, to: str = WHATSAPP, day: int = 5) -> dict[str, Any]:
    at = datetime(2026, 9, day, tzinfo=UTC)
    sides = {"from": who, "to": to, "direction": "inbound", "status": "received"}
    return payload(number, body=body, date_created=at, date_sent=at, **sides)


def got(number: int, who: str, day: int = 6, **changes: Any) -> dict[str, Any]:
    at = datetime(2026, 9, day, tzinfo=UTC)
    return payload(number, to=who, date_created=at, date_sent=at, **changes)


@pytest.fixture
def known(lake: Lake) -> Lake:
    """A lake that knows that no sender is in a service."""
    lake.write(lambda cursor: note_pools(cursor, ACCOUNT, [], NOW, listed=[SENDER, WHATSAPP]))
    return lake


@pytest.mark.parametrize(("today", "former"), PEOPLE)
def test_an_opt_out_holds_for_every_spelling_and_has_its_senders_scope(
    known: Lake, today: str, former: str
) -> None:
    save(known, wrote(1, "whatsapp:" + former, "STOP"))
    with known.cursor() as cursor:
        asked = ["whatsapp:" + today, "whatsapp:" + former, today, "rcs:" + today]
        suppressions = find_suppressions(cursor, asked, Side(ACCOUNT, WHATSAPP))
        by_sms = find_suppressions(cursor, asked, Side(ACCOUNT, SENDER))
    assert set(suppressions) == {"whatsapp:" + today, "whatsapp:" + former}
    assert by_sms == {}
    save(known, got(2, "whatsapp:" + today) | {"from": WHATSAPP}, got(3, today))
    assert known.rows("select message_sid from audit_after_opt_out") == [(f"SM{2:032x}",)]
    everything = ConsentEvent(ACCOUNT, today, "*", "opt-out", "agent", NOW)
    known.write(lambda cursor: save_consent_events(cursor, [everything], NOW))
    with known.cursor() as cursor:
        assert set(find_suppressions(cursor, asked, Side(ACCOUNT, SENDER))) == set(asked)


def test_rcs_and_sms_share_their_opt_outs(known: Lake) -> None:
    save(known, wrote(1, "rcs:+14155550123", "STOP", to=SENDER))
    with known.cursor() as cursor:
        assert list(find_suppressions(cursor, ["+14155550123"], Side(ACCOUNT, SENDER))) == ["+14155550123"]


@pytest.mark.parametrize("mode", [PrivacyMode.HASHED, PrivacyMode.MASKED])
def test_hidden_numbers_meet_under_every_spelling_also_those_of_an_older_version(
    known: Lake, mode: PrivacyMode
) -> None:
    privacy = Privacy(mode, b"k" * 32)
    today, former = PEOPLE[0]
    save(known, wrote(1, "whatsapp:" + former, "STOP"), privacy=privacy)
    reader = FactReader(ACCOUNT, privacy, load_rules(), {})
    with known.cursor() as cursor:
        (facts,) = reader.read(cursor, [Outgoing("whatsapp:" + today, "Hi", sender=WHATSAPP)], NOW)
    assert [scope for scope, _, _ in facts.suppressions] == [WHATSAPP]
    # As the version before hid it: by the spelling alone.
    older = (
        privacy.contact_forms(former)[-1]
        if mode is PrivacyMode.MASKED
        else "anon-888aabb500faa7035a6af2291d38b072"
    )
    event = ConsentEvent(ACCOUNT, older, SENDER, "opt-out", "keyword", NOW)
    known.write(lambda cursor: save_consent_events(cursor, [event], NOW))
    with known.cursor() as cursor:
        (facts,) = reader.read(cursor, [Outgoing(today, "Hi", sender=SENDER)], NOW)
    assert [scope for scope, _, _ in facts.suppressions] == [SENDER]


def test_a_table_that_names_one_person_twice_is_a_mistake(known: Lake) -> None:
    today, former = PEOPLE[0]
    reader = FactReader(ACCOUNT, Privacy(), load_rules(), {})
    messages = [Outgoing(to, "Hello", sender=SENDER) for to in (today, former, "+14155550123")]
    with known.cursor() as cursor:
        facts = reader.read(cursor, messages, NOW)
    checked = check_all(list(zip(messages, facts, strict=True)), Policy(SendingSettings(), NOW))
    repeats = [
        [reason.rule for reason in message.reasons if reason.rule == "duplicate"] for message in checked
    ]
    assert repeats == [[], ["duplicate"], []]


def test_who_wrote_under_another_spelling_is_answered_as_somebody_who_wrote(known: Lake) -> None:
    today, former = PEOPLE[0]
    save(known, wrote(1, former, "hello", to=SENDER, day=19))
    with known.cursor() as cursor:
        (facts,) = FactReader(ACCOUNT, Privacy(), load_rules(), {}).read(
            cursor, [Outgoing(today, "Hi", sender=SENDER)], NOW
        )
    assert facts.last_inbound_at == datetime(2026, 9, 19, tzinfo=UTC)


def test_the_frequency_counts_a_person_and_not_their_addresses(known: Lake) -> None:
    today, former = PEOPLE[0]
    save(
        known,
        got(1, today),
        got(2, former, day=7),
        got(3, "whatsapp:" + former, day=8),
        got(4, "+14155550123"),
    )
    most, each = "most_messages_in_a_week", "messages_per_person"
    assert list(query_metric(known, most).frame[most]) == [3]
    assert list(query_metric(known, each).frame[each]) == [2.0]
    assert sorted(query_audit(known, "frequency")["messages_in_week"]) == [1, 3]


def test_a_contact_is_one_person_with_one_name(known: Lake) -> None:
    today, former = PEOPLE[0]
    save(known, got(1, today), wrote(2, "whatsapp:" + former, "hola"))
    changes = plan_edit(read_contact(known, today), {"name": "Ana"})
    save_changes(known, changes, "local:a", "contact-edit")
    assert read_contact(known, "whatsapp:" + former).name == "Ana"
    assert same_person(known, today) == [today, "whatsapp:" + former]


def test_a_conversation_shows_all_its_spellings_whichever_is_asked_for(known: Lake) -> None:
    today, former = (f"whatsapp:{number}" for number in PEOPLE[0])
    ours = got(1, today) | {"from": WHATSAPP}
    save(known, ours, wrote(2, former, "hola", day=7))
    for reference in (today, former):
        thread = read_thread(known, find_conversation(known, reference))
        assert [message.message_sid for message in thread.messages] == [f"SM{1:032x}", f"SM{2:032x}"]


@pytest.mark.parametrize("asked", [0, 1])
def test_a_record_and_an_erasure_are_of_the_whole_person(known: Lake, asked: int) -> None:
    today, former = PEOPLE[0]
    save(
        known, got(1, today), wrote(2, "whatsapp:" + former, "STOP"),
        wrote(3, "+14155550123", f"call {former} or {today}, not +525500000000", to=SENDER),
    )  # fmt: skip
    person = find_person((today, former)[asked], Privacy())
    record = read_person(known, person)
    assert [row["message_sid"] for row in record["messages"]] == [f"SM{2:032x}", f"SM{1:032x}"]
    assert len(record["must_not_be_messaged"]) == 1
    finish_erasure(known, order_erasure(known, person, actor="local:a", now=NOW))
    assert known.rows("select contact, body from messages") == [
        ("+14155550123", "call [erased] or [erased], not +525500000000")
    ]
    save(known, got(4, former, day=9), wrote(5, "whatsapp:" + today, "hola", day=9))
    assert known.value("select count(*) from messages") == 1
    with known.cursor() as cursor:
        suppressions = find_suppressions(cursor, [former, "whatsapp:" + today], Side(ACCOUNT, SENDER))
    assert {source for opt_outs in suppressions.values() for _, source, _ in opt_outs} == {"erased"}
    assert len(suppressions) == 2
    other = find_person((former, today)[asked], Privacy())
    readmit_person(known, other, because="they wrote on paper", actor="local:a")
    save(known, got(4, former, day=9), got(6, today, day=10))
    assert known.value("select count(*) from messages") == 3


def test_the_old_hash_of_an_erased_person_still_knows_them(known: Lake) -> None:
    """Before, an erasure kept the hash of the one spelling that it was asked for."""
    from workbench.lake.erased import find_erased, save_erased

    today, former = PEOPLE[0]
    known.write(lambda cursor: save_erased(cursor, [former], "e", NOW - timedelta(days=1)))
    with known.cursor() as cursor:
        assert set(find_erased(cursor, [today, "whatsapp:" + former, "+14155550123"])) == {
            today, "whatsapp:" + former
        }  # fmt: skip

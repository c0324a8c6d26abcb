"""The rules, one at a time and together; without a lake and without a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from workbench.messaging.quiet_hours import check_quiet_hours, load_rules
from workbench.sending.outgoing import Outgoing
from workbench.sending.preflight import check, check_all
from workbench.sending.verdicts import Policy, Price, RecipientFacts, SenderFacts, ServiceFacts
from workbench.settings import Money, SendingSettings

NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
"""Ten in the morning in California."""

US = "+12065550101"
PLAIN = Outgoing("+14155550123", "Hello", sender=US)
SERVICE = "MG" + "0" * 32
FINE = RecipientFacts(
    has_opted_in=True,
    price=Price(Decimal("0.0079"), "USD", "test"),
    sender=SenderFacts(US, True, True, "a2p", "VERIFIED", None),
    service=ServiceFacts(SERVICE, senders=(SenderFacts(US, True, True),)),
    senders_known=True,
)
POLICY = Policy(SendingSettings(), NOW)


def verdict(
    outgoing: Outgoing = PLAIN, facts: RecipientFacts = FINE, policy: Policy = POLICY
) -> tuple[str, set[str]]:
    found = check(outgoing, facts, policy)
    return found.verdict, {reason.rule for reason in found.reasons}


def test_nothing_stands_in_the_way() -> None:
    assert verdict() == ("pass", set())


def test_without_a_sender_one_reason_says_so() -> None:
    nobody = replace(PLAIN, sender=None)
    reasons = check(nobody, replace(FINE, sender=None, service=None), POLICY).reasons
    assert [reason.text for reason in reasons] == [
        "No sender: name a sender or a messaging service, or set [sending] sender or service."
    ]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"to": "(415) 555-0123"}, "address"),
        ({"to": ""}, "address"),
        ({"to": "12"}, "address"),
        ({"to": "ACME"}, "address"),
        ({"to": "whatsapp:ACME"}, "address"),
        ({"to": "whatsapp:+14155550123"}, "sender"),
        ({"sender": None}, "sender"),
        ({"to": US}, "sender"),
        ({"body": "  \n"}, "content"),
        ({"body": "x" * 1601}, "content"),
        ({"body": "a\x00b"}, "content"),
        ({"body": "a\ud800b"}, "content"),
        ({"body": "", "content_sid": "HX12"}, "content"),
        ({"content_sid": "HX" + "0" * 32}, "content"),
        ({"media": ("https://example.com/a.png",) * 11}, "media"),
        ({"media": ("file:///etc/passwd",)}, "media"),
        ({"media": ("https://user:pass@example.com/a.png",)}, "media"),
        ({"media": ("https://example.com/a.png",), "to": "+4915112345678"}, "media"),
        ({"validity_seconds": 0}, "validity"),
        ({"validity_seconds": 36_001}, "validity"),
        ({"send_at": NOW + timedelta(hours=1)}, "schedule"),
        ({"send_at": datetime(2026, 12, 1, 9), "sender": None, "service": SERVICE}, "schedule"),
        ({"send_at": NOW + timedelta(seconds=299), "sender": None, "service": SERVICE}, "schedule"),
        ({"send_at": NOW + timedelta(days=35, seconds=1), "sender": None, "service": SERVICE}, "schedule"),
        ({"problem": "no value for first_name"}, "template"),
    ],
)
def test_what_cannot_be_sent_is_blocked(changes: dict[str, Any], rule: str) -> None:
    found = verdict(replace(PLAIN, **changes))
    assert found[0] == "block"
    assert rule in found[1]


@pytest.mark.parametrize("seconds", [300, 35 * 86_400])
def test_the_edges_of_scheduling_are_allowed(seconds: int) -> None:
    later = replace(PLAIN, sender=None, service=SERVICE, send_at=NOW + timedelta(seconds=seconds))
    assert verdict(later) == ("pass", set())


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        (None, "block"),
        (replace(FINE.sender, is_removed=True), "block"),  # type: ignore[type-var]
        (replace(FINE.sender, can_sms=False), "block"),  # type: ignore[type-var]
        (replace(FINE.sender, registration_status="FAILED"), "block"),  # type: ignore[type-var]
        (replace(FINE.sender, registration_status=None), "warn"),  # type: ignore[type-var]
        (replace(FINE.sender, registration=None, registration_status=None), "pass"),  # type: ignore[type-var]
    ],
)
def test_the_sender_must_be_able_and_registered(sender: SenderFacts | None, expected: str) -> None:
    assert verdict(facts=replace(FINE, sender=sender))[0] == expected


def test_an_opt_out_blocks_and_no_policy_changes_it() -> None:
    left = replace(FINE, suppressions=((US, "keyword", NOW - timedelta(days=3)),), last_inbound_at=NOW)
    for policy in (POLICY, Policy(SendingSettings(), NOW, ignore_quiet_hours=True)):
        found = check(PLAIN, left, policy)
        assert found.verdict == "block"
        assert "cannot be overridden" in found.why()


def test_a_wish_that_nobody_has_decided_on_warns() -> None:
    asked = replace(FINE, wish_at=NOW - timedelta(days=3))
    assert verdict(facts=asked) == ("warn", {"undecided wish"})
    # Somebody who opted out is blocked anyway.
    left = replace(asked, suppressions=((US, "keyword", NOW - timedelta(days=3)),))
    assert verdict(facts=left) == ("block", {"opted out"})


def test_consent_warns_by_default_and_blocks_when_required() -> None:
    unknown = replace(FINE, has_opted_in=False)
    strict = Policy(SendingSettings(require_consent=True), NOW)
    assert verdict(facts=unknown) == ("warn", {"consent"})
    assert verdict(facts=unknown, policy=strict) == ("block", {"consent"})
    wrote = replace(unknown, last_inbound_at=NOW - timedelta(days=6))
    assert verdict(facts=wrote, policy=strict) == ("pass", set())
    long_ago = replace(unknown, last_inbound_at=NOW - timedelta(days=8))
    assert verdict(facts=long_ago, policy=strict) == ("block", {"consent"})


@pytest.mark.parametrize(("hour", "expected"), [(4, "pass"), (6, "block"), (15, "block"), (17, "pass")])
def test_quiet_hours_at_the_recipient(hour: int, expected: str) -> None:
    """California in November is eight hours behind: 20:00, 22:00, 07:00 and 09:00 there."""
    at = datetime(2026, 11, 25, hour, 0, tzinfo=UTC)
    quiet = check_quiet_hours(PLAIN.to, at, rules=load_rules())
    facts = replace(FINE, quiet=quiet)
    assert verdict(facts=facts, policy=Policy(SendingSettings(), at))[0] == expected
    ignoring = verdict(facts=facts, policy=Policy(SendingSettings(), at, ignore_quiet_hours=True))
    assert ignoring[0] == ("warn" if expected == "block" else "pass")
    just_wrote = replace(facts, last_inbound_at=at - timedelta(minutes=90))
    assert verdict(facts=just_wrote, policy=Policy(SendingSettings(), at))[0] != "block"


def test_a_repeat_in_one_list_is_blocked_once() -> None:
    found = check_all([(PLAIN, FINE), (replace(PLAIN, body="Other"), FINE), (PLAIN, FINE)], POLICY)
    assert [one.verdict for one in found] == ["pass", "pass", "block"]
    assert {reason.rule for reason in found[2].reasons} == {"duplicate"}


def many(count: int, price: Price | None = FINE.price) -> list[tuple[Outgoing, RecipientFacts]]:
    return [
        (replace(PLAIN, to=f"+1415555{number:04}"), replace(FINE, price=price)) for number in range(count)
    ]


@pytest.mark.parametrize(
    ("settings", "sent_today", "spent", "expected"),
    [
        ({"max_messages_per_batch": 3}, 0, None, "pass"),
        ({"max_messages_per_batch": 2}, 0, None, "block"),
        ({"max_messages_per_day": 10}, 7, None, "pass"),
        ({"max_messages_per_day": 10}, 8, None, "block"),
        ({"max_spend_per_batch": Money(Decimal("0.0237"), "USD")}, 0, None, "pass"),
        ({"max_spend_per_batch": Money(Decimal("0.0236"), "USD")}, 0, None, "block"),
        ({"max_spend_per_batch": Money(Decimal("9"), "EUR")}, 0, None, "block"),
        ({"max_spend_per_day": Money(Decimal("1"), "USD")}, 0, Money(Decimal("0.9763"), "USD"), "pass"),
        ({"max_spend_per_day": Money(Decimal("1"), "USD")}, 0, Money(Decimal("0.9764"), "USD"), "block"),
    ],
)
def test_caps_on_the_whole(
    settings: dict[str, Any], sent_today: int, spent: Money | None, expected: str
) -> None:
    found = check_all(many(3), Policy(SendingSettings(**settings), NOW), sent_today, spent)
    assert {one.verdict for one in found} == {expected}


def test_a_cap_on_money_without_a_price_blocks() -> None:
    policy = Policy(SendingSettings(max_spend_per_batch=Money(Decimal("100"), "USD")), NOW)
    found = check_all(many(2, price=None), policy)
    assert {one.verdict for one in found} == {"block"}


def test_cost_counts_segments_and_messages_with_attachments_once() -> None:
    long = check(replace(PLAIN, body="x" * 400), FINE, POLICY)
    assert (long.count.segments, long.cost) == (3, Money(Decimal("0.0237"), "USD"))
    mms = replace(FINE, price=Price(Decimal("0.02"), "USD", "test", is_per_message=True))
    with_media = check(replace(PLAIN, body="x" * 400, media=("https://example.com/a.png",)), mms, POLICY)
    assert (with_media.units, with_media.cost) == (1, Money(Decimal("0.02"), "USD"))


def test_smart_encoding_of_the_service_counts() -> None:
    text = replace(PLAIN, body="“" + "x" * 100, sender=None, service=SERVICE)
    smart = replace(FINE, service=replace(FINE.service, smart_encoding=True))  # type: ignore[type-var]
    assert check(text, smart, POLICY).count.segments == 1
    assert check(text, FINE, POLICY).count.segments == 2

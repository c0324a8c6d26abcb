"""The rules of each channel and kind of sender, as Twilio documents them: one row for each case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.sending.test_rules import FINE, NOW, POLICY
from workbench.sending.outgoing import Outgoing
from workbench.sending.preflight import check
from workbench.sending.verdicts import SenderFacts, ServiceFacts

PERSON, GERMAN = "+14155550123", "+4915112345678"
DESK, RCS_DESK, NUMBER = "whatsapp:+14155550111", "rcs:acme_rcs", "+12065550101"
SERVICE = "MG" + "0" * 32
TEMPLATE = "HX" + "0" * 32
HOUR = timedelta(hours=1)


def verdicts(sender: str | None, to: str, facts: dict[str, Any], **message: Any) -> dict[str, str]:
    """The verdict of each rule that speaks, and nothing of a person's consent or a price."""
    known = None if sender is None else SenderFacts(sender)
    outgoing = Outgoing(to, **{"body": "Hello", "sender": sender, **message})
    given = replace(FINE, **{"sender": known, "service": None, **facts})
    return {reason.rule: reason.verdict for reason in check(outgoing, given, POLICY).reasons}


def texts(sender: str | None, to: str, facts: dict[str, Any], **message: Any) -> str:
    known = None if sender is None else SenderFacts(sender)
    outgoing = Outgoing(to, **{"body": "Hello", "sender": sender, **message})
    return check(outgoing, replace(FINE, **{"sender": known, "service": None, **facts}), POLICY).why()


@pytest.mark.parametrize(
    ("wrote_at", "message", "expected"),
    [
        (None, {}, {"window": "block"}),
        (NOW - 25 * HOUR, {}, {"window": "block"}),
        (NOW - 24 * HOUR - timedelta(seconds=1), {}, {"window": "block"}),
        (NOW - 24 * HOUR, {}, {}),
        (NOW - HOUR, {}, {}),
        (NOW - HOUR, {"media": ("https://example.com/a.png",)}, {}),
        # Outside of it an approved template, as documented at Twilio's error 63016.
        (None, {"body": "", "content_sid": TEMPLATE}, {}),
        (NOW - 25 * HOUR, {"body": "", "content_sid": TEMPLATE}, {}),
        (NOW - HOUR, {"body": "", "content_sid": TEMPLATE}, {}),
    ],
)
def test_whatsapp_takes_free_text_within_24_hours(
    wrote_at: datetime | None, message: dict[str, Any], expected: dict[str, str]
) -> None:
    assert verdicts(DESK, f"whatsapp:{PERSON}", {"wrote_on_channel_at": wrote_at}, **message) == expected


@pytest.mark.parametrize(
    ("state", "outside", "inside"),
    [
        ("approved", None, None),
        (None, None, None),
        ("unreadable", "warn", None),
        ("pending", "block", None),
        ("paused", "block", None),
        ("missing", "block", "block"),
    ],
)
def test_a_template_that_whatsapp_has_not_approved(
    state: str | None, outside: str | None, inside: str | None
) -> None:
    for wrote_at, expected in ((NOW - 25 * HOUR, outside), (NOW - HOUR, inside)):
        facts = {"template_state": state, "wrote_on_channel_at": wrote_at}
        said = verdicts(DESK, f"whatsapp:{PERSON}", facts, body="", content_sid=TEMPLATE)
        assert said.get("template") == expected


def test_a_message_for_later_is_measured_by_the_time_when_it_is_sent() -> None:
    desk = ServiceFacts(SERVICE, senders=(SenderFacts(DESK),))
    later = {"service": SERVICE, "send_at": NOW + 3 * HOUR}
    for hours, expected in ((20, {}), (22, {"window": "block"})):
        facts = {"service": desk, "wrote_on_channel_at": NOW - hours * HOUR}
        assert verdicts(None, f"whatsapp:{PERSON}", facts, **later) == expected


def test_the_window_says_when_and_what_to_do() -> None:
    said = texts(DESK, f"whatsapp:{PERSON}", {"wrote_on_channel_at": datetime(2026, 11, 24, 9, tzinfo=UTC)})
    assert said == (
        "WhatsApp takes free text only within 24 hours after the person's last message to this sender, which "
        "was 2026-11-24 09:00 UTC. Send an approved template instead: content_sid (--content-sid HX…). If "
        "they wrote since the last sync, run `workbench sync`."
    )


@pytest.mark.parametrize(
    ("sender", "to", "todo"),
    [
        (NUMBER, f"whatsapp:{PERSON}", "Give a sender that begins with whatsapp:"),
        (DESK, PERSON, "Write the recipient as whatsapp:+…, or give a sender of SMS."),
        (RCS_DESK, PERSON, "Give the messaging service of the RCS sender instead of the sender"),
        (NUMBER, f"rcs:{PERSON}", "Give a sender that begins with rcs:"),
        (DESK, f"rcs:{PERSON}", "Give a sender that begins with rcs:"),
        ("ACME", f"whatsapp:{GERMAN}", "Give a sender that begins with whatsapp:"),
        ("55501", f"rcs:{PERSON}", "Give a sender that begins with rcs:"),
    ],
)
def test_both_sides_are_of_one_channel(sender: str, to: str, todo: str) -> None:
    assert verdicts(sender, to, {})["sender"] == "block"
    assert "are of different channels" in texts(sender, to, {})
    assert todo in texts(sender, to, {})


@pytest.mark.parametrize(
    ("to", "message", "expected"),
    [
        (GERMAN, {}, {"one-way": "warn"}),
        ("+447400100107", {}, {"one-way": "warn"}),
        (PERSON, {}, {"reach": "block", "one-way": "warn"}),
        ("+14165550106", {}, {"reach": "block", "one-way": "warn"}),
        ("+17872345678", {}, {"reach": "block", "one-way": "warn"}),  # Puerto Rico
        ("+18762345678", {}, {"one-way": "warn"}),  # Jamaica, also +1
        (GERMAN, {"media": ("https://example.com/a.png",)}, {"media": "block", "media of a name": "block",
                                                             "one-way": "warn"}),
    ],
)  # fmt: skip
def test_a_name_sends_one_way_and_not_to_north_america(
    to: str, message: dict[str, Any], expected: dict[str, str]
) -> None:
    assert verdicts("ACME", to, {}, **message) == expected


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("ACME", True), ("Acme Shop", True), ("A1", True), ("1 2 3 Go", True), ("abcdefghijk", True),
        ("A+B-C_D&E", True), ("abcdefghijkl", False), ("AcmeCustomerCare", False), ("12-34", False),
        ("Acme!", False), ("Acme.com", False), ("Acmé", False), ("Ac\nme", False), ("🙂", False),
    ],
)  # fmt: skip
def test_the_form_of_a_name(name: str, is_taken: bool) -> None:
    """Letters, digits, space and + - _ &, at most 11, a letter among them: Twilio's AlphaSender resource."""
    unlisted = {"sender": None, "last_used_at": None}
    assert ("sender form" not in verdicts(name, GERMAN, unlisted)) == is_taken


def test_a_name_that_twilio_has_taken_before_is_not_refused_for_its_form() -> None:
    used = {"sender": None, "last_used_at": NOW}
    assert verdicts("Acme.com", GERMAN, used) == {"unlisted sender": "warn", "one-way": "warn"}


@pytest.mark.parametrize(
    ("home", "delivered", "to", "expected"),
    [
        ("US", (), PERSON, {}),
        ("US", (), "+17872345678", {}),
        ("US", (), "+14165550106", {"reach": "block"}),
        ("US", (), GERMAN, {"reach": "block"}),
        ("GB", (), "+447400100107", {}),
        ("GB", (), PERSON, {"reach": "block"}),
        (None, (), PERSON, {"reach": "warn"}),
        (None, ("US",), PERSON, {}),
        (None, ("US",), GERMAN, {"reach": "warn"}),
    ],
)
def test_a_short_code_reaches_its_own_country(
    home: str | None, delivered: tuple[str, ...], to: str, expected: dict[str, str]
) -> None:
    facts = {"sender": SenderFacts("55501", country=home), "delivered_to": frozenset(delivered)}
    assert verdicts("55501", to, facts) == expected


@pytest.mark.parametrize(
    ("sender", "status", "expected"),
    [
        (DESK, "ONLINE", {}),
        (DESK, "ONLINE:UPDATING", {}),
        (DESK, None, {}),
        (DESK, "OFFLINE", {"sender": "block"}),
        (DESK, "PENDING_VERIFICATION", {"sender": "block"}),
        (RCS_DESK, "TWILIO_REVIEW", {"sender": "warn", "fallback": "warn"}),
        (RCS_DESK, "ONLINE", {"fallback": "warn"}),
    ],
)
def test_a_sender_that_is_not_online(sender: str, status: str | None, expected: dict[str, str]) -> None:
    to = f"{sender.partition(':')[0]}:{PERSON}"
    facts = {"sender": SenderFacts(sender, channel_status=status), "wrote_on_channel_at": NOW}
    assert verdicts(sender, to, facts) == expected


@pytest.mark.parametrize(
    ("pool", "to", "expected"),
    [
        ((NUMBER,), PERSON, {}),
        ((NUMBER, RCS_DESK), PERSON, {}),
        ((RCS_DESK,), PERSON, {"fallback": "warn"}),
        ((NUMBER, RCS_DESK), f"rcs:{PERSON}", {"fallback": "warn"}),
        ((NUMBER,), f"rcs:{PERSON}", {"reach": "warn", "fallback": "warn"}),
        ((NUMBER,), f"whatsapp:{PERSON}", {"reach": "warn"}),
        ((NUMBER, DESK), f"whatsapp:{PERSON}", {}),
        ((DESK,), PERSON, {"reach": "warn"}),
        (("ACME",), GERMAN, {}),
        (("ACME",), PERSON, {"reach": "block"}),
        (("ACME", NUMBER), PERSON, {}),
    ],
)
def test_what_a_messaging_service_reaches(pool: tuple[str, ...], to: str, expected: dict[str, str]) -> None:
    service = ServiceFacts(SERVICE, senders=tuple(SenderFacts(sender) for sender in pool))
    facts = {"service": service, "wrote_on_channel_at": NOW}
    assert verdicts(None, to, facts, service=SERVICE) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"sender": None, "last_used_at": NOW}, {"unlisted sender": "warn"}),
        ({"sender": SenderFacts(NUMBER, is_removed=True), "last_used_at": NOW}, {"unlisted sender": "warn"}),
        ({"sender": SenderFacts(NUMBER, is_removed=True)}, {"sender": "block"}),
        ({"sender": None}, {"sender": "block"}),
    ],
)
def test_a_sender_in_no_list_goes_by_the_log(facts: dict[str, Any], expected: dict[str, str]) -> None:
    assert verdicts(NUMBER, PERSON, facts) == expected
    service = {"service": None, "last_used_at": facts.get("last_used_at")}
    assert verdicts(None, PERSON, service, service=SERVICE) == expected


def test_what_is_not_ours_is_refused_with_the_nearest_names() -> None:
    said = texts("ACMEE", GERMAN, {"sender": None, "nearest": ("ACME", "ACMESHOP")})
    assert "Did you mean ACME or ACMESHOP? Run `workbench sync` if it is new." in said


def test_an_opt_out_and_quiet_hours_hold_on_every_channel() -> None:
    left = {"suppressions": (("*", "keyword", NOW),), "wrote_on_channel_at": NOW, "last_used_at": NOW}
    for sender, to in ((DESK, f"whatsapp:{PERSON}"), (RCS_DESK, f"rcs:{PERSON}"), ("ACME", GERMAN)):
        for message in ({}, {"body": "", "content_sid": TEMPLATE}):
            assert verdicts(sender, to, left, **message)["opted out"] == "block"

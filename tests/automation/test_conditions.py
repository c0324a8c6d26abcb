"""What each condition holds for: words of many scripts, hours when clocks change, holidays, languages."""

from __future__ import annotations

import time
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.automation.calendar import Calendar
from workbench.automation.conditions import failing
from workbench.automation.patterns import matches
from workbench.automation.plan import plan
from workbench.automation.rota import next_on_duty
from workbench.automation.situation import RuleEvent, Situation
from workbench.automation.words import fold_words, has_phrase
from workbench.automation.words_of_rules import CONDITION_WORDS, condition_words
from workbench.conversations.business_hours import parse_hours
from workbench.conversations.find import Conversation
from workbench.errors import UsageError
from workbench.messaging.languages import language_of
from workbench.messaging.opt_out_clock import opt_out_clock
from workbench.settings.rules import RuleActions, RuleConditions, RuleSettings

MONDAY = datetime(2026, 9, 7, 15, 0, tzinfo=UTC)  # Labor Day, 11:00 in New York
CALENDAR = Calendar(parse_hours("Mon-Fri 09:00-17:00"), "America/New_York", opt_out_clock().holidays)
CONVERSATION = Conversation("CW1", "+12025550110", "+14155550123", "AC1", "+12025550110")


def situation(body: str = "", **facts: Any) -> Situation:
    event = RuleEvent(("message_received",), "received:SM1", "SM1")
    at = facts.pop("at", MONDAY)
    given_facts = {"event": event, "conversation": CONVERSATION, "sender": "+12025550110", **facts}
    return Situation(at=at, happened_at=at, body=body, **given_facts)


def holds(body: str = "", calendar: Calendar = CALENDAR, conditions: Any = None, **facts: Any) -> bool:
    return failing(RuleConditions(**conditions), situation(body, **facts), calendar) is None


@pytest.mark.parametrize(
    ("body", "phrase", "is_in"),
    [
        ("Where is my REFUND?", "refund", True),
        ("refunds are slow", "refund", False),
        ("nonrefundable", "refund", False),
        ("I want my money  back!", "Money Back", True),
        ("my back, your money", "money back", False),
        ("¿Dónde está el envío?", "envio", True),
        ("Où est l'ÉTÉ", "été", True),
        ("Wo ist die STRASSE", "Straße", True),
        ("IŞIK yok", "ışık", True),
        ("Στην οδός", "ΟΔΟΣ", True),
        ("Где мой ЗАКАЗ?", "заказ", True),
        ("заказы", "заказ", False),
        ("חָשְׁבוֹן", "חשבון", True),
        ("أين الطَّلَب", "الطلب", True),
        ("मेरा ऑर्डर कहाँ है", "ऑर्डर", True),
        ("我想退款谢谢", "退款", True),
        ("返金してください", "返金", True),
        ("ขอคืนเงินครับ", "คืนเงิน", True),
        ("ｒｅｆｕｎｄ please", "refund", True),
        ("re\u200bfund", "refund", True),
        ("refund😀", "refund", True),
        ("order 12345", "12345", True),
        ("order 123456", "12345", False),
        ("", "refund", False),
        ("!!!", "???", False),
    ],
)
def test_whole_words_in_any_script(body: str, phrase: str, is_in: bool) -> None:
    assert has_phrase(fold_words(body), phrase) is is_in


@given(st.text(max_size=200), st.text(max_size=20))
def test_no_text_breaks_the_words(body: str, phrase: str) -> None:
    has_phrase(fold_words(body), phrase)
    assert fold_words(fold_words(body)) == fold_words(body)


@pytest.mark.parametrize(
    ("conditions", "facts", "is_so"),
    [
        ({"keyword": ("price",)}, {"body": " PRICE! "}, True),
        ({"keyword": ("price",)}, {"body": "price list"}, False),
        ({"any_words": ("refund", "invoice")}, {"body": "the invoice"}, True),
        ({"all_words": ("refund", "order")}, {"body": "refund this order"}, True),
        ({"all_words": ("refund", "order")}, {"body": "refund this"}, False),
        ({"regex": r"order\s+\d{5}"}, {"body": "My ORDER 12345"}, True),
        ({"regex": r"^\d+$"}, {"body": "12 34"}, False),
        ({"sender": ("+12025550110",)}, {}, True),
        ({"sender": ("+12025550111",)}, {}, False),
        ({"service": ("MG" + "0" * 32,)}, {}, False),
        ({"country": ("US", "CA")}, {"country": "CA"}, True),
        ({"country": ("US",)}, {"country": None}, False),
        ({"state": ("open",)}, {}, True),
        ({"state": ("resolved",)}, {"state": "open"}, False),
        ({"contact_label": ("VIP ",)}, {"contact_labels": frozenset({"vip"})}, True),
        ({"label": ("billing",)}, {"labels": frozenset({"vip"})}, False),
        ({"first_message": True}, {"is_first_message": True}, True),
        ({"first_message": False}, {"is_first_message": True}, False),
        ({"question": False}, {"body": "ok thank you"}, True),
        ({"question": False}, {"body": "ok?"}, False),
        ({"question": False}, {"body": "好的？"}, False),
        ({"question": False}, {"body": "شكرا؟"}, False),
        ({"question": False}, {"body": "Ευχαριστώ;"}, False),
        ({"question": False}, {"body": "ok; thanks"}, True),
        ({"question": True}, {"body": "thanks ❓"}, True),
        ({"after_answer": True}, {"is_after_answer": True}, True),
        ({"after_answer": True}, {"is_after_answer": False}, False),
        ({"media": True}, {"media": 2}, True),
        ({"media": False}, {"media": 2}, False),
        ({"language": ("es",)}, {"body": "Necesito cambiar la cita de mañana"}, True),
        ({"language": ("es",)}, {"body": "hola"}, False),
        ({"language": ("es",)}, {"body": "hello there", "contact_language": "es-MX"}, True),
        ({"media": True, "any_words": ("refund",)}, {"body": "refund", "media": 0}, False),
        ({}, {}, True),
    ],
)
def test_conditions(conditions: dict[str, Any], facts: dict[str, Any], is_so: bool) -> None:
    assert holds(conditions=conditions, **facts) is is_so


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-09-08T12:59:59+00:00", False),  # 08:59 in New York
        ("2026-09-08T13:00:00+00:00", True),
        ("2026-09-08T20:59:59+00:00", True),
        ("2026-09-08T21:00:00+00:00", False),
        ("2026-09-05T15:00:00+00:00", False),  # Saturday
        # On 1 November 2026 clocks go back; the Monday after, nine o'clock is 14:00 UTC.
        ("2026-10-30T13:00:00+00:00", True),
        ("2026-11-02T13:00:00+00:00", False),
        ("2026-11-02T14:00:00+00:00", True),
        # On 8 March 2026 they go forward.
        ("2026-03-06T13:30:00+00:00", False),
        ("2026-03-09T13:30:00+00:00", True),
    ],
)
def test_business_hours_by_the_clock_on_the_wall(at: str, is_open: bool) -> None:
    moment = datetime.fromisoformat(at)
    assert holds(conditions={"business_hours": True}, at=moment) is is_open
    assert holds(conditions={"business_hours": False}, at=moment) is not is_open


def test_an_hour_that_comes_twice_is_open_twice_and_one_that_is_left_out_never() -> None:
    night = Calendar(parse_hours("Sun 01:00-03:00"), "America/New_York")
    hours = [datetime(2026, 11, 1, hour, 30, tzinfo=UTC) for hour in range(4, 9)]
    assert [night.is_open(each) for each in hours] == [False, True, True, True, False]
    spring = [datetime(2026, 3, 8, hour, 30, tzinfo=UTC) for hour in range(5, 9)]
    assert [night.is_open(each) for each in spring] == [False, True, False, False]


@pytest.mark.parametrize(
    ("at", "is_holiday"),
    [
        ("2026-09-07T15:00:00+00:00", True),  # Labor Day
        ("2026-09-08T03:59:00+00:00", True),  # still the 7th in New York
        ("2026-09-08T04:00:00+00:00", False),
        ("2026-07-03T15:00:00+00:00", True),  # Independence Day is a Saturday, observed on Friday
        ("2026-11-26T15:00:00+00:00", True),  # the fourth Thursday
        ("2026-11-25T15:00:00+00:00", False),
    ],
)
def test_holidays(at: str, is_holiday: bool) -> None:
    assert holds(conditions={"holiday": True}, at=datetime.fromisoformat(at)) is is_holiday


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Can you call me tomorrow morning please", "en"),
        ("Je voudrais annuler mon rendez-vous", "fr"),
        ("Haben Sie morgen offen?", "de"),
        ("Preciso mudar meu horário amanhã", "pt"),
        ("Gdzie jest moja paczka?", "pl"),
        ("Де моє замовлення?", "uk"),
        ("注文はどこですか", "ja"),
        ("주문은 어디에 있나요", "ko"),
        ("คำสั่งซื้อของฉันอยู่ที่ไหน", "th"),
        # Not clear, and so not said.
        ("ok", None), ("Hi", None), ("YES", None), ("my number is 5551234", None), ("😀😀😀", None),
        ("???", None), ("", None), ("https://example.com/ou-est-ma-commande", None),
    ],
)  # fmt: skip
def test_a_language_is_said_where_it_is_clear(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 50_000 + "!"),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
        (r"(x+x+)+y", "x" * 50_000),
        (r"(.*)*(.*)*(.*)*z", "z" * 10 + "é" * 50_000),
        (r"^(\w+\s?)*$", "word " * 10_000 + "!"),
    ],
)
def test_no_text_hangs_a_regular_expression(pattern: str, text: str) -> None:
    matches("warm", "up")
    began = time.monotonic()
    matches(pattern, text)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("pattern", ["(?=x)", r"(a)\1", "(", "((a{100}){100}){100}", "a{2000}"])
def test_what_takes_no_linear_time_is_no_expression(pattern: str) -> None:
    with pytest.raises(UsageError, match="is no regular expression of RE2"):
        matches(pattern, "")


# --- which rules fire ---


def rule(name: str, when: str = "message_received", **actions: Any) -> RuleSettings:
    conditions = actions.pop("conditions", RuleConditions())
    after = actions.pop("after", None)
    return RuleSettings(name, when, after=after, conditions=conditions, actions=RuleActions(**actions))


def fired(rules: list[RuleSettings], event: Situation) -> list[tuple[str, str]]:
    return [(each.rule.name, each.no_reply) for each in plan(rules, event, CALENDAR, MONDAY)]


def test_the_order_of_the_file_decides_and_stop_ends_it() -> None:
    rules = [rule("b", label=("x",)), rule("a", stop=True), rule("c", label=("y",))]
    assert fired(rules, situation("x")) == [("b", ""), ("a", "")]


def test_one_event_gets_one_answer_and_none_where_a_rule_holds_it() -> None:
    first, second = rule("first", reply="thanks"), rule("second", reply="closed")
    assert fired([first, second], situation("x")) == [
        ("first", ""),
        ("second", "The rule first answers it already."),
    ]
    held = "The rule review holds it for review."
    assert fired([first, rule("review", hold=True), second], situation("x")) == [
        ("first", held), ("review", ""), ("second", held),
    ]  # fmt: skip


def test_one_message_may_be_several_events() -> None:
    event = RuleEvent(("message_received", "conversation_created"), "received:SM1", "SM1")
    rules = [
        rule("new", "conversation_created", label=("x",)),
        rule("again", "conversation_reopened", label=("x",)), rule("any", label=("x",)),
    ]  # fmt: skip
    assert [name for name, _ in fired(rules, situation("x", event=event))] == ["new", "any"]


def test_who_waits_is_counted_from_their_question() -> None:
    event = RuleEvent(("waiting_too_long",), "waiting:SM1", "SM1")
    rules = [rule("slow", "waiting_too_long", after="4h", label=("slow",))]
    waited = {"event": event, "waiting_since": MONDAY - timedelta(hours=4)}
    assert [name for name, _ in fired(rules, situation("x", **waited))] == ["slow"]
    assert fired(rules, situation("x", event=event, waiting_since=MONDAY - timedelta(hours=3))) == []


def test_the_next_person_on_duty() -> None:
    names, rota = ("ana", "ben", "cem"), {"cem": ("Sat 10:00-14:00",)}
    tuesday, saturday = datetime(2026, 9, 8, 15, tzinfo=UTC), datetime(2026, 9, 5, 15, tzinfo=UTC)
    turns: list[str | None] = []
    for _ in range(3):
        turns.append(next_on_duty(names, rota, CALENDAR, tuesday, turns[-1] if turns else None))
    assert turns == ["ana", "ben", "ana"]
    assert next_on_duty(names, rota, CALENDAR, saturday, "ana") == "cem"
    assert next_on_duty(names, rota, CALENDAR, saturday + timedelta(days=1), "ana") is None
    assert next_on_duty(names, {}, CALENDAR, tuesday, "somebody who left") == "ana"


def test_every_condition_has_words() -> None:
    assert set(CONDITION_WORDS) == {declared.name for declared in fields(RuleConditions)}
    words = condition_words(RuleConditions(any_words=("refund", "money back"), business_hours=False))
    assert words == "outside business hours; it has one of: refund, money back"

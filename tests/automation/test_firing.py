"""Rules at work on a simulated account: what they do, when they answer, and what keeps them from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest

from tests.automation.conftest import NOON, Desk, inbound, open_desk, outcomes
from tests.sending.conftest import SENDER
from workbench.lake.rules import RuleFiring
from workbench.messaging.message import message_row
from workbench.simulator import Server

NUMBERS = (f"+1415556{number:04}" for number in count(1000))
RULES = """
[[rules]]
name = "held"
when = "message_received"
if = { any_words = ["lawyer"] }
then = { hold = true, note = "Read this first.", webhook = ["shop"] }

[[rules]]
name = "first"
when = "message_received"
if = { any_words = ["order"] }
[rules.then]
label = ["orders"]
round_robin = ["ana", "ben"]
rota = { ana = "Mon-Sun 00:00-24:00", ben = "Mon-Sun 00:00-24:00" }
reply = "thanks"

[[rules]]
name = "named"
when = "message_received"
if = { any_words = ["name"] }
then = { reply = "named" }

[[rules]]
name = "night"
when = "waiting_too_long"
after = "8h"
if = { any_words = ["night"] }
then = { reply = "closed", in_quiet_hours = "later" }

[[rules]]
name = "evening"
when = "waiting_too_long"
after = "8h"
if = { any_words = ["evening"] }
then = { reply = "closed" }

[[rules]]
name = "capped"
when = "message_received"
if = { any_words = ["cap"] }
then = { reply = "closed", replies_per_day = 2 }

[[rules]]
name = "failed"
when = "answer_failed"
then = { state = "pending" }

[[rules]]
name = "slow"
when = "waiting_too_long"
after = "4h"
if = { any_words = ["wait"] }
then = { label = ["slow"], reply = "thanks" }

[[rules]]
name = "thanked"
when = "message_received"
if = { keyword = ["ok", "thank you", "ok thank you"], question = false, media = false, after_answer = true }
then = { state = "resolved" }
"""


@pytest.fixture(scope="module")
def desk(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    opened = open_desk(server, tmp_path_factory.mktemp("firing") / "home", RULES)
    yield opened
    opened.wb.close()


@pytest.fixture(autouse=True)
def _a_day_later(desk: Desk) -> None:
    """Caps and memories of one test are not those of the next."""
    days = (desk.now - NOON).days + 2
    desk.now = NOON + timedelta(days=days)


def state_of(desk: Desk, contact: str) -> tuple[str, str | None, list[str], int]:
    rows = desk.lake.rows(
        "select state, assignee, labels, notes from conversations where contact = ?", [contact]
    )
    return rows[0]


def ask(desk: Desk, body: str, contact: str | None = None) -> tuple[str, list[RuleFiring]]:
    contact = contact or next(NUMBERS)
    desk.receive(body, contact)
    return contact, desk.act()


def ask_all(desk: Desk, bodies: Sequence[str], contacts: Sequence[str]) -> list[dict[str, str]]:
    """Each contact writes one text; how the rules ended for each."""
    sids = [desk.receive(body, contact) for body, contact in zip(bodies, contacts, strict=True)]
    fired = desk.act()
    return [outcomes([firing for firing in fired if firing.message_sid == sid]) for sid in sids]


def some(count: int) -> list[str]:
    return [next(NUMBERS) for _ in range(count)]


def test_what_a_rule_does(desk: Desk) -> None:
    contact, fired = ask(desk, "Where is my order?")
    assert outcomes(fired) == {"first": "sent"}
    assert desk.sent(contact) == {contact: 1}
    assert state_of(desk, contact) == ("open", "ana", ["orders"], 0)
    other, _ = ask(desk, "My order, please")
    assert state_of(desk, other)[1] == "ben"
    trail = desk.lake.rows("select distinct actor from audit_events where actor like 'rule:%'")
    assert ("rule:first",) in trail


def test_a_held_conversation_is_answered_by_nobody(desk: Desk) -> None:
    contact, fired = ask(desk, "My lawyer asks for my order")
    assert outcomes(fired) == {"held": "done", "first": "skipped: The rule held holds it for review."}
    assert desk.sent(contact) == {}
    assert state_of(desk, contact) == ("pending", "ana", ["held", "orders"], 1)
    desk.act()
    told = desk.lake.rows("select detail from feed_events where kind = 'rule.fired'")
    assert told == [('{"rule":"held","webhooks":["shop"]}',)]


def test_the_same_event_again_fires_nothing(desk: Desk) -> None:
    contact = next(NUMBERS)
    message = inbound(desk.server, "order", contact, date_created=desk.now)
    desk.bring([message])
    assert outcomes(desk.act()) == {"first": "sent"}
    for source in ("sync", "callback", "sync"):
        desk.bring([message], source)
        assert desk.act() == []
    desk.rounds.__class__(desk.tools, desk.rounds.rules).run(desk.now)
    assert desk.sent(contact) == {contact: 1}


def test_a_blank_is_filled_or_blocks(desk: Desk) -> None:
    contact, fired = ask(desk, "say my name")
    assert "first_name" in outcomes(fired)["named"]
    assert outcomes(fired)["named"].startswith("blocked: ")
    desk.wb.contacts.edit(contact, name="{{ 7*7 }} Li")
    desk.now += timedelta(days=1)
    assert outcomes(ask(desk, "say my name", contact)[1]) == {"named": "sent"}
    assert bodies(desk, contact) == ["Hi {{, thanks."]


def bodies(desk: Desk, contact: str) -> list[str]:
    account = desk.server.account
    answer = httpx.get(
        f"{desk.server.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
        params={"To": contact}, auth=(account.account_sid, account.auth_token),
    )  # fmt: skip
    return [row["body"] for row in answer.raise_for_status().json()["messages"]]


def test_what_is_seen_late_is_labelled_and_not_answered(desk: Desk) -> None:
    contact = next(NUMBERS)
    desk.receive("order", contact)
    fired = desk.act(timedelta(minutes=11))
    assert outcomes(fired) == {
        "first": "skipped: It was seen more than 10 minutes after it happened; a late answer would surprise."
    }
    assert state_of(desk, contact)[2] == ["orders"]
    assert desk.sent(contact) == {}


def test_quiet_hours_hold_and_the_answer_comes_later_only_where_the_rule_says_so(desk: Desk) -> None:
    desk.now += timedelta(hours=3, minutes=30)
    (evening, _), (night, _) = ask(desk, "Good evening"), ask(desk, "Good night")
    fired = outcomes(desk.act(timedelta(hours=8)))  # about 05:30 UTC: before midnight in California
    assert fired["evening"].startswith("blocked: Quiet hours")
    assert fired["night"].startswith("waiting: Quiet hours")
    for hours in (6, 6):
        desk.act(timedelta(hours=hours))
    assert desk.sent(evening, night) == {night: 1}
    ended = desk.lake.rows("select outcome, ended_at is not null from rule_firings where rule = 'night'")
    assert ended == [("done", True)]


def test_nobody_who_opted_out_is_answered_and_the_label_says_so(desk: Desk) -> None:
    people = some(2)
    stopped = ask_all(desk, ["STOP", "Baja."], people)
    assert stopped == [{"opt-out-label": "done"}] * 2
    assert [state_of(desk, person)[2] for person in people] == [["opted-out"]] * 2
    asked = ask_all(desk, ["order", "order"], people)
    assert [each["first"].startswith("blocked: Opted out") for each in asked] == [True, True]
    assert ask_all(desk, ["START", "START"], people) == [{"opt-in-label": "done"}] * 2
    assert ["opted-out" in state_of(desk, person)[2] for person in people] == [False, False]
    # Neither the opt-out nor the opt-in was answered: Twilio or the webhook does that.
    assert desk.sent(*people) == {}


def test_a_wish_in_other_words_is_not_answered_by_a_machine(desk: Desk) -> None:
    contact, fired = ask(desk, "Please stop texting me about my order")
    assert outcomes(fired)["first"].startswith("blocked: ")
    assert desk.sent(contact) == {}


def test_the_cap_of_a_day_and_of_a_contact(desk: Desk) -> None:
    people = some(4)
    capped = ask_all(desk, ["cap", "cap", "cap", "order"], people)
    assert [each.get("capped") for each in capped] == [
        "sent", "sent", "skipped: This rule sent 2 answers in 24 hours; replies_per_day is the cap.", None,
    ]  # fmt: skip
    assert ask_all(desk, ["order!"], people[3:]) == [
        {"first": "skipped: This rule answered this contact within 24h."}
    ]
    assert desk.sent(*people) == {people[0]: 1, people[1]: 1, people[3]: 1}


def test_machines_are_not_answered(desk: Desk) -> None:
    people = ["72345", "MyShop", SENDER, *some(2)]
    bodies = ["order", "order", "order", "AUTO-REPLY: order", "Automatische Antwort: order"]
    why = [each["first"] for each in ask_all(desk, bodies, people)]
    assert [each.partition(";")[0] for each in why] == [
        "skipped: A short code sender is a machine",
        "skipped: An alphanumeric sender is a machine",
        "skipped: The contact is a sender of this account",
        "skipped: It looks like an automatic text: it says 'auto reply'.",
        "skipped: It looks like an automatic text: it says 'automatische Antwort'.",
    ]
    assert desk.sent(*people) == {}


def test_who_waits_and_what_failed(desk: Desk) -> None:
    contact, fired = ask(desk, "I wait for my answer")
    assert fired == []
    assert desk.act(timedelta(hours=3)) == []
    assert outcomes(desk.act(timedelta(hours=1))) == {"slow": "sent"}
    assert desk.act(timedelta(minutes=2)) == []
    answer = inbound(
        desk.server, "Sorry", SENDER, to=contact, direction="outbound-api", status="undelivered",
        error_code=30003, date_created=desk.now, **{"from": SENDER},
    )  # fmt: skip
    desk.bring([answer])
    assert outcomes(desk.act()) == {"failed": "done"}
    assert state_of(desk, contact)[0] == "pending"


def test_thanks_after_an_answer_resolve_and_a_question_never(desk: Desk) -> None:
    answered, unanswered, asking, told_by_rule, picture = some(5)
    for contact in (answered, unanswered, asking, picture):
        desk.receive("When do you open", contact)
    desk.receive("My order", told_by_rule)
    desk.act()
    desk.bring(
        [
            inbound(
                desk.server, "At nine.", SENDER, to=contact, direction="outbound-api", status="delivered",
                date_created=desk.now, **{"from": SENDER},
            )
            for contact in (answered, asking, picture)
        ]
    )  # fmt: skip
    desk.now += timedelta(seconds=5)
    for contact in (answered, unanswered, told_by_rule):
        desk.receive("Ok, thank you!", contact)
    desk.receive("ok?", asking)
    desk.receive("ok", picture, num_media="1")
    assert [outcomes([firing]) for firing in desk.act()] == [{"thanked": "done"}]
    states = [state_of(desk, contact)[0] for contact in (answered, unanswered, asking, told_by_rule, picture)]
    assert states == ["resolved", "open", "open", "open", "open"]
    # What they write next opens it again, also where it came before the rule had acted.
    desk.receive("ok", answered)
    desk.receive("And on Sunday?", answered, date_created=desk.now + timedelta(seconds=1))
    desk.act(timedelta(seconds=4))
    assert state_of(desk, answered)[0] == "open"


def test_hostile_bodies_are_texts(desk: Desk) -> None:
    hostile = ["order {{ 7*7 }} {% raw %} '; drop table rule_firings; -- \u202e\x1b[2J", "order " * 300]
    assert ask_all(desk, hostile, some(2)) == [{"first": "sent"}] * 2
    told = [action.detail + action.value for firing in desk.fired for action in firing.actions]
    assert not any("7*7" in text or "drop" in text for text in told)


def test_two_such_desks_facing_each_other_fall_silent(server: Server, tmp_path: Path) -> None:
    """Each answers whatever comes; what one sends the other receives, a second later."""
    rules = """
[[rules]]
name = "always"
when = "message_received"
then = { reply = "thanks", reply_every = "1m" }

[[rules]]
name = "too"
when = "message_received"
if = { all_words = ["never"] }
then = { reply = "closed" }
"""
    one, two = (open_desk(server, tmp_path / name / "home", rules) for name in ("one", "two"))
    # The other one has another text, so that no echo ends it.
    (tmp_path / "two" / "home" / "templates" / "thanks.toml").write_text('body = "We got it, thank you."\n')
    desks, contacts = (one, two), ("+14155567001", "+14155567002")
    body, exchanged = "Hello?", 0
    for turn in range(20):
        desk, contact = desks[turn % 2], contacts[turn % 2]
        desk.now = one.now = two.now = max(one.now, two.now) + timedelta(seconds=90)
        desk.receive(body, contact)
        if outcomes(desk.act()).get("always") != "sent":
            break
        exchanged += 1
        body = bodies(desk, contact)[0]
    for desk in desks:
        desk.wb.close()
    assert 1 <= exchanged <= 6
    assert max(one.sent(*contacts).values()) <= 3


def test_an_echo_ends_at_once(desk: Desk) -> None:
    contact, _ = ask(desk, "order")
    message = inbound(
        desk.server, "Your order: thanks!", SENDER, to=contact, direction="outbound-api", status="delivered",
        date_created=desk.now, **{"from": SENDER},
    )  # fmt: skip
    desk.bring([message])
    _, fired = ask(desk, "Your order: Thanks!", contact)
    assert outcomes(fired)["first"] == "skipped: It repeats a text of ours, as machines do."
    assert message_row(message).body == "Your order: thanks!"

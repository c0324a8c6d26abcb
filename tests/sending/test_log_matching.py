"""What Twilio's log says about messages that were begun: never two, and nothing on a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.message import MessageRow, message_row
from workbench.sending.log_matching import UnreadableRow, match_intents
from workbench.sending.outbox import Intent
from workbench.sending.outgoing import fingerprint

BEGAN = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
TO, FROM = "+14155550123", "+14155550104"
LATER = BEGAN + timedelta(minutes=5)


SM1, SM2, SM3, SM4, SM5 = (f"SM{number:032x}" for number in range(1, 6))


def intent(key: str = "a", body: str | None = "Hello", at: float = 0.0, **changes: Any) -> Intent:
    fields: dict[str, Any] = {
        "key": key, "attempt": 1, "state": "intended", "intended_at": BEGAN + timedelta(seconds=at),
        "account_sid": "AC" + "0" * 32, "contact": TO, "sender": FROM, "messaging_service_sid": None,
        "batch": "b", "fingerprint": None if body is None else fingerprint(body), "segments": 1,
        "media_count": 0, "send_at": None,
        "price": None, "currency": None, "actor": "local:test", "owner": "here/1",
    }  # fmt: skip
    return Intent(**(fields | changes))


def logged(
    sid: str, body: str = "Hello", at: float = 1.0, sides: dict[str, str | None] | None = None, **changes: Any
) -> MessageRow:
    created = (BEGAN + timedelta(seconds=at)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    payload = {
        "sid": sid, "account_sid": "AC" + "0" * 32, "from": FROM, "to": TO, "body": body, "status": "queued",
        "direction": "outbound-api", "date_created": created, "num_segments": "1",
    }  # fmt: skip
    return message_row(payload | changes | (sides or {}))


def decide(intents: list[Intent], rows: list[MessageRow], **changes: Any) -> dict[str, str]:
    options: dict[str, Any] = {
        "claimed": set(), "clock_offset": timedelta(0), "now": LATER, "settle_after": timedelta(seconds=120),
    }  # fmt: skip
    matches = match_intents(
        intents, rows, contact_of=lambda row: row.contact, fingerprint_of=lambda row: fingerprint(row.body or
        ""), **(options | changes),
    )  # fmt: skip
    return {key: match.row.message_sid if match.row else match.answer for key, match in matches.items()}


def test_found_is_accepted_and_missing_is_absent_once_it_is_late_enough() -> None:
    assert decide([intent()], [logged(SM1)]) == {"a": SM1}
    assert decide([intent()], []) == {"a": "absent"}
    assert decide([intent()], [], now=BEGAN + timedelta(seconds=119)) == {"a": "undecided"}
    assert decide([intent()], [logged(SM1)], now=BEGAN + timedelta(seconds=2)) == {"a": SM1}


def test_only_a_message_that_could_be_ours_counts() -> None:
    others = [
        logged(SM1, to="+14155550999"), logged(SM2, sides={"from": "+12065550101"}), logged(SM3,
        direction="inbound", sides={"from": TO, "to": FROM}), logged(SM4, at=-60), logged(SM5, at=1000),
    ]  # fmt: skip
    assert decide([intent()], others) == {"a": "absent"}
    assert decide([intent()], [logged(SM1)], claimed={SM1}) == {"a": "absent"}


def test_another_text_to_the_same_person_leaves_it_open() -> None:
    assert decide([intent()], [logged(SM1, body="Sent from your trial account - Hello")]) == {
        "a": "undecided"
    }


def test_a_text_that_twilio_changed_for_gsm_is_recognised() -> None:
    assert decide([intent(body="“Hi” — ok ")], [logged(SM1, body='"Hi" - ok')]) == {"a": SM1}


def test_by_service_the_sender_does_not_matter() -> None:
    service = "MG" + "0" * 32
    mine = intent(sender=None, messaging_service_sid=service)
    assert decide([mine], [logged(SM1, sides={"from": None, "messaging_service_sid": service})]) == {"a": SM1}
    assert decide([mine], [logged(SM1)]) == {"a": "absent"}


def test_twilios_clock_counts_not_ours() -> None:
    ahead = timedelta(minutes=20)
    assert decide([intent()], [logged(SM1, at=1201)], clock_offset=ahead) == {"a": SM1}
    assert decide([intent()], [logged(SM1, at=1)], clock_offset=ahead) == {"a": "absent"}


def test_a_content_template_has_no_text_to_compare() -> None:
    assert decide([intent(body=None)], [logged(SM1, body="Filled in by Twilio")]) == {"a": SM1}
    two = [logged(SM1, body="One"), logged(SM2, body="Two")]
    assert decide([intent(body=None)], two) == {"a": "undecided"}


def test_somebody_sending_the_same_right_now_leaves_it_open() -> None:
    rival = intent("other", at=2)
    assert decide([intent()], [logged(SM1)], rivals=[rival]) == {"a": "undecided"}
    assert decide([intent()], [logged(SM1), logged(SM2, at=3)], rivals=[rival]) == {"a": SM1}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (UnreadableRow("no dates"), "undecided"),
        (UnreadableRow("no text", SM1, TO, BEGAN + timedelta(seconds=1)), "undecided"),
        (UnreadableRow("no text", SM1, TO, BEGAN - timedelta(seconds=29)), "undecided"),
        (UnreadableRow("no text", SM1, TO, BEGAN + timedelta(minutes=14)), "undecided"),
        (UnreadableRow("no text", SM1, TO, BEGAN - timedelta(seconds=31)), "absent"),
        (UnreadableRow("no text", SM1, TO, BEGAN + timedelta(minutes=16)), "absent"),
        (UnreadableRow("no text", SM1, "+14155550999", BEGAN), "absent"),
        (UnreadableRow("no text", SM1, TO, BEGAN, is_inbound=True), "absent"),
        (UnreadableRow("no text", SM2, TO, BEGAN), "absent"),
    ],
)
def test_a_row_that_cannot_be_read_leaves_open_only_what_it_may_be(row: UnreadableRow, expected: str) -> None:
    assert decide([intent()], [], unreadable=[row], claimed={SM2}) == {"a": expected}
    assert decide([intent()], [logged(SM3)], unreadable=[row], claimed={SM2}) == {"a": SM3}
    template = decide([intent(body=None)], [logged(SM3)], unreadable=[row], claimed={SM2})
    assert template == {"a": SM3 if expected == "absent" else "undecided"}


@given(
    texts=st.lists(st.sampled_from(["Hello", "Bye", "“Hello”"]), min_size=1, max_size=6),
    arrived=st.lists(st.booleans(), min_size=6, max_size=6),
    late=st.booleans(),
)
def test_what_is_sent_afterwards_makes_exactly_one_of_each(
    texts: list[str], arrived: list[bool], late: bool
) -> None:
    """However many intents with whatever texts, and whichever of them arrived: those that are then sent
    again, together with those in the log, are as many of each text as were meant."""
    intents = [intent(str(index), text, at=index) for index, text in enumerate(texts)]
    rows = [
        logged(f"SM{index:032x}", text, at=index + 0.5) for index, text in enumerate(texts) if arrived[index]
    ]
    now = LATER if late else BEGAN + timedelta(seconds=10)
    found = decide(intents, rows, now=now)
    sids = [answer for answer in found.values() if answer.startswith("SM")]
    assert len(sids) == len(set(sids)) == len(rows)
    again = [intents[int(key)].fingerprint for key, answer in found.items() if answer == "absent"]
    if not late:
        assert again == []
        return
    ended = sorted([*again, *(fingerprint(row.body or "") for row in rows)], key=str)
    assert ended == sorted((fingerprint(text) for text in texts), key=str)

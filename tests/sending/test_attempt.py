"""One attempt's result, from what preflight, the outbox, Twilio and its log say of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.sending.test_log_matching import SM1, SM2, intent, logged
from workbench.messaging.segments import count_segments
from workbench.sending.attempt import HELD_UP, INTERRUPTED, STOPPED, Attempt
from workbench.sending.log_matching import LogMatch
from workbench.sending.outbox import Claim
from workbench.sending.outgoing import Outgoing
from workbench.sending.verdicts import PreflightResult, Reason, RecipientFacts
from workbench.twilio.sending import Accepted, Outcome, SendRefused, Unclear

CHECKED = PreflightResult(
    Outgoing("+14155550123", "Hello", sender="+14155550104"), RecipientFacts(), count_segments("Hello")
)
SCHEDULED = replace(CHECKED, outgoing=replace(CHECKED.outgoing, send_at=datetime(2026, 12, 1, 9, tzinfo=UTC)))
BLOCKED = replace(CHECKED, reasons=(Reason("opted out", "block", "Opted out on 2026-11-01."),))
SENT_BEFORE = replace(CHECKED, facts=RecipientFacts(sent_as=SM1))
MINE = Claim("mine", intent())
LOST = Unclear("The answer was lost.")


def told(attempt: Attempt) -> tuple[str, str | None, bool, str]:
    result = attempt.result()
    return result.state, result.message_sid, result.can_retry, result.why()


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        (SENT_BEFORE, ("already_sent", SM1, False, "")),
        (BLOCKED, ("blocked", None, False, "Opted out on 2026-11-01.")),
    ],
)
def test_what_preflight_decided_stands(checked: PreflightResult, expected: tuple[object, ...]) -> None:
    attempt = Attempt(checked, "a")
    assert attempt.is_decided
    assert told(attempt) == expected


@pytest.mark.parametrize(
    ("claim", "state", "sid", "why"),
    [
        (None, "unclear", None, "is being sent by another cell or process right now"),
        (Claim("busy", intent()), "unclear", None, "is being sent by another cell or process right now"),
        (Claim("sent", intent(message_sid=SM2)), "already_sent", SM2, ""),
        (Claim("opted out", intent()), "blocked", None, "Opted out a moment ago."),
        (Claim("abandoned", intent()), "unclear", None, "Twilio's log does not tell yet."),
        (Claim("abandoned", intent(problem="Look again later.")), "unclear", None, "Look again later."),
    ],
)
def test_what_is_not_ours_is_not_sent(claim: Claim | None, state: str, sid: str | None, why: str) -> None:
    attempt = Attempt(CHECKED, "a", claim)
    assert not attempt.is_claimed
    result = attempt.result()
    assert (result.state, result.message_sid, result.can_retry) == (state, sid, False)
    assert why in result.why()


@pytest.mark.parametrize(
    ("outcome", "expected", "recorded"),
    [
        (STOPPED, ("stopped", None, False, "Stopped before its turn; nothing was sent."), "unsent"),
        (
            HELD_UP,
            ("failed", None, True, "This process was held up too long; nothing was sent. Run it again."),
            "unsent",
        ),
        (INTERRUPTED, ("unclear", None, False, "It was interrupted before Twilio's answer."), "unclear"),
        (Accepted(SM1, {}), ("sent", SM1, False, ""), "accepted"),
        (SendRefused(400, 21211, "Invalid 'To'."), ("failed", None, False, "Invalid 'To'."), "refused"),
        (SendRefused(400, 21611, "Queue full."), ("failed", None, True, "Queue full."), "refused"),
        (SendRefused(429, None, "Too many."), ("failed", None, True, "Too many."), "refused"),
    ],
)
def test_each_outcome_has_its_result_and_its_state_in_the_outbox(
    outcome: Outcome, expected: tuple[object, ...], recorded: str
) -> None:
    attempt = Attempt(CHECKED, "a", MINE, outcome)
    assert told(attempt) == expected
    assert attempt.ended_intent().state == recorded


def test_a_claimed_message_whose_request_was_not_made_is_stopped() -> None:
    assert Attempt(CHECKED, "a", MINE).result().state == "stopped"


def test_a_scheduled_message_is_scheduled() -> None:
    assert told(Attempt(SCHEDULED, "a", MINE, Accepted(SM1, {}))) == ("scheduled", SM1, False, "")


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (None, ("unclear", None, False, "The answer was lost.")),
        (LogMatch("accepted", logged(SM2)), ("sent", SM2, False, "")),
        (LogMatch("absent"), ("unclear", None, False, "The answer was lost.")),
        (
            LogMatch("undecided", reason="Look again later."),
            ("unclear", None, False, "The answer was lost. Look again later."),
        ),
    ],
)
def test_the_log_decides_an_unclear_outcome(match: LogMatch | None, expected: tuple[object, ...]) -> None:
    assert told(Attempt(CHECKED, "a", MINE, LOST, match)) == expected

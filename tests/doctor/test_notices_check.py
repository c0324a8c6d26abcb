"""The doctor's check of notifications: what did not arrive, and to whom."""

from __future__ import annotations

from datetime import timedelta

from tests.doctor.conftest import NOW, Patient
from workbench.lake.notifications import NotificationDelivery, end_notice

AT = NOW - timedelta(hours=1)


def delivery(number: int, outcome: str, attempt: int = 1) -> NotificationDelivery:
    text = "the service answered with HTTP 500" if outcome == "failed" else "taken"
    at = AT + timedelta(minutes=attempt)
    return NotificationDelivery(
        f"d{number}-{attempt}",
        f"k{number}-{attempt}",
        f"n{number}",
        "ana",
        "mail",
        attempt,
        at,
        at,
        outcome,
        text,
    )


def test_what_arrived_at_last_is_fine_and_what_did_not_is_said(patient: Patient) -> None:
    assert patient.states("notifications") == [("fine", "")]
    end_notice(patient.lake, [delivery(1, "failed"), delivery(1, "delivered", 2)])
    assert patient.states("notifications") == [("fine", "")]
    end_notice(patient.lake, [delivery(2, "failed"), delivery(3, "failed")])
    (result,) = patient.results("notifications")
    assert (result.state, result.subject) == ("warning", "ana")
    assert "2 notices by mail did not arrive" in result.evidence
    assert "the service answered with HTTP 500" in result.evidence
    assert "workbench notifications test ana" in result.repair

"""The doctor's checks of the worker and of event webhooks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.doctor.conftest import NOW, Patient
from tests.events.receiver import webhook_settings
from workbench.doctor.worker_state import ConsumerState, WorkerState, write_worker_state
from workbench.events.webhooks import find_webhook
from workbench.lake.event_deliveries import DeliveryState, EventDelivery, save_deliveries, save_gone
from workbench.lake.lock import only_one


def test_a_worker_that_is_missing_late_or_has_a_stuck_consumer(patient: Patient) -> None:
    home = patient.settings.home
    assert patient.states("worker") == [("skipped", "")]
    with only_one(home / "hooks.lock", "hooks process"):
        (result,) = patient.results("worker")
        assert (result.state, "the worker does not" in result.evidence) == ("failure", True)
        with only_one(home / "worker.lock", "worker process"):
            stuck = ConsumerState(3, NOW - timedelta(hours=1), "ConfigError")
            write_worker_state(home, WorkerState(NOW, NOW, "", {"event webhooks": stuck}))
            assert patient.states("worker") == [("fine", ""), ("failure", "event webhooks")]
            once = ConsumerState(2, NOW, "LakeBusy")
            write_worker_state(home, WorkerState(NOW, NOW, "", {"event webhooks": once}))
            assert patient.states("worker") == [("fine", "")]
            late = NOW - timedelta(minutes=3)
            write_worker_state(home, WorkerState(late, late, "LakeBusy"))
            (result,) = patient.results("worker")
            assert result.evidence.endswith("compared the lake with the feed for 3 min (LakeBusy).")
            assert result.state == "failure"


@pytest.mark.parametrize(
    ("state", "age", "expected"),
    [
        ("delivered", timedelta(days=2), "fine"),
        ("waiting", timedelta(minutes=4), "fine"),
        ("waiting", timedelta(minutes=6), "warning"),
        ("dead", timedelta(0), "warning"),
    ],
)
def test_deliveries_that_wait_or_were_given_up(
    patient: Patient, state: DeliveryState, age: timedelta, expected: str
) -> None:
    assert patient.states("event-webhooks") == [("skipped", "")]
    patient.settings = webhook_settings(patient.settings.home, "https://shop.example.com")
    delivery = EventDelivery("shop", 1, "evt_1", "test", None, "test", state, 1, NOW, NOW - age)
    patient.lake.write(lambda cursor: save_deliveries(cursor, [delivery]))
    assert patient.states("event-webhooks") == [(expected, "shop")]


def test_a_receiver_that_is_gone(patient: Patient) -> None:
    patient.settings = webhook_settings(patient.settings.home, "https://shop.example.com")
    gone = find_webhook(patient.settings, "shop").address_hash
    patient.lake.write(lambda cursor: save_gone(cursor, "shop", gone, NOW))
    assert patient.states("event-webhooks") == [("failure", "shop")]
    patient.settings = webhook_settings(patient.settings.home, "https://other.example.com")
    assert patient.states("event-webhooks") == [("fine", "shop")]

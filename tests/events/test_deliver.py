"""Deliveries: in order per conversation, tried again, given up, replayed; and what is in a body."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.events.receiver import Arrival, Receiver, receiving, webhook_settings
from tests.lake.feeding import begin_feed, hear, outbound, question, sid, sync
from tests.lakes import begin_lake
from workbench import Workbench
from workbench.events.deliver import WebhookRunner
from workbench.events.post import WebhookAnswer
from workbench.events.retries import ended
from workbench.lake import Lake
from workbench.lake.event_deliveries import EventDelivery, read_deliveries_of
from workbench.lake.feed import append_feed
from workbench.settings import Settings

ANN, BEN = "+14155550123", "+14155550456"
CONTENT_OF_ANN = "My door code is 4711"


def now() -> datetime:
    return datetime.now(UTC)


class Desk:
    """A lake, its settings and the receiver that they name."""

    def __init__(self, lake: Lake, settings: Settings, receiver: Receiver) -> None:
        self.lake, self.settings, self.receiver = lake, settings, receiver
        self.runner = WebhookRunner()
        self.work()

    def write(self, number: int, contact: str, text: str = "Hello?") -> None:
        sync(self.lake, question(number, contact, text, now() - timedelta(seconds=100 - number)))

    def work(self) -> None:
        append_feed(self.lake, now())
        self.runner.run(self.lake, self.settings, now())

    def states(self) -> list[str]:
        return [each.state for each in reversed(read_deliveries_of(self.lake))]

    def make_due(self) -> None:
        self.lake.write(
            lambda cursor: cursor.execute(
                "update event_deliveries set due_at = now() - interval 1 minute where state = 'waiting'"
            )
        )


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    with receiving() as receiver:
        settings = webhook_settings(home, receiver.url, 'events = ["message.received", "message.status"]')
        with begin_lake(settings) as lake:
            yield Desk(begin_feed(lake, now() - timedelta(hours=1)), settings, receiver)


def test_a_body_masks_numbers_and_has_no_text(desk: Desk) -> None:
    desk.write(1, ANN, CONTENT_OF_ANN)
    sync(desk.lake, outbound(2, BEN, "sent", now()))
    desk.work()
    hear(desk.lake, 2, "undelivered", 30003, now())
    desk.work()
    received, sent, undelivered = sorted(
        desk.receiver.bodies(), key=lambda body: (body["message"]["sid"], body["detail"].get("status", ""))
    )
    assert received == {
        "id": received["id"], "kind": "message.received", "happened_at": received["happened_at"],
        "account": "AC" + "0" * 32, "conversation": received["conversation"], "contact": "+1415***0123",
        "detail": {"keyword": None, "media": 0},
        "message": {
            "sid": sid(1), "direction": "inbound", "our_number": "+1202***0110", "attachments": 0,
        },
    }  # fmt: skip
    assert sent["detail"]["status"] == "sent"
    assert undelivered["detail"] == {"status": "undelivered", "previous": "sent", "error_code": 30003}
    raw = b"".join(arrival.raw for arrival in desk.receiver.arrivals)
    assert b"4711" not in raw
    assert b"4155550" not in raw


def test_numbers_and_texts_only_where_the_settings_say_so(desk: Desk) -> None:
    desk.settings = webhook_settings(
        desk.settings.home, desk.receiver.url, "whole_numbers = true\nmessage_texts = true"
    )
    desk.write(1, ANN, CONTENT_OF_ANN)
    desk.work()
    created, received = desk.receiver.bodies()
    assert (created["kind"], created["contact"]) == ("conversation.created", ANN)
    assert (received["contact"], received["message"]["text"]) == (ANN, CONTENT_OF_ANN)


def test_a_conversation_that_fails_keeps_its_order_and_holds_up_no_other(desk: Desk) -> None:
    def refuse_ann(arrival: Arrival) -> int:
        return 500 if arrival.body["contact"] == "+1415***0123" else 200

    desk.receiver.answer = refuse_ann
    for number in range(1, 7):
        desk.write(number, (ANN, BEN)[number % 2])
    desk.work()
    desk.work()
    arrived = [body["message"]["sid"] for body in desk.receiver.bodies()]
    assert sorted(arrived) == [sid(1), sid(2), sid(3), sid(5)]
    assert [each for each in arrived if each != sid(2)] == [sid(1), sid(3), sid(5)]
    first = next(arrival for arrival in desk.receiver.arrivals if arrival.body["message"]["sid"] == sid(2))
    desk.receiver.answer = lambda arrival: 200
    desk.receiver.arrivals.clear()
    desk.make_due()
    desk.work()
    assert [body["message"]["sid"] for body in desk.receiver.bodies()] == [sid(2), sid(4), sid(6)]
    assert desk.receiver.arrivals[0].id == first.id


def test_ten_attempts_within_a_day_then_it_is_given_up() -> None:
    start = datetime(2026, 9, 1, tzinfo=UTC)
    delivery = EventDelivery("shop", 1, "evt_1", "test", None, "test", "claimed", 1, start, start)
    rng, pauses = random.Random(1), []
    while (after := ended(delivery, WebhookAnswer(500, "HTTP 500"), delivery.due_at, rng)).state == "waiting":
        pauses.append((after.due_at - delivery.due_at).total_seconds())
        delivery = EventDelivery(**{**vars(after), "attempts": after.attempts + 1})
    assert (after.state, after.attempts, after.detail) == ("dead", 10, "HTTP 500")
    usual = [5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 46_800]
    assert all(0.8 * each <= pause <= 1.2 * each for each, pause in zip(usual, pauses, strict=True))
    assert 0.8 * 86_000 < sum(pauses) < 1.2 * 86_000


def test_what_was_given_up_is_replayed_with_its_id_and_audited(desk: Desk) -> None:
    desk.receiver.answer = lambda arrival: 503
    desk.write(1, ANN)
    desk.work()
    desk.lake.write(lambda cursor: cursor.execute("update event_deliveries set attempts = 9"))
    desk.make_due()
    desk.work()
    assert desk.states() == ["dead"]
    desk.receiver.answer = lambda arrival: 200
    with Workbench(desk.settings) as wb:
        assert wb.events.replay("shop") == 1
        assert wb.audit.show(action="events-replay")["subject"].tolist() == ["shop"]
        desk.work()
        shown = wb.events.deliveries("shop", state="delivered")
        assert shown[["position", "attempts", "detail"]].values.tolist() == [[2, 1, "HTTP 200"]]
        assert wb.events.replay("shop", positions=[2]) == 1
    desk.work()
    assert len({arrival.id for arrival in desk.receiver.arrivals}) == 1
    assert len(desk.receiver.arrivals) == 4


def test_a_receiver_that_is_gone_gets_nothing_until_a_test_is_taken(desk: Desk) -> None:
    desk.receiver.answer = lambda arrival: 410
    desk.write(1, ANN)
    desk.write(2, ANN)
    desk.work()
    desk.write(3, BEN)
    desk.work()
    assert (len(desk.receiver.arrivals), desk.states()) == (1, ["dead", "dead", "dead"])
    with Workbench(desk.settings) as wb:
        assert wb.events.webhooks()[["state", "dead"]].values.tolist() == [["gone", 3]]
        assert wb.events.test()["outcome"].tolist() == ["failed"]
        desk.receiver.answer = lambda arrival: 200
        assert wb.events.test("shop")["outcome"].tolist() == ["delivered"]
        assert desk.receiver.bodies()[-1]["kind"] == "test"
        assert wb.events.webhooks()["state"].tolist() == ["on"]
        assert wb.events.replay("shop") == 3
    desk.work()
    assert desk.states() == ["delivered"] * 3


def test_a_claim_without_an_outcome_is_sent_again_with_its_id(desk: Desk) -> None:
    desk.write(1, ANN)
    desk.work()
    desk.lake.write(
        lambda cursor: cursor.execute("update event_deliveries set state = 'claimed', ended_at = null")
    )
    WebhookRunner().run(desk.lake, desk.settings, now())
    assert len(desk.receiver.arrivals) == 2
    assert len({arrival.id for arrival in desk.receiver.arrivals}) == 1
    assert [(each.state, each.attempts) for each in read_deliveries_of(desk.lake)] == [("delivered", 2)]


def test_a_silent_receiver_is_left_alone_for_a_while_and_nothing_is_lost(home: Path) -> None:
    asked: list[str] = []

    def silent(webhook: object, webhook_id: str, body: bytes) -> WebhookAnswer:
        asked.append(webhook_id)
        return WebhookAnswer(None, "no answer (ConnectError)")

    settings = webhook_settings(home, "https://shop.example.com", 'events = ["message.received"]')
    runner = WebhookRunner(silent)
    with begin_lake(settings) as lake:
        begin_feed(lake, now() - timedelta(hours=1))
        runner.run(lake, settings, now())
        sync(lake, *(question(n, f"+1415555{n:04d}", at=now()) for n in range(100, 160)))
        append_feed(lake, now())
        next_at = runner.run(lake, settings, now())
        assert len(asked) < 20
        assert next_at is not None
        assert next_at > now() + timedelta(seconds=1)
        runner.run(lake, settings, now())
        waiting = read_deliveries_of(lake, limit=100)
        assert [each.state for each in waiting] == ["waiting"] * 60
        assert sum(each.attempts for each in waiting) == len(asked)


def test_switched_off_in_the_settings_it_gets_nothing_then_or_later(desk: Desk) -> None:
    on, off = desk.settings, webhook_settings(desk.settings.home, desk.receiver.url, "enabled = false")
    desk.receiver.answer = lambda arrival: 500
    desk.write(1, ANN)
    desk.work()
    desk.settings = off
    desk.write(2, ANN)
    desk.work()
    assert desk.states() == ["dead"]
    desk.settings, desk.receiver.answer = on, lambda arrival: 200
    desk.receiver.arrivals.clear()
    desk.work()
    desk.write(3, ANN)
    desk.work()
    assert [body["message"]["sid"] for body in desk.receiver.bodies()] == [sid(3)]


def test_an_erased_person_is_in_no_event_and_no_delivery(desk: Desk) -> None:
    desk.receiver.answer = lambda arrival: 500
    desk.write(1, ANN)
    desk.write(2, BEN)
    desk.work()
    with Workbench(desk.settings) as wb:
        wb.subject.erase(ANN, local_only=True, confirm=True)
    desk.receiver.answer = lambda arrival: 200
    desk.receiver.arrivals.clear()
    desk.make_due()
    desk.work()
    assert {body["contact"] for body in desk.receiver.bodies()} == {"+1415***0456"}
    tables = desk.lake.rows("select * from feed_events") + desk.lake.rows("select * from event_deliveries")
    assert sid(1) not in str(tables)
    assert ANN not in str(tables)

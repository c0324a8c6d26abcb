"""Webhooks in the lake: any order, any number of times, before and after the list tells of their message."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, strategies
from hypothesis import settings as hypothesis_settings

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from workbench.lake import Lake
from workbench.lake.consent import Side, find_suppressions
from workbench.lake.erased import save_erased
from workbench.lake.save import Saved, message_table, save_messages
from workbench.lake.statuses import (
    StatusCallback,
    StatusesSaved,
    WaitingMessage,
    forget_waiting,
    read_waiting,
)
from workbench.lake.webhooks import InboundWebhook, StatusWebhook, WebhooksSaved, save_webhooks
from workbench.messaging.message import message_row

CREATED = datetime(2026, 9, 1, 12, tzinfo=UTC)
NOW = datetime(2026, 9, 1, 12, 1, tzinfo=UTC)


def sid(number: int) -> str:
    return f"SM{number:032x}"


def status(number: int, status: str, error: int | None = None, at: datetime = NOW) -> StatusWebhook:
    return StatusWebhook(StatusCallback(sid(number), ACCOUNT, status, error, at), None)


def inbound(number: int, body: str = "Hello", at: datetime = NOW, fields: str = "{}") -> InboundWebhook:
    sides = {"from": CONTACT, "to": SENDER, "direction": "inbound", "status": "received"}
    nothing = {"price": None, "price_unit": None, "date_sent": None, "date_updated": None}
    row = message_row(payload(number, body=body, date_created=at, **sides, **nothing))
    return InboundWebhook(row, fields)


def take(lake: Lake, *webhooks: StatusWebhook | InboundWebhook) -> WebhooksSaved:
    return lake.write(lambda cursor: save_webhooks(cursor, webhooks, NOW))


def sync(lake: Lake, *payloads: dict[str, Any]) -> Saved:
    table = message_table([message_row(item) for item in payloads])
    return lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


def state(lake: Lake) -> list[tuple[Any, ...]]:
    """What order must not change: the messages, and the events but for when they were heard."""
    messages = lake.rows(
        "select message_sid, status, status_rank, error_code, body, date_created from raw_messages order by 1"
    )
    events = lake.rows("select message_sid, status, error_code from status_events order by all")
    waiting = lake.rows("select message_sid, status, error_code from waiting_statuses order by all")
    return [*messages, *events, *waiting]


def test_a_callback_moves_the_message_and_its_repetition_nothing(lake: Lake) -> None:
    sync(lake, payload(1, status="queued"))
    assert take(lake, status(1, "sent")) == WebhooksSaved(StatusesSaved(1, 1, 0), Saved())
    snapshot = lake.snapshot_id()
    assert take(lake, status(1, "sent"), status(1, "sent")).statuses == StatusesSaved(0, 0, 0)
    assert lake.snapshot_id() == snapshot, "a repetition leaves no trace"
    take(lake, status(1, "undelivered", 30003))
    assert lake.rows("select status, error_code from messages") == [("undelivered", 30003)]
    take(lake, status(1, "sending"))
    assert lake.rows("select status, error_code from messages") == [("undelivered", 30003)]
    events = [("sending", None), ("sent", None), ("undelivered", 30003)]
    assert lake.rows("select status, error_code from status_events order by all") == events


_NEWS = [
    status(1, "sent"), status(1, "delivered"), status(1, "undelivered", 30003),
    status(1, "undelivered", 30005), status(1, "brand_new"), status(1, "another_new"), status(2, "sent"),
    status(2, "failed", 21610),
]  # fmt: skip
_STEPS: list[Any] = [*_NEWS, *_NEWS[:2], "list"]
_LISTED = [payload(1, status="queued", price=None), payload(2, status="accepted", price=None)]


def _play(lake: Lake, steps: list[Any]) -> list[tuple[Any, ...]]:
    for name in ("raw_messages", "status_events", "waiting_statuses", "consent_events"):
        lake.write(lambda cursor, name=name: cursor.execute(f"delete from {name}"))  # type: ignore[misc]
    for step in steps:
        if step == "list":
            sync(lake, *_LISTED)
        else:
            take(lake, step)
    return [*state(lake), *lake.rows("select event_id from consent_events order by all")]


@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(strategies.permutations(_STEPS))
def test_every_order_ends_the_same(lake: Lake, steps: list[Any]) -> None:
    ended = _play(lake, steps)
    assert ended[:2] == [
        (sid(1), "delivered", 120, None, "Your parcel is on its way.", CREATED),
        (sid(2), "failed", 90, 21610, "Your parcel is on its way.", CREATED),
    ]
    assert ended[2:-1] == [
        (sid(1), "another_new", None), (sid(1), "brand_new", None), (sid(1), "delivered", None),
        (sid(1), "sent", None), (sid(1), "undelivered", 30003), (sid(1), "undelivered", 30005),
        (sid(2), "failed", 21610), (sid(2), "sent", None),
    ]  # fmt: skip
    assert ended[-1] == (f"{sid(2)}:opt-out",)


def test_what_comes_before_its_message_waits_for_it(lake: Lake) -> None:
    assert take(lake, status(1, "delivered"), status(1, "sent")).statuses == StatusesSaved(2, 0, 2)
    assert take(lake, status(1, "sent")).statuses == StatusesSaved(0, 0, 0)
    with lake.cursor() as cursor:
        assert read_waiting(cursor, 10) == [WaitingMessage(ACCOUNT, sid(1), NOW)]
    sync(lake, payload(1, status="queued"), payload(2))
    assert lake.rows("select status from messages order by message_sid") == [("delivered",), ("delivered",)]
    assert lake.value("select count(*) from waiting_statuses") == 0


def test_what_never_gets_its_message_can_be_forgotten_and_its_events_stay(lake: Lake) -> None:
    take(lake, status(1, "sent"))
    lake.write(lambda cursor: forget_waiting(cursor, [sid(1)]))
    assert lake.rows("select status from status_events") == [("sent",)]
    assert lake.value("select count(*) from waiting_statuses") == 0


def test_a_scheduled_message_is_found_a_month_after_its_creation(lake: Lake) -> None:
    sync(lake, payload(1, status="scheduled", date_created=CREATED - timedelta(days=35)))
    assert take(lake, status(1, "sent")).statuses == StatusesSaved(1, 1, 0)


def test_an_inbound_message_comes_once_and_gets_its_true_date(lake: Lake) -> None:
    late = CREATED + timedelta(seconds=3)
    assert take(lake, inbound(1, at=late)).inbound == Saved(added=1)
    assert take(lake, inbound(1, at=late + timedelta(days=300))).inbound == Saved()
    sides = {"from": CONTACT, "to": SENDER, "direction": "inbound", "status": "received", "body": "Hello"}
    assert sync(lake, payload(1, date_created=CREATED, **sides)) == Saved(changed=1)
    assert lake.rows("select date_created, spend is null from messages") == [(CREATED, False)]
    assert lake.value("select count(*) from guessed_dates") == 0
    assert take(lake, inbound(1, at=late)).inbound == Saved()


def test_a_clock_that_is_far_off_brings_nothing_twice(lake: Lake) -> None:
    sides = {"from": CONTACT, "to": SENDER, "direction": "inbound", "status": "received", "body": "Hello"}
    for number, skew in enumerate(
        (timedelta(hours=-30), timedelta(hours=30), timedelta(days=-9000)), start=1
    ):
        take(lake, inbound(number, at=CREATED + skew))
        sync(lake, payload(number, date_created=CREATED, **sides))
    assert lake.rows("select count(*), count(distinct message_sid), min(date_created), max(date_created) "
                     "from raw_messages") == [(3, 3, CREATED, CREATED)]  # fmt: skip


def test_a_webhook_after_the_list_brings_no_text_back(lake: Lake) -> None:
    sides = {"from": CONTACT, "to": SENDER, "direction": "inbound", "status": "received"}
    sync(lake, payload(1, body="", **sides))
    assert take(lake, inbound(1, body="a secret")).inbound == Saved()
    assert lake.rows("select body from raw_messages") == [("",)]


def test_a_stop_is_in_force_with_the_commit(lake: Lake) -> None:
    take(lake, inbound(1, body="stop"))
    with lake.cursor() as cursor:
        assert list(find_suppressions(cursor, [CONTACT], Side(ACCOUNT, SENDER))) == [CONTACT]


def test_the_rest_of_a_webhook_is_kept_once(lake: Lake) -> None:
    take(lake, inbound(1, fields='{"WaId":"1"}'), inbound(1, fields='{"WaId":"1"}'))
    take(lake, inbound(1, fields='{"WaId":"1"}'))
    assert lake.rows("select kind, status, fields from webhook_fields") == [
        ("inbound", "received", '{"WaId":"1"}')
    ]


def test_nothing_of_an_erased_person_comes_back_with_a_webhook(lake: Lake) -> None:
    digits = CONTACT[1:]
    lake.write(lambda cursor: save_erased(cursor, [CONTACT], "e1", CREATED))
    whatsapp = f'{{"WaId":"{digits}","ProfileName":"Ann"}}'
    told = StatusWebhook(
        StatusCallback(sid(7), ACCOUNT, "sent", None, NOW), f'{{"ChannelToAddress":"{CONTACT}"}}'
    )
    stranger = inbound(8, f"call {CONTACT},{digits}", fields=f'{{"ReferralBody":"{digits} {CONTACT}"}}')
    row = stranger.message._replace(contact="+14155550199", from_address="+14155550199")
    take(lake, inbound(6, "STOP", fields=whatsapp), told, replace(stranger, message=row))
    assert lake.rows("select message_sid, body from raw_messages") == [
        (sid(8), "call [erased],[erased]"),
    ]
    assert sorted(lake.rows("select message_sid, fields from webhook_fields")) == [
        (sid(7), '{"ChannelToAddress":"[erased]"}'),
        (sid(8), '{"ReferralBody":"[erased] [erased]"}'),
    ]
    # The list tells that message 7 was theirs: what its callback said goes, and nobody asks for it again.
    row = message_row(payload(7, to=CONTACT))
    lake.write(lambda cursor: save_messages(cursor, message_table([row]), source="sync", received_at=NOW))
    with lake.cursor() as cursor:
        assert read_waiting(cursor, 9) == []
    assert lake.rows("select message_sid from status_events where message_sid = ?", [sid(7)]) == []
    assert lake.rows("select message_sid from webhook_fields") == [(sid(8),)]

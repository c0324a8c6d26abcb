"""The official client, pointed here, finds an account like any other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList

from tests.simulator.conftest import Api
from workbench.simulator import Fault


@contextmanager
def client_for(api: Api) -> Iterator[Client]:
    """A client whose every product talks to the stand-in."""
    client = Client(api.account.account_sid, api.account.auth_token)
    products = (client.api, client.content, client.lookups, client.messaging, client.pricing, client.monitor)
    for product in products:
        product.base_url = api.server.url
    yield client
    client.http_client.session.close()


@pytest.fixture(scope="module")
def client(quiet: Api) -> Iterator[Client]:
    """Of the shared account: for looking only."""
    with client_for(quiet) as client:
        yield client


@pytest.fixture
def own_client(simulator: Api) -> Iterator[Client]:
    """Of this test's own account."""
    with client_for(simulator) as client:
        yield client


def test_lists_messages_over_pages(client: Client, quiet: Api) -> None:
    messages = client.messages.list(page_size=500)
    assert [message.sid for message in messages] == [row["sid"] for row in quiet.walk(PageSize=1000)]
    assert messages[0].date_created.tzinfo is UTC or messages[0].date_created.utcoffset().total_seconds() == 0


def test_filters_by_day_and_address(client: Client, quiet: Api) -> None:
    day = datetime(2026, 8, 13, tzinfo=UTC)
    messages = client.messages.list(date_sent=date(2026, 8, 13), page_size=1000)
    assert {(message.date_sent or message.date_created).date() for message in messages} == {day.date()}
    after = client.messages.list(date_sent_after=datetime(2026, 9, 1, 12), page_size=1000)
    assert all((m.date_sent or m.date_created) >= datetime(2026, 9, 1, 12, tzinfo=UTC) for m in after)
    to = client.messages.list(to="+14155550104", limit=30)
    assert {message.direction for message in to} == {"inbound"}


def test_pages_forwards_and_back(client: Client) -> None:
    first = client.messages.page(page_size=20)
    sids = [message.sid for message in first]
    second = first.next_page()
    assert not {message.sid for message in second} & set(sids)
    assert [message.sid for message in second.previous_page()] == sids


def test_fetches_one_message_with_its_media(client: Client) -> None:
    message = next(m for m in client.messages.stream(page_size=1000) if m.num_media != "0")
    assert client.messages(message.sid).fetch().body == message.body
    media = client.messages(message.sid).media.list()
    assert len(media) == int(message.num_media)
    assert client.messages(message.sid).media(media[0].sid).fetch().content_type == "image/png"


def test_creates_redacts_and_deletes(simulator: Api, own_client: Client) -> None:
    client = own_client
    created = client.messages.create(to="+14155550177", from_="+14155550104", body="Hello")
    assert created.status == "queued"
    simulator.account.clock.advance(400_000)
    assert client.messages(created.sid).fetch().status in ("delivered", "undelivered", "sent", "failed")
    assert client.messages(created.sid).update(body="").body == ""
    assert client.messages(created.sid).delete()
    with pytest.raises(TwilioRestException) as missing:
        client.messages(created.sid).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_schedules_and_cancels(simulator: Api, own_client: Client) -> None:
    client = own_client
    created = client.messages.create(
        to="+14155550177",
        messaging_service_sid=simulator.account.main.service_sids[0],
        body="Later",
        schedule_type="fixed",
        send_at=datetime(2026, 9, 2, 9),
    )
    assert created.status == "scheduled"
    assert client.messages(created.sid).update(status="canceled").status == "canceled"


def test_refusals_carry_twilios_code(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="12", from_="+14155550104", body="Hello")
    assert (refused.value.status, refused.value.code) == (400, 21211)


def test_too_many_requests(simulator: Api, own_client: Client) -> None:
    simulator.server.runtime.faults.add(Fault("status", status=429, retry_after=1))
    with pytest.raises(TwilioException) as refused:
        own_client.messages.list(limit=5)
    assert refused.value.args[1].status_code == 429


def test_other_resources(client: Client, quiet: Api) -> None:
    assert [account.sid for account in client.api.accounts.list()] == [
        ledger.sid for ledger in quiet.account.ledgers
    ]
    numbers = client.incoming_phone_numbers.list()
    assert "+18335550108" in {number.phone_number for number in numbers}
    assert client.incoming_phone_numbers.list(phone_number="+18335550108")[0].capabilities["sms"] is True
    assert client.short_codes.list()[0].short_code == "55501"
    services = client.messaging.v1.services.list()
    assert [service.friendly_name for service in services] == ["Notifications", "Promotions", "Support"]
    pool = client.messaging.v1.services(services[0].sid)
    assert len(pool.phone_numbers.list(page_size=2)) == 5
    assert pool.alpha_senders.list()[0].alpha_sender == "DEMOSHOP"
    assert pool.us_app_to_person.list()[0].campaign_status == "VERIFIED"
    assert client.messaging.v1.brand_registrations.list()[0].status == "APPROVED"
    statuses = {
        verification.tollfree_phone_number: verification.status
        for verification in client.messaging.v1.tollfree_verifications.list()
    }
    assert statuses == {"+18335550108": "TWILIO_APPROVED", "+18445550109": "IN_REVIEW"}
    assert float(client.balance.fetch().balance) > 0
    assert {c.iso_country for c in client.pricing.v1.messaging.countries.list()} >= {"US", "GB", "DE"}
    assert client.pricing.v1.messaging.countries("US").fetch().outbound_sms_prices[0]["prices"]
    daily = client.usage.records.daily.list(
        category="sms", start_date=date(2026, 8, 10), end_date=date(2026, 8, 12)
    )
    assert [record.start_date for record in daily] == [
        date(2026, 8, 12),
        date(2026, 8, 11),
        date(2026, 8, 10),
    ]
    alerts = list(islice(client.monitor.v1.alerts.stream(), 3))
    assert all(alert.error_code.isdigit() for alert in alerts)


def test_finds_and_moves_numbers(simulator: Api, own_client: Client) -> None:
    client, store = own_client, simulator.account.subaccounts[0]
    assert [
        number.phone_number for number in client.incoming_phone_numbers.list(phone_number="+1206*****01")
    ] == ["+12065550101"]
    central = client.incoming_phone_numbers.list(phone_number="+13125550102")[0]
    pool = client.messaging.v1.services(simulator.account.main.service_sids[0]).phone_numbers
    assert pool(central.sid).delete() is True
    assert central.sid not in {member.sid for member in pool.list()}
    assert pool.create(phone_number_sid=central.sid).phone_number == "+13125550102"
    assert client.incoming_phone_numbers(central.sid).update(account_sid=store.sid).account_sid == store.sid
    moved = client.api.accounts(store.sid).incoming_phone_numbers(central.sid).fetch()
    assert moved.phone_number == "+13125550102"
    offer = client.available_phone_numbers("CA").local.list(area_code=416, limit=1)[0]
    assert (offer.phone_number, offer.capabilities["sms"]) == ("+14165550100", True)
    assert (
        client.incoming_phone_numbers.create(phone_number=offer.phone_number).phone_number == "+14165550100"
    )
    assert [country.country_code for country in client.available_phone_numbers.list()] == ["US", "CA"]


def test_sends_a_content_template(own_client: Client) -> None:
    content = own_client.content.v1.contents
    text = ContentList.TwilioText({"body": "Hi {{1}}, your {{order}} is here."})
    request = ContentList.ContentCreateRequest(
        {
            "friendly_name": "greeting",
            "language": "en",
            "variables": {"1": "customer"},
            "types": ContentList.Types({"twilio/text": text}),
        }
    )
    created = content.create(content_create_request=request)
    assert [(one.sid, one.variables) for one in content.list()] == [(created.sid, {"1": "customer"})]
    sent = own_client.messages.create(
        to="+14155550177",
        from_="+14155550104",
        content_sid=created.sid,
        content_variables='{"order": "lamp"}',
    )
    assert sent.body == "Hi customer, your lamp is here."
    assert content(created.sid).delete() is True
    assert content.list() == []


def test_looks_numbers_up_and_sets_triggers(own_client: Client) -> None:
    number = own_client.lookups.v2.phone_numbers("+442079460123").fetch(fields="line_type_intelligence")
    assert (number.valid, number.country_code, number.national_format) == (True, "GB", "020 7946 0123")
    assert number.line_type_intelligence["type"] == "landline"
    trigger = own_client.usage.triggers.create(
        callback_url="https://a.example/used", trigger_value="5", usage_category="sms", trigger_by="count"
    )
    assert [(one.sid, one.trigger_value) for one in own_client.usage.triggers.list()] == [
        (trigger.sid, "5.000000")
    ]
    assert int(trigger.current_value) > 100
    assert own_client.usage.triggers(trigger.sid).delete() is True

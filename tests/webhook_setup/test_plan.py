"""What has to change at Twilio: expected values written down from its API reference."""

from __future__ import annotations

from typing import Any

from workbench.webhook_setup.plan import WebhookChange, plan, without_password

URL = "https://sms.example.com"
IN, STATUS = f"{URL}/webhooks/twilio/inbound", f"{URL}/webhooks/twilio/status"
SERVICE: dict[str, Any] = {
    "sid": "MG" + "1" * 32, "friendly_name": "Campaigns", "inbound_request_url": "https://old.example/in",
    "inbound_method": "GET", "use_inbound_webhook_on_number": True, "status_callback": None,
}  # fmt: skip
NUMBER: dict[str, Any] = {
    "sid": "PN" + "2" * 32, "phone_number": "+12025550123", "sms_url": None, "sms_method": "POST",
    "sms_application_sid": "AP" + "3" * 32, "status_callback": "https://calls.example/voice",
    "capabilities": {"sms": True, "voice": True},
}  # fmt: skip
SHORT: dict[str, Any] = {"sid": "SC" + "4" * 32, "short_code": "55512", "sms_url": IN, "sms_method": "POST"}


def test_a_service_takes_over_from_its_numbers() -> None:
    (service, number) = plan(URL, [SERVICE], [NUMBER], [], {NUMBER["sid"]: SERVICE["sid"]})
    assert service.form == {
        "InboundRequestUrl": IN,
        "InboundMethod": "POST",
        "UseInboundWebhookOnNumber": "false",
        "StatusCallback": STATUS,
    }
    assert (number.changes, number.answered_by) == ((), "the messaging service 'Campaigns' overrides it")


def test_an_application_that_overrides_the_url_is_taken_off_and_calls_are_left_alone() -> None:
    (number,) = plan(URL, [], [NUMBER], [], {})
    assert number.form == {"SmsUrl": IN, "SmsApplicationSid": ""}
    assert number.changes[1].shown == f"SmsApplicationSid: AP{'3' * 32} → (none)  (it overrides SmsUrl)"
    assert number.name == "+1202***0123"
    assert "2025550123" not in repr(number)


def test_what_is_right_stays() -> None:
    right = {**SERVICE, "inbound_request_url": IN, "inbound_method": "POST", "status_callback": STATUS}
    right["use_inbound_webhook_on_number"] = False
    assert [item.changes for item in plan(URL, [right], [], [SHORT], {})] == [(), ()]


def test_a_number_for_calls_only_is_left_alone() -> None:
    (number,) = plan(URL, [], [{**NUMBER, "capabilities": {"sms": False, "voice": True}}], [], {})
    assert (number.changes, number.answered_by) == ((), "it cannot receive messages")


def test_a_password_in_an_old_address_is_never_shown() -> None:
    change = WebhookChange("SmsUrl", "https://user:secret@old.example/in", IN)
    assert change.shown == f"SmsUrl: https://***@old.example/in → {IN}"
    assert without_password(IN) == IN

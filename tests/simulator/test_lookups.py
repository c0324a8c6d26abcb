"""Lookups v2 and usage triggers. The first two numbers are those of Twilio's own examples."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Api

PACKAGES = (
    "caller_name", "sim_swap", "call_forwarding", "line_status", "line_type_intelligence", "identity_match",
    "reassigned_number", "sms_pumping_risk", "phone_number_quality_score", "pre_fill",
)  # fmt: skip


def test_the_two_examples_of_the_specification(quiet: Api) -> None:
    url = f"{quiet.server.url}/v2/PhoneNumbers"
    nothing: dict[str, Any] = dict.fromkeys(PACKAGES)
    assert quiet.get("/v2/PhoneNumbers/+14159929960") == nothing | {
        "calling_country_code": "1",
        "country_code": "US",
        "phone_number": "+14159929960",
        "national_format": "(415) 992-9960",
        "valid": True,
        "validation_errors": None,
        "url": f"{url}/+14159929960",
    }
    assert quiet.get("/v2/PhoneNumbers/+141599299600") == nothing | {
        "calling_country_code": None,
        "country_code": None,
        "phone_number": "+141599299600",
        "national_format": None,
        "valid": False,
        "validation_errors": ["TOO_LONG"],
        "url": f"{url}/+141599299600",
    }


@pytest.mark.parametrize(
    ("number", "query", "expected"),
    [
        ("+1415", {}, (False, "+1415", ["TOO_SHORT"])),
        ("+15555550123", {}, (False, "+15555550123", ["INVALID_BUT_POSSIBLE"])),
        ("+999123456", {}, (False, "+999123456", ["INVALID_COUNTRY_CODE"])),
        ("lamp", {}, (False, "lamp", ["NOT_A_NUMBER"])),
        ("(415) 992-9960", {}, (True, "+14159929960", None)),
        ("020 7946 0123", {"CountryCode": "GB"}, (True, "+442079460123", None)),
    ],
)
def test_numbers_in_other_forms(
    quiet: Api, number: str, query: dict[str, str], expected: tuple[bool, str, Any]
) -> None:
    row = quiet.get(f"/v2/PhoneNumbers/{number}", **query)
    assert (row["valid"], row["phone_number"], row["validation_errors"]) == expected


@pytest.mark.parametrize(
    ("number", "kind", "error"),
    [
        ("+442079460123", "landline", None),
        ("+447400100107", "mobile", None),
        ("+18335550108", "tollFree", None),
        ("+19005551234", "premium", None),
        ("+1415", "unknown", 60600),
    ],
)
def test_the_kind_of_line(quiet: Api, number: str, kind: str, error: int | None) -> None:
    row = quiet.get(f"/v2/PhoneNumbers/{number}", Fields="line_type_intelligence,sim_swap")
    line = row["line_type_intelligence"]
    assert (line["type"], line["error_code"]) == (kind, error)
    assert row["sim_swap"] == {"error_code": 60600}
    assert row["caller_name"] is None


def test_an_unknown_field_and_no_credentials(quiet: Api) -> None:
    answer = quiet.http.get("/v2/PhoneNumbers/+14159929960", params={"Fields": "horoscope"})
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert quiet.http.get("/v2/PhoneNumbers/+14159929960", auth=("AC", "x")).status_code == 401


def trigger(api: Api, **changes: str) -> Any:
    form = {"UsageCategory": "sms", "TriggerValue": "1000", "CallbackUrl": "https://a.example/used"}
    return api.http.post(f"{api.base}/Usage/Triggers.json", data=form | changes)


def test_a_usage_trigger_is_created_listed_changed_and_deleted(simulator: Api) -> None:
    created = trigger(simulator, FriendlyName="many", TriggerBy="count", Recurring="daily").json()
    sid = created["sid"]
    base = f"{simulator.base}/Usage"
    used = simulator.get(f"{base}/Records/Today.json", Category="sms", IncludeSubaccounts="false")
    assert created == {
        "account_sid": simulator.account.account_sid,
        "api_version": "2010-04-01",
        "callback_method": "POST",
        "callback_url": "https://a.example/used",
        "current_value": used["usage_records"][0]["count"],
        "date_created": "Tue, 01 Sep 2026 16:20:00 +0000",
        "date_fired": None,
        "date_updated": "Tue, 01 Sep 2026 16:20:00 +0000",
        "friendly_name": "many",
        "recurring": "daily",
        "sid": sid,
        "trigger_by": "count",
        "trigger_value": "1000.000000",
        "uri": f"{base}/Triggers/{sid}.json",
        "usage_category": "sms",
        "usage_record_uri": f"{base}/Records.json?Category=sms",
    }
    assert int(created["current_value"]) > 0
    other = trigger(simulator, UsageCategory="totalprice", TriggerBy="price").json()["sid"]
    listed = simulator.get(f"{base}/Triggers.json")["usage_triggers"]
    assert [row["sid"] for row in listed] == [sid, other]
    price = simulator.get(f"{base}/Triggers.json", TriggerBy="price")["usage_triggers"]
    assert [row["sid"] for row in price] == [other]
    changed = simulator.http.post(created["uri"], data={"FriendlyName": "very many"}).json()
    assert (changed["friendly_name"], changed["trigger_value"]) == ("very many", "1000.000000")
    assert simulator.get(created["uri"]) == changed
    assert simulator.http.delete(created["uri"]).status_code == 204
    assert simulator.http.get(created["uri"]).status_code == 404


def test_the_value_of_a_trigger_begins_with_its_period(simulator: Api) -> None:
    """Today is the first of September, the account's 30th day."""
    values = {
        recurring: int(trigger(simulator, TriggerBy="count", Recurring=recurring).json()["current_value"])
        for recurring in ("daily", "monthly", "yearly", "alltime")
    }
    records = simulator.get(
        f"{simulator.base}/Usage/Records.json", Category="sms", IncludeSubaccounts="false"
    )
    assert values["daily"] == values["monthly"] < values["yearly"] == values["alltime"]
    assert values["alltime"] == int(records["usage_records"][0]["count"])


@pytest.mark.parametrize(
    "changes",
    [
        {"UsageCategory": "lamps"},
        {"UsageCategory": ""},
        {"TriggerBy": "weight"},
        {"Recurring": "hourly"},
        {"CallbackUrl": ""},
        {"TriggerValue": ""},
        {"TriggerValue": "-5"},
        {"TriggerValue": "NaN"},
        {"TriggerValue": "+5"},
    ],
)
def test_triggers_that_are_none(quiet: Api, changes: dict[str, str]) -> None:
    answer = trigger(quiet, **changes)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)

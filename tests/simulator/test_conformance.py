"""Every answer against Twilio's own OpenAPI files, which lie beside the repository on some machines."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.simulator.conftest import Api

SPECS = Path(__file__).parents[3] / "shared" / "twilio" / "openapi"

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason=f"Twilio's OpenAPI files are not at {SPECS}; conformance is not checked"
)

A = "/2010-04-01/Accounts"
ONE = f"{A}/{{AccountSid}}"

GETS = [
    ("api_v2010", f"{A}.json"),
    ("api_v2010", f"{A}/{{Sid}}.json"),
    ("api_v2010", f"{ONE}/Balance.json"),
    ("api_v2010", f"{ONE}/Messages.json"),
    ("api_v2010", f"{ONE}/Messages/{{Sid}}.json"),
    ("api_v2010", f"{ONE}/Messages/{{MessageSid}}/Media.json"),
    ("api_v2010", f"{ONE}/Messages/{{MessageSid}}/Media/{{Sid}}.json"),
    ("api_v2010", f"{ONE}/IncomingPhoneNumbers.json"),
    ("api_v2010", f"{ONE}/IncomingPhoneNumbers/{{Sid}}.json"),
    ("api_v2010", f"{ONE}/SMS/ShortCodes.json"),
    ("api_v2010", f"{ONE}/SMS/ShortCodes/{{Sid}}.json"),
    ("api_v2010", f"{ONE}/AvailablePhoneNumbers.json"),
    ("api_v2010", f"{ONE}/AvailablePhoneNumbers/{{CountryCode}}.json"),
    ("api_v2010", f"{ONE}/AvailablePhoneNumbers/{{CountryCode}}/Local.json"),
    ("api_v2010", f"{ONE}/AvailablePhoneNumbers/{{CountryCode}}/TollFree.json"),
    ("api_v2010", f"{ONE}/Usage/Records.json"),
    *(
        ("api_v2010", f"{ONE}/Usage/Records/{period}.json")
        for period in (
            "AllTime",
            "Daily",
            "LastMonth",
            "Monthly",
            "ThisMonth",
            "Today",
            "Yearly",
            "Yesterday",
        )
    ),
    ("messaging_v1", "/v1/Services"),
    ("messaging_v1", "/v1/Services/{Sid}"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/PhoneNumbers"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/PhoneNumbers/{Sid}"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/ShortCodes"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/ShortCodes/{Sid}"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/AlphaSenders"),
    ("messaging_v1", "/v1/Services/{ServiceSid}/AlphaSenders/{Sid}"),
    ("messaging_v1", "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p"),
    ("messaging_v1", "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p/{Sid}"),
    ("messaging_v1", "/v1/a2p/BrandRegistrations"),
    ("messaging_v1", "/v1/a2p/BrandRegistrations/{Sid}"),
    ("messaging_v1", "/v1/Tollfree/Verifications"),
    ("messaging_v1", "/v1/Tollfree/Verifications/{Sid}"),
    ("pricing_v1", "/v1/Messaging/Countries"),
    ("pricing_v1", "/v1/Messaging/Countries/{IsoCountry}"),
    ("monitor_v1", "/v1/Alerts"),
    ("monitor_v1", "/v1/Alerts/{Sid}"),
]


@cache
def spec(product: str) -> Any:
    return json.loads((SPECS / f"twilio_{product}.json").read_text())


def schema_of(product: str, path: str, method: str, status: str) -> Any:
    """The JSON Schema of an answer: OpenAPI's `nullable` and Twilio's type overrides written out."""
    whole = spec(product)
    answer = whole["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    schema = copy.deepcopy({**answer, "components": {"schemas": whole["components"]["schemas"]}})
    _write_out(schema)
    return schema


def _write_out(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _write_out(item)
    elif isinstance(node, dict):
        if (
            node.get("x-twilio", {})
            and isinstance(node["x-twilio"], dict)
            and "overrideType" in node["x-twilio"]
        ):
            node["type"] = node["x-twilio"]["overrideType"]
        if node.get("nullable") and isinstance(node.get("type"), str):
            node["type"] = [node["type"], "null"]
            if "enum" in node:
                node["enum"] = [*node["enum"], None]
        for value in node.values():
            _write_out(value)


def check(answer: Any, schema: Any) -> None:
    """Valid by the schema, and no field that the schema does not know, nor one missing at the top."""
    jsonschema.Draft7Validator(schema).validate(answer)
    known = _properties(schema, schema)
    assert set(answer) <= set(known), set(answer) - set(known)
    for name, value in answer.items():
        items = known[name].get("items")
        if isinstance(value, list) and value and items and isinstance(value[0], dict):
            fields = set(_properties(items, schema))
            for row in value:
                assert set(row) <= fields, set(row) - fields


def _properties(node: Any, schema: Any) -> Any:
    while "$ref" in node:
        node = schema["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]]
    if "oneOf" in node:
        return {
            name: value for option in node["oneOf"] for name, value in _properties(option, schema).items()
        }
    return node.get("properties", {})


@pytest.fixture(scope="module")
def places(quiet: Api) -> dict[str, dict[str, str]]:
    """What to put for the blanks of each path."""
    ledger, http = quiet.account.main, quiet.http
    alerts = http.get("/v1/Alerts").json()["alerts"]
    mms = next(row for row in quiet.walk(PageSize=1000) if row["sid"].startswith("MM"))
    media = http.get(mms["subresource_uris"]["media"]).json()["media_list"][0]["sid"]
    services, senders = (
        ledger.service_sids,
        dict(zip(ledger.profile.senders, ledger.sender_sids, strict=True)),
    )
    by_kind = {sender.kind: sid for sender, sid in senders.items()}
    member = {
        sender.kind: (services[sender.service], sid) for sender, sid in senders.items() if sender.service >= 0
    }
    campaign = http.get(f"/v1/Services/{services[0]}/Compliance/Usa2p").json()["compliance"][0]["sid"]
    return {
        f"{A}/{{Sid}}.json": {"Sid": ledger.sid},
        f"{ONE}/Messages/{{Sid}}.json": {"Sid": mms["sid"]},
        f"{ONE}/Messages/{{MessageSid}}/Media.json": {"MessageSid": mms["sid"]},
        f"{ONE}/Messages/{{MessageSid}}/Media/{{Sid}}.json": {"MessageSid": mms["sid"], "Sid": media},
        f"{ONE}/IncomingPhoneNumbers/{{Sid}}.json": {"Sid": by_kind["toll-free"]},
        f"{ONE}/SMS/ShortCodes/{{Sid}}.json": {"Sid": by_kind["short code"]},
        "/v1/Services/{Sid}": {"Sid": services[0]},
        "/v1/Services/{ServiceSid}/PhoneNumbers/{Sid}": dict(
            zip(("ServiceSid", "Sid"), member["long code"], strict=True)
        ),
        "/v1/Services/{ServiceSid}/ShortCodes": {"ServiceSid": services[1]},
        "/v1/Services/{ServiceSid}/ShortCodes/{Sid}": dict(
            zip(("ServiceSid", "Sid"), member["short code"], strict=True)
        ),
        "/v1/Services/{ServiceSid}/AlphaSenders/{Sid}": dict(
            zip(("ServiceSid", "Sid"), member["alphanumeric"], strict=True)
        ),
        "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p": {"MessagingServiceSid": services[0]},
        "/v1/Services/{MessagingServiceSid}/Compliance/Usa2p/{Sid}": {
            "MessagingServiceSid": services[0],
            "Sid": campaign,
        },
        "/v1/a2p/BrandRegistrations/{Sid}": {
            "Sid": http.get("/v1/a2p/BrandRegistrations").json()["data"][0]["sid"]
        },
        "/v1/Tollfree/Verifications/{Sid}": {
            "Sid": http.get("/v1/Tollfree/Verifications").json()["verifications"][0]["sid"]
        },
        "/v1/Messaging/Countries/{IsoCountry}": {"IsoCountry": "GB"},
        "/v1/Alerts/{Sid}": {"Sid": alerts[0]["sid"]},
        "": {"AccountSid": ledger.sid, "ServiceSid": services[0], "CountryCode": "US"},
    }


@pytest.mark.parametrize(("product", "path"), GETS)
def test_answers_are_as_the_specification_says(
    quiet: Api, places: dict[str, dict[str, str]], product: str, path: str
) -> None:
    query = {} if "{Sid}" in path else {"PageSize": 1000}
    answer = quiet.http.get(path.format(**(places[""] | places.get(path, {}))), params=query)
    assert answer.status_code == 200, answer.text
    check(answer.json(), schema_of(product, path, "get", "200"))
    if "{Sid}" not in path and ("meta" in answer.json() or "next_page_uri" in answer.json()):
        (rows,) = (value for value in answer.json().values() if isinstance(value, list))
        assert rows, "an empty list proves nothing"


def test_every_message_of_the_account_is_valid(quiet: Api) -> None:
    schema = schema_of("api_v2010", f"{ONE}/Messages/{{Sid}}.json", "get", "200")
    validator = jsonschema.Draft7Validator(schema)
    fields = set(_properties(schema, schema))
    seen = set()
    for row in quiet.walk(PageSize=1000):
        kind = (
            row["status"],
            row["direction"],
            row["from"] is None,
            row["price"] is None,
            row["num_media"] == "0",
        )
        if kind not in seen:
            validator.validate(row)
            assert set(row) == fields
            seen.add(kind)
    assert len(seen) > 12


def test_answers_to_writes(simulator: Api) -> None:
    created = simulator.create(To="+14155550177", From="+14155550104", Body="hi")
    path = f"{ONE}/Messages.json"
    check(created.json(), schema_of("api_v2010", path, "post", str(created.status_code)))
    base = f"{simulator.base}/Messages/{created.json()['sid']}"
    redacted = simulator.http.post(f"{base}.json", data={"Body": ""})
    path = f"{ONE}/Messages/{{Sid}}.json"
    check(redacted.json(), schema_of("api_v2010", path, "post", str(redacted.status_code)))
    feedback = simulator.http.post(f"{base}/Feedback.json", data={"Outcome": "confirmed"})
    path = f"{ONE}/Messages/{{MessageSid}}/Feedback.json"
    check(feedback.json(), schema_of("api_v2010", path, "post", str(feedback.status_code)))
    number = simulator.account.main.sender_sids[0]
    changed = simulator.http.post(
        f"{simulator.base}/IncomingPhoneNumbers/{number}.json", data={"SmsUrl": "https://a.example"}
    )
    path = f"{ONE}/IncomingPhoneNumbers/{{Sid}}.json"
    check(changed.json(), schema_of("api_v2010", path, "post", "200"))
    service = simulator.account.main.service_sids[0]
    changed = simulator.http.post(f"/v1/Services/{service}", data={"InboundRequestUrl": "https://a.example"})
    check(changed.json(), schema_of("messaging_v1", "/v1/Services/{Sid}", "post", "200"))


def test_answers_to_writes_of_senders_and_triggers(simulator: Api) -> None:
    services = simulator.http.post("/v1/Services", data={"FriendlyName": "Winter"})
    check(services.json(), schema_of("messaging_v1", "/v1/Services", "post", "201"))
    path = f"/v1/Services/{services.json()['sid']}/PhoneNumbers"
    joined = simulator.http.post(path, data={"PhoneNumberSid": simulator.account.main.sender_sids[4]})
    check(joined.json(), schema_of("messaging_v1", "/v1/Services/{ServiceSid}/PhoneNumbers", "post", "201"))
    numbers = f"{ONE}/IncomingPhoneNumbers.json"
    bought = simulator.http.post(
        f"{simulator.base}/IncomingPhoneNumbers.json", data={"PhoneNumber": "+12065550144"}
    )
    check(bought.json(), schema_of("api_v2010", numbers, "post", "201"))
    form = {
        "UsageCategory": "sms",
        "TriggerValue": "1000",
        "CallbackUrl": "https://a.example",
        "Recurring": "daily",
    }
    trigger = simulator.http.post(f"{simulator.base}/Usage/Triggers.json", data=form)
    check(trigger.json(), schema_of("api_v2010", f"{ONE}/Usage/Triggers.json", "post", "201"))
    listed = simulator.get(f"{simulator.base}/Usage/Triggers.json")
    check(listed, schema_of("api_v2010", f"{ONE}/Usage/Triggers.json", "get", "200"))
    assert len(listed["usage_triggers"]) == 1


def test_lookups_have_the_fields_of_the_specification(quiet: Api) -> None:
    """Twilio's own examples have null where the schema allows none, so only the names are compared."""
    schema = schema_of("lookups_v2", "/v2/PhoneNumbers/{PhoneNumber}", "get", "200")
    assert set(quiet.get("/v2/PhoneNumbers/+14159929960")) == set(_properties(schema, schema))

"""Requests of every odd form are answered or refused with one of Twilio's codes; none breaks the account."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulator.conftest import Api

CUSTOMER, DESK = "+14155550177", "+14155550104"
#: What a client may put where an address is expected: real ones, near misses, anything.
ADDRESSES = st.one_of(
    st.sampled_from(
        [CUSTOMER, DESK, "55501", "DEMOSHOP", "+447400100107", "whatsapp:+14155550111", "rcs:lamps"]
    ),
    st.from_regex(r"\+?[0-9]{1,17}", fullmatch=True),
    st.from_regex(r"(whatsapp|rcs|messenger|sms):\+?[0-9a-z]{0,14}", fullmatch=True),
    st.text(max_size=20),
)
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
FIELDS = st.fixed_dictionaries(
    {"To": ADDRESSES},
    optional={
        "From": ADDRESSES,
        "Body": TEXTS,
        "MediaUrl": st.lists(TEXTS | st.just("https://example.com/a.png"), max_size=3),
        "MessagingServiceSid": TEXTS,
        "ContentSid": TEXTS,
        "ContentVariables": TEXTS | st.just('{"1": "a"}'),
        "ContentRetention": st.sampled_from(["discard", "retain", "x"]),
        "AddressRetention": st.sampled_from(["obfuscate", "retain", "x"]),
        "ValidityPeriod": TEXTS | st.sampled_from(["1", "36000", "0", "²"]),
        "SendAt": TEXTS,
        "ScheduleType": st.sampled_from(["fixed", "x"]),
        "StatusCallback": TEXTS | st.sampled_from(["http://[", "https://a.example"]),
        "ForceDelivery": st.sampled_from(["true", "x"]),
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS | st.sampled_from(["body", "media"]), inner, max_size=3)
    ),
    max_leaves=8,
)
PARTS = st.dictionaries(st.sampled_from(["body", "media", "title"]), JSON, max_size=3)
CONTENTS = st.fixed_dictionaries(
    {"language": st.just("en"), "types": st.dictionaries(TEXTS, PARTS, min_size=1, max_size=2) | JSON},
    optional={"variables": st.just({"1": "a"}) | JSON, "friendly_name": JSON},
)
odd = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@odd
@given(form=FIELDS)
def test_creating_a_message(quiet_writes: Api, form: dict[str, Any]) -> None:
    answer = quiet_writes.create(**form)
    assert answer.status_code in (201, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["code"] > 20_000
        return
    row = answer.json()
    assert row["to"] == form["To"] != form.get("From")
    assert quiet_writes.message(row["sid"])["sid"] == row["sid"]


@odd
@given(content=CONTENTS)
def test_creating_a_template_and_sending_it(quiet_writes: Api, content: Any) -> None:
    created = quiet_writes.http.post("/v1/Content", json=content)
    assert created.status_code in (201, 400), created.text
    if created.status_code == 201:
        for to, sender in ((CUSTOMER, DESK), (f"whatsapp:{CUSTOMER}", "whatsapp:+14155550111")):
            sent = quiet_writes.create(To=to, From=sender, ContentSid=created.json()["sid"])
            assert sent.status_code in (201, 400), sent.text


@odd
@given(text=TEXTS | ADDRESSES)
def test_looking_a_number_up_and_filtering_by_it(quiet: Api, text: str) -> None:
    answer = quiet.http.get(f"/v2/PhoneNumbers/{quote(text, safe='')}")
    assert answer.status_code in (200, 400, 404), answer.text
    filtered = quiet.http.get(f"{quiet.base}/IncomingPhoneNumbers.json", params={"PhoneNumber": text})
    assert filtered.status_code == 200
    offers = quiet.http.get(f"{quiet.base}/AvailablePhoneNumbers/US/Local.json", params={"Contains": text})
    assert offers.status_code == 200

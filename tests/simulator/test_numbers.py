"""Numbers come and go: into and out of a service, to another account, back to Twilio; filters and offers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Api, build
from workbench.simulator import serve

CUSTOMER = "+14155550177"
WEST, CENTRAL, EAST, DESK, HOUSTON = (
    "+12065550101",
    "+13125550102",
    "+12125550103",
    "+14155550104",
    "+17135550105",
)


def sid_of(api: Api, address: str) -> str:
    return str(
        api.get(f"{api.base}/IncomingPhoneNumbers.json", PhoneNumber=address)["incoming_phone_numbers"][0][
            "sid"
        ]
    )


def service(api: Api, index: int = 0) -> str:
    return api.account.main.service_sids[index]


def members(api: Api, index: int = 0) -> list[str]:
    rows = api.get(f"/v1/Services/{service(api, index)}/PhoneNumbers")["phone_numbers"]
    return [row["phone_number"] for row in rows]


def leave(api: Api, address: str, index: int = 0) -> httpx.Response:
    return api.http.delete(f"/v1/Services/{service(api, index)}/PhoneNumbers/{sid_of(api, address)}")


def test_a_number_leaves_its_service_and_stays_in_the_account(simulator: Api) -> None:
    assert members(simulator)[:3] == [WEST, CENTRAL, EAST]
    before = simulator.control("inbound", **{"from": CUSTOMER, "to": CENTRAL, "body": "hi"})
    assert leave(simulator, CENTRAL).status_code == 204
    assert CENTRAL not in members(simulator)
    assert leave(simulator, CENTRAL).status_code == 404
    assert sid_of(simulator, CENTRAL)
    after = simulator.control("inbound", **{"from": CUSTOMER, "to": CENTRAL, "body": "hi"})
    assert before["messaging_service_sid"] == service(simulator)
    assert after["messaging_service_sid"] is None
    assert simulator.message(before["sid"])["messaging_service_sid"] == service(simulator)


def test_what_left_is_no_longer_picked(simulator: Api) -> None:
    for address in (WEST, EAST):
        leave(simulator, address)
    form = {"MessagingServiceSid": service(simulator), "Body": "hi"}
    sids = [simulator.create(To=CUSTOMER, **form).json()["sid"] for _ in range(4)]
    simulator.control("clock", advance=30)
    assert {simulator.message(sid)["from"] for sid in sids} == {CENTRAL}
    refused = simulator.create(To=CUSTOMER, From=WEST, **form)
    assert (refused.status_code, refused.json()["code"]) == (400, 21711)


def test_an_empty_service_can_send_nothing(simulator: Api) -> None:
    assert leave(simulator, DESK, 2).status_code == 204
    refused = simulator.create(To=CUSTOMER, MessagingServiceSid=service(simulator, 2), Body="hi")
    assert (refused.status_code, refused.json()["code"]) == (400, 21704)


def test_an_opt_out_from_a_service_does_not_follow_the_number_at_twilio(simulator: Api) -> None:
    """Which is why the product must remember it for the number, too."""
    simulator.control("inbound", **{"from": CUSTOMER, "to": CENTRAL, "body": "STOP"})
    assert simulator.create(To=CUSTOMER, From=CENTRAL, Body="hi").json()["code"] == 21610
    leave(simulator, CENTRAL)
    assert simulator.create(To=CUSTOMER, From=CENTRAL, Body="hi").status_code == 201
    assert simulator.create(To=CUSTOMER, From=EAST, Body="hi").json()["code"] == 21610


def test_a_number_joins_one_service_only(simulator: Api) -> None:
    houston, desk = sid_of(simulator, HOUSTON), sid_of(simulator, DESK)
    path = f"/v1/Services/{service(simulator)}/PhoneNumbers"
    joined = simulator.http.post(path, data={"PhoneNumberSid": houston})
    assert (joined.status_code, joined.json()["phone_number"]) == (201, HOUSTON)
    assert HOUSTON in members(simulator)
    for sid, code in ((houston, 21710), (desk, 21712)):
        refused = simulator.http.post(path, data={"PhoneNumberSid": sid})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert simulator.http.post(path, data={"PhoneNumberSid": "PN" + "0" * 32}).json()["code"] == 21421


def test_short_codes_and_names_leave_and_join(simulator: Api) -> None:
    codes = f"/v1/Services/{service(simulator, 1)}/ShortCodes"
    code = simulator.get(codes)["short_codes"][0]["sid"]
    assert simulator.http.delete(f"{codes}/{code}").status_code == 204
    assert simulator.get(codes)["short_codes"] == []
    assert simulator.http.post(codes, data={"ShortCodeSid": code}).json()["short_code"] == "55501"
    names = f"/v1/Services/{service(simulator)}/AlphaSenders"
    old = simulator.get(names)["alpha_senders"][0]
    assert (old["alpha_sender"], simulator.http.delete(f"{names}/{old['sid']}").status_code) == (
        "DEMOSHOP",
        204,
    )
    assert simulator.http.post(names, data={"AlphaSender": "LAMPSHOP"}).status_code == 201
    assert [row["alpha_sender"] for row in simulator.get(names)["alpha_senders"]] == ["LAMPSHOP"]
    assert simulator.http.post(names, data={"AlphaSender": "12345"}).json()["code"] == 21709


def test_services_come_and_go(simulator: Api) -> None:
    created = simulator.http.post("/v1/Services", data={"FriendlyName": "Winter", "MmsConverter": "false"})
    row = created.json()
    assert (created.status_code, row["friendly_name"], row["mms_converter"]) == (201, "Winter", False)
    assert row["date_created"] == "2026-09-01T16:20:00Z"
    names = [row["friendly_name"] for row in simulator.get("/v1/Services")["services"]]
    assert names == ["Notifications", "Promotions", "Support", "Winter"]
    assert simulator.http.delete(f"/v1/Services/{service(simulator)}").status_code == 204
    names = [row["friendly_name"] for row in simulator.get("/v1/Services")["services"]]
    assert names == ["Promotions", "Support", "Winter"]
    gone = simulator.create(To=CUSTOMER, MessagingServiceSid=service(simulator), Body="hi")
    assert gone.json()["code"] == 21701
    assert simulator.create(To=CUSTOMER, From=WEST, Body="hi").status_code == 201


def test_a_number_moves_to_a_subaccount_with_its_sid_and_settings(simulator: Api) -> None:
    sid, store = sid_of(simulator, CENTRAL), simulator.account.subaccounts[0]
    path = f"{simulator.base}/IncomingPhoneNumbers/{sid}.json"
    simulator.http.post(path, data={"SmsUrl": "https://a.example"})
    moved = simulator.http.post(path, data={"AccountSid": store.sid})
    assert (moved.status_code, moved.json()["sid"], moved.json()["account_sid"]) == (200, sid, store.sid)
    assert moved.json()["sms_url"] == "https://a.example"
    assert simulator.http.get(path).status_code == 404
    assert CENTRAL not in members(simulator)
    assert simulator.create(To=CUSTOMER, From=CENTRAL, Body="hi").json()["code"] == 21606
    there = f"/2010-04-01/Accounts/{store.sid}"
    sent = simulator.http.post(f"{there}/Messages.json", data={"To": CUSTOMER, "From": CENTRAL, "Body": "hi"})
    assert (sent.status_code, sent.json()["account_sid"]) == (201, store.sid)
    back = simulator.http.post(
        f"{there}/IncomingPhoneNumbers/{sid}.json", data={"AccountSid": simulator.account.account_sid}
    )
    assert (back.status_code, back.json()["account_sid"]) == (200, simulator.account.account_sid)
    assert simulator.create(To=CUSTOMER, From=CENTRAL, Body="hi").status_code == 201


def test_who_may_not_move_a_number(simulator: Api) -> None:
    store = simulator.account.subaccounts[0]
    own = f"/2010-04-01/Accounts/{store.sid}/IncomingPhoneNumbers"
    number = simulator.get(f"{own}.json")["incoming_phone_numbers"][0]["sid"]
    refused = simulator.http.post(
        f"{own}/{number}.json",
        data={"AccountSid": simulator.account.account_sid},
        auth=(store.sid, store.auth_token),
    )
    assert (refused.status_code, refused.json()["code"]) == (400, 21474)
    path = f"{simulator.base}/IncomingPhoneNumbers/{sid_of(simulator, DESK)}.json"
    refused = simulator.http.post(path, data={"AccountSid": "AC" + "0" * 32})
    assert (refused.status_code, refused.json()["code"]) == (400, 21473)


def test_a_released_number_is_for_sale_and_comes_back_as_another(simulator: Api) -> None:
    sid = sid_of(simulator, HOUSTON)
    path = f"{simulator.base}/IncomingPhoneNumbers/{sid}.json"
    offers = f"{simulator.base}/AvailablePhoneNumbers/US/Local.json"
    assert simulator.get(offers, Contains=HOUSTON)["available_phone_numbers"] == []
    assert simulator.http.delete(path).status_code == 204
    assert simulator.http.get(path).status_code == 404
    assert simulator.create(To=CUSTOMER, From=HOUSTON, Body="hi").json()["code"] == 21606
    offer = simulator.get(offers, Contains=HOUSTON)["available_phone_numbers"]
    assert [(row["phone_number"], row["friendly_name"]) for row in offer] == [(HOUSTON, "(713) 555-0105")]
    numbers = f"{simulator.base}/IncomingPhoneNumbers.json"
    bought = simulator.http.post(numbers, data={"PhoneNumber": HOUSTON, "FriendlyName": "Again"})
    assert (bought.status_code, bought.json()["friendly_name"]) == (201, "Again")
    assert bought.json()["sid"] != sid
    assert simulator.create(To=CUSTOMER, From=HOUSTON, Body="hi").status_code == 201
    for number in (HOUSTON, "+14155550177x", "+14155551234", ""):
        refused = simulator.http.post(numbers, data={"PhoneNumber": number})
        assert (refused.status_code, refused.json()["code"]) == (400, 21422)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+12065550101", [WEST]),
        ("2065550101", [WEST]),
        ("+1***5550101", [WEST]),
        ("555010*", [WEST, CENTRAL, EAST, DESK, HOUSTON, "+14165550106", "+18335550108", "+18445550109"]),
        ("+131", [CENTRAL]),
        ("+*2125550103", [EAST]),
        ("5550104", [DESK]),
        ("+5550104", []),
        ("+1206", [WEST]),
        ("+4474", ["+447400100107"]),
        ("*99", []),
    ],
)
def test_part_of_a_number_and_stars_find_it(quiet: Api, text: str, expected: list[str]) -> None:
    rows = quiet.get(f"{quiet.base}/IncomingPhoneNumbers.json", PhoneNumber=text)["incoming_phone_numbers"]
    assert [row["phone_number"] for row in rows] == expected


def test_numbers_for_sale(quiet: Api) -> None:
    base = f"{quiet.base}/AvailablePhoneNumbers"
    countries = quiet.get(f"{base}.json")["countries"]
    assert [(row["country_code"], row["country"]) for row in countries] == [
        ("US", "United States"),
        ("CA", "Canada"),
    ]
    assert quiet.get(f"{base}/US.json") == countries[0]
    local = quiet.get(countries[0]["subresource_uris"]["local"], AreaCode=206, PageSize=3)
    # +12065550101 belongs to the account.
    assert [row["phone_number"] for row in local["available_phone_numbers"]] == [
        "+12065550100",
        "+12065550102",
        "+12065550103",
    ]
    free = quiet.get(countries[0]["subresource_uris"]["toll_free"], Contains="+1888*%99$")
    assert [row["phone_number"] for row in free["available_phone_numbers"]] == ["+18885550199"]
    assert len(quiet.get(f"{base}/CA/Local.json")["available_phone_numbers"]) == 50
    assert quiet.http.get(f"{base}/US/Local.json", params={"AreaCode": "12"}).json()["code"] == 20001
    for missing in ("XX.json", "DE/Local.json", "US/Mobile.json"):
        assert quiet.http.get(f"{base}/{missing}").status_code == 404


def test_services_of_a_subaccount_answer_to_its_own_credentials(quiet: Api) -> None:
    store = quiet.account.subaccounts[0]
    for auth in ((store.sid, store.auth_token), (store.api_key, store.api_secret)):
        services = quiet.http.get("/v1/Services", auth=auth).json()["services"]
        assert [(row["friendly_name"], row["account_sid"]) for row in services] == [
            ("Store updates", store.sid),
            ("Store offers", store.sid),
        ]
        pool = quiet.http.get(f"/v1/Services/{services[1]['sid']}/PhoneNumbers", auth=auth).json()
        assert [row["phone_number"] for row in pool["phone_numbers"]] == ["+18665550122"]
    assert "Store updates" not in {row["friendly_name"] for row in quiet.get("/v1/Services")["services"]}
    assert quiet.http.get(f"/v1/Services/{store.service_sids[0]}").status_code == 404
    main = service(quiet)
    assert quiet.http.get(f"/v1/Services/{main}", auth=(store.sid, store.auth_token)).status_code == 404


def test_a_subaccounts_service_sends_for_its_parent(simulator: Api) -> None:
    store = simulator.account.subaccounts[0]
    path = f"/2010-04-01/Accounts/{store.sid}/Messages.json"
    form = {"To": CUSTOMER, "Body": "hi"}
    sent = simulator.http.post(path, data={**form, "MessagingServiceSid": store.service_sids[0]})
    assert (sent.status_code, sent.json()["messaging_service_sid"]) == (201, store.service_sids[0])
    refused = simulator.http.post(path, data={**form, "MessagingServiceSid": service(simulator)})
    assert (refused.status_code, refused.json()["code"]) == (400, 21701)


def test_all_of_it_outlives_a_restart(tmp_path: Any) -> None:
    state = tmp_path / "state.jsonl"
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        sid, store = sid_of(api, EAST), server.account.subaccounts[0].sid
        leave(api, CENTRAL)
        api.http.post(f"{api.base}/IncomingPhoneNumbers/{sid}.json", data={"AccountSid": store})
        api.http.post(f"{api.base}/IncomingPhoneNumbers.json", data={"PhoneNumber": "+12065550144"})
        winter = api.http.post("/v1/Services", data={"FriendlyName": "Winter"}).json()["sid"]
        sent = api.create(To=CUSTOMER, From="+12065550144", Body="hi").json()["sid"]
        rows = list(api.walk(PageSize=1000))
        api.http.close()
        server.account.close()
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        assert list(api.walk(PageSize=1000)) == rows
        assert api.message(sent)["from"] == "+12065550144"
        assert members(api) == [WEST, "+14165550106", "+447400100107"]
        assert api.get(f"/v1/Services/{winter}")["friendly_name"] == "Winter"
        there = api.get(f"/2010-04-01/Accounts/{store}/IncomingPhoneNumbers.json")["incoming_phone_numbers"]
        assert EAST in {row["phone_number"] for row in there}
        api.http.close()
        server.account.close()

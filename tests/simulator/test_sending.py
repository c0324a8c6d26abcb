"""Creating, redacting, cancelling and deleting over HTTP, with the codes Twilio refuses with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Api, build
from workbench.simulator import COMPANY, serve

CUSTOMER = "+14155550177"
DESK = "+14155550104"


def service(api: Api, index: int = 0) -> str:
    return api.account.main.service_sids[index]


def test_from_a_number_it_is_queued_then_sent_then_delivered_then_priced(simulator: Api) -> None:
    simulator.control("outcomes", to=CUSTOMER, status="delivered", seconds=5)
    answer = simulator.create(To=CUSTOMER, From=DESK, Body="Hello, your lamp is here")
    created = answer.json()
    assert answer.status_code == 201
    assert (created["status"], created["from"], created["num_segments"]) == ("queued", DESK, "1")
    assert (created["date_sent"], created["price"], created["error_code"]) == (None, None, None)
    assert created["direction"] == "outbound-api"
    assert created["messaging_service_sid"] is None
    seen = []
    for seconds in (1, 5, 3600 * 30):
        simulator.control("clock", advance=seconds)
        seen.append(simulator.message(created["sid"]))
    assert [row["status"] for row in seen] == ["sent", "delivered", "delivered"]
    assert [row["price"] for row in seen] == [None, None, "-0.01180"]
    assert seen[2]["date_updated"] != seen[1]["date_updated"]


def test_from_a_service_it_is_accepted_without_sender_and_segments(simulator: Api) -> None:
    created = simulator.create(To=CUSTOMER, MessagingServiceSid=service(simulator), Body="x" * 161).json()
    assert (created["status"], created["from"], created["num_segments"]) == ("accepted", None, "0")
    simulator.control("clock", advance=3)
    later = simulator.message(created["sid"])
    assert later["num_segments"] == "2"
    assert later["from"] in {sender.address for sender in COMPANY.senders if sender.service == 0}


def test_a_failure_that_was_asked_for(simulator: Api) -> None:
    simulator.control("outcomes", to=CUSTOMER, status="undelivered", error_code=30003, seconds=7)
    sid = simulator.create(To=CUSTOMER, From=DESK, Body="hello").json()["sid"]
    simulator.control("clock", advance=60)
    row = simulator.message(sid)
    assert (row["status"], row["error_code"]) == ("undelivered", 30003)
    assert row["error_message"]
    # The next one is left to chance again.
    assert simulator.server.runtime.planned == {}


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"From": DESK, "Body": "hi"}, 21604),
        ({"To": "4155550177", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "+999", "From": DESK, "Body": "hi"}, 21211),
        # No such area code, no such code in the plan, one digit too many, one too few, a name.
        ({"To": "+15555550123", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "+11234567890", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "+141555501777", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "+1415555017", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "+44740010010", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "DEMOSHOP", "From": DESK, "Body": "hi"}, 21211),
        ({"To": "whatsapp:+1234", "From": "whatsapp:+14155550111", "Body": "hi"}, 21211),
        ({"To": "55501", "From": DESK, "Body": "hi"}, 21265),
        ({"To": DESK, "From": DESK, "Body": "hi"}, 21266),
        ({"To": "whatsapp:+14155550111", "From": "whatsapp:+14155550111", "Body": "hi"}, 21266),
        ({"To": CUSTOMER, "From": "+1415", "Body": "hi"}, 21212),
        ({"To": CUSTOMER, "From": "+11234567890", "Body": "hi"}, 21212),
        ({"To": CUSTOMER, "From": "TWELVELETTRS", "Body": "hi"}, 21212),
        ({"To": "+493012345678", "From": DESK, "Body": "hi"}, 21635),
        ({"To": "+19005551234", "From": DESK, "Body": "hi"}, 21268),
        ({"To": "+447640012345", "From": DESK, "Body": "hi"}, 21614),
        ({"To": CUSTOMER, "From": "+447400100107", "MediaUrl": "https://example.com/a.png"}, 21621),
        ({"To": CUSTOMER, "From": DESK, "Body": "hi", "ContentRetention": "forget"}, 30029),
        ({"To": CUSTOMER, "From": DESK, "Body": "hi", "AddressRetention": "discard"}, 30030),
        ({"To": CUSTOMER, "Body": "hi"}, 21603),
        ({"To": CUSTOMER, "From": "+14155550199", "Body": "hi"}, 21606),
        ({"To": CUSTOMER, "MessagingServiceSid": "MG" + "0" * 32, "Body": "hi"}, 21701),
        ({"To": CUSTOMER, "From": DESK}, 21619),
        ({"To": CUSTOMER, "From": DESK, "Body": ""}, 21619),
        ({"To": CUSTOMER, "From": DESK, "Body": "x" * 1601}, 21617),
        ({"To": CUSTOMER, "From": DESK, "MediaUrl": ["https://example.com/a.png"] * 11}, 21623),
        ({"To": CUSTOMER, "From": DESK, "MediaUrl": "file:///etc/passwd"}, 21620),
        ({"To": CUSTOMER, "From": "DEMOSHOP", "Body": "hi"}, 21612),
        ({"To": "+4915228123456", "From": "55501", "Body": "hi"}, 21612),
        ({"To": "+5511987654321", "From": DESK, "Body": "hi"}, 21408),
        ({"To": "whatsapp:" + CUSTOMER, "From": DESK, "Body": "hi"}, 21910),
        ({"To": CUSTOMER, "From": DESK, "Body": "hi", "StatusCallback": "https://my_host.example"}, 21609),
        ({"To": CUSTOMER, "From": DESK, "Body": "hi", "ValidityPeriod": "36001"}, 21624),
        ({"To": CUSTOMER, "From": DESK, "Body": "hi", "SendAt": "2026-09-02T12:00:00Z"}, 35118),
    ],
)
def test_what_is_refused(quiet: Api, form: dict[str, Any], code: int) -> None:
    answer = quiet.create(**form)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["more_info"].endswith(str(code))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ScheduleType": "fixed"}, 35111),
        ({"ScheduleType": "later", "SendAt": "2026-09-02T12:00:00Z"}, 35126),
        ({"ScheduleType": "fixed", "SendAt": "tomorrow"}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "2026-09-02T12:00:00"}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "2026-09-01T16:24:59Z"}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "2026-10-06T16:20:01Z"}, 35115),
    ],
)
def test_schedules_that_are_refused(quiet: Api, fields: dict[str, str], code: int) -> None:
    """Now is 16:20:00; the window goes from five minutes to 35 days ahead."""
    answer = quiet.create(To=CUSTOMER, MessagingServiceSid=service(quiet), Body="hi", **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_scheduled_message_waits_and_can_be_canceled(simulator: Api) -> None:
    form = {"To": CUSTOMER, "MessagingServiceSid": service(simulator), "Body": "hi", "ScheduleType": "fixed"}
    kept, called_off = (
        simulator.create(**form, SendAt=at).json() for at in ("2026-09-01T16:25:00Z", "2026-10-06T16:20:00Z")
    )
    assert kept["status"] == called_off["status"] == "scheduled"
    path = f"{simulator.base}/Messages/{called_off['sid']}.json"
    simulator.control("clock", advance=30)
    canceled = simulator.http.post(path, data={"Status": "canceled"}).json()
    assert (canceled["status"], canceled["date_sent"], canceled["from"]) == ("canceled", None, None)
    simulator.control("clock", advance=290)
    assert simulator.message(kept["sid"])["date_sent"] is not None
    again = simulator.http.post(path, data={"Status": "canceled"})
    assert (again.status_code, again.json()["code"]) == (409, 30409)


@pytest.mark.parametrize("form", [{"Body": "", "Status": "canceled"}, {}, {"Body": "x"}, {"Status": "sent"}])
def test_updates_that_make_no_sense(simulator: Api, form: dict[str, str]) -> None:
    sid = simulator.create(To=CUSTOMER, From=DESK, Body="hi").json()["sid"]
    answer = simulator.http.post(f"{simulator.base}/Messages/{sid}.json", data=form)
    assert (answer.status_code, answer.json()["code"]) == (400, 30400)


def test_redaction_keeps_the_row_and_its_date(simulator: Api) -> None:
    row = next(row for row in simulator.walk() if row["status"] == "delivered" and row["price"])
    changed = simulator.http.post(f"{simulator.base}/Messages/{row['sid']}.json", data={"Body": ""}).json()
    assert changed == {**row, "body": ""}
    assert simulator.message(row["sid"]) == changed
    assert next(again for again in simulator.walk() if again["sid"] == row["sid"]) == changed


def test_deletion_waits_for_the_end_and_leaves_no_trace(simulator: Api) -> None:
    simulator.control("outcomes", to=CUSTOMER, status="delivered", seconds=20)
    form = {"To": CUSTOMER, "From": DESK, "MediaUrl": "https://example.com/a.png"}
    sid = simulator.create(**form).json()["sid"]
    path = f"{simulator.base}/Messages/{sid}.json"
    media = simulator.get(f"{simulator.base}/Messages/{sid}/Media.json")["media_list"][0]
    early = simulator.http.delete(path)
    assert (early.status_code, early.json()["code"]) == (409, 20009)
    simulator.control("clock", advance=30)
    assert simulator.http.delete(path).status_code == 204
    assert simulator.http.get(path).status_code == 404
    assert simulator.http.get(media["uri"]).status_code == 404
    assert sid not in {row["sid"] for row in simulator.walk(PageSize=1000)}


def test_media_of_an_mms(simulator: Api) -> None:
    urls = ["https://example.com/a.png", "https://example.com/b.png"]
    created = simulator.create(To=CUSTOMER, From=DESK, Body="look", MediaUrl=urls).json()
    assert (created["sid"][:2], created["num_media"]) == ("MM", "2")
    path = f"{simulator.base}/Messages/{created['sid']}/Media"
    listed = simulator.get(f"{path}.json")["media_list"]
    assert len(listed) == 2
    picture = simulator.download(f"{path}/{listed[0]['sid']}")
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert simulator.http.delete(listed[0]["uri"]).status_code == 204
    assert [row["sid"] for row in simulator.get(f"{path}.json")["media_list"]] == [listed[1]["sid"]]
    assert simulator.http.get(f"{path}/{listed[0]['sid']}").status_code == 404


def test_stop_blocks_the_whole_service_until_start(simulator: Api) -> None:
    numbers = [sender.address for sender in COMPANY.senders if sender.service == 0]
    simulator.control("inbound", **{"from": CUSTOMER, "to": numbers[0], "body": " stop "})
    for form in ({"From": numbers[1]}, {"MessagingServiceSid": service(simulator)}):
        answer = simulator.create(To=CUSTOMER, Body="hi", **form)
        assert (answer.status_code, answer.json()["code"]) == (400, 21610)
    assert simulator.create(To=CUSTOMER, From=DESK, Body="hi").status_code == 201
    simulator.control("clock", advance=5)
    simulator.control("inbound", **{"from": CUSTOMER, "to": numbers[0], "body": "START"})
    assert simulator.create(To=CUSTOMER, From=numbers[1], Body="hi").status_code == 201


def test_words_that_are_no_opt_out(simulator: Api) -> None:
    toll_free = "+18335550108"
    simulator.control("inbound", **{"from": CUSTOMER, "to": DESK, "body": "Stop please"})
    simulator.control("inbound", **{"from": CUSTOMER, "to": toll_free, "body": "UNSUBSCRIBE"})
    for sender in (DESK, toll_free):
        assert simulator.create(To=CUSTOMER, From=sender, Body="hi").status_code == 201


def test_people_who_left_in_the_traffic_are_left_alone(quiet: Api) -> None:
    """The sender is the one they wrote STOP to; nobody in this sample came back."""
    stops = [row for row in quiet.walk(PageSize=1000) if row["body"].strip().upper() == "STOP"]
    starts = {row["from"] for row in quiet.walk(PageSize=1000) if row["body"].upper() in ("START", "UNSTOP")}
    gone = [row for row in stops if row["from"] not in starts]
    assert gone
    for row in gone:
        answer = quiet.create(To=row["from"], From=row["to"], Body="hi")
        assert answer.json()["code"] == 21610


def test_a_full_queue_refuses_a_number_and_fails_a_service(simulator: Api) -> None:
    simulator.control("options", max_queue_hours=0.002)
    sender = "+12065550101"
    for _ in range(8):
        assert simulator.create(To=CUSTOMER, From=sender, Body="x" * 150).status_code == 201
    answer = simulator.create(To=CUSTOMER, From=sender, Body="one more")
    assert (answer.status_code, answer.json()["code"]) == (400, 21611)
    sids = [
        simulator.create(To=CUSTOMER, MessagingServiceSid=service(simulator), Body="hi").json()["sid"]
        for _ in range(30)
    ]
    simulator.control("clock", advance=30)
    ends = {(row["status"], row["error_code"]) for row in map(simulator.message, sids)}
    assert ("failed", 30001) in ends


def test_waiting_in_the_queue_shows_in_date_sent(simulator: Api) -> None:
    bodies = [simulator.create(To=CUSTOMER, From="+12065550101", Body="x" * 450).json() for _ in range(3)]
    simulator.control("clock", advance=60)
    sent = [simulator.message(row["sid"])["date_sent"][-14:-6] for row in bodies]
    assert sent == ["16:20:01", "16:20:04", "16:20:07"]


def test_whatsapp_outside_its_window(simulator: Api) -> None:
    desk, customer = "whatsapp:+14155550111", f"whatsapp:{CUSTOMER}"
    closed = simulator.create(To=customer, From=desk, Body="hello").json()["sid"]
    simulator.control("inbound", **{"from": customer, "to": desk, "body": "hi"})
    opened = simulator.create(To=customer, From=desk, Body="hello").json()["sid"]
    simulator.control("clock", advance=120)
    assert simulator.message(closed)["error_code"] == 63016
    assert simulator.message(opened)["error_code"] != 63016


def test_feedback(simulator: Api) -> None:
    sid = simulator.create(To=CUSTOMER, From=DESK, Body="hi").json()["sid"]
    path = f"{simulator.base}/Messages/{sid}/Feedback.json"
    assert simulator.http.post(path, data={"Outcome": "confirmed"}).json()["outcome"] == "confirmed"
    assert simulator.http.post(path, data={"Outcome": "perhaps"}).status_code == 400


def test_a_refusal_that_was_asked_for_leaves_no_row(simulator: Api) -> None:
    simulator.control("outcomes", to=CUSTOMER, refuse=21614)
    answer = simulator.create(To=CUSTOMER, From=DESK, Body="hi")
    assert (answer.status_code, answer.json()["code"]) == (400, 21614)
    assert list(simulator.walk(To=CUSTOMER)) == []


def test_what_was_done_survives_a_restart(tmp_path: Any) -> None:
    state = tmp_path / "state.jsonl"
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        kept = api.create(To=CUSTOMER, From=DESK, Body="remember me").json()["sid"]
        first, second = [row["sid"] for row in api.walk() if row["status"] == "delivered"][:2]
        api.control("redact", sid=first)
        api.control("delete", sid=second)
        api.control("inbound", **{"from": CUSTOMER, "to": "+18335550108", "body": "STOP"})
        number = api.get(f"{api.base}/IncomingPhoneNumbers.json")["incoming_phone_numbers"][0]["sid"]
        api.http.post(f"{api.base}/IncomingPhoneNumbers/{number}.json", data={"SmsUrl": "https://a.example"})
        rows = list(api.walk(PageSize=1000))
        api.http.close()
        server.account.close()
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        assert list(api.walk(PageSize=1000)) == rows
        assert api.message(kept)["body"] == "remember me"
        assert api.message(first)["body"] == ""
        assert api.create(To=CUSTOMER, From="+18335550108", Body="hi").json()["code"] == 21610
        path = f"{api.base}/IncomingPhoneNumbers/{number}.json"
        assert api.get(path)["sms_url"] == "https://a.example"
        assert api.create(To=CUSTOMER, From=DESK, Body="next").json()["sid"] not in {
            row["sid"] for row in rows
        }
        api.http.close()
        server.account.close()


def test_numbers_of_former_plans_are_still_numbers(simulator: Api) -> None:
    """WhatsApp keeps Mexico's 1 after the 52."""
    desk = "whatsapp:+14155550111"
    assert simulator.create(To="whatsapp:+5215512345678", From=desk, Body="hi").status_code == 201


def test_a_landline_is_tried_in_britain_and_elsewhere_only_by_force(simulator: Api) -> None:
    british = simulator.create(To="+442079460123", From=DESK, Body="hi").json()
    german = simulator.create(To="+493012345678", From=DESK, Body="hi", ForceDelivery="true").json()
    simulator.control("clock", advance=60)
    ends = [simulator.message(row["sid"]) for row in (british, german)]
    assert [(row["status"], row["error_code"]) for row in ends] == [("undelivered", 30006)] * 2


def test_a_service_never_writes_to_its_own_number_as_that_number(simulator: Api) -> None:
    """Support has one number: it cannot reach that one, while the larger pool picks another."""
    alone = simulator.create(To=DESK, MessagingServiceSid=service(simulator, 2), Body="hi")
    assert (alone.status_code, alone.json()["code"]) == (400, 21703)
    to = "+13125550102"
    sids = [
        simulator.create(To=to, MessagingServiceSid=service(simulator), Body="hi").json()["sid"]
        for _ in range(6)
    ]
    simulator.control("clock", advance=10)
    assert {simulator.message(sid)["from"] for sid in sids} == {"+12065550101", "+12125550103"}


def test_a_service_without_a_sender_for_the_country(simulator: Api) -> None:
    """Promotions has a toll-free number and a short code, which reach only the United States and Canada."""
    form = {"MessagingServiceSid": service(simulator, 1), "Body": "hi"}
    refused = simulator.create(To="+4915228123456", **form)
    assert (refused.status_code, refused.json()["code"]) == (400, 21703)
    assert simulator.create(To=CUSTOMER, **form).status_code == 201


def test_media_beyond_mms_is_a_link_and_is_charged_as_sms(simulator: Api) -> None:
    form = {"From": DESK, "Body": "look", "MediaUrl": "https://example.com/a.png"}
    prices = []
    for to in ("+14155550177", "+61491570156", "+4915228123456"):
        simulator.control("outcomes", to=to, status="delivered")
        sid = simulator.create(To=to, **form).json()["sid"]
        assert sid.startswith("MM")
        simulator.control("clock", advance=200_000)
        prices.append(simulator.message(sid)["price"])
    # An MMS with its carrier's fee to the United States and Australia; one segment to Germany.
    assert prices == ["-0.03200", "-0.03200", "-0.10900"]


def test_media_beyond_mms_is_refused_without_the_converter(simulator: Api) -> None:
    media = {"To": "+4915228123456", "MediaUrl": "https://example.com/a.png"}
    simulator.http.post(f"/v1/Services/{service(simulator)}", data={"MmsConverter": "false"})
    refused = simulator.create(**media, MessagingServiceSid=service(simulator))
    assert (refused.status_code, refused.json()["code"]) == (400, 21612)
    assert simulator.create(**media, From=DESK).status_code == 201
    simulator.control("options", mms_converter=False)
    refused = simulator.create(**media, From=DESK)
    assert (refused.status_code, refused.json()["code"]) == (400, 21612)


def test_a_message_that_waits_longer_than_it_is_valid_fails(simulator: Api) -> None:
    for _ in range(3):
        assert simulator.create(To=CUSTOMER, From="+12065550101", Body="x" * 450).status_code == 201
    short, long = (
        simulator.create(To=CUSTOMER, From="+12065550101", Body="hi", ValidityPeriod=seconds).json()["sid"]
        for seconds in ("5", "60")
    )
    simulator.control("clock", advance=90)
    assert simulator.message(short)["error_code"] == 30036
    assert simulator.message(long)["error_code"] != 30036


def test_smart_encoding_of_a_message_and_of_a_service(simulator: Api) -> None:
    """A curly apostrophe makes two segments of UCS-2; a straight one fits into one of GSM-7."""
    body = "It\u2019s " + "x" * 80
    assert simulator.create(To=CUSTOMER, From=DESK, Body=body).json()["num_segments"] == "2"
    assert (
        simulator.create(To=CUSTOMER, From=DESK, Body=body, SmartEncoded="true").json()["num_segments"] == "1"
    )
    form = {"To": CUSTOMER, "MessagingServiceSid": service(simulator, 2), "Body": body}
    counts = []
    for switch in ("false", "true"):
        simulator.http.post(f"/v1/Services/{service(simulator, 2)}", data={"SmartEncoding": switch})
        sid = simulator.create(**form).json()["sid"]
        simulator.control("clock", advance=10)
        counts.append(simulator.message(sid)["num_segments"])
    assert counts == ["2", "1"]

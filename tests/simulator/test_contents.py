"""Content templates: created and listed like any resource, and filled in when a message is made of one."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.simulator.conftest import Api, build
from workbench.simulator import serve

CUSTOMER, DESK = "+14155550177", "+14155550104"
GREETING = {
    "friendly_name": "greeting",
    "language": "en",
    "variables": {"1": "customer"},
    "types": {"twilio/text": {"body": "Hi {{1}}, your {{order}} is here."}},
}


def create(api: Api, content: Any) -> str:
    answer = api.http.post("/v1/Content", json=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def send(api: Api, sid: str, variables: str | None = None, **form: str) -> httpx.Response:
    fields = {"To": CUSTOMER, "From": DESK, "ContentSid": sid, **form}
    return api.create(**fields | ({"ContentVariables": variables} if variables is not None else {}))


def test_whatsapp_decides_on_a_template_that_is_submitted(simulator: Api) -> None:
    sid = create(simulator, GREETING)
    path = f"/v1/Content/{sid}/ApprovalRequests"
    assert simulator.get(path)["whatsapp"]["status"] == "unsubmitted"
    assert simulator.http.post(f"{path}/whatsapp", json={"name": "greeting"}).json()["code"] == 20001
    for name, status in (("rejected_one", "rejected"), ("wait", "pending"), ("greeting", "approved")):
        answer = simulator.http.post(f"{path}/whatsapp", json={"name": name, "category": "UTILITY"})
        assert (answer.status_code, answer.json()["status"]) == (201, status)
        approval = simulator.get(path)["whatsapp"]
        assert (approval["status"], approval["name"], bool(approval["rejection_reason"])) == (
            status, name, status == "rejected",
        )  # fmt: skip
    assert simulator.http.delete(path).status_code == 405
    assert simulator.http.get(f"/v1/Content/HX{'0' * 32}/ApprovalRequests").status_code == 404


def test_a_template_is_created_listed_fetched_and_deleted(simulator: Api) -> None:
    created = simulator.http.post("/v1/Content", json=GREETING).json()
    sid = created["sid"]
    url = f"{simulator.server.url}/v1/Content/{sid}"
    assert created == {
        "sid": sid,
        "account_sid": simulator.account.account_sid,
        "friendly_name": "greeting",
        "language": "en",
        "variables": {"1": "customer"},
        "types": {"twilio/text": {"body": "Hi {{1}}, your {{order}} is here."}},
        "date_created": "2026-09-01T16:20:00Z",
        "date_updated": "2026-09-01T16:20:00Z",
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }
    assert (sid[:2], len(sid)) == ("HX", 34)
    assert simulator.get(f"/v1/Content/{sid}") == created
    other = create(simulator, GREETING | {"friendly_name": "second"})
    page = simulator.get("/v1/Content", PageSize=1)
    assert (page["meta"]["key"], [row["sid"] for row in page["contents"]]) == ("contents", [sid])
    assert [row["sid"] for row in simulator.get(page["meta"]["next_page_url"])["contents"]] == [other]
    assert simulator.http.delete(f"/v1/Content/{sid}").status_code == 204
    assert simulator.http.get(f"/v1/Content/{sid}").status_code == 404
    assert send(simulator, sid, '{"order": "lamp"}').json()["code"] == 21655


@pytest.mark.parametrize(
    ("variables", "body"),
    [
        ('{"1": "Ana", "order": "lamp"}', "Hi Ana, your lamp is here."),
        ('{"order": "lamp"}', "Hi customer, your lamp is here."),
        ('{"order": "{{1}}", "unused": "x"}', "Hi customer, your {{1}} is here."),
    ],
)
def test_variables_fill_the_body_and_defaults_the_rest(simulator: Api, variables: str, body: str) -> None:
    sent = send(simulator, create(simulator, GREETING), variables).json()
    assert (sent["body"], sent["num_segments"], sent["num_media"]) == (body, "1", "0")
    assert simulator.message(sent["sid"])["body"] == body


@pytest.mark.parametrize(
    "variables",
    [
        None,
        "{}",
        '{"order": ""}',
        '{"order": null}',
        '{"order": 5}',
        '{"1": "", "order": "lamp"}',
        "order=lamp",
        "[1]",
        '"lamp"',
    ],
)
def test_variables_that_are_missing_or_wrong(simulator: Api, variables: str | None) -> None:
    answer = send(simulator, create(simulator, GREETING), variables)
    assert (answer.status_code, answer.json()["code"]) == (400, 21656)


def test_wrong_sids_and_variables_without_a_template(quiet: Api) -> None:
    assert send(quiet, "HX" + "0" * 32).json()["code"] == 21655
    assert send(quiet, "HX12").json()["code"] == 21655
    answer = quiet.create(To=CUSTOMER, From=DESK, Body="hi", ContentVariables='{"1": "a"}')
    assert (answer.status_code, answer.json()["code"]) == (400, 21654)


@pytest.mark.parametrize("braces", ["{{}}", "{{ }}", "{{id name}}"])
def test_braces_that_name_nothing(simulator: Api, braces: str) -> None:
    sid = create(simulator, {"language": "en", "types": {"twilio/text": {"body": f"Hi {braces}"}}})
    assert send(simulator, sid).json()["code"] == 21656


def test_a_filled_body_that_is_too_long(simulator: Api) -> None:
    sid = create(simulator, {"language": "en", "types": {"twilio/text": {"body": "Hi {{1}}"}}})
    assert send(simulator, sid, json.dumps({"1": "x" * 1597})).status_code == 201
    assert send(simulator, sid, json.dumps({"1": "x" * 1598})).json()["code"] == 21617


def test_media_of_a_template(simulator: Api) -> None:
    content = {
        "language": "en",
        "types": {"twilio/media": {"body": "Look, {{1}}", "media": ["https://example.com/{{1}}.png"]}},
    }
    sent = send(simulator, create(simulator, content), '{"1": "lamp"}').json()
    assert (sent["sid"][:2], sent["body"], sent["num_media"]) == ("MM", "Look, lamp", "1")


def test_sms_takes_the_text_of_a_template_and_whatsapp_its_first_type(simulator: Api) -> None:
    content = {
        "language": "en",
        "types": {
            "twilio/quick-reply": {"body": "Is it fine?", "actions": [{"title": "Yes", "id": "yes"}]},
            "twilio/text": {"body": "Is it fine? Write YES."},
        },
    }
    sid, desk = create(simulator, content), "whatsapp:+14155550111"
    assert send(simulator, sid).json()["body"] == "Is it fine? Write YES."
    sent = send(simulator, sid, To=f"whatsapp:{CUSTOMER}", From=desk).json()
    assert sent["body"] == "Is it fine?"
    simulator.control("clock", advance=120)
    assert simulator.message(sent["sid"])["error_code"] != 63016


@pytest.mark.parametrize(
    "posted",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"language": "en"}',
        b'{"language": "en", "types": {}}',
        b'{"language": "en", "types": {"twilio/text": "hi"}}',
        b'{"types": {"twilio/text": {"body": "hi"}}}',
        b'{"language": "en", "types": {"twilio/text": {"body": 5}}}',
        b'{"language": "en", "types": {"twilio/media": {"body": "hi", "media": "https://example.com/a.png"}}}',
        b'{"language": "en", "types": {"twilio/text": {"body": "hi"}}, "variables": {"a b": "x"}}',
        b'{"language": "en", "types": {"twilio/text": {"body": "hi"}}, "variables": {"1": 1}}',
    ],
)
def test_templates_that_are_none(quiet: Api, posted: bytes) -> None:
    answer = quiet.http.post("/v1/Content", content=posted, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_templates_belong_to_one_account_and_outlive_a_restart(tmp_path: Any) -> None:
    state = tmp_path / "state.jsonl"
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        sid = create(api, GREETING)
        store = server.account.subaccounts[0]
        assert api.http.get("/v1/Content", auth=(store.sid, store.auth_token)).json()["contents"] == []
        api.http.close()
        server.account.close()
    with serve(build(messages=300, state=state)) as server:
        api = Api(server)
        assert send(api, sid, '{"order": "lamp"}').json()["body"] == "Hi customer, your lamp is here."
        api.http.close()
        server.account.close()

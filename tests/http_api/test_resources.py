"""What the routes answer is what the command and the notebook answer; each write is done once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.http_api.api_process import Api
from workbench import Workbench
from workbench.settings import load_settings

PREFIX = "/api/v1"


@pytest.fixture(scope="module")
def wb(api: Api) -> Iterator[Workbench]:
    account = api.simulator.account
    environment = {
        "WORKBENCH_HOME": str(api.home),
        "WORKBENCH_TWILIO_BASE_URL": api.simulator.url,
        "TWILIO_ACCOUNT_SID": account.account_sid,
        "TWILIO_AUTH_TOKEN": account.auth_token,
    }
    with Workbench(load_settings(environment)) as opened:
        yield opened


@pytest.mark.parametrize("name", ["delivery_rate", "spend", "messages"])
def test_a_metric_is_that_of_the_notebook(admin: httpx.Client, wb: Workbench, name: str) -> None:
    query = {"by": ["day", "country"], "where": "direction=outbound-api", "timezone": "America/New_York"}
    answer = admin.get(f"{PREFIX}/metrics/{name}/values", params=query).json()
    frame = wb.metric(name, by=query["by"], where={"direction": "outbound-api"}, timezone="America/New_York")
    assert answer["total"] == len(frame) == len(answer["items"]) > 4
    assert list(answer["items"][0]) == list(frame.columns)
    assert [item[name] for item in answer["items"]] == pytest.approx(
        [None if value != value else float(value) for value in frame[name]]
    )
    assert answer["sql"] == frame.attrs["sql"]
    assert (answer["label"], answer["unit"]) == (frame.attrs["label"], frame.attrs["unit"])
    if name == "delivery_rate":
        assert all(item["sample_size"] is not None for item in answer["items"])
        assert "in_flight" in answer["items"][0]
    if name == "spend":
        assert {item["currency"] for item in answer["items"]} <= {"USD", None}
        assert "priced_share" in answer["items"][0]


def test_a_metric_that_nobody_can_know_by_text_is_null_with_the_reason(admin: httpx.Client) -> None:
    answer = admin.get(f"{PREFIX}/metrics/opt_outs/values", params={"by": "template"}).json()
    assert answer["no_answer"] == "inbound messages have no text to group by"
    assert {row["opt_outs"] for row in answer["items"] if row["template"]} == {None}
    assert [row["opt_outs"] is None for row in answer["items"] if not row["template"]] == [False]
    assert admin.get(f"{PREFIX}/metrics/messages/values", params={"by": "template"}).json()["no_answer"] == ""


@pytest.mark.parametrize("kind", ["template", "messaging_service", "batch"])
def test_campaigns_are_those_of_the_notebook(admin: httpx.Client, wb: Workbench, kind: str) -> None:
    answer = admin.get(f"{PREFIX}/campaigns", params={"kind": kind, "limit": 500}).json()
    frame = wb.campaigns.list(kind=kind)
    assert (answer["kind"], answer["total"]) == (kind, len(frame))
    assert [(row["campaign"], row["text"], row["messages"], row["people"]) for row in answer["items"]] == [
        (row.campaign, row.text, row.messages, row.people) for row in frame.itertuples()
    ]
    assert [row["health"] for row in answer["items"]] == pytest.approx(
        [None if value != value else value for value in frame["health"]]
    )
    if kind == "batch":
        assert answer["items"] == []
        return
    assert list(answer["items"][0]) == list(frame.columns)
    first, second = frame["campaign"].iloc[0], frame["campaign"].iloc[-1]
    path = f"{PREFIX}/campaigns/{first}"
    one = admin.get(path, params={"kind": kind}).json()
    assert one["items"] == [row for row in answer["items"] if row["campaign"] == first]
    compared = admin.get(f"{path}/comparison", params={"kind": kind, "second": second}).json()["items"]
    expected = wb.campaigns.compare(first, second, kind=kind)
    assert [row["sentence"] for row in compared] == list(expected["sentence"])
    assert {row["metric"] for row in compared} == {"reply_rate", "opt_out_rate", "delivery_rate"}


def test_pages_of_campaigns_have_each_row_once(admin: httpx.Client) -> None:
    rows = admin.get(f"{PREFIX}/campaigns", params={"limit": 500}).json()["items"]
    pages: list[dict[str, object]] = []
    cursor = None
    while len(pages) <= len(rows):
        page = admin.get(f"{PREFIX}/campaigns", params={"limit": 4, **({"cursor": cursor} if cursor else {})})
        pages += page.json()["items"]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert pages == rows
    assert len(rows) > 4


def test_a_question_about_campaigns_that_has_no_answer_is_refused(admin: httpx.Client) -> None:
    answers = [
        admin.get(f"{PREFIX}/campaigns{asked}").json()
        for asked in ("?where=country=ZZ", "/none", "/none/comparison", "?timezone=Mars", "?kind=colour")
    ]
    assert [answer["status"] for answer in answers] == [422, 404, 422, 422, 422]
    assert "give a second campaign or a day" in answers[2]["detail"]


def test_pages_of_a_metric_and_of_contacts_have_each_row_once(admin: httpx.Client) -> None:
    for path, whole in (
        ("/metrics/messages/values?by=day&by=hour&by=status&by=country", 10_000),
        ("/contacts?", 500),
    ):
        rows = admin.get(f"{PREFIX}{path}&limit={whole}").json()
        pages, cursor = [], None
        while True:
            query = f"&limit=150&cursor={cursor}" if cursor else "&limit=150"
            page = admin.get(f"{PREFIX}{path}{query}").json()
            pages += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert len(pages) == rows["total"] > 150
        assert pages == rows["items"]


def test_a_contact_is_edited_once_and_taken_back(admin: httpx.Client, wb: Workbench) -> None:
    body = {"contact": "+12065550199", "name": "Ann", "labels": "VIP, late", "timezone": "America/Denver"}
    key = {"Idempotency-Key": "edit-1"}
    first, again = (admin.post(f"{PREFIX}/contacts", json=body, headers=key) for _ in range(2))
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = admin.post(f"{PREFIX}/contacts", json={**body, "name": "Bo"}, headers=key)
    assert (other.status_code, other.json()["type"]) == (422, "urn:workbench:problem:key-used-before")
    found = admin.post(f"{PREFIX}/contacts/look-up", json={"contact": "+12065550199"}).json()
    assert (found["contact"], found["name"]) == ("+1206***0199", "Ann")
    assert (found["labels"], found["time_zone"]) == (["late", "vip"], "America/Denver")
    change = first.json()["change_id"]
    assert list(wb.contacts.changes()["change_id"]).count(change) == 1
    undone = admin.post(f"{PREFIX}/contacts/changes/{change}/undo").json()
    assert undone["fields"] == 3
    assert admin.post(f"{PREFIX}/contacts/look-up", json={"contact": "+12065550199"}).json()["name"] is None
    trail = wb.audit.show(action="contact-edit", limit=1)
    assert trail["actor"].tolist() == ["token:admin"]


def test_an_opt_out_is_written_once_and_holds_at_every_door(admin: httpx.Client, wb: Workbench) -> None:
    body = {
        "contact": "+12065550188", "kind": "opt-out", "scope": "*", "source": "web form",
        "date": "2026-03-01T09:30:00Z", "evidence": "form 12",
    }  # fmt: skip
    assert admin.post(f"{PREFIX}/consent/events", json=body).json()["is_new"] is True
    assert admin.post(f"{PREFIX}/consent/events", json=body).json()["is_new"] is False
    checked = admin.post(
        f"{PREFIX}/consent/check", json={"contacts": ["+12065550188", "+12065550189"]}
    ).json()["items"]
    assert [each["is_blocked"] for each in checked] == [True, False]
    assert checked[0]["contact"] == "+1206***0188"
    history = admin.post(f"{PREFIX}/consent/history", json={"contact": "+12065550188"}).json()
    assert [event["evidence"] for event in history["events"]] == ["form 12"]
    assert history["events"][0]["actor"] == "token:admin"
    verdict = wb.outbox.preflight("+12065550188", "Hi", sender=str(api_sender(wb)))
    assert verdict["verdict"].tolist() == ["block"]
    proof = admin.post(f"{PREFIX}/consent/proof", json={"contact": "+12065550188"})
    assert proof.headers["content-disposition"].startswith('attachment; filename="consent-0188-')
    assert "+12065550188" in proof.text
    assert wb.audit.show(action="export", limit=1)["subject"].tolist() == ["+1206***0188"]


def api_sender(wb: Workbench) -> str:
    return str(wb.sql("select sender from senders where sender like '+1%' limit 1").iloc[0, 0])


def test_a_report_runs_by_itself_and_its_files_come_down(admin: httpx.Client) -> None:
    day = datetime.now(UTC).date()
    body = {"since": str(day - timedelta(days=3)), "until": str(day), "formats": ["html"]}
    key = {"Idempotency-Key": "report-1"}
    asked, again = (admin.post(f"{PREFIX}/reports/cost/runs", json=body, headers=key) for _ in range(2))
    assert (asked.status_code, again.status_code) == (202, 202)
    place = asked.headers["location"]
    assert place == again.headers["location"] == f"{PREFIX}/reports/runs/{asked.json()['run']}"
    for _ in range(600):
        run = admin.get(place).json()
        if run["state"] in ("done", "failed"):
            break
        time.sleep(0.2)
    assert run["state"] == "done", run
    assert run["files"] == ["html", "manifest"]
    page = admin.get(f"{place}/files/html")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["content-disposition"].startswith('attachment; filename="cost_')
    assert page.headers["x-content-type-options"] == "nosniff"
    assert admin.get(f"{place}/files/manifest").json()["report"] == "cost"
    assert admin.get(f"{place}/files/pdf").status_code == 404
    assert [each["run"] for each in admin.get(f"{PREFIX}/reports/runs").json()["items"]] == [run["run"]]


def test_a_rule_is_muted_and_unmuted(admin: httpx.Client) -> None:
    def state() -> str:
        rules = admin.get(f"{PREFIX}/alerts/rules").json()["items"]
        return str(next(rule["state"] for rule in rules if rule["rule"] == "budget"))

    assert state() == "on"
    assert admin.post(f"{PREFIX}/alerts/rules/budget/mute", json={"hours": 2}).json()["is_muted"] is True
    assert state().startswith("muted until ")
    assert admin.post(f"{PREFIX}/alerts/rules/budget/unmute").json()["is_muted"] is False
    assert state() == "on"


def test_answers_that_follow_from_files_have_no_tag(admin: httpx.Client) -> None:
    for path in ("/templates", "/status", "/reports/runs", "/reports"):
        assert "etag" not in admin.get(PREFIX + path).headers, path
    tagged = admin.get(f"{PREFIX}/alerts")
    same = admin.get(f"{PREFIX}/alerts", headers={"If-None-Match": tagged.headers["etag"]})
    assert same.status_code in (200, 304)

"""What strangers put into a request is refused in words or answered as meant, never an error of ours."""

from __future__ import annotations

import httpx
import pytest

from tests.http_api.api_process import Api

SQL = "x'; drop table raw_messages; --"
ODD = [
    SQL, "\x00", "a\x00b", "%", "_", "\\", "'", '"', "../../../etc/passwd", "{{ 7 * 7 }}", "‮evil", "𝕏" * 50,
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "<script>alert(1)</script>",
    "http://169.254.169.254/latest/meta-data/", "=cmd|' /C calc'!A0", "é" * 200, "-1", "NaN", "null", " ",
]  # fmt: skip

#: Those that a lake may see in a query; each costs a search.
ODD_SEARCHES = [SQL, "a\x00b", "%_\\", "𝕏\u202eevil", "é" * 200]
LISTS = [("/contacts", "search"), ("/conversations", "search"), ("/templates", "search")]
NAMED = ["/metrics/{}", "/metrics/{}/values", "/templates/{}", "/templates/{}/approval"]


@pytest.mark.parametrize(("path", "name"), LISTS)
def test_a_search_takes_any_text(admin: httpx.Client, path: str, name: str) -> None:
    for text in ODD_SEARCHES:
        answer = admin.get(f"/api/v1{path}", params={name: text})
        assert answer.status_code == 200, (text, answer.text)
    assert admin.get(f"/api/v1{path}", params={name: "x" * 20_000}).status_code in (200, 422)


@pytest.mark.parametrize("path", NAMED)
def test_a_name_that_is_none_is_not_found(admin: httpx.Client, path: str) -> None:
    for text in ODD:
        # As one part of the path, whatever is in it.
        part = "".join(f"%{byte:02x}" for byte in text.encode())
        answer = admin.get(f"/api/v1{path.format(part)}")
        assert answer.status_code in (404, 422), (text, answer.text)


@pytest.mark.parametrize(
    "query",
    [
        "by=day;drop", f"by={SQL}", f"where={SQL}", f"where=country={SQL}", "where=country", "where==US",
        "since=2026-12-01&until=2026-11-01", "since=2026-11-01&until=2026-11-01", "since=99999-01-01",
        "since=0000-00-00", "since=%00", "timezone=../../etc/passwd", "timezone=%00", f"timezone={SQL}",
        "limit=0", "limit=-1", "limit=1e9", "limit=99999999999999999999999", "limit=10001", "limit=",
        "by=day&bye=week", "cursor=x", "cursor=" + "A" * 3000, "allow_unknown=perhaps", "where=hour=25",
    ],
)  # fmt: skip
def test_a_question_of_a_metric_that_cannot_be_is_refused_in_words(admin: httpx.Client, query: str) -> None:
    answer = admin.get(f"/api/v1/metrics/delivery_rate/values?{query}")
    assert answer.status_code in (400, 422), answer.text
    problem = answer.json()
    assert problem["type"].startswith("urn:workbench:problem:")
    assert len(problem["detail"]) > 30


def test_a_misspelt_parameter_is_told_the_nearest(admin: httpx.Client) -> None:
    answer = admin.get("/api/v1/contacts", params={"serch": "Ann"})
    assert answer.status_code == 422
    assert "Did you mean 'search'?" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/contacts", {"contact": "+12065550142", "nmae": "Ann"}),
        ("/consent/events", {"contact": "+12065550142", "kind": "opt-out", "scope": "*", "source": "form",
                             "date": "2026-03-01T09:30:00Z", "confirm": True}),
        ("/consent/check", {"contact": "+12065550142"}),
        ("/reports/cost/runs", {"format": "html"}),
        ("/templates/hours/preview", {"variable": {}}),
        ("/alerts/rules/budget/mute", {"hour": 1}),
    ],
)  # fmt: skip
def test_a_field_that_does_not_exist_is_refused(admin: httpx.Client, path: str, body: object) -> None:
    answer = admin.post(f"/api/v1{path}", json=body)
    assert answer.status_code == 422
    assert "There is no such field here." in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"1", b'"x"', b"\xff\xfe", b'{"contact": NaN}', b"{" * 5000]
)
def test_a_body_that_is_no_object_is_refused(admin: httpx.Client, body: bytes) -> None:
    answer = admin.post("/api/v1/contacts", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", 5), ("date", "yesterday"), ("date", "2026-03-01T09:30:00"), ("date", "9999-12-31T23:59:59Z"),
        ("scope", "all of them!"), ("scope", ""), ("kind", "maybe"), ("contact", "Ann"), ("contact", ""),
        ("contact", "+1206555014212345678901234"), ("source", ""), ("evidence", "x" * 2001),
        ("contact", "CV0123456789abcdef01234567"),
    ],
)  # fmt: skip
def test_consent_that_cannot_be_is_not_written(admin: httpx.Client, field: str, value: object) -> None:
    body = {"contact": "+12065550177", "kind": "opt-in", "scope": "*", "source": "form"}
    body["date"] = "2026-03-01T09:30:00Z"
    answer = admin.post("/api/v1/consent/events", json={**body, field: value})
    assert answer.status_code in (404, 422), answer.text
    history = admin.post("/api/v1/consent/check", json={"contacts": ["+12065550177"]}).json()
    assert history["items"][0]["state"] == []


def test_odd_names_come_back_as_they_were(admin: httpx.Client) -> None:
    for number, name in enumerate(["𝕏 ‮evil", SQL, "<script>alert(1)</script>", "=1+1", "{{ 7 * 7 }}"]):
        contact = f"+120655502{number:02d}"
        assert admin.post("/api/v1/contacts", json={"contact": contact, "name": name}).status_code == 200
        read = admin.post("/api/v1/contacts/look-up", json={"contact": contact}).json()
        assert read["name"] == name
    assert admin.get("/api/v1/status").json()["freshness"]["messages"] > 100


@pytest.mark.parametrize(
    "wish",
    [
        {"media": ["http://[::1"]}, {"media": ["\u00f7v\u0080Gy"]}, {"at": "0001-01-01T00:00:00+23:59"},
        {"at": "9999-12-31T23:59:59-23:59"}, {"content_sid": "HX", "content_variables": {"\u00ab": "x"}},
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_is_refused_before_it_is_sent(
    admin: httpx.Client, wish: dict[str, object]
) -> None:
    texts = {} if "content_sid" in wish else {"body": "Hi"}
    answer = admin.post("/api/v1/messages", json={"to": "+12065550142", **texts, **wish, "confirm": True})
    assert answer.status_code == 422, answer.text


def test_nothing_unexpected_stands_in_the_log(api: Api) -> None:
    """Runs last in this file: whatever was asked before."""
    assert "failed unexpectedly" not in api.log.read_text()

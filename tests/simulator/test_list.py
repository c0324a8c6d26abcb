"""Listing messages over HTTP: filters, pages, limits, refusals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.simulator.conftest import Api, build
from workbench.simulator import Clock, Fault, Options, serve

Row = dict[str, Any]


def placed(row: Row) -> datetime:
    return parsedate_to_datetime(row["date_sent"] or row["date_created"])


@pytest.fixture(scope="module")
def everything(quiet: Api) -> list[Row]:
    return list(quiet.walk(PageSize=1000))


def test_a_walk_finds_each_message_once_and_newest_first(quiet: Api, everything: list[Row]) -> None:
    for size in (50, 333):
        walked = list(quiet.walk(PageSize=size))
        assert [row["sid"] for row in walked] == [row["sid"] for row in everything]
    places = [placed(row) for row in everything]
    assert places == sorted(places, reverse=True)
    assert len({row["sid"] for row in everything}) == len(everything) > 3000


def test_page_size_is_50_unless_asked_for_and_at_most_1000(quiet: Api) -> None:
    path = f"{quiet.base}/Messages.json"
    assert len(quiet.get(path)["messages"]) == 50
    assert len(quiet.get(path, PageSize=1)["messages"]) == 1
    largest = quiet.get(path, PageSize=5000)
    assert (len(largest["messages"]), largest["page_size"]) == (1000, 1000)


def test_addresses_of_pages_carry_the_filters_as_given(quiet: Api) -> None:
    query = {"DateSent>": "2026-08-10", "PageSize": "3"}
    page = quiet.get(f"{quiet.base}/Messages.json", **query)
    parts = urlsplit(page["next_page_uri"])
    assert parts.path == f"{quiet.base}/Messages.json"
    assert "DateSent%3E=2026-08-10" in parts.query
    given = dict(parse_qsl(parts.query))
    assert given == {**query, "Page": "1", "PageToken": "PA" + page["messages"][-1]["sid"]}
    assert page["previous_page_uri"] is None
    assert page["uri"] == page["first_page_uri"]


def test_the_way_back(quiet: Api) -> None:
    first = quiet.get(f"{quiet.base}/Messages.json", PageSize=7)
    second = quiet.get(first["next_page_uri"])
    assert second["start"] == 7
    assert quiet.get(second["previous_page_uri"])["messages"] == first["messages"]


def test_the_last_page_has_no_next(quiet: Api, everything: list[Row]) -> None:
    last = quiet.get(f"{quiet.base}/Messages.json", **{"PageSize": 1000, "DateSent<": "2026-08-05"})
    assert last["next_page_uri"] is None
    assert 0 < len(last["messages"]) < 1000
    empty = quiet.get(f"{quiet.base}/Messages.json", **{"DateSent<": "2026-08-03"})
    assert (empty["messages"], empty["next_page_uri"], empty["end"]) == ([], None, 0)


def test_one_day_is_that_gmt_day(quiet: Api, everything: list[Row]) -> None:
    day = date(2026, 8, 13)
    messages = list(quiet.walk(**{"DateSent": "2026-08-13", "PageSize": 1000}))
    assert [row["sid"] for row in messages] == [row["sid"] for row in everything if placed(row).date() == day]
    assert len(messages) > 100


def test_days_side_by_side_leave_nothing_out(quiet: Api, everything: list[Row]) -> None:
    messages: list[Row] = []
    for offset in range(30):
        day = date(2026, 9, 1) - timedelta(days=offset)
        messages += quiet.walk(**{"DateSent": day.isoformat(), "PageSize": 1000})
    assert [row["sid"] for row in messages] == [row["sid"] for row in everything]


def test_until_a_day_leaves_that_day_out() -> None:
    """`DateSent<=D` ends with the first second of D; `DateSent>=D` begins with it."""
    midnight = "2026-08-10T00:00:00Z"
    with serve(build(messages=300)) as server:
        api = Api(server)
        for created, body in (
            ("2026-08-09T23:59:59Z", "before"),
            (midnight, "midnight"),
            ("2026-08-10T00:00:01Z", "after"),
        ):
            fields = {"contact": "+14155550188", "sender": "+12065550101", "sent": 0, "body": body}
            api.control("messages", created=created, **fields)
        listed = {
            name: [row["body"] for row in api.walk(To="+14155550188", **{name: "2026-08-10"})]
            for name in ("DateSent<", "DateSent", "DateSent>")
        }
        api.http.close()
    assert listed == {
        "DateSent<": ["midnight", "before"],
        "DateSent": ["after", "midnight"],
        "DateSent>": ["after", "midnight"],
    }


def test_filters_by_address_look_at_the_side_they_name(quiet: Api, everything: list[Row]) -> None:
    desk = "+14155550104"
    to = [row["sid"] for row in everything if row["to"] == desk]
    sender = [row["sid"] for row in everything if row["from"] == desk]
    assert [row["sid"] for row in quiet.walk(To=desk, PageSize=20)] == to != []
    assert [row["sid"] for row in quiet.walk(From=desk, PageSize=1000)] == sender != []
    contact = next(row["to"] for row in everything if row["direction"] == "outbound-api")
    both = [row["sid"] for row in everything if contact == row["to"] and row["from"] == "+13125550102"]
    assert [row["sid"] for row in quiet.walk(To=contact, From="+13125550102")] == both


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"PageSize": "0"}, 20001),
        ({"PageSize": "-1"}, 20001),
        ({"PageSize": "ten"}, 20001),
        ({"Page": "2"}, 20001),
        ({"PageToken": "PA123"}, 20001),
        ({"PageToken": "nonsense"}, 20001),
        ({"DateSent": "lately"}, 20001),
        ({"DateSent>": "2026-02-30"}, 20001),
        ({"DateSent>": "2025-07-27"}, 20004),
        ({"DateSent": "2020-01-01"}, 20004),
    ],
)
def test_bad_questions_are_refused(quiet: Api, query: dict[str, str], code: int) -> None:
    answer = quiet.http.get(f"{quiet.base}/Messages.json", params=query)
    assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (400, code, 400)


def test_400_days_back_is_the_limit(quiet: Api) -> None:
    """The account's today is 2026-09-01."""
    assert (
        quiet.http.get(f"{quiet.base}/Messages.json", params={"DateSent>": "2025-07-28"}).status_code == 200
    )


def test_messages_older_than_400_days_are_gone() -> None:
    clock = Clock.frozen("2026-08-03T12:00:00")
    with serve(build(messages=300, start="2026-08-03", clock=clock)) as server:
        api = Api(server)
        sid = api.get(f"{api.base}/Messages.json")["messages"][0]["sid"]
        clock.set("2027-09-08T00:00:00")
        assert api.http.get(f"{api.base}/Messages/{sid}.json").status_code == 404
        api.http.close()


def test_nothing_is_repeated_or_skipped_while_messages_arrive(simulator: Api) -> None:
    before = {row["sid"] for row in simulator.walk(PageSize=1000)}
    simulator.server.runtime.faults.add(
        Fault("arrivals", times=None, path=f"{simulator.base}/Messages.json", count=4)
    )
    walked = [row["sid"] for row in simulator.walk(PageSize=40)]
    assert len(walked) == len(set(walked))
    assert before <= set(walked)
    # Only those that came before the first page was made are on it.
    assert len(set(walked) - before) == 4
    simulator.server.runtime.faults.clear()
    assert len(list(simulator.walk(PageSize=1000))) > len(walked) + 4


def test_nothing_is_repeated_while_a_campaign_is_sent() -> None:
    """Rows that move to the top when they are sent are not in this walk any more, and none comes twice."""
    clock = Clock.frozen("2026-08-13T17:30:20")
    with serve(build(messages=12_000, clock=clock)) as server:
        api = Api(server)
        account = server.account
        assert len(account.main.log.waiting(account.now())) > 20
        walked = []
        for row in api.walk(PageSize=5):
            walked.append(row["sid"])
            if len(walked) % 5 == 0:
                clock.advance(3)
            if len(walked) > 300:
                break
        api.http.close()
    assert len(walked) == len(set(walked))


def test_rows_without_date_sent_can_be_left_out_of_windows(quiet_account: Any) -> None:
    options = Options(undated_in_windows=False)
    with serve(quiet_account, options=options) as server:
        api = Api(server)
        window = {"DateSent>": "2026-08-03", "PageSize": 1000}
        assert all(row["date_sent"] for row in api.walk(**window))
        options.undated_in_windows = True
        undated = [row for row in api.walk(**window) if row["date_sent"] is None]
        assert undated
        api.http.close()


def test_credentials(quiet: Api) -> None:
    account, url = quiet.account, quiet.server.url + quiet.base + ".json"
    for good in ((account.account_sid, account.auth_token), (account.api_key, account.api_secret)):
        assert httpx.get(url, auth=good).status_code == 200
    for bad in (None, (account.account_sid, "wrong"), (account.api_key, account.auth_token), ("", "")):
        answer = httpx.get(url, auth=bad)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_subaccounts_are_their_owners_but_not_the_other_way_round(quiet: Api) -> None:
    sub = quiet.account.subaccounts[0]
    listed = quiet.get("/2010-04-01/Accounts.json")["accounts"]
    assert [row["sid"] for row in listed] == [quiet.account.account_sid, sub.sid]
    assert listed[1]["owner_account_sid"] == quiet.account.account_sid
    rows = quiet.get(f"/2010-04-01/Accounts/{sub.sid}/Messages.json")["messages"]
    assert {row["account_sid"] for row in rows} == {sub.sid}
    mine = httpx.Client(base_url=quiet.server.url, auth=(sub.sid, sub.auth_token))
    assert mine.get(f"/2010-04-01/Accounts/{sub.sid}/Messages.json").status_code == 200
    assert mine.get(f"{quiet.base}/Messages.json").status_code == 404
    assert [row["sid"] for row in mine.get("/2010-04-01/Accounts.json").json()["accounts"]] == [sub.sid]
    mine.close()


def test_unknown_things_are_404(quiet: Api) -> None:
    for path in (
        f"{quiet.base}/Messages/SM{'0' * 32}.json",
        f"/2010-04-01/Accounts/AC{'0' * 32}.json",
        "/2010-04-01/Nothing.json",
    ):
        answer = quiet.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)


def test_a_message_has_one_sid(quiet: Api, everything: list[Row]) -> None:
    """The other prefix with the same digits is another SID."""
    sid = everything[0]["sid"]
    other = ("MM" if sid.startswith("SM") else "SM") + sid[2:]
    assert quiet.http.get(f"{quiet.base}/Messages/{sid}.json").json() == everything[0]
    assert quiet.http.get(f"{quiet.base}/Messages/{other}.json").status_code == 404


def test_headers_of_every_answer(quiet: Api) -> None:
    for answer in (quiet.http.get(f"{quiet.base}.json"), httpx.get(quiet.server.url + quiet.base + ".json")):
        assert answer.headers["Twilio-Concurrent-Requests"] == "1"
        assert float(answer.headers["Twilio-Request-Duration"]) >= 0
        assert answer.headers["Twilio-Request-Id"].startswith("RQ")


def test_answers_are_compressed_on_request(quiet_account: Any) -> None:
    with serve(quiet_account, gzip=True) as server:
        api = Api(server)
        answer = api.http.get(f"{api.base}/Messages.json")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert len(answer.json()["messages"]) == 50
        api.http.close()

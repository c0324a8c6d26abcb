"""The client against a real server: pages, retries, broken answers, threads."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.twilio.scripted_twilio import (
    BASIC,
    BASIC_KEY,
    WITH_KEY,
    WITH_TOKEN,
    Cut,
    Reply,
    Reset,
    ScriptedTwilio,
    Seen,
    Trickle,
    json_reply,
    raw_reply,
    refusal,
)
from workbench.errors import ConfigError, TwilioAuthError, TwilioError, TwilioUnavailable
from workbench.twilio.client import TwilioClient
from workbench.twilio.concurrency import AdaptiveLimit

Connect = Callable[..., TwilioClient]
PATH = "/2010-04-01/Accounts/AC1/Messages.json"
TOO_MANY = refusal(429, 20429, "Too Many Requests")


def page(sids: str, next_page_uri: str | None) -> dict[str, Any]:
    return {"messages": [{"sid": sid} for sid in sids], "next_page_uri": next_page_uri, "page": 0}


# One request


def test_a_request_carries_what_twilio_needs(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply({"a": 1})]
    assert client.get_json(PATH, {"DateSent>": "2026-01-31", "To": "+1555"}) == {"a": 1}
    seen = twilio.seen[0]
    assert (seen.method, seen.uri) == ("GET", f"{PATH}?DateSent%3E=2026-01-31&To=%2B1555")
    assert seen.headers["authorization"] == f"Basic {BASIC}"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers["accept"] == "application/json"


def test_an_api_key_is_used_when_given(twilio: ScriptedTwilio, connect: Connect) -> None:
    twilio.script = [json_reply({})]
    connect(credentials=WITH_KEY).get_json("/x")
    assert twilio.seen[0].headers["authorization"] == f"Basic {BASIC_KEY}"


def test_a_compressed_answer_is_read(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply({"body": "ü" * 1000}, gzipped=True)]
    assert client.get_json("/x") == {"body": "ü" * 1000}


def test_secrets_in_an_answer_are_dropped(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    listed = {"accounts": [{"sid": "AC2", "auth_token": "s3cret"}], "next_page_uri": None}
    twilio.script = [json_reply({"sid": "AC1", "auth_token": "s3cret"}), json_reply(listed)]
    assert client.get_json("/x") == {"sid": "AC1"}
    assert client.fetch_page("/y", None, "accounts").rows == [{"sid": "AC2"}]


def test_each_product_has_its_own_host_without_a_base_url() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"url": str(request.url)})

    with TwilioClient(WITH_TOKEN, transport=httpx.MockTransport(answer)) as client:
        urls = [client.get_json("/v1/x", host=host)["url"] for host in ("api", "messaging", "bulkexports")]
    assert urls == [
        "https://api.twilio.com/v1/x",
        "https://messaging.twilio.com/v1/x",
        "https://bulkexports.twilio.com/v1/x",
    ]


# Retries


@pytest.mark.parametrize(
    "first",
    [
        TOO_MANY,
        refusal(401, 20003, "Authenticate"),
        refusal(500, 20500, "Internal Server Error"),
        raw_reply(b"<html>Bad gateway</html>", 502, {"Content-Type": "text/html"}),
        raw_reply(b"", 503),
        raw_reply(b'{"messages": [{"sid": "S', 200, {"Content-Type": "application/json"}),
        raw_reply(b"<html>Sign in to the Wi-Fi</html>", 200, {"Content-Type": "text/html"}),
        raw_reply(b"", 200),
        raw_reply(b"[1, 2]", 200),
        raw_reply(b'{"a": "\xff"}', 200),
        raw_reply(b"not gzip", 200, {"Content-Encoding": "gzip"}),
        Cut(raw_reply(b'{"a": 1}', length=500)),
        Cut(b"HTTP/1.1 200 OK\r\nContent-Len"),
        Cut(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"\r\n"),
        Cut(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
        Cut(),
        Reset(),
    ],
)  # fmt: skip
def test_what_may_pass_is_tried_again(
    first: Reply, twilio: ScriptedTwilio, client: TwilioClient, sleeps: list[float]
) -> None:
    twilio.script = [first, json_reply({"ok": True})]
    assert client.get_json(PATH) == {"ok": True}
    assert twilio.uris == [PATH, PATH]
    assert len(sleeps) == 1
    assert 0.09 <= sleeps[0] <= 0.11


def test_a_content_length_that_is_too_short_spoils_the_connection_only(
    twilio: ScriptedTwilio, client: TwilioClient, sleeps: list[float]
) -> None:
    twilio.script = [
        raw_reply(b'{"ok": true, "rest": "cut off"}', length=11),
        *[json_reply({"ok": True})] * 2,
    ]
    assert client.get_json(PATH) == {"ok": True}
    # The stray bytes may cost one more attempt, on the connection that they came over.
    assert 1 <= len(sleeps) <= 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, TwilioError), (403, TwilioAuthError), (404, TwilioError), (409, TwilioError), (302, TwilioError)],
)
def test_what_will_not_pass_is_asked_once(
    status: int, kind: type[TwilioError], twilio: ScriptedTwilio, client: TwilioClient, sleeps: list[float]
) -> None:
    twilio.script = [refusal(status, 20001, "No")]
    with pytest.raises(TwilioError) as caught:
        client.get_json(PATH)
    assert (type(caught.value), caught.value.status, caught.value.code) == (kind, status, 20001)
    assert len(twilio.seen) == 1
    assert sleeps == []


def test_a_second_401_ends_it(twilio: ScriptedTwilio, client: TwilioClient, sleeps: list[float]) -> None:
    twilio.script = [refusal(401, 20003, "Authenticate"), TOO_MANY, refusal(401, 20003, "Authenticate")]
    with pytest.raises(TwilioAuthError) as caught:
        client.get_json(PATH)
    assert (caught.value.status, caught.value.code, len(sleeps)) == (401, 20003, 2)


def test_retry_after_is_waited_for(twilio: ScriptedTwilio, client: TwilioClient, sleeps: list[float]) -> None:
    dated = {"Date": "Tue, 01 Sep 2026 12:00:00 GMT", "Retry-After": "Tue, 01 Sep 2026 12:00:20 GMT"}
    twilio.script = [
        refusal(429, 20429, "Too Many Requests", {"Retry-After": "7"}),
        refusal(503, 20503, "Unavailable", dated),
        TOO_MANY,
        json_reply({}),
    ]
    client.get_json(PATH)
    assert 7.0 <= sleeps[0] <= 7.7
    assert 20.0 <= sleeps[1] <= 22.0
    assert 0.36 <= sleeps[2] <= 0.44


@pytest.mark.parametrize("attempts", [1, 3, 5])
def test_attempts_end(attempts: int, twilio: ScriptedTwilio, connect: Connect, sleeps: list[float]) -> None:
    twilio.script = [TOO_MANY] * attempts
    with pytest.raises(TwilioUnavailable) as caught:
        connect(attempts=attempts).get_json(PATH)
    assert (caught.value.status, caught.value.code) == (429, 20429)
    assert len(twilio.seen) == attempts
    assert len(sleeps) == attempts - 1


def test_sleep_may_give_up(twilio: ScriptedTwilio, connect: Connect) -> None:
    class Stopped(Exception):
        pass

    def stop(_: float) -> None:
        raise Stopped

    twilio.script = [TOO_MANY]
    with pytest.raises(Stopped):
        connect(sleep=stop).get_json(PATH)


def test_a_silent_server_is_given_up_and_asked_again(twilio: ScriptedTwilio, connect: Connect) -> None:
    async def never(_: Seen) -> Reply:
        await asyncio.sleep(60)
        return Cut()

    twilio.otherwise = never
    quick = httpx.Timeout(0.2)
    with pytest.raises(TwilioUnavailable, match="timed out"):
        connect(timeout=quick, attempts=2).get_json(PATH)
    assert twilio.uris == [PATH, PATH]


def test_a_trickle_is_given_up_though_every_byte_is_in_time(twilio: ScriptedTwilio, connect: Connect) -> None:
    twilio.script = [Trickle(json_reply({"body": "x" * 5000}), 0.02), json_reply({"ok": True})]
    started = time.monotonic()
    assert connect(answer_within=0.3).get_json(PATH) == {"ok": True}
    assert 0.3 <= time.monotonic() - started < 10


# Pages


def test_pages_are_followed_verbatim(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    second = f"{PATH}?DateSent%3E=2026-01-31&PageSize=2&Page=1&PageToken=PASM00%2Fb"
    third = f"{PATH}?PageToken=PASM01&To=%2B1555&Page=2"
    twilio.script = [
        json_reply(page("ab", second)),
        json_reply(page("cd", third)),
        json_reply(page("e", None)),
    ]
    pages = list(client.pages(PATH, {"DateSent>": "2026-01-31", "PageSize": 2}, "messages"))
    assert [[row["sid"] for row in page.rows] for page in pages] == [["a", "b"], ["c", "d"], ["e"]]
    assert [page.next_page_uri for page in pages] == [second, third, None]
    assert twilio.uris == [f"{PATH}?DateSent%3E=2026-01-31&PageSize=2", second, third]


def test_pages_of_newer_products_are_absolute_and_redirected(
    twilio: ScriptedTwilio, client: TwilioClient
) -> None:
    second = "https://messaging.twilio.com/v1/Services?PageSize=1&Page=1&PageToken=PT1"
    twilio.script = [
        json_reply({"services": [{"sid": "MG1"}], "meta": {"next_page_url": second, "key": "services"}}),
        json_reply({"services": [{"sid": "MG2"}], "meta": {"next_page_url": None, "key": "services"}}),
    ]
    pages = list(client.pages("/v1/Services", {"PageSize": 1}, "services", "messaging"))
    assert [page.rows for page in pages] == [[{"sid": "MG1"}], [{"sid": "MG2"}]]
    assert pages[0].next_page_uri == second
    assert twilio.uris == ["/v1/Services?PageSize=1", "/v1/Services?PageSize=1&Page=1&PageToken=PT1"]


def test_a_walk_resumes_from_a_stored_page(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    stored = f"{PATH}?PageSize=2&Page=1&PageToken=PASM9"
    twilio.script = [json_reply(page("cd", None))]
    assert [page.rows for page in client.pages(stored, None, "messages")] == [[{"sid": "c"}, {"sid": "d"}]]
    assert twilio.uris == [stored]


def test_an_empty_page_is_not_the_end(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply(page("", f"{PATH}?Page=1")), json_reply(page("a", None))]
    assert [len(page.rows) for page in client.pages(PATH, None, "messages")] == [0, 1]


def test_pages_are_fetched_as_they_are_asked_for(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply(page("a", f"{PATH}?Page=1"))]
    assert next(client.pages(PATH, None, "messages")).rows == [{"sid": "a"}]
    assert len(twilio.seen) == 1


def test_a_page_says_how_long_it_took_and_twilios_time(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    async def after_a_while(_: Seen) -> Reply:
        await asyncio.sleep(0.1)
        return json_reply(page("a", None), headers={"Date": "Tue, 01 Sep 2026 12:00:00 GMT"})

    twilio.otherwise = after_a_while
    fetched = client.fetch_page(PATH, None, "messages")
    assert 0.1 <= fetched.elapsed < 5
    assert fetched.server_time == datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_a_page_that_names_itself_is_noticed(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    own = f"{PATH}?Page=1&PageToken=PASM1"
    twilio.script = [json_reply(page("a", own)), json_reply(page("b", own))]
    walk = client.pages(PATH, None, "messages")
    assert next(walk).rows == [{"sid": "a"}]
    with pytest.raises(TwilioError, match="names itself as its next page"):
        next(walk)


def test_a_first_page_that_names_itself_is_noticed(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [json_reply(page("a", f"{PATH}?PageSize=5"))]
    with pytest.raises(TwilioError, match="names itself as its next page"):
        client.fetch_page(PATH, {"PageSize": 5}, "messages")


def test_pages_that_go_round_are_noticed(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    first, second = f"{PATH}?Page=1", f"{PATH}?Page=2"
    twilio.script = [
        json_reply(page("a", first)),
        json_reply(page("b", second)),
        json_reply(page("c", first)),
    ]
    walk = client.pages(PATH, None, "messages")
    assert [next(walk).rows[0]["sid"] for _ in range(2)] == ["a", "b"]
    with pytest.raises(TwilioError, match="came a second time"):
        next(walk)


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/x", "//evil.example/x", "@evil.example/x", "https://api.twilio.com.evil.example/"]
)  # fmt: skip
def test_credentials_never_follow_a_page_elsewhere(elsewhere: str) -> None:
    hosts = []

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return httpx.Response(200, json=page("a", elsewhere))

    with TwilioClient(WITH_TOKEN, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(TwilioError):
            list(client.pages(PATH, None, "messages"))
        with pytest.raises(TwilioError):
            client.get_json(elsewhere)
    assert hosts == ["api.twilio.com"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"messages": []},
        {"messages": None, "next_page_uri": None},
        {"messages": {}, "next_page_uri": None},
        {"calls": [], "next_page_uri": None},
        {"messages": [], "next_page_uri": 7},
        {"messages": [], "meta": {}},
    ],
)
def test_an_answer_that_is_no_such_list_is_not_read_as_an_empty_one(
    payload: dict[str, Any], twilio: ScriptedTwilio, client: TwilioClient
) -> None:
    twilio.script = [json_reply(payload)]
    with pytest.raises(TwilioError, match="is not the list 'messages'"):
        client.fetch_page(PATH, None, "messages")


def test_a_redirect_is_not_followed(twilio: ScriptedTwilio, client: TwilioClient) -> None:
    twilio.script = [raw_reply(b"", 307, {"Location": "https://storage.example/file?signature=abc"})]
    with pytest.raises(
        TwilioError, match=r"HTTP 307 .* redirects to storage\.example, which is not followed"
    ) as caught:
        client.get_json(PATH)
    assert "abc" not in str(caught.value)
    assert len(twilio.seen) == 1


# Threads


def test_threads_share_one_pool(twilio: ScriptedTwilio, connect: Connect) -> None:
    in_flight: list[int] = []
    most_in_flight = 0

    async def echo(request: Seen) -> Reply:
        nonlocal most_in_flight
        in_flight.append(request.client_port)
        most_in_flight = max(most_in_flight, len(in_flight))
        await asyncio.sleep(0.005)
        in_flight.remove(request.client_port)
        return json_reply({"uri": request.uri})

    twilio.otherwise = echo
    client = connect(max_connections=4)
    paths = [f"/{number}" for number in range(100)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(client.get_json, paths))
    assert [answer["uri"] for answer in answers] == paths
    assert most_in_flight <= 4
    # On a busy machine a connection that was idle too long is replaced: more than four may be used in all.
    assert len({request.client_port for request in twilio.seen}) <= 25


def test_everything_arrives_from_an_account_that_takes_few_requests_at_once(
    twilio: ScriptedTwilio, connect: Connect
) -> None:
    now = at_most = 0

    async def answer(_: Seen) -> Reply:
        nonlocal now, at_most
        if now >= 4:
            return TOO_MANY
        now += 1
        at_most = max(at_most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return json_reply({})

    twilio.otherwise = answer
    limit = AdaptiveLimit(16, start=1, step=2)
    statuses: list[int | None] = []
    client = connect(
        limit=limit, on_response=lambda status, _: statuses.append(status), sleep=time.sleep, attempts=12
    )
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(client.get_json, ["/x"] * 150))
    assert statuses.count(200) == 150
    assert at_most == 4
    assert 1 <= limit.pace.halvings <= statuses.count(429)
    assert limit.in_flight == 0


def test_no_slot_is_held_while_waiting_to_retry(twilio: ScriptedTwilio, connect: Connect) -> None:
    limit = AdaptiveLimit(4, start=4)
    slots_in_use: list[int] = []
    twilio.script = [TOO_MANY, Reset(), json_reply({})]
    connect(limit=limit, sleep=lambda _: slots_in_use.append(limit.in_flight)).get_json(PATH)
    assert slots_in_use == [0, 0]
    assert limit.pace.halvings == 1


def test_an_answer_that_cannot_be_read_is_no_good_answer(twilio: ScriptedTwilio, connect: Connect) -> None:
    limit = AdaptiveLimit(4, start=2, step=2)
    twilio.script = [json_reply({}), raw_reply(b"{", 200), json_reply({}), json_reply({})]
    client = connect(limit=limit)
    client.get_json("/1")
    assert limit.pace.streak == 1
    client.get_json("/2")
    assert (limit.pace.allowed, limit.pace.streak) == (2, 1)
    client.get_json("/3")
    assert (limit.pace.allowed, limit.pace.streak) == (3, 0)


def test_a_waiting_retry_lets_others_through(twilio: ScriptedTwilio, connect: Connect) -> None:
    limit = AdaptiveLimit(1, start=1)
    waiting, go_on = threading.Event(), threading.Event()

    def wait(_: float) -> None:
        waiting.set()
        assert go_on.wait(5)

    twilio.script = [TOO_MANY, json_reply({"n": 1}), json_reply({"n": 2})]
    client = connect(limit=limit, sleep=wait)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get_json, "/slow")
        assert waiting.wait(5)
        assert client.get_json("/quick") == {"n": 1}
        go_on.set()
        assert slow.result(5) == {"n": 2}


def test_every_attempt_is_reported(twilio: ScriptedTwilio, connect: Connect) -> None:
    seen: list[tuple[int | None, bool]] = []
    twilio.script = [TOO_MANY, Cut(), raw_reply(b"{", 200), json_reply({})]
    client = connect(on_response=lambda status, elapsed: seen.append((status, 0 < elapsed < 5)))
    client.get_json(PATH)
    assert client.requests == 4
    assert seen == [(429, True), (None, True), (None, True), (200, True)]


# Making one


@pytest.mark.parametrize("base_url", ["ftp://h", "127.0.0.1", "http://u:p@h"])
def test_a_base_url_that_cannot_be(base_url: str) -> None:
    with pytest.raises(ConfigError):
        TwilioClient(WITH_TOKEN, base_url=base_url)


def test_a_proxy_for_the_internet_is_not_used_for_this_machine(
    twilio: ScriptedTwilio, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    twilio.script = [json_reply({"ok": True})]
    assert connect(attempts=1).get_json(PATH) == {"ok": True}


def test_importing_the_client_loads_nothing_heavy() -> None:
    code = (
        "import sys, workbench.twilio.resources, workbench.twilio.client;"
        "print(sorted({'pandas','duckdb','panel','twilio','pyarrow','tornado','plotly'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""The pages server with passwords: nothing for strangers, all of it for who signed in, until it ends."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from tests.access.people import PASSWORDS, browser, home_with_people, serving, sign_in
from workbench.lake import number_lookups, open_lake
from workbench.server import pages
from workbench.server.access.handlers import safe_path
from workbench.server.access.users import Users
from workbench.server.pages import PagesServer
from workbench.settings import Settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home_with_people(tmp_path_factory.mktemp("people") / "home")


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[PagesServer]:
    watch, pages._LOOK_AT_SESSIONS_SECONDS = pages._LOOK_AT_SESSIONS_SECONDS, 0.2
    with serving(settings) as running:
        yield running
    pages._LOOK_AT_SESSIONS_SECONDS = watch


@pytest.fixture
def client(server: PagesServer) -> Iterator[httpx.Client]:
    assert server.gate
    server.gate.attempts.__init__()  # type: ignore[misc]
    with browser(server) as opened:
        yield opened


def handshake(server: PagesServer, cookie: str, origin: str, token: str = "x.y") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    connection.sendall(
        (
            f"GET /overview/ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: bokeh, {token}\r\nOrigin: {origin}\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
    )
    return connection


def cookie_of(client: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


@pytest.mark.parametrize(
    "path",
    ["/", "/overview", "/overview/metadata", "/overview/autoload.js?bokeh-autoload-element=1",
     "/nothing/here", "/download/overview/page.html", "/components/x", "/admin", "/rest/session_info",
     "//overview"],
)  # fmt: skip
def test_strangers_are_led_to_sign_in_whatever_they_ask_for(client: httpx.Client, path: str) -> None:
    answer = client.get(client.base_url.copy_with(raw_path=path.encode()))
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login?next=")
    assert "overview" not in answer.text


def test_strangers_may_not_post_or_open_a_websocket(server: PagesServer, client: httpx.Client) -> None:
    assert client.post("/overview").status_code == 403
    with handshake(server, "", server.url.rstrip("/")) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 403")
    assert client.get("/healthz").json() == {"status": "ok"}


def test_signing_in_opens_the_page_one_came_for(server: PagesServer, client: httpx.Client) -> None:
    asked = client.get("/overview?period=7d&country=DE")
    form = client.get(asked.headers["Location"])
    hidden = re.findall(r'name="next" value="([^"]+)"', form.text)
    answer = sign_in(client, next=hidden[0].replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/overview?period=7d&country=DE")
    cookie = answer.headers["Set-Cookie"]
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"))
    page = client.get("/overview")
    assert page.status_code == 200
    value = client.cookies["workbench"]
    assert value not in page.text, "the session's cookie stays out of reach of scripts"
    token = re.findall(r'"token":"([^"]+)"', page.text)[0]
    with handshake(server, cookie_of(client), server.url.rstrip("/"), token) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 101")
    with handshake(server, cookie_of(client), "http://evil.example", token) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize(
    ("name", "password"),
    [("ana", "wrong wrong wrong"), ("nobody", "wrong wrong wrong"), ("", ""), ("ana", "")],
)
def test_a_wrong_answer_says_the_same_whoever_it_is(client: httpx.Client, name: str, password: str) -> None:
    answer = sign_in(client, name, password)
    assert answer.status_code == 401
    assert "The name or the password is wrong." in answer.text
    assert "Set-Cookie" not in answer.headers


def test_what_was_typed_is_shown_as_text(client: httpx.Client) -> None:
    answer = sign_in(client, '"><script>x', "no no no no no", next='/"><img src=x>')
    assert "<script>" not in answer.text
    assert "<img" not in answer.text


def test_guessing_is_slowed_down_also_for_the_right_password(client: httpx.Client) -> None:
    for _ in range(5):
        assert sign_in(client, "ana", "wrong wrong wrong").status_code == 401
    answer = sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) >= 1
    time.sleep(1.1)
    assert sign_in(client).status_code == 303


def test_a_form_of_another_site_is_refused(client: httpx.Client) -> None:
    data = {"name": "ana", "password": PASSWORDS["ana"]}
    for path in ("/login", "/logout"):
        for origin in ("http://evil.example", "null"):
            assert client.post(path, data=data, headers={"Origin": origin}).status_code == 403
    assert client.cookies == {}


def test_signing_out_ends_the_session_also_for_a_copied_cookie(client: httpx.Client) -> None:
    sign_in(client)
    copied = client.cookies["workbench"]
    assert "You are signed in as ana" in client.get("/logout").text
    assert client.get("/overview").status_code == 200, "an address alone signs nobody out"
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get("/overview", headers={"Cookie": f"workbench={copied}"}).status_code == 302


@pytest.mark.parametrize("change", ["remove", "password"])
def test_an_open_page_ends_with_its_person(
    server: PagesServer, client: httpx.Client, settings: Settings, change: str
) -> None:
    users = Users(settings.home)
    users.add("tim", "agent", "a page that is open")
    sign_in(client, "tim", "a page that is open")
    token = re.findall(r'"token":"([^"]+)"', client.get("/overview").text)[0]
    with handshake(server, cookie_of(client), server.url.rstrip("/"), token) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 101")
        if change == "password":
            users.set_password("tim", "another one altogether")
        else:
            users.remove("tim")
        assert client.get("/overview").status_code == 302
        received = b"x"
        while received:
            received = connection.recv(65536)
    if change == "password":
        users.remove("tim")


def test_a_forged_or_foreign_cookie_is_nobody(client: httpx.Client) -> None:
    sign_in(client, "vic")
    value = client.cookies["workbench"]
    body, _, signature = value.rpartition("|")
    for forged in (body + "|" + signature[::-1], value.replace("workbench", "w0rkbench"), "", "2|1:0|x", "é"):
        answer = client.get("/overview", headers={b"Cookie": f"workbench={forged}".encode()})
        assert answer.status_code == 302, forged


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    strange = client.get("/overview")
    form = client.get("/login")
    sign_in(client)
    page, static = client.get("/overview"), client.get("/static/js/bokeh.min.js")
    for answer in (strange, form, page, static, client.get("/nothing")):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers
        assert "Strict-Transport-Security" not in answer.headers
    assert "script-src" not in form.headers["Content-Security-Policy"]
    assert form.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["Cache-Control"] == form.headers["Cache-Control"] == "no-store"


def test_an_oversized_form_is_cut_off(client: httpx.Client) -> None:
    with pytest.raises(httpx.HTTPError):
        sign_in(client, "ana", "x" * 200_000).raise_for_status()


def test_the_trail_names_people_but_no_typed_password(
    server: PagesServer, client: httpx.Client, settings: Settings
) -> None:
    sign_in(client)
    sign_in(client, "correct horse battery", "ana")
    client.post("/logout")
    assert server.gate
    deadline = time.monotonic() + 20
    while server.gate.trail.path.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.05)
    with open_lake(settings) as lake:
        rows = lake.rows("select actor, action, detail from audit_events order by seq desc limit 3")
    assert [row[:2] for row in rows] == [
        ("user:ana", "sign-out"), ("user:unknown", "sign-in-failed"), ("user:ana", "sign-in")
    ]  # fmt: skip
    assert all('"address": "127.0.0.1"' in row[2] for row in rows)
    assert "horse" not in str(rows)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/overview?a=b&c=%C3%A9", "/overview?a=b&c=%C3%A9"), ("//evil.example", "/"), ("/\\evil.example", "/"),
     ("https://evil.example", "/"), ("javascript:x", "/"), ("/a\nSet-Cookie: x", "/"), ("", "/"),
     ("/login", "/"), ("/\t/evil.example", "/"), ("http://[", "/")],
)  # fmt: skip
def test_after_signing_in_one_stays_here(path: str, expected: str) -> None:
    assert safe_path(path) == expected


def test_behind_https_cookies_and_headers_are_strict(tmp_path: Path) -> None:
    access = 'url = "https://w.example.com"\ntrusted_proxies = ["127.0.0.1"]\n'
    with serving(home_with_people(tmp_path / "home", access)) as server, browser(server) as client:
        plain = sign_in(client)
        assert plain.status_code == 403
        assert "X-Forwarded-Proto" in plain.text
        client.headers.update({"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"})
        client.headers.update({"Host": "w.example.com", "Origin": "https://w.example.com"})
        answer = sign_in(client)
        assert answer.status_code == 303
        assert answer.headers["Set-Cookie"].startswith("__Host-workbench=")
        assert "Secure" in answer.headers["Set-Cookie"]
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
        # An https cookie, which the client would not send to a plain http address by itself.
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        policy = client.get("/overview", headers={"Cookie": cookie}).headers["Content-Security-Policy"]
        assert "wss://w.example.com" in policy


def test_a_proxy_that_is_not_named_is_explained(tmp_path: Path) -> None:
    settings = home_with_people(tmp_path / "home", 'url = "https://w.example.com"\n')
    with serving(settings) as server, browser(server) as client:
        answer = client.get("/login", headers={"X-Forwarded-Proto": "https"})
        assert answer.status_code == 403
        assert "from 127.0.0.1 without TLS, and that is none of [access] trusted_proxies" in answer.text


def test_sessions_end_by_time(tmp_path: Path) -> None:
    settings = home_with_people(tmp_path / "home", "session_hours = 0.0006\n")
    with serving(settings) as server, browser(server) as client:
        cookie = sign_in(client).headers["Set-Cookie"].partition(";")[0]
        assert client.get("/overview", headers={"Cookie": cookie}).status_code == 200
        time.sleep(2.3)
        assert client.get("/overview", headers={"Cookie": cookie}).status_code == 302


def test_a_file_of_a_whole_number_is_a_look_up_of_who_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_lookups, "LIMITS", ((5, timedelta(minutes=10)), (100, timedelta(days=1))))
    # A server of its own: a process has one lake for its pages, that of the server that was started last.
    settings = home_with_people(tmp_path / "home", "")
    with serving(settings) as server, browser(server) as client:
        _look_up_by_files(client, settings)


def _look_up_by_files(client: httpx.Client, settings: Settings) -> None:
    def look_ups() -> list[tuple[str, str]]:
        with open_lake(settings) as lake:
            return lake.rows("select actor, subject from audit_events where action = 'number-lookup'")

    def file(number: str) -> httpx.Response:
        days = {"since": "2025-03-01", "until": "2025-04-01"}
        return client.get("/download/messages/messages.csv", params={**days, "q": number})

    sign_in(client, "vic")
    assert (file("0123").status_code, look_ups()) == (200, [])
    for last in range(5):
        assert file(f"+1415555{last:04}").status_code == 200
    assert look_ups() == [("user:vic", f"+1415***{last:04}") for last in range(5)]
    refused = file("+14155550123")
    assert refused.status_code == 403
    assert "vic has looked up 5 whole numbers in 10 minutes" in refused.text
    assert len(look_ups()) == 5

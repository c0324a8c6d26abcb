"""Names that a server was not told: 421 from every process, on every path, before anything else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.people import home_with_people
from tests.server.hooking import environment, hooked
from tests.server.raw import UPGRADE, ask, status_of
from tests.ui.serving import served
from workbench.server.hosts import served_hosts
from workbench.settings import load_settings

PAGES_PATHS = (
    "/", "/overview", "/overview/ws", "/overview/autoload.js?bokeh-autoload-element=1", "/inbox",
    "/static/js/bokeh.min.js", "/download/overview/page.html", "/healthz", "/metrics", "/login",
    "/favicon.ico", "/nothing", "//overview", "/webhooks/twilio/inbound",
)  # fmt: skip
HOOKS_PATHS = (
    "/healthz",
    "/readyz",
    "/metrics",
    "/webhooks/twilio/status",
    "/webhooks/twilio/inbound",
    "/",
    "/x",
)
KINDS = ("link", "open", "password", "hooks")


@dataclass
class Running:
    port: int
    paths: tuple[str, ...]


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Each process in each way of letting people in; all have one further name, with and without a port."""
    home = tmp_path_factory.mktemp(request.param) / "home"
    hosts = 'hosts = ["10.0.0.5:8443", "balancer.example"]\n'
    if request.param == "hooks":
        environ = environment(home)
        with (home / "workbench.toml").open("a") as file:
            file.write(f"[access]\n{hosts}")
        with hooked(load_settings(environ)) as caller:
            yield Running(httpx.URL(str(caller.http.base_url)).port or 0, HOOKS_PATHS)
        return
    if request.param == "password":
        settings = home_with_people(home, hosts)
    else:
        home.mkdir()
        token = "" if request.param == "link" else "token = false\n"
        (home / "workbench.toml").write_text(f"[access]\n{token}{hosts}")
        settings = load_settings({"WORKBENCH_HOME": str(home)})
    with served(settings) as pages:
        yield Running(pages.port, PAGES_PATHS)


#: `PORT` is the server's own.
STRANGE = (
    "attacker.test", "attacker.test:PORT", "127.0.0.1.attacker.test:PORT", "localhost.attacker.test:PORT",
    "127.0.0.1", "localhost", "127.0.0.1:1", "localhost:80", "localhost.:PORT", "127.1:PORT",
    "2130706433:PORT",
    "0x7f000001:PORT", "017700000001:PORT", "0.0.0.0:PORT", "127.0.0.2:PORT", "[::]:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT", "[::1]", "::1", "balancer.example:8080", "10.0.0.5:5006", "xbalancer.example",
    "balancer.example.", "127.0.0.1:0PORT", "127.0.0.1:+PORT", "",
)  # fmt: skip
NO_HOST_AT_ALL = (
    "Host: 127.0.0.1:PORT@attacker.test", "Host: attacker.test@127.0.0.1:PORT", "Host: 127.0.0.1:PORT/",
    "Host: 127.0.0.1:PORT, attacker.test", "Host: 127.0.0.1:PORT\r\nHost: attacker.test",
    "Host: 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT", "X-Forwarded-Host: 127.0.0.1:PORT",
    "Host: 127.0.0.1:PORT attacker",
)  # fmt: skip
KNOWN = (
    "127.0.0.1:PORT", "localhost:PORT", "LocalHost:PORT", "[::1]:PORT", "balancer.example",
    "Balancer.Example:443",
    "10.0.0.5:8443", "10.0.0.5",
)  # fmt: skip


def answer(server: Running, path: str, head: str, method: str = "GET", version: str = "1.1") -> bytes:
    head = head.replace("PORT", str(server.port))
    return ask(server.port, f"{method} {path} HTTP/{version}\r\n{head}\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize("host", STRANGE)
def test_a_name_that_nobody_told_is_not_served(server: Running, host: str) -> None:
    status = status_of(answer(server, "/healthz", f"Host: {host}"))
    # What is no host at all is refused as malformed before it could be strange.
    assert status == 421 or (status == 400 and host in ("::1", "127.0.0.1:+PORT", ""))


@pytest.mark.parametrize("head", NO_HOST_AT_ALL)
def test_what_is_not_one_host_is_refused(server: Running, head: str) -> None:
    assert status_of(answer(server, "/healthz", head)) in (400, 421)


@pytest.mark.parametrize("host", KNOWN)
def test_a_name_that_was_told_is_served(server: Running, host: str) -> None:
    assert status_of(answer(server, "/healthz", f"Host: {host}")) == 200


def test_every_path_and_method_is_refused_alike_and_no_page_may_be_framed(server: Running) -> None:
    for path in server.paths:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
            received = answer(server, path, "Host: attacker.test:PORT\r\nContent-Length: 0", method)
            assert status_of(received) == 421, (path, method)
            assert b"Access-Control" not in received
            check_headers(received)
        upgrade = f"Host: attacker.test:PORT\r\n{UPGRADE}Origin: http://attacker.test:{server.port}"
        assert status_of(answer(server, path, upgrade)) == 421


def test_every_answer_carries_the_security_headers(server: Running) -> None:
    for path in server.paths:
        received = answer(server, path, "Host: 127.0.0.1:PORT")
        assert status_of(received) not in (421, 500), path
        check_headers(received)


def check_headers(received: bytes) -> None:
    head = received.partition(b"\r\n\r\n")[0].decode().lower()
    for line in (
        "x-frame-options: deny", "x-content-type-options: nosniff", "referrer-policy: same-origin",
        "cross-origin-opener-policy: same-origin", "cross-origin-resource-policy: same-origin",
        "permissions-policy: camera=()",
    ):  # fmt: skip
        assert line in head, received
    assert "content-security-policy: default-src" in head
    assert "frame-ancestors 'none'" in head
    assert "\r\nserver:" not in head


@pytest.mark.parametrize(
    "target",
    ["http://attacker.test/healthz", "http://127.0.0.1:PORT/healthz", "*", "attacker.test:443", "healthz"],
)
def test_a_target_that_is_no_path_is_not_served(server: Running, target: str) -> None:
    target = target.replace("PORT", str(server.port))
    for method in ("GET", "OPTIONS", "CONNECT"):
        assert status_of(answer(server, target, "Host: 127.0.0.1:PORT", method)) in (400, 421)


def test_an_old_request_without_a_host_is_not_served(server: Running) -> None:
    assert status_of(answer(server, "/healthz", "Accept: */*", version="1.0")) == 421


@pytest.mark.parametrize(
    "name", ["X-Forwarded-Host", "X-Host", "Forwarded", "X-Original-Host", "X-Forwarded-Server"]
)
def test_what_a_proxy_says_of_the_host_counts_for_nothing(server: Running, name: str) -> None:
    head = f"Host: attacker.test\r\n{name}: 127.0.0.1:{server.port}"
    assert status_of(answer(server, "/healthz", head)) == 421


def test_the_refusal_says_which_setting_to_change_and_shows_the_name_as_text(server: Running) -> None:
    received = answer(server, "/overview", "Host: attacker.test'&lt;b:PORT").decode()
    assert "hosts of [access] in workbench.toml" in received
    html = answer(server, "/overview", "Host: a'&amp;b.test\r\nAccept: text/html").decode()
    assert "a'&amp;b.test" not in html or "text/plain" in html
    long = answer(server, "/overview", f"Host: {'a' * 5000}.test").decode()
    assert "a" * 81 not in long


def test_one_connection_is_checked_at_each_request(server: Running) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        for host, expected in ((f"127.0.0.1:{server.port}", b"200"), ("attacker.test", b"421")):
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert connection.recv(65536)[9:12] == expected


@pytest.mark.parametrize(
    "origin",
    ["", "Origin: null", "Origin: http://attacker.test", "Origin: http://attacker.test:PORT",
     "Origin: http://127.0.0.1:PORT.attacker.test", "Origin: http://127.0.0.1:PORT@attacker.test",
     "Origin: http://attacker.test@127.0.0.1:PORT", "Origin: http://127.0.0.1", "Origin: http://localhost:1",
     "Origin: http://127.1:PORT", "Origin: file://127.0.0.1:PORT", "Origin: 127.0.0.1:PORT",
     "Origin: http://127.0.0.1:PORT\r\nOrigin: http://attacker.test", "Origin: chrome-extension://127.0.0.1:PORT",
     "Origin: http://127.0.0.1:PORT/", "Origin: http://127.0.0.1:PORT http://attacker.test"],
)  # fmt: skip
@pytest.mark.parametrize("site", ["", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n"])
def test_a_websocket_is_for_pages_of_this_server_only(server: Running, origin: str, site: str) -> None:
    head = f"Host: 127.0.0.1:PORT\r\n{UPGRADE}{site}Sec-WebSocket-Protocol: bokeh, x.y\r\n{origin or 'X: y'}"
    received = answer(server, "/overview/ws", head)
    if server.paths is HOOKS_PATHS:
        assert status_of(received) == 404, "the hooks have no websocket"
    else:
        assert status_of(received) == 403
        assert b"websockets are for pages of this server" in received


@pytest.mark.parametrize("name", ["bokeh-session-id", "bokeh-token", "bokeh%2Dsession%2Did"])
@pytest.mark.parametrize("path", ["/overview", "/overview/autoload.js", "/overview/metadata", "/inbox"])
def test_a_session_cannot_be_chosen_by_an_address(server: Running, path: str, name: str) -> None:
    expected = 404 if server.paths is HOOKS_PATHS else 403
    assert status_of(answer(server, f"{path}?{name}=mine", "Host: 127.0.0.1:PORT")) == expected
    assert status_of(answer(server, path, "Host: 127.0.0.1:PORT\r\nbokeh-session-ID: mine")) == expected


@given(st.text(alphabet="0123456789abcfxlohst.:[]@-", max_size=24))
def test_no_spelling_but_the_listed_ones_is_served(host: str) -> None:
    expected = {
        "127.0.0.1:5006", "localhost:5006", "[::1]:5006", "w.example", "w.example:80", "w.example:443",
        "10.0.0.5", "10.0.0.5:80", "10.0.0.5:443", "10.0.0.5:8443", "[fd00::1]", "[fd00::1]:80",
        "[fd00::1]:443",
    }  # fmt: skip
    hosts = served_hosts(5006, ["W.example", "10.0.0.5:8443", "[fd00::1]"])
    assert hosts == expected
    assert (host in hosts) == (host in expected)


def test_the_address_served_on_is_a_name_too() -> None:
    assert "127.0.0.53:5006" in served_hosts(5006, [], "127.0.0.53")
    assert "[fd00::1]:5006" in served_hosts(5006, [], "FD00::1")
    assert "localhost" in served_hosts(80, [])


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::"])
def test_all_addresses_at_once_are_no_name(host: str) -> None:
    assert served_hosts(5006, [], host) == {"127.0.0.1:5006", "localhost:5006", "[::1]:5006"}


def test_the_hooks_answer_to_the_public_name(tmp_path: Path) -> None:
    environ = environment(tmp_path / "home", WORKBENCH_PUBLIC_URL="https://Public.Example:8443/prefix")
    with hooked(load_settings(environ)) as caller:
        for host, expected in (
            ("public.example:8443", 200), ("public.example", 200), ("public.example:1", 421), ("example", 421)
        ):  # fmt: skip
            assert caller.http.get("/healthz", headers={"Host": host}).status_code == expected


def test_the_hooks_answer_to_the_name_of_the_pages_and_to_their_further_names(tmp_path: Path) -> None:
    """One proxy with one name leads to both, also before the public address is set."""
    environ = environment(tmp_path / "home")
    with (tmp_path / "home" / "workbench.toml").open("a") as file:
        file.write('[access]\nurl = "https://Pages.example"\norigins = ["intern.example"]\n')
    with hooked(load_settings({**environ, "WORKBENCH_PUBLIC_URL": ""})) as caller:
        for host, expected in (("pages.example", 200), ("intern.example", 200), ("example", 421)):
            assert caller.http.get("/healthz", headers={"Host": host}).status_code == expected

"""The link that opens the pages where nobody signs in: nothing without it, all of it with it."""

from __future__ import annotations

import logging
import re
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.access.people import browser
from tests.access.test_sign_in import handshake
from tests.ui.serving import served
from workbench.errors import ConfigError
from workbench.server.access.own_tokens import TOKEN_FILE, link_token
from workbench.server.access.private_files import access_key
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("link") / "home")})


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[PagesServer]:
    with served(settings) as running:
        yield running


@pytest.fixture
def client(server: PagesServer) -> Iterator[httpx.Client]:
    with browser(server) as opened:
        yield opened


def token_of(settings: Settings) -> str:
    return (settings.home / TOKEN_FILE).read_text()


def test_the_link_opens_the_pages_and_the_token_leaves_the_address(
    server: PagesServer, client: httpx.Client, settings: Settings
) -> None:
    token = token_of(settings)
    assert server.address == f"http://127.0.0.1:{server.port}/?token={token}"
    answer = client.get(f"/overview?period=7d&token={token}&country=DE")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/overview?period=7d&country=DE")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"workbench-{server.port}=")
    assert all(flag in cookie for flag in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"))
    assert token not in cookie + answer.text + answer.headers["Location"]
    assert answer.headers["Referrer-Policy"] == "same-origin"
    page = client.get("/overview")
    assert page.status_code == 200
    assert token not in page.text
    again = client.get("/inbox?token=an-old-one")
    assert (again.status_code, again.headers["Location"]) == (302, "/inbox")


@pytest.mark.parametrize(
    "path",
    ["/", "/overview", "/inbox", "/overview/metadata", "/overview/autoload.js?bokeh-autoload-element=1",
     "/download/overview/page.html", "/nothing", "//overview", "/components/x", "/healthz/../overview",
     "/overview?token=", "/overview?token=x&token=y", "/overview?token=%00", "/overview?token=%C3%A9"],
)  # fmt: skip
def test_without_the_link_nothing_is_shown_but_where_it_is(client: httpx.Client, path: str) -> None:
    answer = client.get(client.base_url.copy_with(raw_path=path.encode()))
    assert answer.status_code == 403
    assert "“workbench serve” printed a link with a token" in answer.text
    assert "link.token" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert client.post("/overview").status_code == 403


def test_what_says_nothing_of_anybody_is_open(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/static/js/bokeh.min.js").status_code == 200


def test_a_websocket_needs_the_cookie(server: PagesServer, client: httpx.Client, settings: Settings) -> None:
    client.get(f"/?token={token_of(settings)}")
    (name, value) = next(iter(client.cookies.items()))
    page_token = re.findall(r'"token":"([^"]+)"', client.get("/overview").text)[0]
    origin = server.url.rstrip("/")
    for cookie, expected in (
        (f"{name}={value}", b"101"), ("", b"403"), (f"{name}={value[::-1]}", b"403"), (f"{name}=", b"403"),
        (f"workbench-1={value}", b"403"), (f"{name}={token_of(settings)}", b"403"),
    ):  # fmt: skip
        with handshake(server, cookie, origin, page_token) as connection:
            assert connection.recv(100)[9:12] == expected, cookie


@pytest.mark.parametrize("change", ["", "x", "X", "\u00e9"])
def test_a_script_sends_the_token_as_bearer(client: httpx.Client, settings: Settings, change: str) -> None:
    value = f"Bearer {token_of(settings)}{change}".encode()
    answer = client.get("/overview", headers={b"Authorization": value})
    assert answer.status_code == (403 if change else 200)


def test_the_token_is_in_no_log(
    client: httpx.Client, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_of(settings)
    for path in (f"/overview?token={token}", f"/nothing?token={token}", f"/overview/ws?token={token}"):
        client.get(path)
    client.post(f"/overview?token={token}")
    with browser_with(client, {"Host": "attacker.test"}) as stranger:
        stranger.get(f"/overview?token={token}")
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert not [record for record in ours if token in record.getMessage()]


def browser_with(client: httpx.Client, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=client.base_url, headers=headers, trust_env=False)


def test_the_link_stays_the_same_after_a_restart(settings: Settings, server: PagesServer) -> None:
    assert PagesServer(settings, 0).link.token == server.link.token  # type: ignore[union-attr]
    assert stat.S_IMODE((settings.home / TOKEN_FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("make", [link_token, access_key])
def test_starts_at_the_same_moment_agree_on_one_secret(tmp_path: Path, make: Callable[[Path], str]) -> None:
    """Otherwise the link that the first one printed opens nothing after its restart."""
    together = threading.Barrier(8)

    def start(_: int) -> str:
        together.wait(10)
        return make(tmp_path)

    with ThreadPoolExecutor(8) as threads:
        secrets = set(threads.map(start, range(8)))
    assert secrets == {make(tmp_path)}


def test_a_token_that_others_can_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    link_token(tmp_path)
    (tmp_path / TOKEN_FILE).chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        link_token(tmp_path)
    (tmp_path / TOKEN_FILE).chmod(0o600)
    (tmp_path / TOKEN_FILE).write_text("short\n")
    with pytest.raises(ConfigError, match="holds no token"):
        link_token(tmp_path)


def test_it_can_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "workbench.toml").write_text("[access]\ntoken = false\n")
    with served(load_settings({"WORKBENCH_HOME": str(tmp_path)})) as server, browser(server) as client:
        assert server.address == server.url
        assert client.get("/overview").status_code == 200
    assert not (tmp_path / TOKEN_FILE).exists()


def test_the_address_after_the_link_is_of_this_server(client: httpx.Client, settings: Settings) -> None:
    for path in ("//evil.example", "/\\evil.example", "//evil.example/%2e%2e"):
        raw = f"{path}?token={token_of(settings)}".encode()
        answer = client.get(client.base_url.copy_with(raw_path=raw))
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")

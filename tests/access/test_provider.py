"""Signing in through a real OpenID Connect flow, against a small provider of the test's own."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, HTTPError, RequestHandler

from tests.access.people import browser, serving
from workbench.errors import ConfigError, Unreachable
from workbench.server.access.provider import check_claims, discover
from workbench.server.pages import PagesServer
from workbench.settings import AccessSettings, OAuthSettings, Secret, load_settings

CLIENT, SECRET = "workbench-client", "what only the two know"


class Provider:
    """Answers as an OpenID Connect provider does; `claims` is who is signed in there."""

    def __init__(self) -> None:
        (self._socket,) = bind_sockets(0, "127.0.0.1")
        self.issuer = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.claims: dict[str, Any] = {}
        self.codes: set[str] = set()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        self._ready.wait()

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        routes = [
            ("/.well-known/openid-configuration", Discovery),
            ("/authorize", Authorize),
            ("/token", Token),
        ]
        server = HTTPServer(Application(routes, provider=self))
        server.add_sockets([self._socket])
        self._ready.set()
        await self._stop.wait()
        server.stop()
        await server.close_all_connections()

    def stop(self) -> None:
        assert self._loop
        assert self._stop
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()


class Discovery(RequestHandler):
    def get(self) -> None:
        issuer = self.settings["provider"].issuer
        self.write(
            {
                "issuer": issuer,
                "authorization_endpoint": issuer + "/authorize",
                "token_endpoint": issuer + "/token",
            }
        )


class Authorize(RequestHandler):
    def get(self) -> None:
        assert self.get_argument("client_id") == CLIENT
        assert self.get_argument("response_type") == "code"
        code = f"code{time.monotonic_ns()}"
        self.settings["provider"].codes.add(code)
        self.redirect(f"{self.get_argument('redirect_uri')}?code={code}&state={self.get_argument('state')}")


class Token(RequestHandler):
    def post(self) -> None:
        provider = self.settings["provider"]
        given = (self.get_argument("client_id"), self.get_argument("client_secret"))
        if given != (CLIENT, SECRET) or self.get_argument("code") not in provider.codes:
            raise HTTPError(401)
        provider.codes.discard(self.get_argument("code"))
        claims = {"iss": provider.issuer, "aud": CLIENT, "exp": time.time() + 300, **provider.claims}
        parts = [{"alg": "none"}, claims]
        text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts)
        self.write({"access_token": "opaque", "token_type": "Bearer", "id_token": text + ".c2ln"})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    running = Provider()
    yield running
    running.stop()


@contextmanager
def with_provider(home: Path, provider: Provider) -> Iterator[PagesServer]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(
        f'[access]\nmethod = "oauth"\nurl = "http://127.0.0.1:{port}"\n'
        f'[access.oauth]\nissuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nlabel = "Example & Co"\n'
        '[access.roles]\n"ana@example.com" = "agent"\n'
    )
    credentials = home / "credentials.toml"
    credentials.write_text(f'oauth_secret = "{SECRET}"\n')
    credentials.chmod(0o600)
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with serving(settings, port) as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[PagesServer]:
    with with_provider(tmp_path_factory.mktemp("oauth") / "home", provider) as running:
        yield running


@pytest.fixture
def client(server: PagesServer) -> Iterator[httpx.Client]:
    with browser(server) as opened:
        yield opened


def go(client: httpx.Client) -> httpx.Response:
    """To the provider and back, up to the answer of our own server."""
    asked = client.get("/login/provider?next=/overview%3Fperiod%3D7d")
    assert asked.status_code == 302
    back = httpx.get(asked.headers["Location"], trust_env=False)
    return client.get(back.headers["Location"])


def test_who_has_a_role_comes_in(client: httpx.Client, provider: Provider) -> None:
    assert "Continue with Example &amp; Co" in client.get("/login").text
    provider.claims = {"email": "Ana@Example.com", "email_verified": True}
    answer = go(client)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/overview?period=7d")
    assert set(client.cookies) == {"workbench"}, "no token of the provider is kept"
    assert client.get("/overview").status_code == 200


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"email": "bo@example.com"}, 403, "bo@example.com has no role here"),
        ({"email": "ana@example.com", "email_verified": False}, 403, "has not verified"),
        ({"email": "ana@example.com", "aud": "another"}, 401, "did not confirm"),
        ({"email": "ana@example.com", "iss": "https://evil.example"}, 401, "did not confirm"),
        ({"email": "ana@example.com", "exp": 1}, 401, "did not confirm"),
        ({"sub": "1"}, 401, "did not confirm"),
    ],
)
def test_who_has_none_does_not(
    client: httpx.Client, provider: Provider, claims: dict[str, Any], status: int, message: str
) -> None:
    provider.claims = claims
    answer = go(client)
    assert answer.status_code == status
    assert message in answer.text
    assert "cdn" not in answer.text
    assert client.get("/overview").status_code == 302


def test_an_answer_that_was_not_asked_for_is_refused(client: httpx.Client, provider: Provider) -> None:
    provider.claims = {"email": "ana@example.com"}
    asked = client.get("/login/provider")
    back = httpx.get(asked.headers["Location"], trust_env=False).headers["Location"]
    state = parse_qs(urlsplit(back).query)["state"][0]
    client.cookies.clear()
    assert client.get(back).status_code == 401
    assert client.get(back.replace(state, state[::-1])).status_code == 401
    assert client.get("/overview").status_code == 302


def test_a_password_opens_nothing_here(client: httpx.Client) -> None:
    assert client.post("/login", data={"name": "ana@example.com", "password": "x"}).status_code == 405


def test_a_provider_that_is_none_is_named(provider: Provider) -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        discover("http://127.0.0.1:9")
    with pytest.raises(ConfigError, match="no discovery document"):
        discover(provider.issuer + "/elsewhere")


def test_claims_without_an_audience_are_those_of_the_user_address() -> None:
    oauth = OAuthSettings("https://id.example.com", CLIENT, Secret(SECRET))
    access = AccessSettings("oauth", "https://w.example.com", oauth=oauth)
    assert check_claims({"email": "Ana@example.com"}, access) == "ana@example.com"

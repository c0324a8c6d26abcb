"""Two people who are signed in, and one page: nobody acts as somebody else, whatever link they opened."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_session_id
from panel.io.state import set_curdoc

from tests.access.people import browser, home_with_people, serving, sign_in
from tests.access.test_sign_in import cookie_of, handshake
from workbench.roles import current_user
from workbench.server.access.gate import Gate
from workbench.server.pages import PagesServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesServer]:
    with serving(home_with_people(tmp_path_factory.mktemp("two") / "home")) as running:
        yield running


@pytest.fixture
def ana(server: PagesServer) -> Iterator[httpx.Client]:
    with browser(server) as client:
        assert sign_in(client, "ana").status_code == 303
        yield client


@pytest.fixture
def vic(server: PagesServer) -> Iterator[httpx.Client]:
    with browser(server) as client:
        assert sign_in(client, "vic").status_code == 303
        yield client


def open_page(client: httpx.Client) -> str:
    """A page; its token."""
    return str(re.findall(r'"token":"([^"]+)"', client.get("/overview").text)[0])


def join(server: PagesServer, client: httpx.Client, token: str) -> Any:
    return handshake(server, cookie_of(client), server.url.rstrip("/"), token)


def test_a_link_with_somebody_elses_session_opens_no_page(
    server: PagesServer, ana: httpx.Client, vic: httpx.Client
) -> None:
    token = open_page(vic)
    for query in (f"bokeh-session-id={get_session_id(token)}", f"bokeh-token={token}"):
        for path in ("/inbox", "/inbox/autoload.js", "/inbox/metadata"):
            answer = ana.get(f"{path}?bokeh-autoload-element=1&{query}")
            assert answer.status_code == 403
            assert answer.text == "Refused: a session cannot be chosen.\n"
    answer = ana.get("/inbox", headers={"Bokeh-Session-Id": get_session_id(token)})
    assert answer.status_code == 403


def test_a_websocket_joins_pages_of_its_own_person_only(
    server: PagesServer, ana: httpx.Client, vic: httpx.Client
) -> None:
    token = open_page(ana)
    with join(server, vic, token) as connection:
        assert connection.recv(100)[9:12] == b"403"
    with join(server, ana, token) as connection:
        assert connection.recv(100)[9:12] == b"101"
    # The same person, signed in once more, is another browser; it opens the page anew.
    sign_in(ana)
    with join(server, ana, token) as connection:
        assert connection.recv(100)[9:12] == b"403"


def test_in_a_page_of_two_people_nobody_may_do_anything(
    server: PagesServer, ana: httpx.Client, vic: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should one come in after all: who acts is asked at each action."""
    token = open_page(ana)
    context = context_of(server, token)
    assert server.gate
    requests_of = server.gate._requests_of
    with set_curdoc(context._document):
        assert current_user().name == "ana"
    monkeypatch.setattr(Gate, "login", lambda gate, request: None)
    with join(server, vic, token) as connection:
        assert connection.recv(100)[9:12] == b"101"
        deadline = time.monotonic() + 20
        while len(requests_of(context)) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(requests_of(context)) == 2
        monkeypatch.undo()
        with set_curdoc(context._document):
            assert current_user().name == ""


def context_of(server: PagesServer, token: str) -> Any:
    assert server.gate
    found = [
        context._session_contexts[get_session_id(token)]
        for context in server.gate._application.applications.values()
        if get_session_id(token) in context._session_contexts
    ]
    assert len(found) == 1
    return found[0]


def test_a_made_up_session_is_nobodys(server: PagesServer, vic: httpx.Client) -> None:
    """A token that was signed by somebody else."""
    session = generate_session_id(secret_key=b"another key", signed=True)
    token = generate_jwt_token(session, secret_key=b"another key", signed=True)
    with join(server, vic, token) as connection:
        received = connection.recv(4096)
        while more := connection.recv(4096):
            received += more
        # Closed right after the handshake: no acknowledgement, no document.
        assert b"ACK" not in received

"""A simulated account with a clock that stands still, served over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from workbench.simulator import Account, Clock, Options, Server, serve

START = date(2026, 8, 3)
NOW = "2026-09-01T16:20:00+00:00"
"""A Tuesday; the last campaign is five days old, this one's starts in 70 minutes."""


def build(**changes: Any) -> Account:
    """A small account: 29 days, about 4,000 messages."""
    wanted: dict[str, Any] = {"seed": 7, "start": START, "days": 29, "messages": 4_000}
    wanted |= {"clock": Clock.frozen(NOW)}
    return Account.build(**(wanted | changes))


class Api:
    """The account's REST interface, as a caller with its credentials sees it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.account = server.account
        self.http = httpx.Client(
            base_url=server.url,
            auth=(self.account.account_sid, self.account.auth_token),
            timeout=10,
            # Plain HTTP: certificates would only take time to load.
            verify=False,
        )
        self.base = f"/2010-04-01/Accounts/{self.account.account_sid}"

    def get(self, path: str, **query: Any) -> Any:
        return self.http.get(path, params=query or None).raise_for_status().json()

    def download(self, address: str) -> httpx.Response:
        """What anybody gets who has the address, without credentials, over all redirects."""
        return httpx.get(httpx.URL(self.server.url).join(address), follow_redirects=True, timeout=10)

    def create(self, **form: Any) -> httpx.Response:
        return self.http.post(f"{self.base}/Messages.json", data=form)

    def control(self, what: str, **body: Any) -> Any:
        answer = self.http.post(f"/_simulator/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def message(self, sid: str) -> Any:
        return self.get(f"{self.base}/Messages/{sid}.json")

    def walk(self, **query: Any) -> Iterator[Any]:
        """Every message of a list, page by page, each page read as it is asked for."""
        uri = str(httpx.URL(f"{self.base}/Messages.json", params=query))
        while uri:
            page = self.get(uri)
            yield from page["messages"]
            uri = page["next_page_uri"]


@pytest.fixture(scope="session")
def quiet_account() -> Account:
    """Shared by tests that only look."""
    return build()


@pytest.fixture(scope="session")
def quiet(quiet_account: Account) -> Iterator[Api]:
    """The shared account over HTTP, for tests that change nothing."""
    with serve(quiet_account) as server:
        api = Api(server)
        yield api
        api.http.close()


@pytest.fixture(scope="module")
def quiet_writes() -> Iterator[Api]:
    """A small account of one module, for tests that only add to it."""
    with serve(build(messages=300)) as server:
        api = Api(server)
        yield api
        api.http.close()


@pytest.fixture
def simulator() -> Iterator[Api]:
    """An account of this test's own."""
    with serve(build(messages=600), options=Options()) as server:
        api = Api(server)
        yield api
        api.http.close()

"""`workbench serve --only api` as a process, over a lake of simulated traffic."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.server.hooking import wait_until_live
from tests.server.processes import end
from workbench import Workbench
from workbench.api.tokens import TokenCalls
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve
from workbench.tokens.store import TOKENS_FILE

TEMPLATES = {
    "reminder": 'title = "Reminder"\ntags = ["visit"]\nbody = "Hello {{ first_name }}, see you at {{ at }}."',
    "hours": 'title = "Hours"\nbody = "We open at nine."',
}

#: No hour is quiet, whenever the tests run.
QUIET = 'as_of = 2026-11-25\n[default]\nsend = "00:00-24:00"\nsource = "tests"\n'


@dataclass(frozen=True)
class Api:
    """A running interface: where it is, over which home and account, and its tokens by name."""

    url: str
    home: Path
    simulator: Server
    tokens: Mapping[str, str]
    log: Path

    def client(self, token: str | None = "admin") -> httpx.Client:
        """A client of one token, or without one."""
        headers = {"Authorization": f"Bearer {self.tokens[token]}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


@contextmanager
def running_api(folder: Path, *, messages: int = 600, settings: str = "") -> Iterator[Api]:
    """Simulate an account, sync it, make a token of each role, and serve.

    Args:
        settings: more of workbench.toml.
    """
    account = Account.build(days=4, messages=messages)
    home = folder / "home"
    (home / "templates").mkdir(parents=True)
    for name, text in TEMPLATES.items():
        (home / "templates" / f"{name}.toml").write_text(text)
    (home / "workbench.toml").write_text(f"[api]\nrequests_per_minute = 1000000\n{settings}")
    (home / "quiet_hours.toml").write_text(QUIET)
    with serve(account) as simulator:
        environment = {
            "WORKBENCH_HOME": str(home),
            "WORKBENCH_TWILIO_BASE_URL": simulator.url,
            "TWILIO_ACCOUNT_SID": account.account_sid,
            "TWILIO_AUTH_TOKEN": account.auth_token,
        }
        with Workbench(load_settings(environment)) as wb:
            wb.sync(since=account.start)
            tokens = _make_tokens(wb.tokens, home / TOKENS_FILE)
        with _process(folder / "api.log", environment) as url:
            yield Api(url, home, simulator, tokens, folder / "api.log")
    account.close()


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One running interface for all tests that ask a process."""
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def admin(api: Api) -> Iterator[httpx.Client]:
    with api.client("admin") as client:
        yield client


def _make_tokens(tokens: TokenCalls, file: Path) -> dict[str, str]:
    texts = {role: tokens.create(role, role=role).text for role in ("viewer", "agent", "admin")}
    texts["narrow"] = tokens.create("narrow", role="admin", scopes=["events:read"]).text
    texts["revoked"] = tokens.create("revoked", role="admin").text
    tokens.revoke("revoked")
    texts["expired"] = tokens.create("expired", role="admin", expires="2099-01-01").text
    # As if it were later: one that is past is refused.
    file.write_text(file.read_text().replace("2099-01-01", "2020-01-01"))
    texts["unknown"] = "wbt_" + "0" * 64
    return texts


@contextmanager
def _process(log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "workbench", "serve", "--only", "api", "--api-port", str(port)]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=file, stderr=file
        )
        try:
            wait_until_live(port, process, 90)
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)

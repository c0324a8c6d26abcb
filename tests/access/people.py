"""A pages server with sign-in, and a browser's worth of HTTP against it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.ui.serving import served
from workbench.server.access.users import Users
from workbench.server.pages import PagesServer
from workbench.settings import Settings, load_settings

PASSWORDS = {"ana": "correct horse battery", "vic": "look at the numbers"}


def home_with_people(home: Path, access: str = "") -> Settings:
    """A home whose pages ask for a password; ana is an admin, vic a viewer."""
    home.mkdir(exist_ok=True)
    (home / "workbench.toml").write_text(f'[access]\nmethod = "password"\n{access}')
    users = Users(home)
    users.add("ana", "admin", PASSWORDS["ana"])
    users.add("vic", "viewer", PASSWORDS["vic"])
    return load_settings({"WORKBENCH_HOME": str(home)})


@contextmanager
def browser(server: PagesServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        yield client


def sign_in(
    client: httpx.Client, name: str = "ana", password: str | None = None, **form: str
) -> httpx.Response:
    given = PASSWORDS.get(name, "") if password is None else password
    return client.post("/login", data={"name": name, "password": given, **form})


@contextmanager
def serving(settings: Settings, port: int = 0) -> Iterator[PagesServer]:
    with served(settings, port=port) as server:
        yield server

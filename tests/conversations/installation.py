"""A synced installation on a simulated account, with one contact who has just asked something."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from workbench import Workbench
from workbench.settings import load_settings
from workbench.simulator import Account, Server, serve

DESK = "+14155550104"
"""A sender of the account that is in no messaging service."""

CONTACT = "+12065550142"
NAME = 'Ann <b id="bold">Li</b>'
QUESTION = '<img src=x onerror="window.hacked=1"> =HYPERLINK("https://example.com") \u202ewhen?'


@dataclass
class Installation:
    """The account, the home that looks at it, and the installation opened."""

    server: Server
    home: Path
    wb: Workbench

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.server, self.home)

    def control(self, what: str, **body: Any) -> Any:
        """Act inside the account; see :mod:`workbench.simulator.control`."""
        return httpx.post(f"{self.server.url}/_simulator/{what}", json=body).raise_for_status().json()

    def ask(self, text: str, contact: str = CONTACT, media: int = 0) -> None:
        """A contact writes now, and the lake hears of it; where they are it is afternoon."""
        # Twilio's times are whole seconds: two texts of one second have no order to show.
        time.sleep(1.0 - time.time() % 1.0)
        self.control("inbound", to=DESK, body=text, media=media, **{"from": contact})
        self.wb.sync()
        self.move_to_afternoon(contact)

    def move_to_afternoon(self, contact: str) -> None:
        """Say of a contact that it is afternoon where they are: no quiet hour blocks an answer now."""
        self.wb.contacts.edit(contact, timezone=afternoon_zone())

    def sent(self, contact: str = CONTACT) -> list[str]:
        """The texts the account has sent to a contact, asked without our client."""
        account = self.server.account
        answer = httpx.get(
            f"{self.server.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
            params={"To": contact, "PageSize": 1000},
            auth=(account.account_sid, account.auth_token),
        )
        return [row["body"] for row in answer.raise_for_status().json()["messages"]]


def environment(server: Server, home: Path) -> dict[str, str]:
    return {
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
    }


def afternoon_zone() -> str:
    """A zone where it is between two and three in the afternoon now, far from every quiet hour."""
    ahead = (14 - datetime.now(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    account = Account.build(days=1, messages=200)
    home = folder / "home"
    templates = home / "templates"
    templates.mkdir(parents=True)
    (templates / "thanks.toml").write_text('title = "Thanks"\nbody = "Thanks, we are on it."\n')
    (templates / "blank.toml").write_text('body = "Hi {{ first_name }}"\n')
    with serve(account) as server, Workbench(load_settings(environment(server, home))) as wb:
        installation = Installation(server, home, wb)
        installation.ask(QUESTION)
        wb.contacts.edit(CONTACT, name=NAME)
        installation.control("outcomes", to=CONTACT, status="delivered", seconds=1, queue_seconds=0)
        yield installation
    account.close()

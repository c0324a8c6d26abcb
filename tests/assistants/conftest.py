"""One lake for all tests of the room: a week that is counted by hand, and people who write to deceive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from mcp import Client

from tests.assistants.hostile import INJECTIONS, STRANGER
from tests.messages import payload
from tests.ui.known import OURS, known_messages, note_days, save
from workbench.api.installation import Installation
from workbench.assistants.backing import Backing
from workbench.assistants.caller import AssistantCaller
from workbench.assistants.server import build_server
from workbench.lake import open_lake
from workbench.roles import Actor
from workbench.settings import Settings, load_settings

Ask = Callable[..., Any]

CALLERS = {
    "viewer": AssistantCaller(Actor("vera", "viewer", kind="assistant"), may_propose=True),
    "viewer with reveal": AssistantCaller(Actor("vera", "viewer", kind="assistant"), may_reveal=True),
    "agent": AssistantCaller(Actor("ana", "agent", kind="assistant"), may_propose=True),
    "agent with reveal": AssistantCaller(Actor("ana", "agent", kind="assistant"), may_reveal=True),
    "admin": AssistantCaller(Actor("ada", "admin", kind="assistant")),
    "admin with reveal": AssistantCaller(Actor("ada", "admin", kind="assistant"), may_reveal=True),
}


@pytest.fixture(scope="session")
def assistant_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("assistants") / "home"
    home.mkdir()
    (home / "workbench.toml").write_text('[access]\nurl = "https://workbench.example.com"\n')
    settings = load_settings(
        {
            "WORKBENCH_HOME": str(home), "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
            "TWILIO_AUTH_TOKEN": "b" * 32, "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9",
        }
    )  # fmt: skip
    moment = datetime(2025, 3, 20, 9, tzinfo=UTC)
    dates = {"date_created": moment, "date_sent": moment, "date_updated": moment}
    with open_lake(settings) as lake:
        save(lake, known_messages())
        note_days(lake)
        inbound = {"direction": "inbound", "status": "received", "from": STRANGER, "to": OURS, **dates}
        save(lake, [payload(900 + n, body=text, **inbound) for n, text in enumerate(INJECTIONS)])
    return settings


@pytest.fixture(scope="session")
def installation(assistant_settings: Settings) -> Iterator[Installation]:
    with Installation(assistant_settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def ask(installation: Installation) -> Ask:
    """``ask(tool, caller="viewer", **arguments)``: what the official client gets."""
    current = [CALLERS["viewer"]]
    backing = Backing(lambda: installation, lambda: current[0])
    usual, proposing = build_server(backing), build_server(backing, may_propose=True)

    async def call(tool: str, arguments: dict[str, Any]) -> Any:
        async with Client(proposing if tool == "propose_reply" else usual) as client:
            return await client.call_tool(tool, arguments)

    def asked(tool: str, caller: str = "viewer", **arguments: Any) -> Any:
        current[0] = CALLERS[caller]
        return asyncio.run(call(tool, arguments))

    return asked

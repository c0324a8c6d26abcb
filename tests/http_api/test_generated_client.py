"""A client that a public generator makes of our OpenAPI document lists, reads and sends."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.http_api.api_process import Api

PACKAGE = "workbench_client"
CONTACT = "+12065550142"
SENDER = "+14155550104"
"""In no messaging service."""


@pytest.fixture(scope="module")
def client(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package's client, with a token."""
    folder = tmp_path_factory.mktemp("client")
    document = folder / "openapi.json"
    with api.client(None) as http:
        document.write_bytes(http.get("/api/v1/openapi.json").content)
    config = folder / "config.yaml"
    config.write_text("post_hooks: []\n")
    generator = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(
        [
            generator, "generate", "--path", document, "--meta", "none", "--config", config,
            "--output-path", folder / PACKAGE, "--fail-on-warning",
        ],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    package = importlib.import_module(PACKAGE)
    with package.AuthenticatedClient(
        base_url=api.url,
        token=api.tokens["agent"],
        timeout=httpx.Timeout(60),
        raise_on_unexpected_status=True,
    ) as opened:
        yield opened
    sys.path.remove(str(folder))


def _call(tag: str, name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.api.{tag}.{name}").sync


def _model(name: str) -> Any:
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


def test_it_lists_conversations_and_reads_their_messages(client: Any) -> None:
    views = importlib.import_module(f"{PACKAGE}.models").ConversationsView
    page = _call("conversations", "conversations")(client=client, view=views.ALL, limit=5)
    assert page.total >= len(page.items) == 5
    assert "***" in page.items[0].contact
    thread = _call("conversations", "conversation_messages")(page.items[0].conversation, client=client)
    assert len(thread.items) >= 1


def test_it_sends_a_message_once(client: Any, api: Api) -> None:
    account = api.simulator.account
    body = _model("SendInput")(to=CONTACT, body="Made by a generated client", sender=SENDER, confirm=True)
    send = _call("messages", "send")
    first = send(client=client, body=body, idempotency_key="generated-1")
    again = send(client=client, body=body, idempotency_key="generated-1")
    assert first.message_sid == again.message_sid
    sent = httpx.get(
        f"{api.simulator.url}/2010-04-01/Accounts/{account.account_sid}/Messages.json",
        params={"To": CONTACT, "PageSize": 1000},
        auth=(account.account_sid, account.auth_token),
    ).json()["messages"]
    assert [each["body"] for each in sent] == ["Made by a generated client"]

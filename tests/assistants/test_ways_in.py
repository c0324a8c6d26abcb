"""The two ways in, as programs use them: a process on stdin and stdout, and HTTP with a token."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.assistants.hostile import STRANGER
from tests.ui.known import OURS
from workbench.http_api.assistants import assistant_caller
from workbench.http_api.server import ApiServer
from workbench.settings import Settings, load_settings
from workbench.tokens.store import Tokens

WEEK = {"since": "2025-03-03", "until": "2025-03-10"}
#: Arguments of every tool.
CALLS: dict[str, dict[str, Any]] = {
    "list_metrics": {}, "list_dimensions": {},
    "query_metric": {"metric": "delivery_rate", **WEEK}, "list_campaigns": WEEK,
    "what_changed": WEEK, "explain_change": {"metric": "delivery_rate", **WEEK},
    "explain_error_code": {"code": "30003"}, "list_messages": WEEK,
    "list_conversations": {"view": "all"}, "status": {}, "doctor": {}, "list_tables": {},
    "sql": {"query": "select count(*) from messages"},
}  # fmt: skip


async def call_all(client: Client) -> dict[str, Any]:
    """The listed tools and prompts, and what each tool answers."""
    tools = (await client.list_tools()).tools
    answers: dict[str, Any] = {"tools": tools, "prompts": (await client.list_prompts()).prompts}
    answers["instructions"] = client.instructions
    for name, arguments in CALLS.items():
        answers[name] = await client.call_tool(name, arguments)
    first = answers["list_campaigns"].structured_content["rows"][0]["campaign"]
    asked = {"first": first, "day": "2025-03-05", **WEEK}
    answers["compare_campaigns"] = await client.call_tool("compare_campaigns", asked)
    row = answers["list_conversations"].structured_content["conversations"][0]["conversation"]
    answers["read_conversation"] = await client.call_tool("read_conversation", {"conversation": row})
    draft = {"conversation": row, "text": "We look into it."}
    answers["draft_reply"] = await client.call_tool("draft_reply", draft)
    answers["weekly_review"] = await client.get_prompt("weekly_review")
    return answers


def environment_of(settings: Settings) -> dict[str, str]:
    return {
        "WORKBENCH_HOME": str(settings.home), "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "b" * 32, "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:9",
    }  # fmt: skip


@pytest.fixture(scope="module")
def by_stdio(assistant_settings: Settings) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "workbench", "mcp"],
            env=environment_of(assistant_settings),
        )
        async with Client(server) as client:
            return await call_all(client)

    return asyncio.run(ask())


def test_every_tool_is_listed_with_its_schema_and_called_on_stdio(by_stdio: dict[str, Any]) -> None:
    tools = by_stdio["tools"]
    assert len(tools) == 16
    for tool in tools:
        assert tool.output_schema["properties"]["summary"]
        assert tool.annotations.read_only_hint is True
        assert tool.annotations.destructive_hint is False
        assert 20 < len(tool.description) < 400, tool.name
        result = by_stdio[tool.name]
        assert not result.is_error, result.content[0].text
        assert result.content[0].text == result.structured_content["summary"]
        assert json.loads(result.content[1].text) == result.structured_content
    assert "untrusted_" in by_stdio["instructions"]
    assert [prompt.name for prompt in by_stdio["prompts"]] == ["weekly_review"]
    assert "explain_change" in by_stdio["weekly_review"].messages[0].content.text


def test_the_numbers_on_stdio_are_those_of_the_lake(by_stdio: dict[str, Any]) -> None:
    (row,) = by_stdio["query_metric"].structured_content["rows"]
    assert (row["delivery_rate"], row["sample_size"]) == (pytest.approx(50 / 63), 63)
    shown = json.dumps([by_stdio[name].structured_content for name in [*CALLS, "read_conversation"]])
    assert OURS not in shown
    assert STRANGER not in shown


def test_stdout_has_the_protocol_and_nothing_else(assistant_settings: Settings) -> None:
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"}}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
            "name": "query_metric", "arguments": {"metric": "nothing"}}},
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench", "mcp", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment_of(assistant_settings), "WORKBENCH_LOGS_LEVEL": "INFO"},
        text=True,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    for line in lines:
        process.stdin.write(json.dumps(line) + "\n")
    process.stdin.flush()
    answers = [json.loads(process.stdout.readline()) for _ in (1, 2)]
    process.stdin.close()
    rest, errors = process.stdout.read(), process.stderr.read()
    assert process.wait(10) == 0
    process.stdout.close()
    process.stderr.close()
    assert [answer["id"] for answer in answers] == [1, 2]
    assert answers[1]["result"]["isError"]
    assert rest == ""
    assert "INFO mcp.server" in errors


@pytest.fixture(scope="module")
def tokens(assistant_settings: Settings) -> dict[str, str]:
    store = Tokens(assistant_settings.home)
    made = {}
    scopes = {"narrow": ["metrics:read"]}
    for name, role in (("vera", "viewer"), ("ana", "agent"), ("ada", "admin"), ("narrow", "agent")):
        token = store.check_new(name, role, scopes.get(name, []), None)
        made[name] = store.add(token, "local:test")
    return made


@pytest.fixture(scope="module")
def api(assistant_settings: Settings, tokens: dict[str, str]) -> Iterator[ApiServer]:
    server = ApiServer(assistant_settings, 0)
    started = threading.Event()
    thread = threading.Thread(target=server.run, args=[lambda url: started.set()])
    thread.start()
    assert started.wait(30)
    yield server
    server.stop()
    thread.join(20)
    assert not thread.is_alive()


def by_http(api: ApiServer, token: str, calls: list[tuple[str, dict[str, Any]]] | None = None) -> Any:
    async def ask() -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{api.url}mcp", http_client=http)) as client,
        ):
            if calls is None:
                return await call_all(client)
            return [await client.call_tool(name, arguments) for name, arguments in calls]

    return asyncio.run(ask())


def test_every_tool_is_called_over_http_with_the_same_numbers(
    api: ApiServer, tokens: dict[str, str], by_stdio: dict[str, Any]
) -> None:
    answers = by_http(api, tokens["vera"])
    assert [tool.name for tool in answers["tools"]] == [tool.name for tool in by_stdio["tools"]]
    for tool in answers["tools"]:
        assert not answers[tool.name].is_error, answers[tool.name].content[0].text
    for name in ("query_metric", "explain_change"):
        ours, theirs = (dict(each[name].structured_content) for each in (answers, by_stdio))
        assert {**ours, "as_of": ""} == {**theirs, "as_of": ""}
    assert STRANGER not in json.dumps(answers["list_messages"].structured_content)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wbt_nothing"}, 401),
        ({"Authorization": "Basic abc"}, 401),
    ],
)
def test_without_a_token_there_is_nothing(api: ApiServer, headers: dict[str, str], status: int) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    answer = httpx.post(f"{api.url}mcp", json=body, headers=headers)
    assert answer.status_code == status
    assert "delivery" not in answer.text


def test_a_token_of_other_scopes_is_refused(api: ApiServer, tokens: dict[str, str]) -> None:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    answer = httpx.post(f"{api.url}mcp", json=body, headers={"Authorization": f"Bearer {tokens['narrow']}"})
    assert answer.status_code == 403
    assert "/mcp takes assistants:read" in answer.json()["detail"]


def test_another_origin_is_refused_also_with_a_token(api: ApiServer, tokens: dict[str, str]) -> None:
    headers = {
        "Authorization": f"Bearer {tokens['vera']}", "Origin": "https://evil.example",
        "Accept": "application/json, text/event-stream",
    }  # fmt: skip
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    assert httpx.post(f"{api.url}mcp", json=body, headers=headers).status_code == 403


@pytest.mark.parametrize("name", ["vera", "ana", "ada"])
def test_no_token_reveals_unless_the_owner_says_so(
    api: ApiServer, tokens: dict[str, str], by_stdio: dict[str, Any], name: str
) -> None:
    conversation = by_stdio["list_conversations"].structured_content["conversations"][0]["conversation"]
    revealed, bodies = by_http(
        api,
        tokens[name],
        [
            ("read_conversation", {"conversation": conversation, "reveal_number": True}),
            ("sql", {"query": "select body from messages"}),
        ],
    )
    assert f"token:{name} may not see whole numbers" in revealed.content[0].text
    assert bodies.is_error


@pytest.mark.parametrize("reveals", [False, True])
@pytest.mark.parametrize(
    ("role", "scopes", "sees", "proposes"),
    [
        ("viewer", [], False, False),
        ("agent", [], True, True),
        ("admin", [], True, True),
        ("agent", ["assistants:read"], True, False),
        ("agent", ["assistants:write"], True, True),
    ],
)
def test_what_a_token_may_do_beside_reading(
    assistant_settings: Settings, reveals: bool, role: str, scopes: list[str], sees: bool, proposes: bool
) -> None:
    settings = load_settings(
        {"WORKBENCH_HOME": str(assistant_settings.home), "WORKBENCH_ASSISTANTS_REVEAL": str(reveals).lower()}
    )
    token = Tokens(settings.home).check_new("any", role, scopes, None)
    caller = assistant_caller(settings, token)
    assert caller.sees_whole_numbers is (reveals and sees)
    assert (caller.may_propose and caller.actor.may("agent")) is proposes
    assert caller.actor.actor == "token:any"


def test_two_at_once_are_each_themselves(api: ApiServer, tokens: dict[str, str]) -> None:
    async def ask(name: str) -> list[str]:
        headers = {"Authorization": f"Bearer {tokens[name]}"}
        arguments = {"conversation": "CW" + "0" * 24, "reveal_number": True}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{api.url}mcp", http_client=http)) as client,
        ):
            query = {"query": "select body from messages"}
            results = [await client.call_tool("sql", query) for _ in range(3)]
            results.append(await client.call_tool("read_conversation", arguments))
            return [str(getattr(result.content[0], "text", "")) for result in results]

    async def all_at_once() -> Any:
        return await asyncio.gather(ask("vera"), ask("ana"), ask("vera"), ask("ana"))

    for texts in asyncio.run(all_at_once()):
        assert all("body" in text for text in texts[:3])
        assert "No conversation" in texts[3]

"""What the common programs need, in their own formats."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from workbench.assistants.install import Launch, snippets
from workbench.cli import main
from workbench.errors import UnknownName, UsageError

STARTED = Launch(
    "/opt/bin/workbench", ["mcp", "serve", "--role", "viewer"], {"WORKBENCH_HOME": "/srv/my home"}
)
REMOTE = Launch("workbench", [], {}, "https://workbench.example.com/mcp")
ENTRY = {
    "command": "/opt/bin/workbench",
    "args": ["mcp", "serve", "--role", "viewer"],
    "env": {"WORKBENCH_HOME": "/srv/my home"},
}
BEARER = {"Authorization": "Bearer TOKEN"}


@pytest.mark.parametrize(
    ("client", "content"),
    [
        ("claude-desktop", {"mcpServers": {"workbench": ENTRY}}),
        ("cursor", {"mcpServers": {"workbench": ENTRY}}),
        ("vscode", {"servers": {"workbench": {"type": "stdio", **ENTRY}}}),
        ("generic", {"mcpServers": {"workbench": {"type": "stdio", **ENTRY}}}),
    ],
)
def test_a_program_that_starts_the_server(client: str, content: dict[str, object]) -> None:
    (snippet,) = snippets(STARTED, client)
    assert snippet.content == content


def test_claude_code_is_told_by_a_command() -> None:
    (snippet,) = snippets(STARTED, "claude-code")
    assert shlex.split(snippet.command or "") == [
        "claude", "mcp", "add", "--env", "WORKBENCH_HOME=/srv/my home", "--transport", "stdio", "workbench",
        "--", "/opt/bin/workbench", "mcp", "serve", "--role", "viewer",
    ]  # fmt: skip
    (remote,) = snippets(REMOTE, "claude-code")
    assert shlex.split(remote.command or "") == [
        "claude", "mcp", "add", "--transport", "http", "workbench", "https://workbench.example.com/mcp",
        "--header", "Authorization: Bearer TOKEN",
    ]  # fmt: skip


def test_a_program_that_reaches_a_server() -> None:
    made = {snippet.client: snippet.content for snippet in snippets(REMOTE)}
    url = "https://workbench.example.com/mcp"
    assert made["cursor"] == {"mcpServers": {"workbench": {"url": url, "headers": BEARER}}}
    assert made["generic"] == {"mcpServers": {"workbench": {"type": "http", "url": url, "headers": BEARER}}}
    assert made["vscode"] == {
        "inputs": [
            {
                "type": "promptString", "id": "workbench-token", "description": "Token of workbench",
                "password": True,
            }
        ],
        "servers": {
            "workbench": {
                "type": "http", "url": url, "headers": {"Authorization": "Bearer ${input:workbench-token}"}
            }
        },
    }  # fmt: skip
    assert "claude-desktop" not in made
    with pytest.raises(UsageError, match="takes no address"):
        snippets(REMOTE, "claude-desktop")
    with pytest.raises(UnknownName, match="Did you mean 'vscode'"):
        snippets(STARTED, "vscod")


def test_the_command_prints_them_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    answer = CliRunner().invoke(main, ["mcp", "install", "--format", "json"])
    assert answer.exit_code == 0, answer.output
    made = json.loads(answer.stdout)
    assert [item["client"] for item in made] == [
        "claude-desktop",
        "claude-code",
        "cursor",
        "vscode",
        "generic",
    ]
    entry = made[0]["content"]["mcpServers"]["workbench"]
    assert entry["args"] == ["mcp", "serve", "--role", "viewer"]
    assert entry["env"] == {"WORKBENCH_HOME": str(tmp_path / "home")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["install", "serve"])
def test_a_viewer_may_not_be_let_reveal(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    answer = CliRunner().invoke(main, ["mcp", command, "--reveal"])
    assert answer.exit_code == 2
    assert "--reveal needs --role agent or admin" in answer.stderr

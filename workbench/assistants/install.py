"""What to write into the settings of common programs, so that they start or reach the server. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import UnknownName, UsageError

TOKEN_PLACE = "TOKEN"
"""Stands where people write theirs."""


@dataclass(frozen=True)
class Launch:
    """How the server is reached: by starting a command, or at an address."""

    command: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    url: str | None = None


@dataclass(frozen=True)
class Snippet:
    """What one program needs: the place, and either a file's content or a command to run."""

    client: str
    place: str
    content: Mapping[str, Any] | None = None
    command: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            "client": self.client, "place": self.place, "content": self.content, "command": self.command
        }  # fmt: skip

    def text(self) -> str:
        """For people: where it goes, and what."""
        body = self.command or json.dumps(self.content, indent=2, ensure_ascii=False)
        return f"# {self.client}: {self.place}\n{body}"


def snippets(launch: Launch, client: str | None = None) -> list[Snippet]:
    """What each program needs, or one of them.

    Raises:
        UnknownName: the program is none of these.
        UsageError: it takes no address.
    """
    if client is not None and client not in CLIENTS:
        raise UnknownName("client", client, CLIENTS)
    made = [CLIENTS[name](launch) for name in ([client] if client else CLIENTS)]
    if client and made == [None]:
        raise UsageError(
            f"{client} takes no address from a file; leave --url out, or add the address in its settings for "
            "connectors."
        )
    return [snippet for snippet in made if snippet is not None]


def _claude_desktop(launch: Launch) -> Snippet | None:
    if launch.url:
        return None
    place = (
        "claude_desktop_config.json (Settings, Developer, Edit Config); macOS: ~/Library/Application "
        "Support/Claude, Windows: %APPDATA%\\Claude. Start it anew afterwards"
    )
    return Snippet("claude-desktop", place, {"mcpServers": {"workbench": _started(launch)}})


def _claude_code(launch: Launch) -> Snippet:
    if launch.url:
        words = ["claude", "mcp", "add", "--transport", "http", "workbench", launch.url]
        words += ["--header", f"Authorization: Bearer {TOKEN_PLACE}"]
    else:
        words = ["claude", "mcp", "add"]
        words += [word for name, value in launch.environment.items() for word in ("--env", f"{name}={value}")]
        # --env takes as many words as follow it, so another option stands before the name.
        words += ["--transport", "stdio", "workbench", "--", launch.command, *launch.arguments]
    return Snippet("claude-code", "run this command", command=shlex.join(words))


def _cursor(launch: Launch) -> Snippet:
    entry = _at_address(launch) if launch.url else _started(launch)
    return Snippet(
        "cursor", "~/.cursor/mcp.json, or .cursor/mcp.json of a project", {"mcpServers": {"workbench": entry}}
    )


def _vscode(launch: Launch) -> Snippet:
    place = ".vscode/mcp.json of a workspace, or the command “MCP: Open User Configuration”"
    if not launch.url:
        return Snippet("vscode", place, {"servers": {"workbench": {"type": "stdio", **_started(launch)}}})
    question = {
        "type": "promptString", "id": "workbench-token", "description": "Token of workbench", "password": True
    }  # fmt: skip
    entry = {
        "type": "http",
        "url": launch.url,
        "headers": {"Authorization": "Bearer ${input:workbench-token}"},
    }
    return Snippet("vscode", place, {"inputs": [question], "servers": {"workbench": entry}})


def _generic(launch: Launch) -> Snippet:
    if launch.url:
        entry: dict[str, Any] = {"type": "http", **_at_address(launch)}
    else:
        entry = {"type": "stdio", **_started(launch)}
    return Snippet("generic", "any program that reads an mcp.json", {"mcpServers": {"workbench": entry}})


def _started(launch: Launch) -> dict[str, Any]:
    return {
        "command": launch.command,
        "args": list(launch.arguments),
        "env": dict(launch.environment),
    }


def _at_address(launch: Launch) -> dict[str, Any]:
    return {"url": launch.url, "headers": {"Authorization": f"Bearer {TOKEN_PLACE}"}}


CLIENTS: Mapping[str, Callable[[Launch], Snippet | None]] = {
    "claude-desktop": _claude_desktop,
    "claude-code": _claude_code,
    "cursor": _cursor,
    "vscode": _vscode,
    "generic": _generic,
}

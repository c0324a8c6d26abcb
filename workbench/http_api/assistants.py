"""The Model Context Protocol at `/mcp`, for whom the door has let in."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.routing import Route

from workbench.assistants.caller import AssistantCaller
from workbench.assistants.http import McpApplication, mcp_application
from workbench.errors import NotAllowed
from workbench.settings import Settings
from workbench.tokens.store import Token


def mount_assistants(app: FastAPI, settings: Settings, hosts: frozenset[str]) -> McpApplication:
    """Add the route; the lifespan of the app enters :meth:`McpApplication.running`."""
    assistants = mcp_application(
        lambda: app.state.opened.installation,
        lambda scope: assistant_caller(settings, scope["state"]["token"]),
        hosts=sorted(hosts),
        may_propose=settings.assistants.may_propose,
    )
    app.router.routes.append(Route("/mcp", endpoint=assistants, include_in_schema=False))
    return assistants


def assistant_caller(settings: Settings, token: Token) -> AssistantCaller:
    """Whom an assistant with this token asks for.

    Raises:
        NotAllowed: it is limited to other scopes.
    """
    if not token.may("assistants:read"):
        raise NotAllowed(
            f"The token {token.name} is limited to {', '.join(token.scopes)}; /mcp takes assistants:read."
        )
    return AssistantCaller(token.actor, settings.assistants.reveal, token.may("assistants:write"))

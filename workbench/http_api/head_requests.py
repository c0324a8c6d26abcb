"""Answers HEAD as GET without its body, for every route that has a GET."""

from __future__ import annotations

from starlette.types import Message, Scope, Send

_STREAMS = ("/mcp",)
"""Where a GET may go on for ever."""


def as_get(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """The request as a GET, and how its answer is sent; both as given where it is no HEAD."""
    if scope["method"] != "HEAD" or scope["path"] in _STREAMS:
        return scope, send

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return {**scope, "method": "GET"}, send_head

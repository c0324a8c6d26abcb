"""What the OpenAPI document says beside the models: its groups in order, and each route in plain words."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi.routing import APIRoute

    from workbench.http_api.routes import Needs

GROUPS: list[dict[str, Any]] = [
    {"name": "conversations", "description": "Who wrote, what was said, and answering it."},
    {"name": "messages", "description": "Every message, and sending one or many."},
    {"name": "contacts", "description": "Who the contacts are: name, labels, language, time zone."},
    {"name": "consent", "description": "Who may be messaged, and what they said."},
    {"name": "outbox", "description": "What was sent from here and how it ended; calling it off."},
    {"name": "templates", "description": "Texts that are ready, with blanks."},
    {"name": "metrics", "description": "Any metric, by any dimensions."},
    {"name": "campaigns", "description": "Texts, services and batches, with what people did after them."},
    {"name": "reports", "description": "Reports as files, run by themselves."},
    {"name": "alerts", "description": "What is wrong now, and who is told."},
    {"name": "status", "description": "Where the installation stands, and what the doctor says."},
    {"name": "as Chatwoot", "description": "The one call that scripts for Chatwoot make, as it is there."},
]
"""In this order on the page; a group of a router that is not here comes after them."""

TOKEN = "A token of `workbench tokens create`; only the text, without `Bearer`."
CHATWOOT_TOKEN = "The same token in Chatwoot's header; one of the two is enough."


def describe(route: APIRoute, needs: Needs) -> None:
    """Give a route its summary, the first sentence of its function, and say whom it answers."""
    words = inspect.getdoc(route.endpoint) or ""
    summary, _, rest = " ".join(words.split()).partition(". ")
    route.summary = summary.rstrip(".").replace("`", "")
    route.description = f"{rest}\n\nRole `{needs.role}`, scope `{needs.scope}`.".strip()

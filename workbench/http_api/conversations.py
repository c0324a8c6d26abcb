"""Conversations: listed and read. The pattern of a router: declared answers, each route with its role."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from workbench.api.conversations import conversation_line, list_filters, look_up_searched
from workbench.conversations.find import Conversation, find_conversation
from workbench.conversations.listing import Place, Summary, list_conversations, read_state
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, OpenPage, Pages
from workbench.http_api.routes import ApiAnswer, ApiPage, reads
from workbench.messaging.addresses import mask

router = APIRouter(tags=["conversations"])

View = Literal["waiting", "open", "pending", "snoozed", "resolved", "all"]
Id = Annotated[
    str, Path(pattern="^C[VW][0-9a-f]{24}$", description="Of the list, or of any of its messages.")
]


class ConversationLine(BaseModel):
    """One conversation of a list."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    conversation: str = Field(description="Its id.")
    contact: str = Field(description="The contact's name, or the number masked.")
    our_side: str = Field(alias="with", description="Our sender or messaging service.")
    state: str
    waiting_since: datetime | None = Field(description="Since when a question has no answer.")
    assignee: str | None
    labels: list[str]
    messages: int
    last_at: datetime
    last: str | None = Field(description="The latest message.")


class ConversationPage(ApiPage):
    """A page of conversations."""

    total: int = Field(description="In the whole list; 0 on a page without rows.")
    items: list[ConversationLine]


class ConversationState(ApiAnswer):
    """One conversation, without its messages."""

    conversation: str
    contact: str = Field(description="The contact's number, masked.")
    our_side: str = Field(description="Our sender or messaging service.")
    state: str
    is_reopened: bool
    snoozed_until: datetime | None
    assignee: str | None
    labels: list[str]
    waiting_since: datetime | None


@router.get("/conversations", dependencies=reads("conversations", "read conversations"))
def conversations(
    installation: Opened,
    pages: Pages,
    view: View = "open",
    search: Annotated[
        str, Query(max_length=200, description="Part of a text or name, a message SID, or a number.")
    ] = "",
    assignee: Annotated[str | None, Query(description="A person or a team.")] = None,
    mine: Annotated[bool, Query(description="What the token's person has, or a team of theirs.")] = False,
    label: str | None = None,
    language: Annotated[
        str | None, Query(description="In which they write, as `es`, or `unknown`: no text says it clearly.")
    ] = None,
    order: Annotated[
        Literal["longest", "newest"] | None, Query(description="Longest wait or newest first.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ConversationPage:
    """List conversations: who wrote, what was said last, who waits for an answer. Numbers are masked."""
    installation.require_log()
    number = look_up_searched(installation, search)
    filters = list_filters(installation, mine, language)
    asked: dict[str, Any] = {
        "view": view, "search": search, "assignee": assignee, "mine": list(filters.mine), "label": label,
        "language": language, "order": order,
    }  # fmt: skip
    with pages.page("conversations", asked, cursor) as page:
        listing = list_conversations(
            page.lake, view, search=search, number=number, assignee=assignee, label=label, order=order,
            limit=limit, after=_place(page), filters=filters,
        )  # fmt: skip
        return ConversationPage(
            as_of=page.as_of,
            next_cursor=page.next_cursor(_position(listing.rows[-1]) if len(listing.rows) == limit else None),
            total=listing.total,
            items=[ConversationLine(**conversation_line(row)) for row in listing.rows],
        )


@router.get("/conversations/{conversation}", dependencies=reads("conversations", "read conversations"))
def conversation(installation: Opened, conversation: Id) -> ConversationState:
    """One conversation: what was decided about it, and since when it waits."""
    installation.require_log()
    details = find_conversation(installation.lake, conversation)
    return conversation_state(installation.lake, details)


def conversation_state(lake: Any, details: Conversation) -> ConversationState:
    """What is decided about a conversation now."""
    state = read_state(lake, details)
    return ConversationState(
        conversation=details.conversation_id,
        contact=mask(details.contact),
        our_side=details.our_side,
        state=state.state,
        is_reopened=state.is_reopened,
        snoozed_until=state.snoozed_until,
        assignee=state.assignee,
        labels=state.labels,
        waiting_since=state.waiting_since,
    )


def _place(page: OpenPage) -> Place | None:
    if page.after is None:
        return None
    since, at, conversation_id = page.after
    return Place(since and datetime.fromisoformat(since), datetime.fromisoformat(at), conversation_id)


def _position(row: Summary) -> list[Any]:
    return [row.waiting_since, row.last_at, row.conversation_id]

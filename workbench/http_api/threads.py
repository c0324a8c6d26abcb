"""What is in a conversation: its messages, its attachments, its notes and decisions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from workbench.conversations.attachments import fetch_attachment
from workbench.conversations.find import find_conversation, reveal
from workbench.conversations.thread import ThreadMessage, ThreadPlace, message_fields, read_thread
from workbench.http_api.conversations import Id
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.routes import ApiAnswer, ApiPage, reads, writes

router = APIRouter(tags=["conversations"])


class AttachmentLine(BaseModel):
    """A file of a message."""

    media_sid: str
    content_type: str | None


class ThreadLine(BaseModel):
    """One message of a conversation."""

    date_created: datetime
    sent_by: str = Field(alias="from", description="`us` or `contact`.")
    body: str | None
    content: str | None = Field(description="What it holds beside its text, in words.")
    status: str
    reason: str | None = Field(description="Why it did not arrive, in plain words.")
    error_code: int | None
    segments: int | None
    spend: Decimal | None
    currency: str | None
    media: int = Field(description="How many attachments it has.")
    attachments: list[AttachmentLine] = Field(description="Those that Twilio has listed.")
    message_sid: str


class EventLine(BaseModel):
    """A note or decision between the messages."""

    kind: str
    value: str | None
    until: datetime | None
    actor: str
    happened_at: datetime


class ThreadPage(ApiPage):
    """A page of a conversation: its messages, the newest first, and what was noted and decided."""

    older: int = Field(description="Messages that are older than these.")
    items: list[ThreadLine]
    events: list[EventLine] = Field(description="On the first page: since the oldest of its messages.")


class Revealed(ApiAnswer):
    """A contact's whole number."""

    address: str


@router.get("/conversations/{conversation}/messages", dependencies=reads("conversations", "read messages"))
def conversation_messages(
    installation: Opened, pages: Pages, conversation: Id, limit: Limit = 50, cursor: Cursor = None
) -> ThreadPage:
    """The messages of a conversation, the newest first, each with what became of it and why."""
    installation.require_log()
    details = find_conversation(installation.lake, conversation)
    asked = {"conversation": details.conversation_id}
    with pages.page("conversation messages", asked, cursor) as page:
        before = None if page.after is None else _place(page.after)
        thread = read_thread(page.lake, details, limit=limit, before=before)
        oldest = thread.messages[0] if thread.messages and thread.older else None
        return ThreadPage(
            as_of=page.as_of,
            next_cursor=page.next_cursor(_position(oldest) if oldest else None),
            older=thread.older,
            items=[_line(message) for message in reversed(thread.messages)],
            events=[EventLine(**vars(event)) for event in thread.events] if before is None else [],
        )


@router.get(
    "/conversations/{conversation}/attachments/{media}",
    dependencies=reads("conversations", "read attachments"),
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The file."}},
)
def attachment(
    installation: Opened,
    conversation: Id,
    media: Annotated[str, Path(pattern="^ME[0-9a-fA-F]{32}$")],
) -> Response:
    """The bytes of an attachment. They come from a stranger, so they are only ever a file to save."""
    details = find_conversation(installation.lake, conversation)
    file = fetch_attachment(installation.settings, installation.lake, details, media)
    headers = {"Content-Disposition": f'attachment; filename="{media}"'}
    return Response(file.content, media_type=file.image_type or "application/octet-stream", headers=headers)


@router.post("/conversations/{conversation}/reveal", dependencies=writes("conversations", "reveal a number"))
def reveal_contact(installation: Opened, conversation: Id) -> Revealed:
    """The contact's whole number; that it was shown is kept in the audit trail."""
    details = find_conversation(installation.lake, conversation)
    return Revealed(address=reveal(installation.lake, details, installation.actor))


def _line(message: ThreadMessage) -> ThreadLine:
    return ThreadLine.model_validate(
        {
            **message_fields(message),
            "error_code": message.error_code,
            "attachments": [vars(each) for each in message.attachments],
        }
    )


def _position(message: ThreadMessage) -> list[Any]:
    return [message.date_created, message.is_outbound, message.message_sid]


def _place(after: list[Any]) -> ThreadPlace:
    at, is_outbound, message_sid = after
    return ThreadPlace(datetime.fromisoformat(at), is_outbound, message_sid)

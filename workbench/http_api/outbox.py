"""The outbox: what was sent from here and how it ended; a scheduled message can be called off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workbench.api.installation import Installation
from workbench.api.outbox import Outbox
from workbench.errors import NotFound, TwilioError
from workbench.http_api.frames import cut, rows_of
from workbench.http_api.idempotency import Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.problems import ApiProblem
from workbench.http_api.routes import ApiAnswer, ApiPage, reads, writes
from workbench.metrics.sender_names import add_sender_names
from workbench.sending.outbox import read_frame
from workbench.twilio.resources import fetch_message

router = APIRouter(tags=["outbox"])

_CANCELED = "canceled"
_TOO_LATE = 30409
"""Twilio's code for a message that can no longer be canceled."""

OutboxState = Literal["intended", "accepted", "refused", "unsent", "unclear"]
MessageSid = Annotated[
    str, Path(pattern="^(SM|MM)[0-9a-f]{32}$", examples=["SM0123456789abcdef0123456789abcdef"])
]


class OutboxLine(BaseModel):
    """One message that was to be sent from here."""

    intended_at: datetime
    state: OutboxState = Field(description="unclear: nobody knows yet whether it was sent.")
    batch: str
    contact: str = Field(description="The number, masked.")
    sender: str | None
    sender_name: str | None = Field(description="The sender's name, if it has one.")
    segments: int
    price: float | None = Field(description="As it was expected.")
    currency: str | None
    send_at: datetime | None = Field(description="For when it is scheduled.")
    message_sid: str | None
    error_code: int | None
    problem: str | None
    attempt: int
    actor: str


class OutboxPage(ApiPage):
    """A page of the outbox."""

    total: int
    items: list[OutboxLine]


class OutboxEntry(ApiAnswer, OutboxLine):
    """One message of the outbox."""


class MessageCancelled(ApiAnswer):
    """A scheduled message that will not be sent."""

    message_sid: str
    status: str


@router.get("/outbox", dependencies=reads("outbox", "read the outbox"))
def outbox(
    installation: Opened,
    pages: Pages,
    state: OutboxState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> OutboxPage:
    """List what was sent from here and how it ended, newest first; recipients are masked."""
    with pages.page("outbox", {"state": state}, cursor) as page:
        frame = add_sender_names(read_frame(page.lake, state), page.lake, installation.settings)
        rows = rows_of(frame)
        items, next_cursor = cut(page, rows, limit)
        return OutboxPage(
            as_of=page.as_of,
            next_cursor=next_cursor,
            total=len(rows),
            items=[OutboxLine(**row) for row in items],
        )


@router.get("/outbox/{message_sid}", dependencies=reads("outbox", "read the outbox"))
def outbox_entry(installation: Opened, message_sid: MessageSid) -> OutboxEntry:
    """Read one message of the outbox, by the SID that Twilio gave it."""
    frame = Outbox(installation).list()
    rows = rows_of(frame[frame["message_sid"] == message_sid])
    if not rows:
        raise NotFound(f"No message {message_sid!r} was sent from here; GET /api/v1/outbox lists what was.")
    return OutboxEntry(**rows[0])


@router.post(
    "/outbox/{message_sid}/cancel",
    dependencies=writes("outbox", "cancel a message"),
    response_model=MessageCancelled,
)
def cancel_message(write: Write, message_sid: MessageSid) -> JSONResponse:
    """Call off a message that is scheduled. What Twilio sent already cannot be called off."""

    def do() -> WriteAnswer:
        status = _cancel(write.installation, message_sid)
        return WriteAnswer(
            200, MessageCancelled(message_sid=message_sid, status=status).model_dump(mode="json")
        )

    return write.once(None, do)


def _cancel(installation: Installation, message_sid: str) -> str:
    """What it is now. Called off before is called off: so ends a request that comes again after a crash."""
    try:
        return Outbox(installation).cancel(message_sid).status
    except TwilioError as error:
        if error.status == 404:
            raise NotFound(f"Twilio has no message {message_sid!r} in this account.") from error
        if error.code != _TOO_LATE:
            raise
        context = installation.send_context
        message = fetch_message(context.log, context.account_sid, message_sid)
        if message is not None and message.get("status") == _CANCELED:
            return _CANCELED
        raise ApiProblem(409, "too-late", str(error), more={"error_code": error.code}) from error

"""Messages: listed, looked at one by one, checked and sent."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from workbench.errors import NotFound
from workbench.http_api.decisions import SENDS
from workbench.http_api.idempotency import Write
from workbench.http_api.opened import Opened
from workbench.http_api.pages import Cursor, Limit, Pages
from workbench.http_api.routes import ApiAnswer, ApiPage, reads, writes
from workbench.http_api.sends import MessageSent, ReplyInput, composed, send_once
from workbench.http_api.threads import AttachmentLine
from workbench.lake.number_lookups import look_up_number
from workbench.metrics.filter_values import read_filter_texts
from workbench.metrics.one_message import query_message
from workbench.metrics.rows import RowQuery, count_rows, read_rows

router = APIRouter(tags=["messages"])


class SendInput(ReplyInput):
    """One message. Without `"confirm": true` nothing is sent, and the answer is what would happen."""

    to: str = Field(max_length=200, description="The recipient, as +14155552671, whatsapp:+… or rcs:+…")
    sender: str | None = Field(None, max_length=200, description="One of our addresses.")
    service: str | None = Field(None, description="SID of a messaging service, instead of a sender.")


class MessageLine(BaseModel):
    """One message of a list; addresses are masked."""

    message_sid: str
    date_created: datetime
    date_sent: datetime | None
    date_updated: datetime | None
    direction: str
    status: str
    is_final: bool
    error_code: int | None
    sender: str | None
    sender_name: str | None = Field(description="The sender's name, if it has one.")
    sender_type: str | None
    contact: str | None
    country: str | None
    body: str | None
    content: str | None = Field(description="What a message without a text holds, in words.")
    encoding: str | None
    segments: int | None
    media_count: int | None
    spend: Decimal | None
    currency: str | None
    messaging_service_sid: str | None
    account_sid: str
    conversation_id: str | None


class MessagePage(ApiPage):
    """A page of messages."""

    total: int = Field(description="In the whole list.")
    items: list[MessageLine]


class StatusLine(BaseModel):
    """A status that Twilio reported."""

    status: str
    error_code: int | None
    source: str = Field(description="Who told us: sync, callback, send or import.")
    received_at: datetime


class MessageAnswer(ApiAnswer, MessageLine):
    """One message, with its history."""

    history: list[StatusLine]
    attachments: list[AttachmentLine]


@router.get("/messages", dependencies=reads("messages", "read messages"))
def messages(
    installation: Opened,
    pages: Pages,
    where: Annotated[
        list[str], Query(description="dimension=value, as status=delivered; several values with commas.")
    ] = [],  # noqa: B006  (FastAPI copies it)
    search: Annotated[str, Query(max_length=200, description="Text, a message SID, or a number.")] = "",
    since: Annotated[str | None, Query(description="First moment in; a date is its midnight.")] = None,
    until: Annotated[str | None, Query(description="First moment not in any more.")] = None,
    order: Literal["newest", "oldest"] = "newest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> MessagePage:
    """List messages with the filters of metrics and pages. Numbers are masked."""
    installation.require_log()
    installation.use_own_metrics()
    country = installation.settings.sending.default_country
    query = RowQuery(
        where=read_filter_texts(where, "where"),
        since=since,
        until=until,
        timezone=installation.settings.timezone,
        search=search,
        number=look_up_number(installation.lake, search, "messages", country),
    )
    asked = {"where": sorted(where), "search": search, "since": since, "until": until, "order": order}
    sort = "-date_created" if order == "newest" else "date_created"
    with pages.page("messages", asked, cursor) as page:
        after = (datetime.fromisoformat(page.after[0]), str(page.after[1])) if page.after else None
        rows = read_rows(page.lake, query, sort, limit, after)
        last = [rows[-1]["date_created"], rows[-1]["message_sid"]] if len(rows) == limit else None
        return MessagePage(
            as_of=page.as_of,
            next_cursor=page.next_cursor(last),
            total=count_rows(page.lake, query),
            items=[MessageLine(**row) for row in rows],
        )


@router.get("/messages/{message_sid}", dependencies=reads("messages", "read messages"))
def message(
    installation: Opened, message_sid: Annotated[str, Path(pattern="^[SM]M[0-9a-fA-F]{32}$")]
) -> MessageAnswer:
    """One message, with every status that Twilio reported."""
    installation.require_log()
    record = query_message(installation.lake, message_sid)
    if record is None:
        raise NotFound(f"No message {message_sid} in this lake; sync, then look again.")
    fields = {**record.row, "history": record.history, "attachments": record.media}
    return MessageAnswer.model_validate(fields)


@router.post(
    "/messages",
    dependencies=writes("messages", "send a message"),
    response_model=MessageSent,
    responses=SENDS,
)
def send(installation: Opened, write: Write, body: SendInput) -> JSONResponse:
    """Send one message, once: to nobody who opted out, and only with `"confirm": true`."""
    return send_once(write, body, lambda: composed(installation, write, body.to, body, body.options()))

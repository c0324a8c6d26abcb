"""The one call of Chatwoot's that scripts of desks make: a message in a conversation, sent or noted.

Such a script moves by its base address and its token, and takes ids of our conversations. What of the call
means nothing here is refused in words, never left out. Here the request itself is the yes to a send.
"""

from __future__ import annotations

import hashlib
import json
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, ValidationError

from workbench.api.conversations import answer_batch, our_side
from workbench.api.installation import Installation
from workbench.conversations.events import note, save_event
from workbench.conversations.find import (
    Conversation,
    find_conversation,
    is_conversation_id,
    require_reachable,
)
from workbench.errors import NotFound, UsageError
from workbench.http_api.idempotency import KeyedWrite, Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.problems import ApiProblem
from workbench.http_api.routes import ApiInput, bad_request, writes
from workbench.http_api.sends import ReplyInput, composed, send_once
from workbench.messaging.blanks import escape_blanks
from workbench.sending.verdicts import PreflightResult

router = APIRouter(tags=["as Chatwoot"])

_OUTGOING = 1


class ChatwootInput(ApiInput):
    """The body of Chatwoot's call."""

    content: str | None = Field(None, max_length=20_000)
    message_type: str = Field("outgoing", description="`outgoing`; a contact's messages come from Twilio.")
    private: bool = Field(False, description="A note for the people here; it is never sent.")
    content_type: str = Field("text", description="`text`")
    content_attributes: dict[str, Any] | None = Field(None, description="Empty.")
    echo_id: str | int | None = Field(None, description="Comes back in the answer.")
    campaign_id: int | None = Field(None, description="Not here.")
    template_params: dict[str, Any] | None = Field(None, description="Not here; see /reply.")


class ChatwootMessage(BaseModel):
    """The answer of Chatwoot's call."""

    id: int = Field(description="Made of `source_id`.")
    content: str | None
    inbox_id: str = Field(description="Our sender or messaging service.")
    conversation_id: str
    message_type: int = Field(description="1: outgoing")
    content_type: str
    content_attributes: dict[str, Any]
    status: str
    created_at: int = Field(description="Seconds since 1970.")
    private: bool
    source_id: str | None = Field(description="Twilio's SID of the message, or the id of the note.")
    sender: dict[str, str]
    echo_id: str | int | None = None


async def _read_body(request: Request) -> ChatwootInput:
    """The body as JSON or as a form, which is how Chatwoot takes files.

    Raises:
        ApiProblem: 400, it is neither; 422, a file is attached.
        RequestValidationError: a field is wrong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
        async with request.form() as form:
            if any(not isinstance(value, str) for value in form.values()) or "attachments[]" in form:
                raise ApiProblem(
                    422, "no-files",
                    "A file cannot be sent from here: Twilio fetches attachments from an address. Put the "
                    "file where Twilio reaches it, and give its address as media of POST "
                    "/api/v1/conversations/{conversation}/reply.",
                )  # fmt: skip
            fields: Any = _form_fields({name: str(value) for name, value in form.items()})
    else:
        try:
            fields = json.loads(await request.body())
        except ValueError as error:
            raise bad_request("The body is not JSON; send an object, as application/json.") from error
    try:
        return ChatwootInput.model_validate(fields)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in errors]) from error


def _form_fields(form: dict[str, str]) -> dict[str, Any]:
    """The fields of a form: those that are no text as the JSON that they are written in."""
    fields: dict[str, Any] = dict(form)
    for name in _NO_TEXTS & fields.keys():
        try:
            fields[name] = json.loads(form[name])
        except ValueError:
            # Told as the value that it is.
            continue
    return fields


_NO_TEXTS = frozenset({"content_attributes", "template_params", "campaign_id"})


@router.post(
    "/accounts/{account_id}/conversations/{conversation_id}/messages",
    dependencies=writes("conversations", "send a message"),
    response_model=ChatwootMessage,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": ChatwootInput.model_json_schema()},
                "multipart/form-data": {"schema": ChatwootInput.model_json_schema()},
            },
        }
    },
)
def create_message(
    installation: Opened,
    write: Write,
    account_id: Annotated[str, Path(description="Any number, or the SID of the account: there is one.")],
    conversation_id: Annotated[str, Path(description="The id of a conversation here.")],
    body: Annotated[ChatwootInput, Depends(_read_body)],
) -> JSONResponse:
    """Send `content` to the contact, once for each message of theirs; with `private` keep it as a note."""
    _require_account(installation, account_id)
    _require_conversation(conversation_id)
    _require_meaning(body)
    answer = _note(installation, write, conversation_id, body) if body.private else None
    return answer or _send(installation, write, conversation_id, body)


def _send(
    installation: Installation, write: KeyedWrite, conversation: str, body: ChatwootInput
) -> JSONResponse:
    details = find_conversation(installation.lake, conversation)
    # Braces are braces: Chatwoot knows no blanks of ours.
    reply = ReplyInput.model_validate({"body": escape_blanks(body.content or ""), "confirm": True})

    def compose() -> PreflightResult:
        require_reachable(details)
        options: dict[str, Any] = {**our_side(details)}
        if write.id is None:
            options["batch"] = answer_batch(installation, details)
        return composed(installation, write, details.contact, reply, options)

    def shown(answer: WriteAnswer) -> WriteAnswer:
        if answer.status >= 400:
            return answer
        sid = answer.body["message_sid"]
        message = _message(details, body, sid, installation.actor, is_private=False)
        return WriteAnswer(200 if answer.status == 201 else answer.status, message, answer.is_final)

    return send_once(write, reply, compose, given=body, shown=shown)


def _note(
    installation: Installation, write: KeyedWrite, conversation: str, body: ChatwootInput
) -> JSONResponse:
    def do() -> WriteAnswer:
        details = find_conversation(installation.lake, conversation)
        event_id = save_event(
            installation.lake, details, note(body.content or "", installation.actor), write.id
        )
        return WriteAnswer(200, _message(details, body, event_id, installation.actor, is_private=True))

    return write.once(body, do)


def _message(
    details: Conversation, body: ChatwootInput, source_id: str | None, actor: str, *, is_private: bool
) -> dict[str, Any]:
    message = ChatwootMessage(
        id=_number(source_id),
        content=body.content,
        inbox_id=details.our_side,
        conversation_id=details.conversation_id,
        message_type=_OUTGOING,
        content_type="text",
        content_attributes={},
        status="sent",
        created_at=int(time.time()),
        private=is_private,
        source_id=source_id,
        sender={"name": actor, "type": "user"},
        echo_id=body.echo_id,
    )
    return message.model_dump(exclude_none=True)


def _number(source_id: str | None) -> int:
    """A number that stands for an id, as Chatwoot's are; JavaScript has it whole."""
    digits = hashlib.blake2s((source_id or "").encode(), digest_size=6).digest()
    return int.from_bytes(digits, "big")


def _require_account(installation: Installation, account_id: str) -> None:
    credentials = installation.settings.optional_credentials
    if not account_id.isdecimal() and (credentials is None or account_id != credentials.account_sid):
        raise NotFound(
            f"The account {account_id[:80]!r} is not this installation's; give any number, or its SID."
        )


def _require_conversation(conversation_id: str) -> None:
    if not is_conversation_id(conversation_id):
        raise NotFound(
            f"{conversation_id[:80]!r} is no conversation here; ids are as CW…, GET /api/v1/conversations "
            "lists them. Those of Chatwoot mean nothing here."
        )


def _require_meaning(body: ChatwootInput) -> None:
    """Refuse what the call can say there and not here.

    Raises:
        UsageError: naming the field, what is allowed, and what to do instead.
    """
    if body.message_type != "outgoing":
        raise UsageError(
            f"message_type is {body.message_type[:40]!r}; only 'outgoing' is possible: what contacts write "
            "comes from Twilio and is never made here."
        )
    if body.content_type != "text":
        raise UsageError(
            f"content_type is {body.content_type[:40]!r}; only 'text' is possible: SMS has no cards."
        )
    for name in ("content_attributes", "campaign_id", "template_params"):
        if getattr(body, name):
            raise UsageError(
                f"{name} means nothing here; leave it out. Templates and media go through POST "
                "/api/v1/conversations/{conversation}/reply."
            )
    if not (body.content or "").strip():
        raise UsageError("content is empty; write the text.")

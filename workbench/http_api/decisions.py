"""What is done in a conversation: the answer to the contact, and notes and decisions for the people here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse
from pydantic import Field

from workbench.api.conversations import answer_batch, our_side
from workbench.conversations.events import ConversationEvent, label, note, save_event, set_state
from workbench.conversations.find import Conversation, find_conversation, require_reachable
from workbench.conversations.owners import assignment
from workbench.http_api.conversations import ConversationState, Id, conversation_state
from workbench.http_api.idempotency import KeyedWrite, Write, WriteAnswer
from workbench.http_api.opened import Opened
from workbench.http_api.routes import ApiAnswer, ApiInput, writes
from workbench.http_api.sends import MessageSent, ReplyInput, composed, send_once
from workbench.metrics.compile import to_utc
from workbench.sending.verdicts import PreflightResult

router = APIRouter(tags=["conversations"])
Label = Annotated[str, Path(max_length=60, description="One or a few words without a comma.")]


class NoteInput(ApiInput):
    """A private note."""

    text: str = Field(max_length=4000)


class StateInput(ApiInput):
    """The state to set."""

    state: Literal["open", "pending", "snoozed", "resolved"]
    until: datetime | None = Field(None, description="The end of a snooze; without a zone it is yours.")


class AssigneeInput(ApiInput):
    """Which person or team gets it; null for nobody."""

    assignee: str | None = Field(max_length=60)


class NoteAnswer(ApiAnswer):
    """A note that was kept."""

    event: str
    conversation: str
    text: str
    actor: str
    happened_at: datetime


SENDS: dict[int | str, dict[str, Any]] = {
    200: {"model": MessageSent, "description": "It was sent before, or would be: see `state`."},
    201: {"model": MessageSent, "description": "Twilio has it."},
    202: {"model": MessageSent, "description": "Nobody knows yet; ask again with the same key."},
}


@router.post(
    "/conversations/{conversation}/reply",
    dependencies=writes("conversations", "send a message"),
    response_model=MessageSent,
    responses=SENDS,
)
def reply(installation: Opened, write: Write, conversation: Id, body: ReplyInput) -> JSONResponse:
    """Answer a conversation from our side of it, once; only with `"confirm": true`."""

    def compose() -> PreflightResult:
        details = find_conversation(installation.lake, conversation)
        require_reachable(details)
        options = {**our_side(details), **body.options()}
        if write.id is None and body.batch is None:
            # As the command: once for each message of theirs that it can answer.
            options["batch"] = answer_batch(installation, details)
        return composed(installation, write, details.contact, body, options)

    return send_once(write, body, compose)


@router.post(
    "/conversations/{conversation}/notes",
    dependencies=writes("conversations", "write a note"),
    status_code=201,
    response_model=NoteAnswer,
)
def add_note(installation: Opened, write: Write, conversation: Id, body: NoteInput) -> JSONResponse:
    """Leave a private note; it is never sent."""

    def do() -> WriteAnswer:
        details = find_conversation(installation.lake, conversation)
        event = note(body.text, installation.actor)
        event_id = save_event(installation.lake, details, event, write.id)
        return WriteAnswer(201, _note_answer(details, event, event_id).model_dump())

    return write.once(body, do)


@router.put(
    "/conversations/{conversation}/state",
    dependencies=writes("conversations", "set the state"),
    response_model=ConversationState,
)
def put_state(installation: Opened, write: Write, conversation: Id, body: StateInput) -> JSONResponse:
    """Set it to open, pending, resolved, or snoozed with `until`."""
    until = to_utc(body.until, installation.settings.timezone, "until")
    return _decide(installation, write, conversation, body, lambda actor: set_state(body.state, actor, until))


@router.put(
    "/conversations/{conversation}/assignee",
    dependencies=writes("conversations", "assign a conversation"),
    response_model=ConversationState,
)
def put_assignee(installation: Opened, write: Write, conversation: Id, body: AssigneeInput) -> JSONResponse:
    """Give it to a person or a team; null to nobody."""
    settings = installation.settings
    return _decide(
        installation, write, conversation, body, lambda actor: assignment(settings, body.assignee, actor)
    )


@router.put(
    "/conversations/{conversation}/labels/{text}",
    dependencies=writes("conversations", "label a conversation"),
    response_model=ConversationState,
)
def put_label(installation: Opened, write: Write, conversation: Id, text: Label) -> JSONResponse:
    """Put a label on it."""
    return _decide(installation, write, conversation, None, lambda actor: label(text, actor))


@router.delete(
    "/conversations/{conversation}/labels/{text}",
    dependencies=writes("conversations", "label a conversation"),
    response_model=ConversationState,
)
def delete_label(installation: Opened, write: Write, conversation: Id, text: Label) -> JSONResponse:
    """Take a label off."""
    return _decide(installation, write, conversation, None, lambda actor: label(text, actor, on=False))


def _decide(
    installation: Opened,
    write: KeyedWrite,
    conversation: str,
    body: ApiInput | None,
    decision: Callable[[str], ConversationEvent],
) -> JSONResponse:
    """Save a decision under the key's id, and answer with what is decided then."""

    def do() -> WriteAnswer:
        details = find_conversation(installation.lake, conversation)
        save_event(installation.lake, details, decision(installation.actor), write.id)
        return WriteAnswer(200, conversation_state(installation.lake, details).model_dump())

    return write.once(body, do)


def _note_answer(details: Conversation, event: ConversationEvent, event_id: str) -> NoteAnswer:
    return NoteAnswer(
        event=event_id,
        conversation=details.conversation_id,
        text=event.value or "",
        actor=event.actor,
        happened_at=event.happened_at,
    )

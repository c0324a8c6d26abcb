"""What a browser may ask the inbox.

A question goes as ``{"id": …, "ask": NAME, …its fields}``; its answer as ``{"id": …, "ok": …}``, or as
``{"id": …, "error": TEXT}``. Every question is in a table of questions and in a table of answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from workbench.browser.schema import MaxLength, Range

Id = Annotated[str, MaxLength(64)]
Text = Annotated[str, MaxLength(20_000)]
Short = Annotated[str, MaxLength(200)]
LONGEST_PART = 400_000
"""Characters of a part of a file: no message is so large that the others wait for it."""


class Nothing(TypedDict):
    """A question or an answer without fields."""


class ListFilterFields(TypedDict, total=False):
    """What narrows the list; see `ListFilters`."""

    assignee: Short | None
    mine: bool
    unassigned: bool
    label: Short | None
    side: Short | None
    channel: Short | None
    language: Annotated[str, MaxLength(20)] | None
    waits: Literal["hour", "day", "recent", "older"] | None
    failed: bool


class StartQuestion(TypedDict):
    """The first question of a browser."""

    conversation: NotRequired[Id]
    view: NotRequired[Id]
    filters: NotRequired[ListFilterFields]
    order: NotRequired[Literal["longest", "newest"] | None]


class ListQuestion(TypedDict):
    view: NotRequired[Id]
    search: NotRequired[Annotated[str, MaxLength(500)]]
    limit: NotRequired[Annotated[int, Range(1, 500)]]
    filters: NotRequired[ListFilterFields]
    order: NotRequired[Literal["longest", "newest"] | None]


class OpenQuestion(TypedDict):
    conversation: Short
    messages: NotRequired[Annotated[int, Range(1, 1_000_000)]]


class BeginQuestion(TypedDict):
    """A conversation of a number with one of ``writers``; it need not be there yet."""

    to: Short
    side: Short


class CheckQuestion(TypedDict):
    body: Text


FileId = Annotated[str, MaxLength(64)]


class ReplyCheckQuestion(CheckQuestion):
    """``files``: the ids of what is attached. ``at``: when it is to be sent, in ISO form; now if empty."""

    files: NotRequired[list[FileId]]
    at: NotRequired[Id]


class AttachQuestion(TypedDict):
    """A part of a file for the answer: ``data`` in Base64, from the byte ``offset`` on, of ``size`` bytes.

    The part at 0 begins the file; it may be empty. The others follow in their order.
    """

    conversation: Short
    key: Short
    name: Short
    type: Short
    size: Annotated[int, Range(0, 2**40)]
    offset: Annotated[int, Range(0, 2**40)]
    data: Annotated[str, MaxLength(LONGEST_PART)]


class DetachQuestion(TypedDict):
    conversation: Short
    file: FileId


class MediaQuestion(TypedDict):
    media: Id


class SendQuestion(TypedDict):
    """``key`` is one for each draft: the same key is sent only once.

    ``wait``: it is sent after so many seconds, unless taken back; then only warnings need ``confirmed``.
    ``at``: Twilio sends it then, and ``wait`` has no effect.
    """

    body: Text
    key: Id
    conversation: Short
    confirmed: NotRequired[bool]
    wait: NotRequired[Annotated[int, Range(1, 30)]]
    files: NotRequired[list[FileId]]
    at: NotRequired[Id]


class DraftQuestion(TypedDict):
    """What the person has typed so far, empty when nothing is left.

    ``key``: that of what is written here until it is sent, whatever becomes of the text.
    """

    conversation: Short
    body: Text
    mode: Literal["reply", "note"]
    key: Short


class StatusQuestion(TypedDict):
    """How far the answer is that was sent with this key."""

    conversation: Short
    key: Short


class CallOffQuestion(TypedDict):
    """Call off a message of the open conversation that is scheduled."""

    message: Id


class OfConversation(TypedDict):
    conversation: Short


class BulkQuestion(TypedDict):
    """One decision about some conversations, or about all of the list (``all``, with the number shown)."""

    conversations: NotRequired[list[Id]]
    all: NotRequired[Annotated[int, Range(1, 5_000)] | None]
    kind: Literal["state", "assignee", "label", "unlabel"]
    value: Short
    until: NotRequired[Id | None]


class UndoQuestion(TypedDict):
    action: Id


class DecideQuestion(TypedDict):
    """``until`` is when a snooze ends, in ISO form; without a zone it is of the one shown."""

    kind: Literal["state", "assignee", "label", "unlabel", "note"]
    value: Text
    until: NotRequired[Id | None]


class ContactQuestion(TypedDict):
    field: Id
    value: Text


class CannedQuestion(TypedDict):
    """A canned reply for the open conversation; ``values`` are those of blanks that somebody typed."""

    template: Short
    values: dict[Short, Short]


class SaveCannedQuestion(TypedDict):
    template: Short
    title: Short
    shortcut: Short
    text: Text


class ExportQuestion(TypedDict):
    """The open conversation as a file; ``whole``: with the contact's whole number."""

    format: Literal["txt", "json"]
    whole: bool


class RemoveCannedQuestion(TypedDict):
    template: Short


INBOX_QUESTIONS: Mapping[str, Any] = {
    "start": StartQuestion,
    "list": ListQuestion,
    "open": OpenQuestion,
    "begin": BeginQuestion,
    "close": Nothing,
    "changes": Nothing,
    "check": ReplyCheckQuestion,
    "attach": AttachQuestion,
    "detach": DetachQuestion,
    "reply_file": DetachQuestion,
    "media": MediaQuestion,
    "send": SendQuestion,
    "seen": OfConversation,
    "status": StatusQuestion,
    "unsend": OfConversation,
    "call_off": CallOffQuestion,
    "draft": DraftQuestion,
    "decide": DecideQuestion,
    "bulk": BulkQuestion,
    "undo": UndoQuestion,
    "contact": ContactQuestion,
    "customer": Nothing,
    "canned": CannedQuestion,
    "save_canned": SaveCannedQuestion,
    "remove_canned": RemoveCannedQuestion,
    "reveal": Nothing,
    "export": ExportQuestion,
}

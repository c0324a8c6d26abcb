"""What the inbox answers its browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

from workbench.browser.inbox_questions import ListFilterFields, Nothing
from workbench.browser.panels import CodeExplanation


class Moment(TypedDict, total=False):
    """A point in time in the reader's zone, and in UTC (``at``); empty for none."""

    at: str
    clock: str
    day: str


class HitLine(TypedDict):
    """Why a search found a conversation; what was searched stands in ``text`` from ``start`` to ``end``."""

    why: Literal["message", "note", "name", "label", "number"]
    text: str
    start: int
    end: int
    mine: bool
    at: str
    sid: str


class SummaryLine(TypedDict):
    """A conversation as one line of the list; ``hit`` where something is searched."""

    id: str
    who: str
    snoozed: Moment | None
    reopened: bool
    assignee: str | None
    labels: list[str]
    preview: str
    mine: bool
    failed: bool
    at: str
    waiting: str | None
    draft: bool
    hit: NotRequired[HitLine]


class ListAnswer(TypedDict):
    """``values``: by filter, what it can be in this view, with how many conversations.

    ``gone``: those who have conversations and cannot sign in any more.
    ``older`` have been waiting for more than a week. ``elsewhere``: of other views how many have what is
    searched, where this one has none.
    """

    view: str
    search: str
    order: str
    filters: ListFilterFields
    rows: list[SummaryLine]
    total: int
    counts: dict[str, int]
    values: dict[str, dict[str, int]]
    older: int
    elsewhere: dict[str, int]
    gone: list[str]


class File(TypedDict):
    sid: str
    type: str | None


class ThreadMessageItem(TypedDict):
    type: Literal["message"]
    sid: str
    mine: bool
    auto: bool
    text: str
    content: str
    map: str
    gone: str
    status: str
    tone: str
    failure: CodeExplanation | None
    sender: str | None
    keyword: str | None
    segments: int | None
    encoding: str | None
    cost: str
    media: list[File]
    unlisted: str
    scheduled: str
    at: str
    clock: str
    day: str


class ThreadEventItem(TypedDict):
    """A decision, or a private note, between the messages."""

    type: Literal["note", "event"]
    text: str
    who: str
    at: str
    clock: str
    day: str


class ConsentLine(TypedDict):
    standing: Literal["opted-out", "opted-in", "unknown"]
    text: str
    source: str


class LocalTime(TypedDict):
    text: str
    zone: str
    weekday: str


class ReplyFileShown(TypedDict):
    """A file of an answer that is not sent yet; ``image`` where it can be shown as one."""

    id: str
    name: str
    type: str
    size: int
    image: bool


class DraftShown(TypedDict):
    """What the person typed and did not send; ``seconds`` until it is sent, where it is queued."""

    body: str
    mode: str
    key: str
    state: str
    seconds: float
    problem: str
    files: list[ReplyFileShown]


class ThreadAnswer(TypedDict):
    """One conversation: its contact, its state and its latest messages, oldest first.

    ``state`` is `new` where it has no message yet. ``link`` is the id that an address may have: empty where
    nothing is kept of it.
    """

    id: str
    link: str
    who: str
    name: str
    address: str
    kind: str
    reachable: bool
    country: str | None
    language: str
    contact_labels: list[str]
    zone: str
    side: str
    received: int
    sent: int
    first: str
    others: list[str]
    consent: ConsentLine
    state: str
    reopened: bool
    snoozed: str
    assignee: str
    labels: list[str]
    waiting: str
    local: LocalTime | None
    items: list[ThreadMessageItem | ThreadEventItem]
    older: int
    profile: str
    draft: DraftShown | None
    writing: list[str]


class Everything(TypedDict):
    """All that is shown, after something changed. Without a list where one conversation is shown alone.

    ``writing``: who else writes an answer. A page gets it pushed, too, as ``{"news": …}``.
    """

    list: NotRequired[ListAnswer]
    thread: NotRequired[ThreadAnswer]
    writing: NotRequired[list[str]]


class CannedReplyLine(TypedDict):
    """``shortcut`` is typed after a slash; ``blanks`` are asked for where they are not known.

    ``text`` is as it would be sent, ``body`` as it is written, to be edited.
    """

    template: str
    title: str
    shortcut: str
    text: str
    body: str
    blanks: list[str]


class CannedAnswer(TypedDict):
    """The text for the open conversation, or which blanks have to be filled first."""

    text: str
    missing: list[str]


class CannedListAnswer(TypedDict):
    canned: list[CannedReplyLine]


class StartAnswer(Everything):
    """``only``: one conversation without a list. ``sends``, ``acts``: what the person may do here.

    ``people``: the names that a private note can mention, and who can be given a conversation; anybody
    else where ``anybody``. ``teams``: by name, who is in it; they can be mentioned and given one, too.
    ``edits``: whether they may change canned replies. ``sides``: names of our senders and services.
    ``writers``: those that a new conversation can begin with. ``problem``: why the conversation that was
    asked for is not open. ``zone``: of all times shown. ``no_attachments``: why nothing can be attached, else
    empty.
    """

    actor: str
    only: bool
    sends: bool
    acts: bool
    canned: list[CannedReplyLine]
    edits: bool
    people: list[str]
    anybody: bool
    teams: dict[str, list[str]]
    sides: dict[str, str]
    writers: dict[str, str]
    problem: str
    zone: str
    no_attachments: str


class ChangesAnswer(Everything):
    changed: bool


class PreflightReason(TypedDict):
    verdict: str
    text: str


class LaterChoice(TypedDict):
    """A moment at which an answer can be sent, in UTC, and what it is called."""

    at: str
    text: str


class CheckAnswer(TypedDict):
    """What preflight says of a text; ``cost`` is empty where no price is known.

    ``later``: moments to choose from; ``no_later``: why it cannot be sent later, else empty.
    """

    segments: int
    encoding: str
    cost: str
    verdict: Literal["pass", "warn", "block"]
    reasons: list[PreflightReason]
    local: LocalTime | None
    later: list[LaterChoice]
    no_later: str


class MediaAnswer(TypedDict):
    """An attachment; ``data`` in Base64, ``image`` its type where it may be shown as an image."""

    type: str
    image: str | None
    data: str


class SendAnswer(Everything):
    """``state``: how it ended, or `queued`, with the ``seconds`` until it is sent."""

    state: str
    text: str
    seconds: NotRequired[float]


class AttachAnswer(TypedDict):
    """What is attached to the answer now; ``done``: whether the whole file is here.

    ``key`` is the one to send the answer with.
    """

    done: bool
    key: str
    files: list[ReplyFileShown]


class KeptAnswer(TypedDict):
    """``kept``: false where an answer waits, which stays; ``key`` is the one to send the text with."""

    kept: bool
    key: str


class BulkAnswer(Everything):
    """``action`` names it for its undo; ``left`` had it already, or were changed since."""

    action: str
    changed: int
    left: int


class ConsentStepLine(TypedDict):
    """One thing that was said about being messaged; ``kind`` is opt-in, opt-out or lift."""

    kind: str
    text: str
    detail: str
    at: str


class OtherConversationLine(TypedDict):
    id: str
    side: str
    contact: str
    messages: str
    last: str


class CustomerAnswer(TypedDict):
    """What is on record about the contact beyond the open conversation.

    ``costs`` is one amount for each currency; ``unpriced`` counts messages sent without a price yet.
    """

    received: int
    sent: int
    failed: int
    costs: list[str]
    unpriced: int
    blocked: list[str]
    consent: list[ConsentStepLine]
    more_consent: int
    others: list[OtherConversationLine]
    more_others: int


class ExportAnswer(TypedDict):
    """A file to save."""

    name: str
    text: str


class RevealAnswer(TypedDict):
    address: str


INBOX_ANSWERS: Mapping[str, Any] = {
    "start": StartAnswer,
    "list": ListAnswer,
    "open": ThreadAnswer,
    "begin": ThreadAnswer,
    "close": Nothing,
    "changes": ChangesAnswer,
    "check": CheckAnswer,
    "media": MediaAnswer,
    "attach": AttachAnswer,
    "detach": AttachAnswer,
    "reply_file": MediaAnswer,
    "send": SendAnswer,
    "seen": Nothing,
    "status": SendAnswer,
    "unsend": SendAnswer,
    "call_off": Everything,
    "draft": KeptAnswer,
    "decide": Everything,
    "bulk": BulkAnswer,
    "undo": BulkAnswer,
    "contact": Everything,
    "customer": CustomerAnswer,
    "canned": CannedAnswer,
    "save_canned": CannedListAnswer,
    "remove_canned": CannedListAnswer,
    "reveal": RevealAnswer,
    "export": ExportAnswer,
}

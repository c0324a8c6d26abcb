"""Answers the inbox in one browser: questions in, plain data out. One session per open widget or page.

A question is ``{"id": 3, "ask": "open", …}``; its answer has the same id and either ``ok`` or ``error``. A
session sends no message itself: the caller passes the functions that check and send.
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from workbench.browser.inbox_questions import (
    INBOX_QUESTIONS,
    AttachQuestion,
    BeginQuestion,
    BulkQuestion,
    CallOffQuestion,
    CannedQuestion,
    ContactQuestion,
    DecideQuestion,
    DetachQuestion,
    DraftQuestion,
    ExportQuestion,
    ListQuestion,
    MediaQuestion,
    Nothing,
    OfConversation,
    OpenQuestion,
    RemoveCannedQuestion,
    ReplyCheckQuestion,
    SaveCannedQuestion,
    SendQuestion,
    StartQuestion,
    StatusQuestion,
    UndoQuestion,
)
from workbench.conversations import view_models
from workbench.conversations.actions import ActionResult, decide_many, undo_action
from workbench.conversations.answering import answer_question
from workbench.conversations.attachments import fetch_attachment
from workbench.conversations.begin import NEW_STATE, BegunConversations
from workbench.conversations.consent import consent_at
from workbench.conversations.contact_glance import read_contact_glance
from workbench.conversations.contacts import plan_edit, read_contact, save_changes
from workbench.conversations.conversation_cache import REST, ConversationCache
from workbench.conversations.customer import read_customer
from workbench.conversations.customer_view_models import customer_shown
from workbench.conversations.drafts import DraftStore
from workbench.conversations.events import ConversationEvent, save_event
from workbench.conversations.find import Conversation, find_conversation, is_conversation_id, reveal
from workbench.conversations.inbox_decisions import event_of, read_until
from workbench.conversations.inbox_list import PAGE, ShownList, ids_of, list_shown
from workbench.conversations.inbox_replies import ReplyDesk
from workbench.conversations.inbox_tools import Answer, CannedTools, InboxTools
from workbench.conversations.listing import read_state
from workbench.conversations.near_lines import lines_of_contact
from workbench.conversations.send_later import NO_SERVICE, later_choices
from workbench.conversations.thread import MOST_MESSAGES, Thread, read_thread, require_message
from workbench.conversations.thread_export import export_thread
from workbench.errors import UsageError, WorkbenchError
from workbench.lake import Lake
from workbench.lake.erased import is_erased
from workbench.lake.notifications import mark_read
from workbench.lake.number_lookups import look_up_number
from workbench.roles import current_actor, current_user, require_role
from workbench.settings import Settings

log = logging.getLogger(__name__)

_FIRST_MESSAGES = 50
_IDLE_AFTER_SECONDS = 120.0
_IDLE_REST = 50.0
"""So a browser that nobody uses takes at most a fiftieth of a core."""
_REFRESH_SECONDS = 3.0
_REFRESH_FOR = timedelta(minutes=15)
"""How long Twilio is asked for the outcome of a message just sent; later the sync brings it."""


@dataclass
class _View:
    """What this browser shows."""

    listed: ShownList = field(default_factory=ShownList)
    drawn: dict[str, Any] = field(default_factory=dict)
    """The list as it was last told."""
    version: int = -1
    """That of the conversations it was made from."""
    writing: list[str] = field(default_factory=list)
    conversation: Conversation | None = None
    messages: int = _FIRST_MESSAGES
    waiting: list[tuple[str, str]] = field(default_factory=list)
    refreshed_at: float = 0.0


class InboxSession:
    """Answers one browser. Safe to call from several threads; questions wait for each other.

    Args:
        cache: shared by the sessions of one process.
        only: shows this conversation alone, without the list.
        lock: held while the lake is asked, because two readers of one process slow each other down.
    """

    def __init__(
        self,
        lake: Lake,
        settings: Settings,
        tools: InboxTools,
        *,
        cache: ConversationCache | None = None,
        only: Conversation | None = None,
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        self._lake, self._settings, self._tools = lake, settings, tools
        self._cache = cache or ConversationCache(lake)
        self._only = only
        self._lake_lock = lock or threading.RLock()
        self._session_lock = threading.RLock()
        self._view = _View(conversation=only)
        self._asked_at = time.monotonic()
        own = DraftStore(settings.home, lambda contact: is_erased(lake, contact))
        drafts = tools.queue.drafts if tools.queue else own
        self._replies = ReplyDesk(
            drafts, tools.queue, tools.check, tools.send, tools.attachments, tools.later
        )
        self._begun = BegunConversations(lake, settings, drafts)

    @property
    def _actor(self) -> str:
        return current_actor()

    def answer(self, question: object) -> Answer:
        """The answer to one question. An error or a refusal is in the answer; nothing is raised."""
        self._asked_at = time.monotonic()
        return answer_question(question, "inbox", INBOX_QUESTIONS, self._handle)

    def news(self) -> Answer | None:
        """What changed of all that this browser shows, since it was told last; None for nothing.

        Raises:
            WorkbenchError: the person may not read the inbox any more, or the lake cannot be read now.
        """
        require_role("viewer", "read the inbox")
        with self._session_lock:
            return self._news(self._rest)

    def seconds_to_wait(self) -> float:
        """How long to wait before :meth:`news` is asked, so that an inbox that nobody uses takes little."""
        return self._cache.seconds_to_wait(self._rest)

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` when somebody else writes an answer; returns what ends it."""
        return self._replies.drafts.listen(wake)

    @property
    def _rest(self) -> float:
        return _IDLE_REST if time.monotonic() - self._asked_at > _IDLE_AFTER_SECONDS else REST

    def _handle(self, name: str, fields: Any) -> Answer:
        with self._session_lock:
            return _HANDLERS[name](self, fields)

    # Reading

    def _start(self, question: StartQuestion) -> Answer:
        """What the browser needs first: the person, the list, and the conversation that is open already."""
        reference, problem = question.get("conversation", ""), ""
        if reference and not self._only:
            try:
                self._view.conversation = self._find(reference)
            except UsageError as error:
                # The address is an old one: the list opens all the same.
                problem = str(error)
        self._view.listed = self._view.listed.asked(question)
        return {
            "actor": current_user().name,
            "only": self._only is not None,
            "sends": self._tools.send is not None and current_user().may("agent"),
            "acts": current_user().may("agent"),
            **self._canned_list(),
            "edits": self._tools.canned is not None and current_user().may("admin"),
            "people": list(self._tools.people()),
            "anybody": not self._settings.access.is_on,
            "sides": self._sides(),
            "writers": self._writers(),
            "problem": problem,
            "zone": self._settings.timezone,
            "no_attachments": self._tools.no_attachments,
            **self._everything(),
        }

    def _list(self, question: ListQuestion) -> Answer:
        shown = self._view.listed.asked(question)
        self._view.listed = replace(shown, limit=question.get("limit", PAGE))
        self._look_up(question.get("search", ""))
        return self._listing()

    def _open(self, question: OpenQuestion) -> Answer:
        if not self._only:
            self._view.conversation = self._find(question["conversation"])
        self._view.messages = min(question.get("messages", _FIRST_MESSAGES), MOST_MESSAGES)
        return self._thread()

    def _begin(self, question: BeginQuestion) -> Answer:
        """Open the conversation of a number with one of our sides, a new one where there is none yet."""
        if self._tools.send is None or self._only:
            raise UsageError("Nothing can be sent from here.")
        self._read_number(question["to"])
        with self._lake_lock:
            self._view.conversation = self._begun.begin(question["to"], question["side"])
        self._view.messages = _FIRST_MESSAGES
        return self._thread()

    def _close(self, question: Nothing) -> Answer:
        self._view.conversation = self._only
        return {}

    def _seen(self, question: OfConversation) -> Answer:
        """Note that the person looks at a conversation, so that they are told no more of it.

        Only the browser knows it: a tab in the background shows the conversation, and nobody reads it.
        """
        conversation = self._find(question["conversation"])
        try:
            mark_read(self._lake, current_user().name, conversation.conversation_id, datetime.now(UTC))
        except WorkbenchError as error:
            # Reading does not fail by it: the bell goes on to say that it is unread.
            log.warning("that a conversation was read could not be noted: %s", error)
        return {}

    def _changes(self, question: Nothing) -> Answer:
        """Everything shown that changed since the last answer; else only that nothing did."""
        self._refresh_just_sent()
        news = self._news(REST)
        return {"changed": news is not None, **(news or {})}

    def _news(self, rest: float) -> Answer | None:
        view, answer = self._view, Answer()
        with self._lake_lock:
            self._cache.table_name(rest)
        version, before = self._cache.version, view.version
        if version != before:
            if not self._only and (drawn := view.drawn) != self._listing():
                answer["list"] = view.drawn
            elif not self._only:
                view.drawn = drawn
            if view.conversation and self._cache.has_changed(view.conversation, before):
                answer["thread"] = self._thread()
        writing = self._writing()
        if writing != view.writing:
            view.writing = answer["writing"] = writing
        view.version = version
        return answer or None

    def _writing(self) -> list[str]:
        conversation = self._view.conversation
        return self._replies.others_writing(self._actor, conversation) if conversation else []

    def _everything(self, *, with_own: bool = False) -> Answer:
        """All that is shown; ``with_own`` when this browser has just changed something."""
        with self._lake_lock:
            if with_own and self._view.conversation:
                self._cache.renew([self._view.conversation.contact])
            self._cache.table_name()
        self._view.version = self._cache.version
        answer: Answer = {}
        if not self._only:
            answer["list"] = self._listing()
        if self._view.conversation:
            answer["thread"] = self._thread()
        return answer

    def _listing(self) -> Answer:
        with self._lake_lock:
            drafts = self._replies.drafts.conversations_of(self._actor)
            self._view.drawn = list_shown(
                self._lake, self._cache, self._view.listed, self._settings.timezone, drafts
            )
        return self._view.drawn

    def _thread(self) -> Answer:
        conversation = self._opened()
        with self._lake_lock:
            with lines_of_contact(self._lake, self._cache, conversation.contacts) as version:
                thread = read_thread(version, conversation, limit=self._view.messages)
                consent = consent_at(version, conversation)
            glance = read_contact_glance(self._lake, self._cache, conversation.contact)
            stored_id = self._begun.stored_id(conversation)
            state = read_state(self._lake, conversation, self._cache) if stored_id else NEW_STATE
        self._view.waiting = _just_sent(thread)
        contact, draft = glance.contact, self._replies.draft_shown(self._actor, conversation)
        head = view_models.head_shown(
            conversation, contact, consent, glance.addresses, self._cache.side_names
        )
        return {
            **head,
            **view_models.state_shown(state, datetime.now(UTC), self._settings.timezone),
            "local": view_models.local_time(contact, datetime.now(UTC)),
            **view_models.thread_shown(thread, self._settings.timezone),
            "link": stored_id or (conversation.conversation_id if draft else ""),
            "draft": draft,
            "writing": self._writing(),
        }

    def _check(self, question: ReplyCheckQuestion) -> Answer:
        conversation, body, files = self._opened(), question["body"], tuple(question.get("files", ()))
        if self._tools.check is None:
            raise UsageError("Nothing can be sent from here.")
        with self._lake_lock:
            contact = read_contact_glance(self._lake, self._cache, conversation.contact).contact
        at = read_until(question.get("at"), self._settings.timezone)
        later, now = self._tools.later, datetime.now(UTC)
        if at and later:
            verdict = later.check(conversation, body, files, at)
        else:
            verdict = self._tools.check(conversation, body, files)
        quiet_until = verdict.pop("quiet_until", None)
        return {
            **verdict,
            "local": view_models.local_time(contact, at or now),
            "later": later_choices(contact.zones, quiet_until, now) if later else [],
            "no_later": "" if later and conversation.service else NO_SERVICE,
        }

    def _media(self, question: MediaQuestion) -> Answer:
        """The bytes of one attachment; `image` is set only where they are an image."""
        conversation = self._opened()
        file = fetch_attachment(self._settings, self._lake, conversation, question["media"])
        return {
            "type": file.content_type,
            "image": file.image_type,
            "data": base64.b64encode(file.content).decode(),
        }

    # Doing

    def _send(self, question: SendQuestion) -> Answer:
        """Send a text, at once or after some seconds; the same key is sent only once."""
        conversation = self._opened()
        if question["conversation"] != conversation.conversation_id:
            # The text was written to another contact than the one it would go to now.
            raise UsageError("Another conversation is open now; nothing was sent.")
        at = read_until(question.get("at"), self._settings.timezone)
        if at:
            result = self._replies.send_later(conversation, question, at)
        else:
            result = self._replies.send(conversation, question)
        if result["state"] in ("queued", "unconfirmed"):
            return result
        return {**result, **self._everything(with_own=True)}

    def _status(self, question: StatusQuestion) -> Answer:
        """How far an answer is that was to be sent after some seconds; with all that is shown at its end."""
        status = self._replies.status(self._actor, question["conversation"], question["key"])
        is_ended = status["state"] not in ("queued", "sending", "draft")
        return {**status, **(self._everything(with_own=True) if is_ended else {})}

    def _unsend(self, question: OfConversation) -> Answer:
        """Take an answer back before it is sent."""
        return self._replies.unsend(self._actor, question["conversation"])

    def _call_off(self, question: CallOffQuestion) -> Answer:
        """Call off an answer that is scheduled."""
        conversation, later = self._opened(), self._tools.later
        if later is None:
            raise UsageError("Nothing can be called off from here.")
        with self._lake_lock:
            require_message(self._lake, conversation, question["message"])
        later.call_off(question["message"])
        return self._everything(with_own=True)

    def _draft(self, question: DraftQuestion) -> Answer:
        """Keep what the person has typed."""
        conversation = self._named(question["conversation"])
        body, mode, key = question["body"], question["mode"], question["key"]
        return {**self._replies.keep(self._actor, conversation, body, mode, key)}

    def _attach(self, question: AttachQuestion) -> Answer:
        """Take a part of a file for an answer."""
        conversation = self._named(question["conversation"])
        return {**self._replies.attach(self._actor, conversation, question)}

    def _detach(self, question: DetachQuestion) -> Answer:
        """Take a file off an answer."""
        conversation = self._named(question["conversation"])
        return {**self._replies.detach(self._actor, conversation, question["file"])}

    def _reply_file(self, question: DetachQuestion) -> Answer:
        """The bytes of a file of an answer that is not sent yet."""
        conversation = self._named(question["conversation"])
        return {**self._replies.reply_file(self._actor, conversation, question["file"])}

    def _bulk(self, question: BulkQuestion) -> Answer:
        """Decide the same about many conversations."""
        expected = question.get("all")
        if expected:
            with self._lake_lock:
                ids = ids_of(self._lake, self._cache, self._view.listed, expected)
        else:
            ids = list(question.get("conversations", ()))
        decision = self._decision(question)
        return self._acted(decide_many(self._lake, ids, decision))

    def _undo(self, question: UndoQuestion) -> Answer:
        """Take such a decision back."""
        return self._acted(undo_action(self._lake, question["action"], self._actor, datetime.now(UTC)))

    def _acted(self, result: ActionResult) -> Answer:
        with self._lake_lock:
            self._cache.renew(result.contacts)
        action = {"action": result.action_id, "changed": result.changed, "left": result.left}
        return {**action, **self._everything()}

    def _decide(self, question: DecideQuestion) -> Answer:
        """State, assignee, label or note."""
        decision = self._decision(question)
        with self._lake_lock:
            conversation = self._begun.known_to_lake(self._opened())
        save_event(self._lake, conversation, decision)
        return self._everything(with_own=True)

    def _contact(self, question: ContactQuestion) -> Answer:
        """Set one field of the contact."""
        with self._lake_lock:
            contact = read_contact(self._lake, self._opened().contact)
        changes = plan_edit(contact, {question["field"]: question["value"]})
        save_changes(self._lake, changes, self._actor, "contact-edit")
        return self._everything()

    def _canned_list(self) -> Answer:
        canned = self._tools.canned.list() if self._tools.canned else ()
        return {"canned": [{**asdict(reply), "blanks": list(reply.blanks)} for reply in canned]}

    def _canned(self, question: CannedQuestion) -> Answer:
        """A canned reply for the open conversation, or which blanks somebody has to fill."""
        filled = self._canned_tools().fill(self._opened(), question["template"], question["values"])
        return {"text": filled.text, "missing": list(filled.missing)}

    def _save_canned(self, question: SaveCannedQuestion) -> Answer:
        self._canned_tools().save(
            question["template"], question["title"], question["shortcut"], question["text"]
        )
        return self._canned_list()

    def _remove_canned(self, question: RemoveCannedQuestion) -> Answer:
        self._canned_tools().remove(question["template"])
        return self._canned_list()

    def _canned_tools(self) -> CannedTools:
        if self._tools.canned is None:
            raise UsageError("There are no canned replies here.")
        return self._tools.canned

    def _customer(self, question: Nothing) -> Answer:
        """What is on record about the contact beyond this conversation."""
        conversation = self._opened()
        with self._lake_lock:
            customer = read_customer(self._lake, conversation)
            self._cache.table_name()
            names = dict(self._cache.side_names)
        with_evidence = current_user().may("agent")
        return {**customer_shown(customer, names, self._settings.timezone, with_evidence=with_evidence)}

    def _export(self, question: ExportQuestion) -> Answer:
        """The open conversation as a file, with an audit row."""
        with self._lake_lock:
            conversation = self._begun.known_to_lake(self._opened())
            export = export_thread(
                self._lake, conversation, format=question["format"], whole=question["whole"],
                timezone=self._settings.timezone,
            )  # fmt: skip
        return {"name": export.name, "text": export.text}

    def _reveal(self, question: Nothing) -> Answer:
        """The contact's whole number, once, with an audit row."""
        return {"address": reveal(self._lake, self._opened(), self._actor)}

    # Helpers

    def _decision(self, question: DecideQuestion | BulkQuestion) -> ConversationEvent:
        kind, value = question["kind"], question["value"]
        if kind == "assignee" and value and self._settings.access.is_on:
            people = list(self._tools.people())
            if value.strip().lower() not in people:
                raise UsageError(f"Nobody named {value!r} signs in here; there are {', '.join(people)}.")
        until = read_until(question.get("until"), self._settings.timezone)
        return event_of(kind, value, until, self._actor)

    def _writers(self) -> dict[str, str]:
        """Our sides that a new conversation can begin with; none where the person sends nothing."""
        if self._tools.send is None or self._only or not current_user().may("agent"):
            return {}
        with self._lake_lock:
            return self._begun.sides()

    def _sides(self) -> dict[str, str]:
        with self._lake_lock:
            self._cache.table_name()
            return dict(self._cache.side_names)

    def _look_up(self, search: str) -> None:
        """Set the search; a whole number is looked up once for as long as it stands there."""
        view = self._view
        if search != view.listed.search:
            view.listed = replace(view.listed, search="", number=None)
            view.listed = replace(view.listed, number=self._read_number(search), search=search)

    def _read_number(self, text: str) -> str | None:
        return look_up_number(self._lake, text, "inbox", self._settings.sending.default_country)

    def _find(self, reference: str) -> Conversation:
        if not is_conversation_id(reference):
            self._read_number(reference)
        with self._lake_lock:
            return (
                self._cache.find(reference)
                or (self._begun.find(reference, self._actor) if is_conversation_id(reference) else None)
                or find_conversation(self._lake, reference)
            )

    def _named(self, conversation_id: str) -> Conversation:
        """A conversation by its id, which mostly is the open one."""
        opened = self._view.conversation
        if opened and opened.conversation_id == conversation_id:
            return opened
        return self._find(conversation_id)

    def _opened(self) -> Conversation:
        if self._view.conversation is None:
            raise UsageError("No conversation is open; choose one first.")
        return self._view.conversation

    def _refresh_just_sent(self) -> None:
        """Ask Twilio for the status of messages just sent; without webhooks only a sync would."""
        view, refresh = self._view, self._tools.refresh
        if refresh is None or not view.waiting or time.monotonic() - view.refreshed_at < _REFRESH_SECONDS:
            return
        view.refreshed_at = time.monotonic()
        try:
            refresh(view.waiting)
        except WorkbenchError as error:
            log.warning("the status of messages just sent could not be read: %s", error)


def _just_sent(thread: Thread) -> list[tuple[str, str]]:
    """Our messages that were sent lately and have no final status: account and message SID."""
    since = datetime.now(UTC) - _REFRESH_FOR
    return [
        (message.account_sid, message.message_sid)
        for message in thread.messages
        if message.is_outbound and not message.is_final and message.date_created >= since
    ]


_HANDLERS: dict[str, Callable[[InboxSession, Any], Answer]] = {
    "start": InboxSession._start,
    "list": InboxSession._list,
    "open": InboxSession._open,
    "begin": InboxSession._begin,
    "close": InboxSession._close,
    "changes": InboxSession._changes,
    "check": InboxSession._check,
    "media": InboxSession._media,
    "send": InboxSession._send,
    "seen": InboxSession._seen,
    "status": InboxSession._status,
    "unsend": InboxSession._unsend,
    "call_off": InboxSession._call_off,
    "draft": InboxSession._draft,
    "attach": InboxSession._attach,
    "detach": InboxSession._detach,
    "reply_file": InboxSession._reply_file,
    "bulk": InboxSession._bulk,
    "undo": InboxSession._undo,
    "decide": InboxSession._decide,
    "contact": InboxSession._contact,
    "customer": InboxSession._customer,
    "canned": InboxSession._canned,
    "save_canned": InboxSession._save_canned,
    "remove_canned": InboxSession._remove_canned,
    "reveal": InboxSession._reveal,
    "export": InboxSession._export,
}

"""Answers what becomes of a reply in the inbox: checked, kept, sent now or later, taken back."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.browser.inbox_questions import (
    CallOffQuestion,
    DraftQuestion,
    OfConversation,
    ReplyCheckQuestion,
    SendQuestion,
    StatusQuestion,
)
from workbench.conversations import view_models
from workbench.conversations.contact_glance import read_contact_glance
from workbench.conversations.inbox_decisions import read_until
from workbench.conversations.inbox_shown import everything_shown
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.open_inbox import Handlers, OpenInbox
from workbench.conversations.send_later import NO_SERVICE, later_choices
from workbench.conversations.thread import require_message
from workbench.errors import UsageError
from workbench.roles import current_actor


def _check(inbox: OpenInbox, question: ReplyCheckQuestion) -> Answer:
    conversation, body, files = inbox.opened(), question["body"], tuple(question.get("files", ()))
    if inbox.tools.check is None:
        raise UsageError("Nothing can be sent from here.")
    with inbox.lake_lock:
        contact = read_contact_glance(inbox.lake, inbox.cache, conversation.contact).contact
    at = read_until(question.get("at"), inbox.settings.timezone)
    later, now = inbox.tools.later, datetime.now(UTC)
    if at and later:
        verdict = later.check(conversation, body, files, at)
    else:
        verdict = inbox.tools.check(conversation, body, files)
    quiet_until = verdict.pop("quiet_until", None)
    return {
        **verdict,
        "local": view_models.local_time(contact, at or now),
        "later": later_choices(contact.zones, quiet_until, now) if later else [],
        "no_later": "" if later and conversation.service else NO_SERVICE,
    }


def _send(inbox: OpenInbox, question: SendQuestion) -> Answer:
    """Send a text, at once or after some seconds; the same key is sent only once."""
    conversation = inbox.opened()
    if question["conversation"] != conversation.conversation_id:
        # The text was written to another contact than the one it would go to now.
        raise UsageError("Another conversation is open now; nothing was sent.")
    at = read_until(question.get("at"), inbox.settings.timezone)
    if at:
        result = inbox.replies.send_later(conversation, question, at)
    else:
        result = inbox.replies.send(conversation, question)
    if result["state"] in ("queued", "unconfirmed"):
        return result
    return {**result, **everything_shown(inbox, with_own=True)}


def _status(inbox: OpenInbox, question: StatusQuestion) -> Answer:
    """How far an answer is that was to be sent after some seconds; with all that is shown at its end."""
    status = inbox.replies.status(current_actor(), question["conversation"], question["key"])
    is_ended = status["state"] not in ("queued", "sending", "draft")
    return {**status, **(everything_shown(inbox, with_own=True) if is_ended else {})}


def _unsend(inbox: OpenInbox, question: OfConversation) -> Answer:
    """Take an answer back before it is sent."""
    return inbox.replies.unsend(current_actor(), question["conversation"])


def _call_off(inbox: OpenInbox, question: CallOffQuestion) -> Answer:
    """Call off an answer that is scheduled."""
    conversation, later = inbox.opened(), inbox.tools.later
    if later is None:
        raise UsageError("Nothing can be called off from here.")
    with inbox.lake_lock:
        require_message(inbox.lake, conversation, question["message"])
    later.call_off(question["message"])
    return everything_shown(inbox, with_own=True)


def _draft(inbox: OpenInbox, question: DraftQuestion) -> Answer:
    """Keep what the person has typed."""
    conversation = inbox.named(question["conversation"])
    body, mode, key = question["body"], question["mode"], question["key"]
    return {**inbox.replies.keep(current_actor(), conversation, body, mode, key)}


REPLYING: Handlers = {
    "check": _check,
    "send": _send,
    "status": _status,
    "unsend": _unsend,
    "call_off": _call_off,
    "draft": _draft,
}

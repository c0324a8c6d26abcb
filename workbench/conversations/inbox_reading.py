"""Answers what is read in the inbox: the list, a conversation, its contact, and what is new."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import UTC, datetime

from workbench.browser.inbox_questions import (
    BeginQuestion,
    ListQuestion,
    Nothing,
    OfConversation,
    OpenQuestion,
    StartQuestion,
)
from workbench.conversations.conversation_cache import REST
from workbench.conversations.customer import read_customer
from workbench.conversations.customer_view_models import customer_shown
from workbench.conversations.find import reveal
from workbench.conversations.inbox_canned import canned_list
from workbench.conversations.inbox_list import PAGE
from workbench.conversations.inbox_shown import draw_list, draw_thread, everything_shown, news_of
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.open_inbox import FIRST_MESSAGES, Handlers, OpenInbox
from workbench.conversations.owners import owners_of, teams
from workbench.conversations.thread import MOST_MESSAGES
from workbench.errors import UsageError, WorkbenchError
from workbench.lake.notifications import mark_read
from workbench.roles import current_actor, current_user

log = logging.getLogger(__name__)

_REFRESH_SECONDS = 3.0


def _start(inbox: OpenInbox, question: StartQuestion) -> Answer:
    """What the browser needs first: the person, the list, and the conversation that is open already."""
    reference, problem = question.get("conversation", ""), ""
    if reference and not inbox.only:
        try:
            inbox.shown.conversation = inbox.find(reference)
        except UsageError as error:
            # The address is an old one: the list opens all the same.
            problem = str(error)
    inbox.shown.listed = inbox.shown.listed.asked(question, _owned(inbox))
    return {
        "actor": current_user().name,
        "only": inbox.only is not None,
        "sends": inbox.tools.send is not None and current_user().may("agent"),
        "acts": current_user().may("agent"),
        **canned_list(inbox),
        "edits": inbox.tools.canned is not None and current_user().may("admin"),
        "people": list(inbox.tools.people()),
        "anybody": not inbox.settings.access.is_on,
        "teams": {name: list(members) for name, members in teams(inbox.settings).items()},
        "sides": _sides(inbox),
        "writers": _writers(inbox),
        "problem": problem,
        "zone": inbox.settings.timezone,
        "no_attachments": inbox.tools.no_attachments,
        **everything_shown(inbox),
    }


def _owned(inbox: OpenInbox) -> tuple[str, ...]:
    """Whose conversations are the reader's own."""
    return owners_of(inbox.settings, current_user().name)


def _list(inbox: OpenInbox, question: ListQuestion) -> Answer:
    shown = inbox.shown.listed.asked(question, _owned(inbox))
    inbox.shown.listed = replace(shown, limit=question.get("limit", PAGE))
    _look_up(inbox, question.get("search", ""))
    return draw_list(inbox)


def _open(inbox: OpenInbox, question: OpenQuestion) -> Answer:
    if not inbox.only:
        inbox.shown.conversation = inbox.find(question["conversation"])
    inbox.shown.messages = min(question.get("messages", FIRST_MESSAGES), MOST_MESSAGES)
    return draw_thread(inbox)


def _begin(inbox: OpenInbox, question: BeginQuestion) -> Answer:
    """Open the conversation of a number with one of our sides, a new one where there is none yet."""
    if inbox.tools.send is None or inbox.only:
        raise UsageError("Nothing can be sent from here.")
    inbox.read_number(question["to"])
    with inbox.lake_lock:
        inbox.shown.conversation = inbox.begun.begin(question["to"], question["side"])
    inbox.shown.messages = FIRST_MESSAGES
    return draw_thread(inbox)


def _close(inbox: OpenInbox, question: Nothing) -> Answer:
    inbox.shown.conversation = inbox.only
    return {}


def _seen(inbox: OpenInbox, question: OfConversation) -> Answer:
    """Note that the person looks at a conversation, so that they are told no more of it.

    Only the browser knows it: a tab in the background shows the conversation, and nobody reads it.
    """
    conversation = inbox.find(question["conversation"])
    try:
        mark_read(inbox.lake, current_user().name, conversation.conversation_id, datetime.now(UTC))
    except WorkbenchError as error:
        # Reading does not fail by it: the bell goes on to say that it is unread.
        log.warning("that a conversation was read could not be noted: %s", error)
    return {}


def _changes(inbox: OpenInbox, question: Nothing) -> Answer:
    """Everything shown that changed since the last answer; else only that nothing did."""
    _refresh_just_sent(inbox)
    news = news_of(inbox, REST)
    return {"changed": news is not None, **(news or {})}


def _customer(inbox: OpenInbox, question: Nothing) -> Answer:
    """What is on record about the contact beyond this conversation."""
    conversation = inbox.opened()
    with inbox.lake_lock:
        customer = read_customer(inbox.lake, conversation)
        names = inbox.cache.side_names()
    with_evidence = current_user().may("agent")
    return {**customer_shown(customer, names, inbox.settings.timezone, with_evidence=with_evidence)}


def _reveal(inbox: OpenInbox, question: Nothing) -> Answer:
    """The contact's whole number, once, with an audit row."""
    return {"address": reveal(inbox.lake, inbox.opened(), current_actor())}


def _writers(inbox: OpenInbox) -> dict[str, str]:
    """Our sides that a new conversation can begin with; none where the person sends nothing."""
    if inbox.tools.send is None or inbox.only or not current_user().may("agent"):
        return {}
    with inbox.lake_lock:
        return inbox.begun.sides()


def _sides(inbox: OpenInbox) -> dict[str, str]:
    with inbox.lake_lock:
        return dict(inbox.cache.side_names())


def _look_up(inbox: OpenInbox, search: str) -> None:
    """Set the search; a whole number is looked up once for as long as it stands there."""
    view = inbox.shown
    if search != view.listed.search:
        view.listed = replace(view.listed, search="", number=None)
        view.listed = replace(view.listed, number=inbox.read_number(search), search=search)


def _refresh_just_sent(inbox: OpenInbox) -> None:
    """Ask Twilio for the status of messages just sent; without webhooks only a sync would."""
    view, refresh = inbox.shown, inbox.tools.refresh
    if refresh is None or not view.waiting or time.monotonic() - view.refreshed_at < _REFRESH_SECONDS:
        return
    view.refreshed_at = time.monotonic()
    try:
        refresh(view.waiting)
    except WorkbenchError as error:
        log.warning("the status of messages just sent could not be read: %s", error)


READING: Handlers = {
    "start": _start,
    "list": _list,
    "open": _open,
    "begin": _begin,
    "close": _close,
    "seen": _seen,
    "changes": _changes,
    "customer": _customer,
    "reveal": _reveal,
}

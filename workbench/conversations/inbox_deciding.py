"""Answers what people decide in the inbox, about one conversation or many, and about a contact."""

from __future__ import annotations

from datetime import UTC, datetime

from workbench.browser.inbox_questions import BulkQuestion, ContactQuestion, DecideQuestion, UndoQuestion
from workbench.conversations.actions import ActionResult, decide_many, undo_action
from workbench.conversations.contacts import plan_edit, read_contact, save_changes
from workbench.conversations.events import ConversationEvent, save_event
from workbench.conversations.inbox_decisions import event_of, read_until
from workbench.conversations.inbox_list import ids_of
from workbench.conversations.inbox_shown import everything_shown
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.open_inbox import Handlers, OpenInbox
from workbench.conversations.owners import assignment
from workbench.roles import current_actor


def _bulk(inbox: OpenInbox, question: BulkQuestion) -> Answer:
    """Decide the same about many conversations."""
    expected = question.get("all")
    if expected:
        with inbox.lake_lock:
            ids = ids_of(inbox.lake, inbox.cache, inbox.shown.listed, expected)
    else:
        ids = list(question.get("conversations", ()))
    decision = _decision(inbox, question)
    return _acted(inbox, decide_many(inbox.lake, ids, decision))


def _undo(inbox: OpenInbox, question: UndoQuestion) -> Answer:
    """Take such a decision back."""
    return _acted(inbox, undo_action(inbox.lake, question["action"], current_actor(), datetime.now(UTC)))


def _decide(inbox: OpenInbox, question: DecideQuestion) -> Answer:
    """State, assignee, label or note."""
    decision = _decision(inbox, question)
    with inbox.lake_lock:
        conversation = inbox.begun.known_to_lake(inbox.opened())
    save_event(inbox.lake, conversation, decision)
    return everything_shown(inbox, with_own=True)


def _contact(inbox: OpenInbox, question: ContactQuestion) -> Answer:
    """Set one field of the contact."""
    with inbox.lake_lock:
        contact = read_contact(inbox.lake, inbox.opened().contact)
    changes = plan_edit(contact, {question["field"]: question["value"]})
    save_changes(inbox.lake, changes, current_actor(), "contact-edit")
    return everything_shown(inbox)


def _acted(inbox: OpenInbox, result: ActionResult) -> Answer:
    with inbox.lake_lock:
        inbox.cache.renew(result.contacts)
    action = {"action": result.action_id, "changed": result.changed, "left": result.left}
    return {**action, **everything_shown(inbox)}


def _decision(inbox: OpenInbox, question: DecideQuestion | BulkQuestion) -> ConversationEvent:
    kind, value = question["kind"], question["value"]
    if kind == "assignee":
        return assignment(inbox.settings, value, current_actor())
    until = read_until(question.get("until"), inbox.settings.timezone)
    return event_of(kind, value, until, current_actor())


DECIDING: Handlers = {
    "bulk": _bulk,
    "undo": _undo,
    "decide": _decide,
    "contact": _contact,
}

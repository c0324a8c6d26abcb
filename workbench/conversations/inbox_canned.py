"""Answers what is asked of canned replies in the inbox."""

from __future__ import annotations

from dataclasses import asdict

from workbench.browser.inbox_questions import CannedQuestion, RemoveCannedQuestion, SaveCannedQuestion
from workbench.conversations.inbox_tools import Answer, CannedTools
from workbench.conversations.open_inbox import Handlers, OpenInbox
from workbench.errors import UsageError


def canned_list(inbox: OpenInbox) -> Answer:
    """The canned replies, with the names of their blanks."""
    canned = inbox.tools.canned.list() if inbox.tools.canned else ()
    return {"canned": [{**asdict(reply), "blanks": list(reply.blanks)} for reply in canned]}


def _canned(inbox: OpenInbox, question: CannedQuestion) -> Answer:
    """A canned reply for the open conversation, or which blanks somebody has to fill."""
    filled = _canned_tools(inbox).fill(inbox.opened(), question["template"], question["values"])
    return {"text": filled.text, "missing": list(filled.missing)}


def _save_canned(inbox: OpenInbox, question: SaveCannedQuestion) -> Answer:
    _canned_tools(inbox).save(question["template"], question["title"], question["shortcut"], question["text"])
    return canned_list(inbox)


def _remove_canned(inbox: OpenInbox, question: RemoveCannedQuestion) -> Answer:
    _canned_tools(inbox).remove(question["template"])
    return canned_list(inbox)


def _canned_tools(inbox: OpenInbox) -> CannedTools:
    if inbox.tools.canned is None:
        raise UsageError("There are no canned replies here.")
    return inbox.tools.canned


CANNED: Handlers = {
    "canned": _canned,
    "save_canned": _save_canned,
    "remove_canned": _remove_canned,
}

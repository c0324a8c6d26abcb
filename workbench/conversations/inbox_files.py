"""Answers what is asked of files in the inbox: of a message, of a reply, and an export of all."""

from __future__ import annotations

import base64

from workbench.browser.inbox_questions import AttachQuestion, DetachQuestion, ExportQuestion, MediaQuestion
from workbench.conversations.attachments import fetch_attachment
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.open_inbox import Handlers, OpenInbox
from workbench.conversations.thread_export import export_thread
from workbench.roles import current_actor


def _media(inbox: OpenInbox, question: MediaQuestion) -> Answer:
    """The bytes of one attachment; `image` is set only where they are an image."""
    conversation = inbox.opened()
    file = fetch_attachment(inbox.settings, inbox.lake, conversation, question["media"])
    return {
        "type": file.content_type,
        "image": file.image_type,
        "data": base64.b64encode(file.content).decode(),
    }


def _attach(inbox: OpenInbox, question: AttachQuestion) -> Answer:
    """Take a part of a file for an answer."""
    conversation = inbox.named(question["conversation"])
    return {**inbox.replies.attach(current_actor(), conversation, question)}


def _detach(inbox: OpenInbox, question: DetachQuestion) -> Answer:
    """Take a file off an answer."""
    conversation = inbox.named(question["conversation"])
    return {**inbox.replies.detach(current_actor(), conversation, question["file"])}


def _reply_file(inbox: OpenInbox, question: DetachQuestion) -> Answer:
    """The bytes of a file of an answer that is not sent yet."""
    conversation = inbox.named(question["conversation"])
    return {**inbox.replies.reply_file(current_actor(), conversation, question["file"])}


def _export(inbox: OpenInbox, question: ExportQuestion) -> Answer:
    """The open conversation as a file, with an audit row."""
    with inbox.lake_lock:
        conversation = inbox.begun.known_to_lake(inbox.opened())
        export = export_thread(
            inbox.lake, conversation, format=question["format"], whole=question["whole"],
            timezone=inbox.settings.timezone,
        )  # fmt: skip
    return {"name": export.name, "text": export.text}


FILES: Handlers = {
    "media": _media,
    "attach": _attach,
    "detach": _detach,
    "reply_file": _reply_file,
    "export": _export,
}

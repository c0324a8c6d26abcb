"""What one browser's inbox shows, as plain data: the list, the open conversation, what changed of both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from workbench.conversations import view_models
from workbench.conversations.begin import NEW_STATE
from workbench.conversations.consent import read_consent
from workbench.conversations.contact_glance import read_contact_glance
from workbench.conversations.inbox_list import list_shown
from workbench.conversations.inbox_tools import Answer
from workbench.conversations.listing import read_state
from workbench.conversations.open_inbox import OpenInbox
from workbench.conversations.owners import gone_owners
from workbench.conversations.thread import Thread, read_thread
from workbench.roles import current_actor

_REFRESH_FOR = timedelta(minutes=15)
"""How long Twilio is asked for the outcome of a message just sent; later the sync brings it."""


def everything_shown(inbox: OpenInbox, *, with_own: bool = False) -> Answer:
    """All that is shown; ``with_own`` when this browser has just changed something."""
    with inbox.lake_lock:
        if with_own and inbox.shown.conversation:
            inbox.cache.renew([inbox.shown.conversation.contact])
        inbox.cache.table_name()
    inbox.shown.version = inbox.cache.version
    answer: Answer = {}
    if not inbox.only:
        answer["list"] = draw_list(inbox)
    if inbox.shown.conversation:
        answer["thread"] = draw_thread(inbox)
    return answer


def news_of(inbox: OpenInbox, rest: float) -> Answer | None:
    """What changed of all that is shown; ``rest`` as in :class:`ConversationCache`, None for nothing."""
    view, answer = inbox.shown, Answer()
    with inbox.lake_lock:
        inbox.cache.table_name(rest)
    version, before = inbox.cache.version, view.version
    if version != before:
        if not inbox.only and (drawn := view.drawn) != draw_list(inbox):
            answer["list"] = view.drawn
        elif not inbox.only:
            view.drawn = drawn
        if view.conversation and inbox.cache.has_changed(view.conversation, before):
            answer["thread"] = draw_thread(inbox)
    writing = others_writing(inbox)
    if writing != view.writing:
        view.writing = answer["writing"] = writing
    view.version = version
    return answer or None


def others_writing(inbox: OpenInbox) -> list[str]:
    """The names of the others who write to the contact of the open conversation."""
    conversation = inbox.shown.conversation
    return inbox.replies.others_writing(current_actor(), conversation) if conversation else []


def draw_list(inbox: OpenInbox) -> Answer:
    """The list of conversations, as the browser gets it."""
    with inbox.lake_lock:
        drafts = inbox.replies.drafts.conversations_of(current_actor())
        inbox.shown.drawn = list_shown(
            inbox.lake, inbox.cache, inbox.shown.listed, inbox.settings.timezone, drafts
        )
        drawn = inbox.shown.drawn
        drawn["gone"] = gone_owners(inbox.settings, drawn["values"]["assignee"])
    return drawn


def draw_thread(inbox: OpenInbox) -> Answer:
    """The open conversation with all that stands around it; raises UsageError where none is open."""
    conversation = inbox.opened()
    with inbox.lake_lock:
        with inbox.lake.version() as version:
            thread = read_thread(version, conversation, limit=inbox.shown.messages)
            consent = read_consent(version, conversation)
        glance = read_contact_glance(inbox.lake, inbox.cache, conversation.contact)
        stored_id = inbox.begun.stored_id(conversation)
        state = read_state(inbox.lake, conversation, inbox.cache) if stored_id else NEW_STATE
        names = inbox.cache.side_names()
    inbox.shown.waiting = _just_sent(thread)
    contact, draft = glance.contact, inbox.replies.draft_shown(current_actor(), conversation)
    head = view_models.head_shown(conversation, contact, consent, glance.addresses, names)
    return {
        **head,
        **view_models.state_shown(state, datetime.now(UTC), inbox.settings.timezone),
        "local": view_models.local_time(contact, datetime.now(UTC)),
        **view_models.thread_shown(thread, inbox.settings.timezone),
        "link": stored_id or (conversation.conversation_id if draft else ""),
        "draft": draft,
        "writing": others_writing(inbox),
    }


def _just_sent(thread: Thread) -> list[tuple[str, str]]:
    """Our messages that were sent lately and have no final status: account and message SID."""
    since = datetime.now(UTC) - _REFRESH_FOR
    return [
        (message.account_sid, message.message_sid)
        for message in thread.messages
        if message.is_outbound and not message.is_final and message.date_created >= since
    ]

"""Conversations over an installation: listed, opened, answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.api.sending import send

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.conversations.find import Conversation
    from workbench.conversations.list_filters import ListFilters
    from workbench.conversations.listing import Summary
    from workbench.sending.results import SendResult

_COLUMNS = [
    "conversation", "contact", "with", "state", "waiting_since", "assignee", "labels", "messages", "last_at",
    "last",
]  # fmt: skip


def conversations_frame(
    installation: Installation,
    view: str,
    *,
    search: str,
    assignee: str | None,
    label: str | None,
    order: str | None,
    limit: int,
    mine: bool = False,
    language: str | None = None,
) -> pd.DataFrame:
    """See :meth:`workbench.Workbench.conversations`."""
    import pandas as pd

    from workbench.conversations.listing import list_conversations

    installation.require_log()
    number = look_up_searched(installation, search)
    listing = list_conversations(
        installation.lake, view, search=search, number=number, assignee=assignee, label=label, order=order,
        limit=limit, filters=list_filters(installation, mine, language),
    )  # fmt: skip
    rows = [{**line, "labels": ", ".join(line["labels"])} for line in map(conversation_line, listing.rows)]
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    frame.attrs["total"] = listing.total
    return frame


def list_filters(installation: Installation, mine: bool, language: str | None) -> ListFilters:
    """What narrows a list beside its own words.

    Args:
        mine: only what the present user has, or a team of theirs.
    """
    from workbench.conversations.list_filters import ListFilters
    from workbench.conversations.owners import owners_of
    from workbench.roles import current_user

    owned = owners_of(installation.settings, current_user().name) if mine else ()
    return ListFilters(mine=owned, language=language)


def look_up_searched(installation: Installation, search: str) -> str | None:
    """The whole number that somebody searches conversations for; the look-up is in the audit trail."""
    from workbench.lake.number_lookups import look_up_number

    country = installation.settings.sending.default_country
    return look_up_number(installation.lake, search, "conversations", country)


def conversation_line(row: Summary) -> dict[str, Any]:
    """One conversation of a list, its contact masked."""
    from workbench.messaging.addresses import mask

    return {
        "conversation": row.conversation_id,
        "contact": row.name or mask(row.contact),
        "with": row.our_side,
        "state": row.state,
        "waiting_since": row.waiting_since,
        "assignee": row.assignee,
        "labels": list(row.labels),
        "messages": row.messages,
        "last_at": row.last_at,
        "last": row.last_body or row.last_content or row.last_body,
    }


def find_conversation(
    installation: Installation, reference: str, our_side: str | None = None
) -> Conversation:
    """One conversation, by its id or by the contact's number.

    Raises:
        UsageError: there is none.
    """
    from workbench.conversations.find import find_conversation

    lake = installation.lake
    installation.require_log()
    context = installation.number_context()
    return find_conversation(lake, reference, our_side=our_side, context=context)


def reply(
    installation: Installation,
    conversation: Conversation,
    body: str | None,
    confirm: bool,
    ignore_quiet_hours: bool,
    options: Mapping[str, Any],
) -> SendResult:
    """See :meth:`workbench.Workbench.reply`."""
    from workbench.conversations.find import require_reachable

    require_reachable(conversation)
    options = {"batch": answer_batch(installation, conversation), **our_side(conversation), **options}
    return send(installation, conversation.contact, body, confirm, ignore_quiet_hours, options)


def our_side(conversation: Conversation) -> dict[str, str | None]:
    """Who sends in it."""
    return {"sender": conversation.sender, "service": conversation.service}


def answer_batch(installation: Installation, conversation: Conversation) -> str:
    """One for each message of theirs that an answer can be to."""
    from workbench.conversations.thread import last_question
    from workbench.sending.outbox import find_older_reply_batch

    question = last_question(installation.lake, conversation) or "first"
    older = find_older_reply_batch(installation.lake, question, conversation.contacts)
    return older or f"reply:{conversation.conversation_id}:{question}"

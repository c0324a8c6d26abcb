"""What a notice says: no whole number ever, and a text only where an admin and the person allow it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from workbench.display.formats import plural
from workbench.lake.notifications import Notification
from workbench.messaging.number_masking import mask_numbers
from workbench.notifications.choices import TEXT, NotificationChoice
from workbench.notifications.happenings import Described
from workbench.targets.answers import NoticeWords

_MOST_LISTED = 20
_LONGEST_TEXT = 300
_WHY = {
    "quiet": "This came in your quiet time.",
    "cap": "This was held back: it is more than [notifications] per_hour allows.",
    "digest": "",
    "": "",
}
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+")


def notice_words(
    notifications: Sequence[Notification],
    why: str,
    choice: NotificationChoice,
    described: Mapping[str, Described],
    base: str | None,
    key: str,
) -> NoticeWords:
    """The words of one notice.

    Args:
        why: several are told together for this reason: quiet, cap, digest; empty for one alone.
        described: the conversations by id; one that is not there any more is told without words about it.
        base: where people open the pages; without one there is no link.
        key: is the same for the same notice.
    """
    lines = _lines(notifications, choice, described, base)
    subject = lines[0][0] if len(lines) == 1 else f"{plural(len(lines), 'notification')} from the inbox"
    parts = [_WHY[why]] if _WHY[why] else []
    parts += ["\n".join(line) for line in lines[:_MOST_LISTED]]
    if len(lines) > _MOST_LISTED:
        parts.append(f"And {len(lines) - _MOST_LISTED} more.")
    if len(lines) > 1 and base:
        parts.append(inbox_link(base))
    return NoticeWords(subject, "\n\n".join(parts), subject, key)


def _lines(
    notifications: Sequence[Notification],
    choice: NotificationChoice,
    described: Mapping[str, Described],
    base: str | None,
) -> list[list[str]]:
    """The sentence of each conversation and kind, its text where that is allowed, and its link."""
    gathered: dict[tuple[str, str], int] = {}
    for each in notifications:
        key = each.kind, each.conversation_id
        gathered[key] = gathered.get(key, 0) + each.events
    lines = []
    for (kind, conversation), events in gathered.items():
        about = described.get(conversation)
        line = [sentence(kind, events, about if choice.outside != "nothing" else None)]
        if kind == "message" and choice.outside == TEXT and about and about.text:
            line.append(f"“{shown_text(about.text)}”")
        if base and choice.outside != "nothing":
            line.append(inbox_link(base, conversation))
        lines.append(line)
    return lines


def sentence(kind: str, events: int, about: Described | None) -> str:
    """What happened, on one line; without words about the conversation where None is given."""
    who = f" {about.contact} ({about.side})" if about else ""
    if kind == "assigned":
        return f"A conversation{' with' + who if who else ''} was given to you"
    if kind == "mention":
        return f"A note{' about' + who if who else ''} names you"
    of = f" from{who}" if who else ""
    return f"{events} new messages{of} are waiting" if events > 1 else f"A new message{of} is waiting"


def shown_text(text: str) -> str:
    """A text of a stranger on one line, its numbers masked."""
    plain = mask_numbers(" ".join(_UNSEEN.sub(" ", text).split()))
    return plain if len(plain) <= _LONGEST_TEXT else plain[:_LONGEST_TEXT] + "…"


def inbox_link(base: str, conversation: str = "") -> str:
    """The address of the inbox, or of one conversation in it; whoever is not signed in signs in first."""
    address = f"{base.rstrip('/')}/inbox"
    return f"{address}?conversation={quote(conversation, safe='')}" if conversation else address

"""Makes the data that a browser gets about conversations: numbers masked, times in the reader's zone. Pure.

Texts and names stay as they are: the browser puts them in as text, never as HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from workbench.browser.inbox_answers import LocalTime, Moment, SummaryLine
from workbench.conversations.consent import ConsentGlance
from workbench.conversations.contacts import Contact
from workbench.conversations.find import Conversation
from workbench.conversations.listing import StateRow, Summary
from workbench.conversations.thread import Thread, ThreadEvent, ThreadMessage
from workbench.display import formats, moments
from workbench.display.code_words import shown_code
from workbench.display.message_content import (
    EMPTY,
    NO_DETAILS,
    NOT_KEPT,
    REDACTED,
    no_text_words,
    unlisted_words,
)
from workbench.messaging.addresses import address_kind, channel, mask

LONGEST_PREVIEW = 120
_STATUS = {
    "delivered": ("Delivered", "good"),
    "read": ("Read", "good"),
    "failed": ("Failed", "bad"),
    "undelivered": ("Not delivered", "bad"),
    "canceled": ("Canceled", "muted"),
    "scheduled": ("Scheduled", "wait"),
    "sent": ("Sent", "wait"),
    "partially_delivered": ("Partly delivered", "wait"),
}
_SHORT_NO_TEXT = {
    NO_DETAILS: "(no text: location, contact, reaction …)",
    NOT_KEPT: "",
    REDACTED: "(redacted)",
    EMPTY: "(no text)",
}
_CONSENT = {"opted-out": "Opted out", "opted-in": "Opted in", "unknown": "No consent on record"}
_SOURCES = {"keyword": "by keyword", "twilio-21610": "says Twilio (21610)", "import": "imported"}


def summary_line(row: Summary, now: datetime, timezone: str, *, has_draft: bool = False) -> SummaryLine:
    """One line of the list."""
    return {
        "id": row.conversation_id,
        "who": row.name or mask(row.contact),
        "reopened": row.is_reopened,
        "snoozed": _moment(row.snoozed_until, timezone) if row.state == "snoozed" else None,
        "assignee": row.assignee,
        "labels": list(row.labels),
        "preview": _preview(row),
        "mine": row.last_is_outbound,
        "failed": row.last_is_outbound and row.last_status in ("failed", "undelivered"),
        "at": moments.short_time(row.last_at, now, timezone),
        "waiting": waiting((now - row.waiting_since).total_seconds()) if row.waiting_since else None,
        "draft": has_draft,
    }


def _preview(row: Summary) -> str:
    if row.last_body:
        text = " ".join(row.last_body[: LONGEST_PREVIEW * 2].split())
        return text if len(text) <= LONGEST_PREVIEW else text[:LONGEST_PREVIEW] + "…"
    if row.last_content:
        return row.last_content
    if row.last_media:
        return "Attachment" if row.last_media == 1 else f"{row.last_media} attachments"
    is_sms = channel(row.contact) == "sms"
    words = no_text_words(row.last_body, row.last_encoding, is_outbound=row.last_is_outbound, is_sms=is_sms)
    return _SHORT_NO_TEXT[words]


def thread_shown(thread: Thread, timezone: str) -> dict[str, Any]:
    """Messages and events in the order of time."""
    items = [(m.date_created, message_shown(m, timezone)) for m in thread.messages]
    items += [(e.happened_at, event_shown(e, timezone)) for e in thread.events]
    return {
        "items": [item for _, item in sorted(items, key=lambda pair: pair[0])],
        "older": thread.older,
        "profile": thread.profile_name,
    }


def message_shown(message: ThreadMessage, timezone: str) -> dict[str, Any]:
    """A message: its text and its outcome."""
    label, tone = status_words(message) if message.is_outbound else ("", "")
    failure = message.failure if message.is_outbound and tone == "bad" else None
    planned = _moment(message.scheduled_for, timezone)
    return {
        "type": "message",
        "sid": message.message_sid,
        "mine": message.is_outbound,
        "auto": message.direction == "outbound-reply" or message.rule is not None,
        "text": message.body or "",
        "content": message.content,
        "map": message.map_link,
        "gone": _gone(message),
        "status": label,
        "tone": tone,
        "failure": failure and shown_code(failure),
        "sender": message.sender,
        "keyword": message.keyword,
        "segments": message.segments,
        "encoding": message.encoding,
        "cost": cost(message.spend, message.currency),
        "media": [{"sid": each.media_sid, "type": each.content_type} for each in message.attachments],
        "unlisted": unlisted_words(message.unlisted, message.is_given_up),
        "scheduled": f"{planned['day']}, {planned['clock']}" if planned else "",
        **_moment(message.date_created, timezone),
    }


def message_line(message: ThreadMessage, zone: ZoneInfo) -> str:
    """A message as one line of text, control characters made visible."""
    words, tone = status_words(message) if message.is_outbound else ("", "")
    failure = message.failure if tone == "bad" else None
    reason = f": {failure.code}, {failure.meaning}" if failure else ""
    attached = f"{message.media_count} attachments" if message.media_count else ""
    content = message.content or attached or _gone(message)
    one_line = " ".join((message.body or content).split())
    text = "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in one_line)
    end = f"  [{words}{reason}]" if words else ""
    arrow = "→" if message.is_outbound else "←"
    return f"{message.date_created.astimezone(zone):%Y-%m-%d %H:%M}  {arrow} {text}{end}"


def status_words(message: ThreadMessage) -> tuple[str, str]:
    """What became of a message in a word or two, and whether that is good, bad, muted or still to come."""
    if message.status == "sent" and message.is_final:
        return "Sent, no receipt", "muted"
    return _STATUS.get(message.status, ("Sending", "wait"))


def _gone(message: ThreadMessage) -> str:
    """Why there is nothing to show."""
    if message.media_count or message.content:
        return ""
    return no_text_words(
        message.body, message.encoding, is_outbound=message.is_outbound, is_sms=message.is_sms
    )


def event_shown(event: ThreadEvent, timezone: str) -> dict[str, Any]:
    """A decision in words; a note with its own text."""
    who = event.actor.removeprefix("local:").removeprefix("user:")
    until = _moment(event.until, timezone) if event.until else {}
    words = {
        "state": f"{who} set it to {event.value or 'what it was'}"
        + (f" until {until['day']}, {until['clock']}" if until else ""),
        "assignee": f"{who} gave it to {event.value}" if event.value else f"{who} took it from its owner",
        "label": f"{who} labelled it {event.value}",
        "unlabel": f"{who} removed the label {event.value}",
        "note": event.value or "",
    }
    return {
        "type": "note" if event.kind == "note" else "event",
        "text": words.get(event.kind, event.kind),
        "who": who,
        **_moment(event.happened_at, timezone),
    }


def head_shown(
    conversation: Conversation,
    contact: Contact,
    consent: ConsentGlance,
    others: Sequence[str],
    names: Mapping[str, str],
) -> dict[str, Any]:
    """The contact, and what to know before writing."""
    since = f" since {consent.since:%-d %b %Y}" if consent.since else ""
    return {
        "id": conversation.conversation_id,
        "who": contact.name or mask(contact.address),
        "name": contact.name or "",
        "address": mask(contact.address),
        "kind": address_kind(contact.address),
        "reachable": conversation.is_reachable,
        "country": contact.country,
        "language": contact.language or "",
        "contact_labels": list(contact.labels),
        "zone": contact.zones[0] if contact.is_zone_given else "",
        "side": names.get(conversation.our_side) or conversation.our_side,
        "received": contact.received,
        "sent": contact.sent,
        "first": f"{contact.first_at:%-d %b %Y}" if contact.first_at else "",
        "others": [mask(address) for address in others if address != contact.address],
        "consent": {
            "standing": consent.standing,
            "text": _CONSENT[consent.standing] + since,
            "source": _SOURCES.get(consent.source or "", consent.source or ""),
        },
    }


def state_shown(state: StateRow, now: datetime, timezone: str) -> dict[str, Any]:
    """The state of the conversation, and how long the contact has been waiting."""
    snoozed = _moment(state.snoozed_until, timezone) if state.state == "snoozed" else {}
    waited = (now - state.waiting_since).total_seconds() if state.waiting_since else None
    return {
        "state": state.state,
        "reopened": state.is_reopened,
        "snoozed": f"{snoozed['day']}, {snoozed['clock']}" if snoozed else "",
        "assignee": state.assignee or "",
        "labels": list(state.labels),
        "waiting": waiting(waited) if waited is not None else "",
    }


def local_time(contact: Contact, now: datetime) -> LocalTime | None:
    """The recipient's local time, or the earliest and the latest that it may be."""
    clocks = contact.local_times(now)
    if clocks is None:
        return None
    first, last = clocks
    text = f"{first:%H:%M}" if first.utcoffset() == last.utcoffset() else f"{first:%H:%M} – {last:%H:%M}"
    zones = sorted({str(zone) for zone in contact.zones})
    return {
        "text": text,
        "zone": zones[0].replace("_", " ") if len(zones) == 1 else f"{len(zones)} possible zones",
        "weekday": f"{first:%a}",
    }


def cost(amount: Decimal | None, currency: str | None) -> str:
    """What a message cost; nothing where Twilio has not priced it yet."""
    return "" if amount is None or not currency else formats.money(amount, currency)


def waiting(seconds: float) -> str:
    """How long somebody has been waiting, in whole minutes: the list is not drawn every second."""
    minutes = int(max(seconds, 0) // 60)
    return formats.duration(minutes * 60) if minutes else "now"


def _moment(moment: datetime | None, timezone: str) -> Moment:
    if moment is None:
        return {}
    local = moment.astimezone(ZoneInfo(timezone))
    return {
        "at": moment.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "clock": f"{local:%H:%M}",
        "day": f"{local:%a %-d %b %Y}",
    }

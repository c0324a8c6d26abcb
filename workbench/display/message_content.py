"""What a message is when it is more, or less, than a text: a place, a contact card, a button, a reaction.

The words come from what Twilio's webhook said, all of which a stranger may have written: each value is one
line of limited length, and a place is only shown as one where its coordinates are numbers on this earth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.display.formats import plural

LONGEST_VALUE = 120

#: Twilio's `MessageType`, in words; a text and what is attached need none.
_KINDS = {
    "location": "Location",
    "contacts": "Contact card",
    "contact": "Contact card",
    "reaction": "Reaction",
    "sticker": "Sticker",
    "order": "Order",
    "interactive": "Answer from a menu or form",
    "list": "Answer from a menu",
    "flow": "Answers of a form",
    "button": "Button",
    "system": "Notice of the channel",
    "unsupported": "Content that the channel does not pass on",
}
_PLAIN_KINDS = frozenset({"", "text", "image", "audio", "voice", "video", "document", "file", "media"})

NO_DETAILS = "No text: a location, contact, reaction or the like. Only the webhook brings what it was."
NOT_KEPT = "This lake keeps no texts."
REDACTED = "The text was redacted."
EMPTY = "No text: the message is empty, or was redacted at Twilio."


def content_words(fields: Mapping[str, Any], text: str | None = None) -> str:
    """What an inbound message holds beside its text, in words; empty where it is a text or an attachment.

    Args:
        fields: those of its webhook, as Twilio named them.
        text: of the message, which stands beside the words; what it says is not said again.
    """
    shown = _value({"text": text}, "text")
    parts = [_place(fields), _chosen("Button", _button(fields), shown)]
    parts.append(_chosen("Chosen from a menu", _menu(fields), shown))
    if not any(parts):
        parts.append(_kind(fields))
    parts.append(_ad(fields))
    return " · ".join(part for part in parts if part)


def map_link(fields: Mapping[str, Any]) -> str:
    """The address of a map of the place that an inbound message holds; empty where it holds none.

    It is for a person to follow: nothing is loaded from there.
    """
    latitude, longitude = _degrees(fields, "Latitude", 90), _degrees(fields, "Longitude", 180)
    if latitude is None or longitude is None:
        return ""
    place = f"{latitude:.5f}/{longitude:.5f}"
    return f"https://www.openstreetmap.org/?mlat={latitude:.5f}&mlon={longitude:.5f}#map=16/{place}"


def profile_name(fields: Mapping[str, Any]) -> str:
    """What the contact calls themself on the channel; empty where it tells none."""
    return _value(fields, "ProfileName")


def no_text_words(body: str | None, encoding: str | None, *, is_outbound: bool, is_sms: bool) -> str:
    """Why a message without content and attachments shows no text; empty where it has one.

    Args:
        encoding: of its text; it stays where the text was removed, so that without it there never was one.
        is_sms: whether the message came or went by SMS.
    """
    if body:
        return ""
    if not is_outbound and not is_sms and encoding is None:
        return NO_DETAILS
    if body is None:
        return NOT_KEPT
    return REDACTED if encoding is not None else EMPTY


def unlisted_words(count: int, is_given_up: bool) -> str:
    """What to say of attachments that Twilio has not listed; empty where it has listed all."""
    if not count:
        return ""
    what = plural(count, "attachment")
    if is_given_up:
        return f"{what} that Twilio does not list: deleted there, or never stored"
    return f"{what} that Twilio has not listed yet; the next syncs ask again"


def _place(fields: Mapping[str, Any]) -> str:
    latitude, longitude = _degrees(fields, "Latitude", 90), _degrees(fields, "Longitude", 180)
    names = ", ".join(filter(None, (_value(fields, "Label"), _value(fields, "Address"))))
    if latitude is None or longitude is None:
        has_place = bool(_value(fields, "Latitude") or _value(fields, "Longitude"))
        return (f"Location: {names}" if names else "Location without a place that can be read") * has_place
    where = f"{latitude:.5f}, {longitude:.5f}"
    return f"Location: {names} ({where})" if names else f"Location: {where}"


def _degrees(fields: Mapping[str, Any], name: str, most: int) -> float | None:
    try:
        degrees = float(_value(fields, name))
    except ValueError:
        return None
    return degrees if -most <= degrees <= most else None


def _button(fields: Mapping[str, Any]) -> str:
    return _value(fields, "ButtonText") or _value(fields, "ButtonPayload")


def _menu(fields: Mapping[str, Any]) -> str:
    return _value(fields, "ListTitle") or _value(fields, "ListId")


def _chosen(what: str, label: str, shown: str) -> str:
    """What was chosen; Twilio gives a button's label as the text of the message, too."""
    if not label:
        return ""
    return what if label == shown else f"{what}: {label}"


def _kind(fields: Mapping[str, Any]) -> str:
    kind = _value(fields, "MessageType").lower()
    if kind in _PLAIN_KINDS:
        return ""
    return _KINDS.get(kind) or f"Content of the kind {kind}"


def _ad(fields: Mapping[str, Any]) -> str:
    names = ("ReferralHeadline", "ReferralBody", "ReferralSourceUrl", "ReferralSourceId")
    about = next(filter(None, (_value(fields, name) for name in names)), "")
    return f"After an ad: {about}" if about else ""


def _value(fields: Mapping[str, Any], name: str) -> str:
    """One line of text, whatever the field holds."""
    value = fields.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in str(value)).split())
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"

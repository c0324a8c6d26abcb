"""The rules of each channel and kind of sender: a reason or nothing, each with what to do. Pure.

What Twilio says of them: a sender and a recipient are of one channel (21910), free text on WhatsApp within 24
hours (63016), alphanumeric senders (21212, 21612) and short codes (21659), RCS without a fallback (21664).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta

from workbench.messaging.addresses import address_kind, channel, country
from workbench.sending.outgoing import Outgoing
from workbench.sending.verdicts import Policy, Reason, RecipientFacts, SenderFacts

CHANNEL_WORDS: Mapping[str, str] = {
    "sms": "SMS", "whatsapp": "WhatsApp", "rcs": "RCS", "messenger": "Messenger",
}  # fmt: skip

WINDOW = timedelta(hours=24)
"""How long free text may follow the last message of the person."""

WINDOWED = ("whatsapp", "messenger")

US_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""Parts of the numbering plan of the United States with a country code of their own."""

_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
_ONLINE = "ONLINE"


def same_channel(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Our side and the recipient must be of one channel."""
    if not outgoing.sender or channel(outgoing.sender) == channel(outgoing.to):
        return None
    ours, theirs = channel(outgoing.sender), channel(outgoing.to)
    if ours == "rcs" and theirs == "sms":
        todo = (
            "Give the messaging service of the RCS sender instead of the sender, which falls back to SMS, or "
            "write the recipient as rcs:+… for RCS alone."
        )
    elif theirs == "sms":
        todo = f"Write the recipient as {ours}:+…, or give a sender of SMS."
    else:
        todo = (
            f"Give a sender that begins with {theirs}:, or the recipient's number without {theirs}: for SMS."
        )
    text = (
        f"{outgoing.sender} and the recipient are of different channels, {CHANNEL_WORDS[ours]} and "
        f"{CHANNEL_WORDS[theirs]}. {todo}"
    )
    return Reason("sender", "block", text)


def sender_form(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """A name that Twilio cannot take; one that the log shows in use was taken."""
    sender = outgoing.sender
    if not sender or channel(sender) != "sms" or facts.sender is not None or facts.last_used_at is not None:
        return None
    if address_kind(sender) not in ("alphanumeric", "unknown") or _NAME.fullmatch(sender):
        return None
    text = (
        f"{sender!r} is no sender: an alphanumeric sender has at most 11 characters (this one has "
        f"{len(sender)}), at least one letter among them, and otherwise only A–Z, a–z, 0–9, spaces and "
        "+ - _ &."
    )
    return Reason("sender form", "block", text)


def alphanumeric_reach(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Carriers in the United States and Canada take no names."""
    place = country(outgoing.to)
    if not _is_name(outgoing.sender) or place not in {"US", "CA"} | US_TERRITORIES:
        return None
    text = (
        f"{outgoing.sender} is an alphanumeric sender, which reaches nobody in the United States and Canada. "
        "Send from a phone number, toll-free number or short code there."
    )
    return Reason("reach", "block", text)


def alphanumeric_media(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if not _is_name(outgoing.sender) or not outgoing.media:
        return None
    text = (
        f"{outgoing.sender} is an alphanumeric sender, which sends no attachments; send a link in the text."
    )
    return Reason("media of a name", "block", text)


def one_way(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Nobody can answer a name, not even with STOP."""
    if not _is_name(outgoing.sender):
        return None
    text = (
        f"Nobody can answer {outgoing.sender}: an alphanumeric sender is one-way. Say in the text how to "
        "reach you and how to opt out."
    )
    return Reason("one-way", "warn", text)


def short_code_country(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """A short code exists in its own country only."""
    if not outgoing.sender or address_kind(outgoing.sender) != "short code":
        return None
    place, home = country(outgoing.to), facts.sender.country if facts.sender else None
    if place is None or place == home or (home == "US" and place in US_TERRITORIES):
        return None
    if home is not None:
        text = (
            f"The short code {outgoing.sender} is of {home} and reaches phones there only, not in {place}. "
            f"Send from a phone number, or from a short code of {place}."
        )
        return Reason("reach", "block", text)
    if place in facts.delivered_to:
        return None
    text = (
        f"A short code reaches phones in its own country only. That of {outgoing.sender} is not known here, "
        f"and no message of it to {place} is known to have arrived."
    )
    return Reason("reach", "warn", text)


def window(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Free text only within 24 hours after the person wrote; outside of it an approved template."""
    name = channel(outgoing.to)
    if name not in WINDOWED or outgoing.content_sid is not None:
        return None
    wrote_at = facts.wrote_on_channel_at
    if _is_window_open(outgoing, facts, policy):
        return None
    when = (
        "and none is in this lake for the last week"
        if wrote_at is None
        else f"which was {wrote_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    )
    todo = (
        "Send an approved template instead: content_sid (--content-sid HX…)."
        if name == "whatsapp"
        else "Wait until they write."
    )
    text = (
        f"{CHANNEL_WORDS[name]} takes free text only within 24 hours after the person's last message to this "
        f"sender, {when}. {todo} If they wrote since the last sync, run `workbench sync`."
    )
    return Reason("window", "block", text)


def _is_window_open(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> bool:
    """Whether the person wrote within 24 hours before the message is sent."""
    at = outgoing.send_at if outgoing.send_at is not None and outgoing.send_at.tzinfo else policy.now
    return facts.wrote_on_channel_at is not None and at - facts.wrote_on_channel_at <= WINDOW


def template_approval(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Outside of the window WhatsApp takes a template that it has approved, and within it any."""
    state = facts.template_state
    if outgoing.content_sid is None or state in (None, "approved"):
        return None
    if state == "missing":
        text = f"This account has no content template {outgoing.content_sid}; Twilio refuses it (21655)."
        return Reason("template", "block", text)
    if _is_window_open(outgoing, facts, policy):
        return None
    if state == "unreadable":
        text = (
            f"Whether WhatsApp has approved the template {outgoing.content_sid} could not be read from "
            "Twilio; one that is not approved fails with 63016."
        )
        return Reason("template", "warn", text)
    text = (
        f"WhatsApp has not approved the template {outgoing.content_sid}: Twilio says that it is {state}. It "
        "would fail with 63016, because the person did not write within 24 hours. Submit it in the Content "
        "Template Builder and wait for the approval, or use another one."
    )
    return Reason("template", "block", text)


def rcs_fallback(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """RCS reaches only phones that have it, unless a messaging service can fall back to SMS."""
    if outgoing.service and channel(outgoing.to) == "sms":
        members = _members(facts)
        if not any(channel(member.sender) == "rcs" for member in members):
            return None
        if any(channel(member.sender) == "sms" for member in members):
            return None
        text = (
            f"The messaging service {outgoing.service} has an RCS sender and none of SMS: phones without RCS "
            "get nothing. Add a number to its pool to fall back to."
        )
        return Reason("fallback", "warn", text)
    if channel(outgoing.to) != "rcs":
        return None
    text = (
        "Phones without RCS do not get this: a recipient written as rcs:+… has no fallback. To fall back "
        "to SMS, write the number without rcs: and give a messaging service that has the RCS sender and a "
        "number."
    )
    return Reason("fallback", "warn", text)


def channel_status(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """A WhatsApp or RCS sender that is not online; an RCS sender in review still reaches test phones."""
    status = facts.sender.channel_status if facts.sender else None
    if facts.sender is None or status is None or status.partition(":")[0] == _ONLINE:
        return None
    name = channel(facts.sender.sender)
    text = (
        f"Twilio says that the {CHANNEL_WORDS[name]} sender {facts.sender.sender} is {status}, as of the "
        "last sync. It sends once it is ONLINE: see Senders in Twilio's console, then run `workbench sync`."
    )
    return Reason("sender", "warn" if name == "rcs" else "block", text)


def service_reach(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    """Whether a messaging service has anything that reaches this recipient."""
    members = _members(facts)
    if outgoing.sender or not members:
        return None
    name, place = channel(outgoing.to), country(outgoing.to)
    fitting = [member for member in members if channel(member.sender) == name]
    if not fitting and not (name == "sms" and any(channel(member.sender) == "rcs" for member in members)):
        text = (
            f"No {CHANNEL_WORDS[name]} sender of the messaging service {outgoing.service} is known here; "
            f"Twilio refuses the message if it has none. Give a sender of {CHANNEL_WORDS[name]}, or add one "
            "to its pool."
        )
        return Reason("reach", "warn", text)
    if fitting and place in {"US", "CA"} | US_TERRITORIES and all(_is_name(each.sender) for each in fitting):
        text = (
            f"The messaging service {outgoing.service} has only alphanumeric senders, which reach nobody in "
            "the United States and Canada. Add a phone number to its pool."
        )
        return Reason("reach", "block", text)
    return None


def _members(facts: RecipientFacts) -> tuple[SenderFacts, ...]:
    """The senders that the messaging service can choose from, as far as they are known."""
    return tuple(each for each in facts.service.senders if not each.is_removed) if facts.service else ()


def _is_name(sender: str | None) -> bool:
    return bool(sender) and address_kind(sender) == "alphanumeric"


CHANNEL_RULES = (
    same_channel, sender_form, alphanumeric_reach, alphanumeric_media, short_code_country, service_reach,
    window, template_approval, channel_status, rcs_fallback, one_way,
)  # fmt: skip

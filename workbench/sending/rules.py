"""The rules about one message: each a function that gives a reason or nothing. Pure.

`block` cannot be sent, `warn` can; an opt-out blocks whatever anybody asks for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.messaging.address_reader import normalize_address
from workbench.messaging.addresses import channel, country, is_e164, mask
from workbench.sending.channel_rules import CHANNEL_RULES
from workbench.sending.outgoing import (
    LONGEST_BODY,
    LONGEST_VALIDITY_SECONDS,
    MOST_MEDIA,
    Outgoing,
    is_content_sid,
)
from workbench.sending.verdicts import Policy, Reason, RecipientFacts, SenderFacts

EARLIEST_SCHEDULE, LATEST_SCHEDULE = timedelta(minutes=5), timedelta(days=35)
"""Twilio's window; see its errors 35114 and 35115."""

ANSWERING = timedelta(hours=2)
"""Who wrote to us so lately is awake and waits for an answer."""

ASKED = timedelta(days=7)
"""Who wrote to us so lately may be answered without another consent."""

MMS_COUNTRIES = frozenset({"US", "CA", "AU"})
_REGISTERED = frozenset({"VERIFIED", "TWILIO_APPROVED"})


def _released(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if policy.hold is None:
        return None
    made, restored = (f"{at:%Y-%m-%d %H:%M} UTC" for at in (policy.hold.made_at, policy.hold.restored_at))
    text = (
        f"This lake was restored from a backup of {made}, so messages that were sent until {restored} may "
        "not be known here and could be sent twice. Run `workbench sync`, look at what was sent, then "
        "`workbench outbox release --confirm`."
    )
    return Reason("restored", "block", text)


def _prepared(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    return Reason("template", "block", outgoing.problem) if outgoing.problem else None


def _no_lookalikes(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    return Reason("blank", "warn", outgoing.doubt) if outgoing.doubt else None


def _address(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    try:
        known = normalize_address(outgoing.to, policy.settings.default_country) == outgoing.to
    except UsageError as error:
        return Reason("address", "block", str(error))
    if not known or (
        channel(outgoing.to) in ("sms", "whatsapp", "rcs") and not is_e164(outgoing.to.rpartition(":")[2])
    ):
        return Reason(
            "address",
            "block",
            f"{mask(outgoing.to)!r} is no number that can be messaged; write it as +14155552671.",
        )
    return None


def _our_side(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if not outgoing.sender and not outgoing.service:
        text = "No sender: name a sender or a messaging service, or set [sending] sender or service."
        return Reason("sender", "block", text)
    if outgoing.sender and outgoing.sender == outgoing.to:
        return Reason("sender", "block", "The sender and the recipient are the same.")
    return None


def _opted_out(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if not facts.suppressions:
        return None
    scope, source, since = min(facts.suppressions, key=lambda suppression: suppression[2])
    reach = "everything" if scope == "*" else f"messages of {scope}"
    text = f"Opted out of {reach} on {since:%Y-%m-%d %H:%M} UTC ({source}). This cannot be overridden."
    return Reason("opted out", "block", text)


def _waiting_wish(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if facts.wish_at is None or facts.suppressions:
        return None
    text = (
        f"On {facts.wish_at:%Y-%m-%d %H:%M} UTC they wrote words that may ask to be left alone, and nobody "
        "has decided on them: see `workbench consent revocations`."
    )
    return Reason("undecided wish", "warn", text)


def _consent(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    wrote = facts.last_inbound_at is not None and policy.now - facts.last_inbound_at <= ASKED
    if facts.has_opted_in or wrote:
        return None
    if policy.settings.require_consent:
        text = (
            "No consent on record, and [sending] require_consent is on. "
            "Record it with `workbench consent import`."
        )
        return Reason("consent", "block", text)
    return Reason("consent", "warn", "No consent on record.")


def _quiet_hours(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    quiet = facts.quiet
    if quiet is None or not quiet.is_quiet:
        return None
    local = " or ".join(sorted({f"{moment:%H:%M}" for moment in quiet.local_times})) or "unknown"
    text = f"Quiet hours: it is {local} at the recipient ({quiet.rule}; zone by {quiet.zone_source})."
    if quiet.allowed_again_at is not None:
        text += f" Allowed again at {quiet.allowed_again_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    at = outgoing.send_at or policy.now
    if facts.last_inbound_at is not None and at - facts.last_inbound_at <= ANSWERING:
        hours = int(ANSWERING.total_seconds() // 3600)
        return Reason(
            "quiet hours", "warn", f"{text} It may go now: they wrote within the last {hours} hours."
        )
    return Reason("quiet hours", "warn" if policy.ignore_quiet_hours else "block", text)


def _content(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if outgoing.content_sid is not None:
        if not is_content_sid(outgoing.content_sid):
            text = (
                f"{outgoing.content_sid!r} is no content template; its SID is HX and 32 hexadecimal digits."
            )
            return Reason("content", "block", text)
        both = bool(outgoing.body or outgoing.media)
        return Reason("content", "block", "Give a text or a content template, not both.") if both else None
    if outgoing.problem is None and not outgoing.body.strip() and not outgoing.media:
        return Reason(
            "content", "block", "There is nothing to send: no text, no attachment, no content template."
        )
    if len(outgoing.body) > LONGEST_BODY:
        text = f"The text has {len(outgoing.body):,} characters; Twilio takes {LONGEST_BODY:,}."
        return Reason("content", "block", text)
    if any((ord(character) < 32 and character not in "\n\r\t\f") or 0xD800 <= ord(character) < 0xE000
           for character in outgoing.body):  # fmt: skip
        return Reason(
            "content", "block", "The text holds control characters that cannot be sent; remove them."
        )
    return None


def _encoding(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    count = outgoing.segments(facts.service is not None and facts.service.smart_encoding)
    if outgoing.media or channel(outgoing.to) != "sms" or count.encoding == "GSM-7" or count.segments < 2:
        return None
    forcing = " ".join(count.forcing[:5])
    return Reason("segments", "warn", f"{count.segments} segments, because {forcing!r} forces UCS-2.")


def _media(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if not outgoing.media:
        return None
    if len(outgoing.media) > MOST_MEDIA:
        return Reason("media", "block", f"{len(outgoing.media)} attachments; {MOST_MEDIA} are allowed.")
    for address in outgoing.media:
        if not _is_web_address(address):
            return Reason(
                "media", "block", f"An attachment's address must begin with https://; got {address[:80]!r}."
            )
    if facts.media_problem:
        return Reason("media", "block", facts.media_problem)
    place = country(outgoing.to)
    if channel(outgoing.to) == "sms" and place not in MMS_COUNTRIES:
        return Reason(
            "media",
            "block",
            f"Attachments reach phones in {', '.join(sorted(MMS_COUNTRIES))} only, not {place}.",
        )
    return Reason("media", "warn", "The attachments were not looked at.") if facts.media_unchecked else None


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username


def _schedule(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if outgoing.send_at is None:
        return None
    if outgoing.send_at.tzinfo is None:
        return Reason(
            "schedule", "block", "The time to send at has no time zone; write it as 2026-11-30T09:00-05:00."
        )
    if not outgoing.service:
        return Reason(
            "schedule", "block", "Only a messaging service can send later; give one as the service."
        )
    ahead = outgoing.send_at - policy.now
    if not EARLIEST_SCHEDULE <= ahead <= LATEST_SCHEDULE:
        when = f"{outgoing.send_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return Reason(
            "schedule", "block", f"{when} is not from 5 minutes to 35 days ahead, which Twilio allows."
        )
    return None


def _validity(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    seconds = outgoing.validity_seconds
    if seconds is None or 1 <= seconds <= LONGEST_VALIDITY_SECONDS:
        return None
    return Reason(
        "validity",
        "block",
        f"The validity is {seconds} seconds; it goes from 1 to {LONGEST_VALIDITY_SECONDS}.",
    )


def _sender_able(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if not facts.senders_known:
        return Reason("sender", "warn", "The account's senders are not known here yet: run `workbench sync`.")
    if outgoing.sender is None:
        # Without either, `_our_side` has said it.
        return _service_able(outgoing, facts) if outgoing.service else None
    sender = facts.sender
    if sender is None or sender.is_removed:
        return _unlisted(f"{outgoing.sender}", "sender", facts)
    unable = channel(outgoing.to) == "sms" and (
        sender.can_mms is False if outgoing.media else sender.can_sms is False
    )
    if unable:
        return Reason(
            "sender", "block", f"{outgoing.sender} cannot send {'MMS' if outgoing.media else 'SMS'}."
        )
    return _registered(sender, outgoing)


def _service_able(outgoing: Outgoing, facts: RecipientFacts) -> Reason | None:
    service = facts.service
    if service is None or service.is_removed:
        return _unlisted(f"{outgoing.service}", "messaging service", facts)
    able = [sender for sender in service.senders if not sender.is_removed]
    if not able:
        return Reason(
            "sender", "block", f"The messaging service {outgoing.service} has no sender to send from."
        )
    if outgoing.media and all(sender.can_mms is False for sender in able):
        return Reason("sender", "block", f"No sender of {outgoing.service} can send MMS.")
    return None


def _unlisted(name: str, what: str, facts: RecipientFacts) -> Reason:
    """What no list has is ours if the log shows it in use; Twilio knows better, and refuses what is not."""
    if facts.last_used_at is not None:
        text = (
            f"{name} is in no list of the last sync, but the log shows it in use, last on "
            f"{facts.last_used_at:%Y-%m-%d}. Twilio refuses the message if it is not this account's any more."
        )
        return Reason("unlisted sender", "warn", text)
    near = f" Did you mean {' or '.join(facts.nearest)}?" if facts.nearest else ""
    text = (
        f"{name} is no {what} of this account, as of the last sync, and no message of the log is from or to "
        f"it.{near} Run `workbench sync` if it is new."
    )
    return Reason("sender", "block", text)


def _registered(sender: SenderFacts, outgoing: Outgoing) -> Reason | None:
    """US carriers refuse what comes from an unregistered number."""
    if (
        sender.registration is None
        or country(outgoing.to) != "US"
        or sender.registration_status in _REGISTERED
    ):
        return None
    what = "toll-free verification" if sender.registration == "toll-free" else "A2P campaign"
    if sender.registration_status is None:
        text = f"{sender.sender} has no {what} that the last sync could see; US carriers may refuse it."
        return Reason("registration", "warn", text)
    status = sender.registration_status
    text = f"The {what} of {sender.sender} is {status}; US carriers refuse it until approved."
    return Reason("registration", "block", text)


def _again(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if facts.sent_as is not None:
        text = (
            f"Already sent as {facts.sent_as}; it is not sent twice. "
            "To say the same again, name another batch."
        )
        return Reason("already sent", "warn", text)
    if facts.is_unclear:
        return Reason(
            "unclear", "warn", "It was begun before, and Twilio's log is asked first how that ended."
        )
    return None


def _price(outgoing: Outgoing, facts: RecipientFacts, policy: Policy) -> Reason | None:
    if facts.price is not None:
        return None
    place = country(outgoing.to) or "there"
    return Reason(
        "price", "warn", f"No price is known to {place}: nothing was priced yet and no price list was read."
    )


Rule = Callable[[Outgoing, RecipientFacts, Policy], Reason | None]

RULES: tuple[Rule, ...] = (
    _released, _prepared, _no_lookalikes,
    _address, _our_side, _opted_out, _content, _media, _schedule, _validity, _sender_able, *CHANNEL_RULES,
    _waiting_wish, _quiet_hours, _consent, _again, _encoding, _price,
)  # fmt: skip
"""In the order in which a person should hear of them."""

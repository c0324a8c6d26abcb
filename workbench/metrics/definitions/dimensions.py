"""Every dimension: what numbers are grouped and filtered by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import get_args

from workbench.messaging.addresses import AddressKind
from workbench.messaging.segments import GSM_EXTENSION
from workbench.messaging.status import STATUS_RANK
from workbench.metrics.definitions.model import Dimension

#: A text's length as segments count it: an extension character of GSM-7 takes two septets, a character beyond
#: 16 bits two units of UCS-2.
GSM_UNITS = f"(length(body) + length(body) - length(translate(body, '{GSM_EXTENSION}', '')))"
UCS2_UNITS = r"(length(body) + length(regexp_replace(body, '[^\x{10000}-\x{10FFFF}]', '', 'g')))"

LOCAL = "timezone($timezone, date_created)"
"""When a message was created, on the reader's clock."""


def _words(values: Iterable[object]) -> Callable[[], Sequence[str]]:
    texts = tuple(map(str, values))
    return lambda: texts


def _countries() -> Sequence[str]:
    from phonenumbers import SUPPORTED_REGIONS

    return sorted(SUPPORTED_REGIONS)


def _error_codes() -> Sequence[str]:
    from workbench.messaging.error_codes import known_codes

    return tuple(map(str, known_codes()))


_OUTCOMES = ("received", "canceled", "delivered", "undelivered", "failed", "unknown", "in flight")
_DIRECTIONS = ("inbound", "outbound-api", "outbound-call", "outbound-reply")
_BOUNDARIES = ("GSM-7, 161–170 characters", "UCS-2, 71–75 characters")

DIMENSIONS_LIST = (
    Dimension("day", "Day", f"cast({LOCAL} as date)", "calendar day of creation", kind="day"),
    Dimension(
        "week",
        "Week",
        f"cast(date_trunc('week', {LOCAL}) as date)",
        "Monday of the week of creation",
        kind="week",
    ),
    Dimension(
        "month",
        "Month",
        f"cast(date_trunc('month', {LOCAL}) as date)",
        "first day of the month",
        kind="month",
    ),
    Dimension(
        "hour",
        "Hour of day",
        f"extract(hour from {LOCAL})",
        "0 to 23",
        kind="number",
        vocabulary=_words(range(24)),
        is_closed=True,
    ),
    Dimension(
        "weekday",
        "Weekday",
        f"extract(isodow from {LOCAL})",
        "1 Monday to 7 Sunday",
        kind="number",
        vocabulary=_words(range(1, 8)),
        is_closed=True,
    ),
    Dimension("sender", "Sender", "sender", "our number, short code or name; empty until Twilio picks one"),
    Dimension(
        "sender_type",
        "Sender type",
        "sender_type",
        "long code, toll-free, short code, alphanumeric …",
        vocabulary=_words(get_args(AddressKind)),
    ),
    Dimension("country", "Country", "country", "country of the contact, ISO code", vocabulary=_countries),
    Dimension(
        "direction",
        "Direction",
        "direction",
        "inbound, outbound-api, outbound-call, outbound-reply",
        vocabulary=_words(_DIRECTIONS),
    ),
    Dimension("status", "Status", "status", "Twilio's status", vocabulary=_words(STATUS_RANK)),
    Dimension(
        "error_code",
        "Error code",
        "error_code",
        "Twilio's error code; empty without an error",
        kind="number",
        vocabulary=_error_codes,
    ),
    Dimension("messaging_service", "Messaging service", "messaging_service_sid", "SID of the service"),
    Dimension("template", "Template", "template", "outbound texts with the same words; empty without a text"),
    Dimension("batch", "Batch", "batch_of(message_sid)", "batch that it was sent with from here; else empty"),
    Dimension("account", "Account", "account_sid", "SID of the account or subaccount"),
    Dimension(
        "encoding",
        "Encoding",
        "encoding",
        "GSM-7 or UCS-2, from the body",
        vocabulary=_words(("GSM-7", "UCS-2")),
        is_closed=True,
    ),
    Dimension("currency", "Currency", "currency", "currency of the price"),
    Dimension(
        "outcome",
        "Outcome",
        "case when not is_outbound then 'received' when status = 'canceled' then 'canceled'"
        " when {delivered} then 'delivered' when {undelivered} then 'undelivered'"
        " when {failed} then 'failed' when {unknown} then 'unknown' else 'in flight' end",
        "what became of a message, in seven words",
        vocabulary=_words(_OUTCOMES),
        is_closed=True,
    ),
    Dimension(
        "message_type",
        "Message type",
        "case when media_count > 0 then 'MMS' else 'SMS' end",
        "MMS with at least one attachment, else SMS",
        vocabulary=_words(("SMS", "MMS")),
        is_closed=True,
    ),
    Dimension(
        "segment_count",
        "Segments",
        "segments",
        "how many segments the message was billed as",
        kind="number",
        vocabulary=_words(range(100)),
    ),
    Dimension(
        "boundary",
        "Just over a boundary",
        f"case when encoding = 'GSM-7' and {GSM_UNITS} between 161 and 170 then 'GSM-7, 161–170 characters'"
        f" when encoding = 'UCS-2' and {UCS2_UNITS} between 71 and 75 then 'UCS-2, 71–75 characters' end",
        "texts that a few characters less would make one segment; empty for all others",
        vocabulary=_words(_BOUNDARIES),
        is_closed=True,
    ),
)

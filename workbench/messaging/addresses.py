"""What an address is: channel, kind, country, time zones, and how it is shown. Typed ones: `address_reader`.

An address is what Twilio puts in ``from`` and ``to``: an E.164 number, a short code, an alphanumeric sender,
or one of these behind a channel prefix (``whatsapp:``, ``rcs:``, ``messenger:``). Number plans come from the
``phonenumbers`` library, which loads on first use because it costs tens of milliseconds.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Literal

Channel = Literal["sms", "whatsapp", "rcs", "messenger"]
AddressKind = Literal[
    "long code", "toll-free", "short code", "alphanumeric", "whatsapp", "rcs", "messenger", "unknown"
]

CHANNELS: dict[str, Channel] = {"whatsapp": "whatsapp", "rcs": "rcs", "messenger": "messenger"}
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_TOLL_FREE = re.compile(r"\+18(?:00|33|44|55|66|77|88)[0-9]{7}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_ALPHANUMERIC = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[!-*,-9;-~ ][!-9;-~ ]{0,10}")
_REDACTED_TAIL = "XXXX"
"""Twilio's phone number redaction replaces the last four digits with these."""

_SHARED = "shared"
"""Stands for "several countries": they share this calling code."""


def channel(address: str) -> Channel:
    """The channel an address belongs to, by its prefix; without one it is ``sms``, which includes MMS."""
    prefix, colon, _ = address.partition(":")
    return CHANNELS.get(prefix.lower(), "sms") if colon else "sms"


@lru_cache(maxsize=2**16)
def address_kind(address: str | None) -> AddressKind:
    """The kind of an address. ``toll-free`` means the North American prefixes; None is ``unknown``."""
    if not address:
        return "unknown"
    if (name := channel(address)) != "sms":
        return name
    number = _restore_redacted(address)
    if is_e164(number):
        return "toll-free" if _TOLL_FREE.fullmatch(number) else "long code"
    if _SHORT_CODE.fullmatch(address):
        return "short code"
    return "alphanumeric" if _ALPHANUMERIC.fullmatch(address) else "unknown"


def is_e164(address: str) -> bool:
    """Whether this is a bare international number: ``+``, then 7 to 15 digits, the first not 0."""
    return _E164.fullmatch(address) is not None


def country(address: str | None) -> str | None:
    """ISO 3166 alpha-2 country of a number, also behind a channel prefix; None if it has no country.

    Countries that share a calling code are distinguished (+1, +7, +44 …). A number that has the right form
    but is not assigned, such as +1 555 in examples, gets the country of its area, or the main country of its
    calling code.
    """
    if not address:
        return None
    number = address if address[0] == "+" else address.rpartition(":")[2]
    # The same test as is_e164, three times faster; sync needs it for every row.
    if not (8 <= len(number) <= 16 and number[0] == "+" and number[1:].isdigit() and number.isascii()):
        number = _restore_redacted(number)
        if not is_e164(number):
            return None
    iso = _country_of_head(number[:6])
    if iso == _SHARED or (number[1] == "1" and len(number) != 12):
        return _country_of_prefix(number[:-3])
    return iso


def time_zones(address: str | None) -> tuple[str, ...]:
    """IANA names of all time zones where the number's owner may be, in the library's order; () if unknown."""
    number = _restore_redacted((address or "").rpartition(":")[2])
    return _zones_of_number(number) if is_e164(number) else ()


def mask(address: str | None) -> str:
    """The address as it is shown by default: ``+14155552671`` becomes ``+1415***2671``; the prefix stays.

    At least three digits are always hidden. Short codes, alphanumeric names and RCS agents are public senders
    of businesses, not of people, and stay readable. Masking twice gives the same as masking once.
    """
    if not address or "***" in address or address_kind(address) in ("short code", "alphanumeric"):
        return address or ""
    prefix, _, name = address.rpartition(":")
    if prefix.lower() == "rcs" and not name.startswith("+"):
        return address
    return (prefix and prefix + ":") + _mask_name(name)


def _mask_name(name: str) -> str:
    if len(name) < 8:
        return "***" + name[-2:] if len(name) > 4 else "***"
    if name[0] != "+" and not name.isdigit():
        return "***" + name[-4:]
    return f"{name[: min(5, len(name) - 7)]}***{name[-4:]}"


def _restore_redacted(number: str) -> str:
    """The number with digits in place of Twilio's redaction; the last four never decide country or kind."""
    if number.endswith(_REDACTED_TAIL):
        return number[: -len(_REDACTED_TAIL)] + "2345"
    return number


@cache
def _country_of_head(head: str) -> str | None:
    """Country by ``+`` and five digits, or ``_SHARED`` if more digits are needed.

    Five digits contain every calling code, and for +1 the area code. At most 100,000 entries are cached.
    """
    import phonenumbers

    if head.startswith("+0"):
        return None
    if head.startswith("+1"):
        return _country_of_number(head + "234567")
    for length in (2, 3, 4):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(head[1:length]), ())
        if len(regions) > 1:
            return _SHARED
        if regions:
            return regions[0] if regions[0].isalpha() else None
    return None


@lru_cache(maxsize=2**17)
def _country_of_prefix(prefix: str) -> str | None:
    """Country by all digits of a number except the last three; the length of the number counts, too."""
    return _country_of_number(prefix + "234")


def _country_of_number(text: str) -> str | None:
    """The country of the assigned number, else of its +1 area, else the main one of its calling code."""
    import phonenumbers

    number = phonenumbers.parse(text)
    region = phonenumbers.region_code_for_number(number)
    if region is None and text.startswith("+1"):
        region = phonenumbers.region_code_for_number(phonenumbers.parse(text[:5] + "2234567"))
    return region or phonenumbers.region_code_for_country_code(number.country_code or 0)


@lru_cache(maxsize=2**16)
def _zones_of_number(number: str) -> tuple[str, ...]:
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    zones = timezone.time_zones_for_number(parsed)
    if zones == (timezone.UNKNOWN_TIMEZONE,):
        zones = timezone.time_zones_for_geographical_number(parsed)
    return tuple(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE)

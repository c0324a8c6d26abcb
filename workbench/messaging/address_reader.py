"""Reads an address as people and programs hand it over: typed, pasted, or out of a spreadsheet. Pure.

A spreadsheet takes a phone number for a quantity: it drops the + and leading zeros, rounds (1.41556E+10),
adds .0, and guards texts with ' or ="…". What has one meaning is normalised; what has two, or lost digits, is
refused with the reason. A number without a country code has a meaning only where a country is known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.messaging.addresses import CHANNELS, is_e164
from workbench.messaging.addresses import country as country_of
from workbench.messaging.person import person_of

_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_ALPHANUMERIC = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[!-*,-9;-~ ][!-9;-~ ]{0,10}")
# Digits with the punctuation people type between them; anything else is not a phone number.
_TYPED_NUMBER = re.compile(r"\+?[\d\s().\-‐‑‒–—−/·]+")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_FORMULA = re.compile(r'=\s*"(.*)"|=(?=\+?\d)(.*)', re.DOTALL)
_QUOTED = re.compile(r"[\"“”„](.*)[\"“”]|['‘’](?=[+\d(=\"]|tel:|sms:)(.*?)['‘’]?", re.DOTALL)
_LINK = re.compile(r"(?:tel|sms|smsto|callto):(?://)?\s*(?=[+\d(])", re.IGNORECASE)
_EXTENSION = re.compile(r"\+?[\d\s().\-/]{7,}[,;]?\s*(?:ext\w*|x|#)[.:=\s]*\d*", re.IGNORECASE)
# A whole number with the end of a second one, as 0171 1234567/68; numbers are also parted by single slashes.
_SECOND_NUMBER = re.compile(r"\+?(?:[\s().\-]*\d){9,}[\s().\-]*/\s*\d{1,3}")
_SCIENTIFIC = re.compile(r"[+]?(\d)(?:[.,](\d+))?E\+?(\d{1,2})", re.IGNORECASE)
_DECIMAL = re.compile(r"(\+?\d{7,15})[.,]0+")
_GROUPED = re.compile(r"\+?\d{1,3}(?:,\d{3}){2,4}")
_WIDE = {"＋": "+", "﹢": "+", "（": "(", "）": ")", "．": ".", "／": "/", **dict.fromkeys("‐‑‒–—―−－", "-")}
_NO_COUNTRY = "its country code is missing"
_ROUNDED_TAIL = "00000"
"""A spreadsheet shows six digits of a number; what lay behind them became zeros."""


@dataclass(frozen=True)
class NumberContext:
    """What is known about numbers that carry no country code."""

    country: str | None = None
    """ISO code of two letters that somebody gave: where such numbers are."""
    sender_countries: tuple[str, ...] = ()
    """Where the account's own numbers are. They tell when a number has two meanings, and never pick one."""
    is_from_twilio: bool = False
    """Twilio wrote these numbers with their country code: without a + it was lost on the way."""


LOG_NUMBERS = NumberContext(is_from_twilio=True)
"""How a log of Twilio's is read while nothing is known of the account."""


class AddressRefused(UsageError):
    """A value that is no address, or more than one; `reason` repeats nothing of the value."""

    def __init__(self, value: object, reason: str, fix: str, country: str | None = None) -> None:
        where = f" in {country}" if country else ""
        super().__init__(
            f"{value!r} is not an address that can be messaged{where}: {reason}. Allowed: a number with its "
            "country code such as +14155552671, a short code of 3 to 8 digits, or a name of up to 11 "
            f"characters. {fix}"
        )
        self.reason = reason

    @property
    def is_country_missing(self) -> bool:
        """Whether it would be read if its country were known."""
        return self.reason == _NO_COUNTRY


def address_text(value: object) -> str:
    """A value of a table as text: None, NaN and the like are "", a whole number has no decimals."""
    if value is None or str(value) in ("nan", "NaN", "NaT", "<NA>"):
        return ""
    if isinstance(value, str):
        return value
    try:
        is_whole = not isinstance(value, bool) and value == int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return str(value)
    return str(int(value)) if is_whole else str(value)  # type: ignore[call-overload]


def read_address(value: object, context: NumberContext | None = None) -> str:
    """The address that is meant, as Twilio writes it.

    Args:
        value: text, or the number that a table holds (int, float, numpy, Decimal); None and NaN are empty.
        context: where numbers without a country code are; without it they are refused.

    Raises:
        AddressRefused: it is no address, digits of it are lost, or it has two meanings.
        UsageError: the context's country does not exist.
    """
    context = context or NumberContext()
    _refuse_type(value)
    if context.is_from_twilio:
        return _read_from_log(value, context)
    text = _unwrapped(address_text(value))
    prefix, colon, name = text.partition(":")
    if colon and prefix.strip().lower() in CHANNELS:
        channel_name = prefix.strip().lower()
        return f"{channel_name}:{_read_behind_prefix(channel_name, name.strip(), value, context)}"
    return _read_plain(text, value, context)


def normalize_address(text: object, default_country: str | None = None) -> str:
    """The address that a person meant: ``(415) 555-2671`` in ``US`` is ``+14155552671``.

    ``default_country`` (ISO alpha-2) is where numbers without a country code are. Three to eight bare
    digits that are not a number assigned there are a short code.

    Raises:
        UsageError: it is neither a possible number, a short code nor an alphanumeric sender.
    """
    return read_address(text, NumberContext(default_country))


def read_person(value: object, context: NumberContext | None = None) -> str:
    """As `read_address`, for somebody who has a number; a short code or a name is nobody.

    Raises:
        AddressRefused: see :func:`read_address`.
    """
    address = read_address(value, context)
    if not is_e164(address.rpartition(":")[2]):
        raise AddressRefused(value, "it is no person's number", "Write it with its country code.")
    return address


def _read_plain(text: str, value: object, context: NumberContext) -> str:
    country = context.country
    number = _plain_digits(text)
    _refuse_damage(number, value, country)
    if _SHORT_CODE.fullmatch(number):
        return _read_short(number, context) or number
    if _TYPED_NUMBER.fullmatch(number):
        return _read_number(number, value, context)
    if _ALPHANUMERIC.fullmatch(text):
        return text
    reason = "it is empty" if not text else "it is neither a number nor a name"
    raise AddressRefused(value, reason, "Write the number with + and its country code.", country)


def _read_behind_prefix(channel_name: str, name: str, value: object, context: NumberContext) -> str:
    """Numbers on WhatsApp and RCS; Messenger has ids of its own, and RCS agents have names."""
    if channel_name == "whatsapp" and is_e164(name):
        # WhatsApp keeps numbers of former plans, such as Mexico's with a 1 behind the 52.
        return name
    number = _plain_digits(name)
    if channel_name != "messenger" and _TYPED_NUMBER.fullmatch(number):
        return _read_number(number, value, context)
    if channel_name == "whatsapp" or not name:
        reason = "no number stands behind the channel" if name else "nothing stands behind the channel"
        raise AddressRefused(value, reason, f"Write {channel_name}:+14155552671.", context.country)
    return name


def _unwrapped(text: str) -> str:
    """Without what a program put around it: marks of direction, quotes, a formula, a link."""
    text = _INVISIBLE.sub("", text).strip()
    for pattern in (_QUOTED, _FORMULA, _QUOTED):
        if wrapped := pattern.fullmatch(text):
            text = next(group for group in wrapped.groups() if group is not None).strip()
    return _LINK.sub("", text, count=1)


def _plain_digits(text: str) -> str:
    """With the digits, signs and decimals of other scripts and programs as ASCII ones."""
    text = "".join(_plain_character(character) for character in text).strip()
    if decimal := _DECIMAL.fullmatch(text):
        return decimal[1]
    if _GROUPED.fullmatch(text):
        return text.replace(",", "")
    if (scientific := _SCIENTIFIC.fullmatch(text)) and len(scientific[2] or "") == int(scientific[3]):
        return scientific[1] + (scientific[2] or "")
    return text


def _plain_character(character: str) -> str:
    if character.isascii():
        return character
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    return " " if character.isspace() else _WIDE.get(character, character)


def _refuse_type(value: object) -> None:
    """A flag is no number, and half precision cannot hold one."""
    kind = type(value).__name__
    if kind in ("bool", "bool_", "float16", "float32"):
        reason = "it is a flag" if kind.startswith("bool") else f"a {kind} cannot hold a number's digits"
        raise AddressRefused(value, reason, "Give the number as text.")


def _refuse_damage(text: str, value: object, country: str | None) -> None:
    is_bare = text.isascii() and text.isdigit() and len(text) >= 9
    if _SCIENTIFIC.fullmatch(text) or (is_bare and text.endswith(_ROUNDED_TAIL)):
        raise AddressRefused(
            value,
            "it was rounded by a spreadsheet",
            "Digits of it are lost: take it from the source again with the column as text, or write it with "
            "a + if it is right.",
            country,
        )
    if _SECOND_NUMBER.fullmatch(text):
        raise AddressRefused(
            value, "it is more than one number", "Give each number a row of its own.", country
        )
    if _EXTENSION.fullmatch(text):
        raise AddressRefused(
            value, "it has an extension, which gets no messages", "Write the number alone.", country
        )


def _read_from_log(value: object, context: NumberContext) -> str:
    """A log's address: as Twilio wrote it, unless it is a number that something on the way changed."""
    written = address_text(value).strip()
    if is_e164(written):
        return written
    prefix, colon, name = _unwrapped(written).rpartition(":")
    if prefix.strip().lower() not in ("", "whatsapp", "rcs"):
        return written
    number = _plain_digits(name)
    is_number = any(form.fullmatch(number) for form in (_TYPED_NUMBER, _SCIENTIFIC, _EXTENSION))
    if not is_number and "*" not in written and not any(character.isalpha() for character in written):
        reason = "it is neither a number nor a name" if written else "it is empty"
        raise AddressRefused(value, reason, "Take it from the source again.", context.country)
    if not is_number or _SHORT_CODE.fullmatch(number) or re.fullmatch(r"\+[0-9]+", number):
        return prefix + colon + number if is_number else written
    _refuse_damage(number, value, context.country)
    return prefix + colon + _read_number(number, value, context)


# --- numbers ---


class _Reading(NamedTuple):
    """One meaning of some digits."""

    number: str
    """E.164."""
    is_assigned: bool
    """Whether its range is known to be in use; new ranges may not be."""
    national: str
    """The digits as its own country writes them."""


def _read_number(text: str, value: object, context: NumberContext) -> str:
    if text.startswith("+") or (text.startswith("00") and context.country is None):
        international = _parse(text if text[0] == "+" else "+" + text[2:], None)
        if international:
            return international.number
        raise AddressRefused(
            value, "no country has such a number", "Correct it, or add the country code.", context.country
        )
    readings = _Readings.of(text, context)
    if number := readings.only_meaning(context):
        return number
    raise readings.refusal(value, context)


def _read_short(digits: str, context: NumberContext) -> str | None:
    """The number that 3 to 8 digits are in the given country, if it is assigned there; else a short code."""
    if context.country is None:
        return None
    reading = _parse(digits, known_region(context.country))
    return reading.number if reading and reading.is_assigned else None


class _Readings(NamedTuple):
    """What digits without a + can mean."""

    digits: str
    is_bare: bool
    """Digits only, as a spreadsheet leaves them."""
    international: _Reading | None
    national: _Reading | None
    """In the country that somebody gave."""
    by_senders: tuple[_Reading, ...]
    """In the countries of the account's own numbers."""

    @classmethod
    def of(cls, text: str, context: NumberContext) -> _Readings:
        digits = re.sub(r"\D", "", text)
        national = _parse(text, known_region(context.country)) if context.country else None
        nearby = [_parse(text, country) for country in context.sender_countries]
        head = "+" + digits[2:] if digits.startswith("00") else "+" + digits
        return cls(digits, text == digits, _parse(head, None), national, tuple(filter(None, nearby)))

    def only_meaning(self, context: NumberContext) -> str | None:
        """The number, where there is no second one that it may be."""
        if context.is_from_twilio:
            return self._meaning_in_log()
        if context.country is None:
            return self._meaning_by_senders(context)
        if self.national is None:
            chosen = self.international
            return chosen.number if chosen and chosen.is_assigned else None
        return self._meaning_in_country(self.national)

    def _meaning_in_country(self, national: _Reading) -> str | None:
        other = self.international
        if other is None or other.number == national.number:
            return national.number if national.is_assigned or other or not self.is_bare else None
        if not national.is_assigned:
            if other.is_assigned:
                return other.number
            return None if self.is_bare else national.number
        begins_alike = other.is_assigned and _same_plan(other.number, national.number)
        if not other.is_assigned or (self._is_written_nationally(national) and not begins_alike):
            return national.number
        return None

    def _meaning_by_senders(self, context: NumberContext) -> str | None:
        chosen = self.international
        if chosen is None or not context.sender_countries:
            return None
        others = [one for one in self.by_senders if one.number != chosen.number]
        is_near = len(others) < len(self.by_senders)
        if any(one.is_assigned for one in others) or not (is_near or chosen.is_assigned):
            return None
        return chosen.number

    def _meaning_in_log(self) -> str | None:
        chosen = self.international
        if chosen is None:
            is_known = self.national is not None and (self.national.is_assigned or not self.is_bare)
            return self.national.number if self.national and is_known else None
        nearby = (*self.by_senders, *([self.national] if self.national else []))
        rivals = [one for one in nearby if one.is_assigned and self._is_written_nationally(one)]
        return None if any(one.number != chosen.number for one in rivals) else chosen.number

    def _is_written_nationally(self, reading: _Reading) -> bool:
        return reading.national == self.digits

    def refusal(self, value: object, context: NumberContext) -> AddressRefused:
        nearby = (self.international, self.national, *self.by_senders)
        numbers = list(dict.fromkeys(one.number for one in nearby if one and one.is_assigned))
        if len(numbers) > 1 and (context.country or context.sender_countries):
            return AddressRefused(
                value,
                "it can be two different numbers",
                f"Write {' or '.join(numbers)}, whichever is meant.",
                context.country,
            )
        return AddressRefused(
            value,
            _NO_COUNTRY if context.country is None else "there is no such number",
            "Add the country code, or set the default country.",
            context.country,
        )


def _same_plan(one: str, other: str) -> bool:
    return _country_code(one) == _country_code(other)


def _country_code(number: str) -> int | None:
    import phonenumbers

    return phonenumbers.parse(number).country_code


@lru_cache(maxsize=2**16)
def _parse(text: str, region: str | None) -> _Reading | None:
    """What a number is in a region, if one can be dialled so from anywhere.

    A possible number is enough, since new ranges may be unknown here. A former spelling is today's number.
    """
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    # A number that only works within its own area cannot be messaged.
    formats = phonenumbers.PhoneNumberFormat
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        # A former spelling is no number of today's plan, and still somebody's: Mexico's +521 …
        former = phonenumbers.format_number(number, formats.E164)
        today = person_of(former)
        return _parse(today, None) if today != former else None
    return _Reading(
        phonenumbers.format_number(number, formats.E164),
        phonenumbers.is_valid_number(number),
        re.sub(r"\D", "", phonenumbers.format_number(number, formats.NATIONAL)),
    )


def known_region(country: str) -> str:
    """The country as the number plans name it.

    Raises:
        UsageError: there is none of that name.
    """
    import phonenumbers

    region = country.upper()
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise UsageError(
            f"{country!r} is not a country with phone numbers. "
            "Allowed: an ISO code of two letters. Write for instance US."
        )
    return region


def sender_countries(senders: Sequence[str]) -> tuple[str, ...]:
    """The countries of an account's own numbers, each once."""
    return tuple(sorted({place for sender in senders if (place := country_of(sender))}))

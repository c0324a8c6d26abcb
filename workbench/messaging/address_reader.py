"""Reads an address as people and programs write it: typed, pasted, or taken from a spreadsheet. Pure.

A spreadsheet treats a phone number as a quantity: it drops the + and leading zeros, rounds (1.41556E+10),
adds .0, and marks texts with ' or ="…". An address with one meaning is normalised; one that has two meanings
or lost digits is refused with the reason. What plain digits mean in which country is in `number_plans.py`.
"""

from __future__ import annotations

import re
import unicodedata

from workbench.messaging.addresses import CHANNELS, is_e164
from workbench.messaging.number_plans import (
    LOG_NUMBERS,
    AddressRefused,
    NumberContext,
    known_region,
    read_number,
    read_short,
    sender_countries,
)

__all__ = [
    "LOG_NUMBERS",
    "AddressRefused",
    "NumberContext",
    "address_text",
    "known_region",
    "normalize_address",
    "read_address",
    "read_person",
    "sender_countries",
]

_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_ALPHANUMERIC = re.compile(r"(?=[^A-Za-z]*[A-Za-z])[!-*,-9;-~ ][!-9;-~ ]{0,10}")
# Digits with the punctuation people type between them; anything else is not a phone number.
_TYPED_NUMBER = re.compile(r"\+?[\d\s().\-‐‑‒–—−/·]+")
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_FORMULA = re.compile(r'=\s*"(.*)"|=(?=\+?\d)(.*)', re.DOTALL)
_QUOTED = re.compile(r"[\"“”„](.*)[\"“”]|['‘’](?=[+\d(=\"]|tel:|sms:)(.*?)['‘’]?", re.DOTALL)
_LINK = re.compile(r"(?:tel|sms|smsto|callto):(?://)?\s*(?=[+\d(])", re.IGNORECASE)
_EXTENSION = re.compile(r"\+?[\d\s().\-/]{7,}[,;]?\s*(?:ext\w*|x|#)[.:=\s]*\d*", re.IGNORECASE)
# A whole number and the last digits of a second one, as in 0171 1234567/68; a single slash also separates
# numbers.
_SECOND_NUMBER = re.compile(r"\+?(?:[\s().\-]*\d){9,}[\s().\-]*/\s*\d{1,3}")
_SCIENTIFIC = re.compile(r"[+]?(\d)(?:[.,](\d+))?E\+?(\d{1,2})", re.IGNORECASE)
_DECIMAL = re.compile(r"(\+?\d{7,15})[.,]0+")
_GROUPED = re.compile(r"\+?\d{1,3}(?:,\d{3}){2,4}")
_WIDE = {"＋": "+", "﹢": "+", "（": "(", "）": ")", "．": ".", "／": "/", **dict.fromkeys("‐‑‒–—―−－", "-")}
_ROUNDED_TAIL = "00000"
"""A spreadsheet shows six digits of a number; what lay behind them became zeros."""


def address_text(value: object) -> str:
    """A cell as text: None, NaN and other missing values are "", a whole number has no decimals."""
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
    """The address in a value, as Twilio writes it.

    Args:
        value: text, or the number that a table holds (int, float, numpy, Decimal); None and NaN are empty.
        context: the country of numbers without a country code; without it they are refused.

    Raises:
        AddressRefused: the value is not an address, has lost digits, or has two meanings.
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
    """A typed address as Twilio writes it: ``(415) 555-2671`` in ``US`` is ``+14155552671``.

    ``default_country`` (ISO alpha-2) is the country of numbers without a country code. Three to eight plain
    digits that are not a number assigned there are a short code.

    Raises:
        UsageError: the text is neither a possible number nor a short code nor an alphanumeric sender.
    """
    return read_address(text, NumberContext(default_country))


def read_person(value: object, context: NumberContext | None = None) -> str:
    """As `read_address`, but only for the number of a person: short codes and names are refused.

    Raises:
        AddressRefused: see :func:`read_address`.
    """
    address = read_address(value, context)
    if not is_e164(address.rpartition(":")[2]):
        raise AddressRefused(value, "it is not the number of a person", "Write it with its country code.")
    return address


def _read_plain(text: str, value: object, context: NumberContext) -> str:
    country = context.country
    number = _plain_digits(text)
    _refuse_damage(number, value, country)
    if _SHORT_CODE.fullmatch(number):
        return read_short(number, context) or number
    if _TYPED_NUMBER.fullmatch(number):
        return read_number(number, value, context)
    if _ALPHANUMERIC.fullmatch(text):
        return text
    reason = "it is empty" if not text else "it is neither a number nor a name"
    raise AddressRefused(value, reason, "Write the number with + and its country code.", country)


def _read_behind_prefix(channel_name: str, name: str, value: object, context: NumberContext) -> str:
    """An address after a channel prefix: a number (WhatsApp, RCS), an id (Messenger) or a name (RCS)."""
    if channel_name == "whatsapp" and is_e164(name):
        # WhatsApp keeps numbers of former number plans, such as Mexico's with a 1 after the 52.
        return name
    number = _plain_digits(name)
    if channel_name != "messenger" and _TYPED_NUMBER.fullmatch(number):
        return read_number(number, value, context)
    if channel_name == "whatsapp" or not name:
        reason = "no number stands behind the channel" if name else "nothing stands behind the channel"
        raise AddressRefused(value, reason, f"Write {channel_name}:+14155552671.", context.country)
    return name


def _unwrapped(text: str) -> str:
    """The text without what a program put around it: direction marks, quotes, a formula, a link."""
    text = _INVISIBLE.sub("", text).strip()
    for pattern in (_QUOTED, _FORMULA, _QUOTED):
        if wrapped := pattern.fullmatch(text):
            text = next(group for group in wrapped.groups() if group is not None).strip()
    return _LINK.sub("", text, count=1)


def _plain_digits(text: str) -> str:
    """The text with ASCII digits, signs and decimals in place of those of other scripts and programs."""
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
    """Refuse types that cannot hold a phone number: flags, and floats of half precision."""
    kind = type(value).__name__
    if kind in ("bool", "bool_", "float16", "float32"):
        is_flag = kind.startswith("bool")
        reason = "it is true or false" if is_flag else f"a {kind} cannot hold a number's digits"
        raise AddressRefused(value, reason, "Give the number as text.")


def _refuse_damage(text: str, value: object, country: str | None) -> None:
    is_bare = text.isascii() and text.isdigit() and len(text) >= 9
    if _SCIENTIFIC.fullmatch(text) or (is_bare and text.endswith(_ROUNDED_TAIL)):
        raise AddressRefused(
            value,
            "it was rounded by a spreadsheet",
            "It has lost digits: export it again with the column as text, or write a + before it if it is "
            "right.",
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
    """An address of a message log: as Twilio wrote it, unless a program has changed the number since."""
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
        raise AddressRefused(value, reason, "Export it from the source again.", context.country)
    if not is_number or _SHORT_CODE.fullmatch(number) or re.fullmatch(r"\+[0-9]+", number):
        return prefix + colon + number if is_number else written
    _refuse_damage(number, value, context.country)
    return prefix + colon + read_number(number, value, context)

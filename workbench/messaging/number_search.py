"""What a search finds of a number that is shown masked: the part that is shown, or the whole number. Pure.

A part of a number is compared with the mask only (``+1415***2671``), so that what a search finds says nothing
more than the mask itself. A whole number names one person and is looked up exactly; whoever does that has it
already, or guesses it, so these look-ups are written down and limited (see ``lake/number_lookups.py``).
"""

from __future__ import annotations

import re

from workbench.messaging.address_reader import AddressRefused, NumberContext, read_address
from workbench.messaging.addresses import CHANNELS, is_e164, mask
from workbench.messaging.person import spellings

_FEWEST_DIGITS = 3
_PREFIX = rf"(?:(?:{'|'.join(CHANNELS)}|sms|tel):)?"
_PART = re.compile(rf"{_PREFIX}[\d\s().+\-/]+", re.IGNORECASE)
_UNREADABLE = re.compile(rf"{_PREFIX}\+?[0-9]{{9,}}", re.IGNORECASE)
_MASKED = re.compile(rf"{_PREFIX}[\d\s().+\-/]*\*\*\*\s*\d*", re.IGNORECASE)


def is_number_like(text: str) -> bool:
    """Whether words to look for are a phone number or a part of one: such words stay out of links."""
    return _is_part(text, 4) or whole_number(text) is not None


def _is_part(text: str, fewest_digits: int) -> bool:
    digits = sum(character.isdigit() for character in text)
    return _PART.fullmatch(text.strip()) is not None and digits >= fewest_digits


def shown_part(text: str) -> str | None:
    """What must stand in the mask of an address for this search to find it; None if it is no part of one.

    That is the run of digits in the text, or a mask as it was copied from a page.
    """
    text = text.strip()
    if _MASKED.fullmatch(text):
        return re.sub(r"[^0-9*]", "", text.rpartition(":")[2])
    if _is_part(text, _FEWEST_DIGITS):
        return re.sub(r"\D", "", text.rpartition(":")[2])
    return None


def whole_number(text: str, context: NumberContext | None = None) -> str | None:
    """The address in a search text if it is a whole one that pages show masked; otherwise None.

    Raises:
        UsageError: the context's country does not exist.
    """
    text = text.strip()
    digits = sum(character.isdigit() for character in text)
    if digits <= 4 and text.partition(":")[0].lower() not in CHANNELS:
        return None
    try:
        address = read_address(text, context)
    except AddressRefused:
        # The lake may have numbers that no country has today: of former number plans, or wrong ones.
        address = re.sub(r"[\s().\-/]", "", text)
        if not _UNREADABLE.fullmatch(address):
            return None
    return address if mask(address) != address and "***" not in address else None


def person_addresses(address: str) -> list[str]:
    """Every address that the lake may have for the person with this one: all channels and spellings.

    Their masks are included, because a lake in the mode `masked` has nothing else.
    """
    prefix, _, name = address.rpartition(":")
    if not is_e164(name):
        return [address]
    prefixes = ("", *(f"{channel}:" for channel in CHANNELS), *([f"{prefix}:"] if prefix else []))
    written = [before + number for number in (name, *spellings(address)) for before in prefixes]
    return list(dict.fromkeys([*written, *map(mask, written)]))

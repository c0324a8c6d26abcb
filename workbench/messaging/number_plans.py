"""What the digits of a number mean: with a country code, in a given country, or in the account's own. Pure.

Digits without a + can have two meanings: an international number without its +, or a number of a country.
A number is returned only if one meaning is left; otherwise it is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from workbench.errors import UsageError
from workbench.messaging.addresses import country as country_of
from workbench.messaging.person import person_of

_NO_COUNTRY = "its country code is missing"


@dataclass(frozen=True)
class NumberContext:
    """What is known about numbers that carry no country code."""

    country: str | None = None
    """ISO code (two letters) of the country to which such numbers belong, as the user gave it."""
    sender_countries: tuple[str, ...] = ()
    """Countries of the account's own numbers. They show that a number has two meanings, but never decide."""
    is_from_twilio: bool = False
    """Twilio wrote these numbers with their country code: a missing + was lost later, in the file."""


LOG_NUMBERS = NumberContext(is_from_twilio=True)
"""How to read a message log from Twilio while nothing is known of the account."""


class AddressRefused(UsageError):
    """The value is not an address, or more than one; `reason` does not quote the value."""

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
        """Whether the value could be read if its country were known."""
        return self.reason == _NO_COUNTRY


class _Meaning(NamedTuple):
    """One possible meaning of some digits."""

    number: str
    """E.164."""
    is_assigned: bool
    """Whether its range is known to be in use; a new range may be missing from the number plans."""
    national: str
    """The digits as its own country writes them."""


def read_number(text: str, value: object, context: NumberContext) -> str:
    """The E.164 number that digits with or without a + mean.

    Args:
        text: plain digits with the punctuation of a number.
        value: the value as it was given, for the error.

    Raises:
        AddressRefused: no country has such a number, it has two meanings, or its country is not known.
        UsageError: the context's country does not exist.
    """
    if text.startswith("+") or (text.startswith("00") and context.country is None):
        international = _parse(text if text[0] == "+" else "+" + text[2:], None)
        if international:
            return international.number
        raise AddressRefused(
            value, "no country has such a number", "Correct it, or add the country code.", context.country
        )
    readings = _Meanings.of(text, context)
    if number := readings.only_meaning(context):
        return number
    raise readings.refusal(value, context)


def read_short(digits: str, context: NumberContext) -> str | None:
    """3 to 8 digits: a number of the given country if it is assigned there, otherwise a short code."""
    if context.country is None:
        return None
    reading = _parse(digits, known_region(context.country))
    return reading.number if reading and reading.is_assigned else None


class _Meanings(NamedTuple):
    """What digits without a + can mean."""

    digits: str
    is_bare: bool
    """Whether the text was only digits, as a spreadsheet leaves a number."""
    international: _Meaning | None
    national: _Meaning | None
    """Read as a number of the country that the user gave."""
    by_senders: tuple[_Meaning, ...]
    """Read as a number of each country of the account's own numbers."""

    @classmethod
    def of(cls, text: str, context: NumberContext) -> _Meanings:
        digits = re.sub(r"\D", "", text)
        national = _parse(text, known_region(context.country)) if context.country else None
        nearby = [_parse(text, country) for country in context.sender_countries]
        head = "+" + digits[2:] if digits.startswith("00") else "+" + digits
        return cls(digits, text == digits, _parse(head, None), national, tuple(filter(None, nearby)))

    def only_meaning(self, context: NumberContext) -> str | None:
        """The number, if it has one meaning only; None if it has two or none."""
        if context.is_from_twilio:
            return self._meaning_in_log()
        if context.country is None:
            return self._meaning_by_senders(context)
        if self.national is None:
            chosen = self.international
            return chosen.number if chosen and chosen.is_assigned else None
        return self._meaning_in_country(self.national)

    def _meaning_in_country(self, national: _Meaning) -> str | None:
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
        others = [reading for reading in self.by_senders if reading.number != chosen.number]
        is_near = len(others) < len(self.by_senders)
        if any(reading.is_assigned for reading in others) or not (is_near or chosen.is_assigned):
            return None
        return chosen.number

    def _meaning_in_log(self) -> str | None:
        chosen = self.international
        if chosen is None:
            is_known = self.national is not None and (self.national.is_assigned or not self.is_bare)
            return self.national.number if self.national and is_known else None
        nearby = (*self.by_senders, *([self.national] if self.national else []))
        rivals = [
            reading for reading in nearby if reading.is_assigned and self._is_written_nationally(reading)
        ]
        return None if any(reading.number != chosen.number for reading in rivals) else chosen.number

    def _is_written_nationally(self, reading: _Meaning) -> bool:
        return reading.national == self.digits

    def refusal(self, value: object, context: NumberContext) -> AddressRefused:
        nearby = (self.international, self.national, *self.by_senders)
        numbers = list(dict.fromkeys(reading.number for reading in nearby if reading and reading.is_assigned))
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


def _same_plan(first: str, second: str) -> bool:
    return _country_code(first) == _country_code(second)


def _country_code(number: str) -> int | None:
    import phonenumbers

    return phonenumbers.parse(number).country_code


def _is_read_the_same_again(e164: str) -> bool:
    """Whether a number is the same number when it is read once more; zeros alone may lose one each time."""
    import phonenumbers

    try:
        again = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return False
    return str(phonenumbers.format_number(again, phonenumbers.PhoneNumberFormat.E164)) == e164


@lru_cache(maxsize=2**16)
def _parse(text: str, region: str | None) -> _Meaning | None:
    """What a text means as a number of a region; None if it cannot be dialled from everywhere.

    A possible number is enough, because new ranges may be unknown here. A former spelling gives today's
    number.
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
        # A former spelling is not in today's number plan, yet it belongs to a person: Mexico's +521 …
        former = phonenumbers.format_number(number, formats.E164)
        today = person_of(former)
        return _parse(today, None) if today != former else None
    e164 = phonenumbers.format_number(number, formats.E164)
    if not _is_read_the_same_again(e164):
        return None
    return _Meaning(
        e164,
        phonenumbers.is_valid_number(number),
        re.sub(r"\D", "", phonenumbers.format_number(number, formats.NATIONAL)),
    )


def known_region(country: str) -> str:
    """The country by the code that the number plans use.

    Raises:
        UsageError: the country does not exist.
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

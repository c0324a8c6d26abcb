"""Addresses as spreadsheets, programs and people spell them: one meaning is read, two or none are refused."""

from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pandas as pd
import phonenumbers
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.messaging.address_reader import (
    AddressRefused,
    NumberContext,
    address_text,
    read_address,
    read_person,
    sender_countries,
)

US = NumberContext("US")
OUR_US = NumberContext(sender_countries=("US",))
OUR_DE = NumberContext(sender_countries=("DE",))
LOG = NumberContext(is_from_twilio=True)
WITHOUT = NumberContext()

SPELLINGS = [
    "+14155550123",
    "14155550123",
    14155550123,
    14155550123.0,
    np.int64(14155550123),
    np.float64(14155550123.0),
    Decimal("14155550123"),
    "14155550123.0",
    "14155550123,00",
    "14,155,550,123",
    "1.4155550123E+10",
    "1,4155550123E10",
    "1 (415) 555-0123",
    "1-415-555-0123",
    "1.415.555.0123",
    "+1\u00a0415\u00a0555\u00a00123",
    "+1\u202f415\u2011555\u20110123",
    "+1\u2212415\u2212555\u22120123",
    "\u202a+14155550123\u202c",
    "\ufeff+14155550123\u200e",
    "＋１４１５５５５０１２３",
    "+١٤١٥٥٥٥٠١٢٣",
    "'+14155550123",
    "’+14155550123",
    "'14155550123",
    '="+14155550123"',
    '="14155550123"',
    "=+14155550123",
    '"+14155550123"',
    '\'="+14155550123"',
    "tel:+1-415-555-0123",
    "tel://14155550123",
    "sms:+14155550123",
    "0014155550123",
    "  +14155550123\r\n",
]


@pytest.mark.parametrize("context", [US, OUR_US, LOG], ids=["given", "senders", "log"])
@pytest.mark.parametrize("value", SPELLINGS, ids=repr)
def test_every_spelling_of_a_number_is_the_number(value: object, context: NumberContext) -> None:
    assert read_address(value, context) == "+14155550123"


@pytest.mark.parametrize(
    ("value", "context", "address"),
    [
        # National forms need a country that somebody gave; a log of Twilio's has none.
        ("(415) 555-0123", US, "+14155550123"),
        (4155550123, US, "+14155550123"),
        (7911123456, NumberContext("GB"), "+447911123456"),
        ("447911123456", NumberContext("GB"), "+447911123456"),
        (201712345678, NumberContext("DE"), "+49201712345678"),
        # A number of elsewhere that lost its + can be no number of the given country.
        ("447911123456", US, "+447911123456"),
        ("1 (415) 555-0123", NumberContext("DE"), "+14155550123"),
        ("447911123456", OUR_US, "+447911123456"),
        ("447700900123", LOG, "+447700900123"),
        # Mexico's former spelling, and no other number.
        ("5215512345678", NumberContext("MX", is_from_twilio=True), "+525512345678"),
        ("whatsapp:14155550123", LOG, "whatsapp:+14155550123"),
        ("whatsapp: 14155550123", LOG, "whatsapp:+14155550123"),
        ("WhatsApp:+1 415 555 0123", WITHOUT, "whatsapp:+14155550123"),
    ],
)
def test_what_a_country_settles(value: object, context: NumberContext, address: str | None) -> None:
    if address is None:
        with pytest.raises(AddressRefused):
            read_address(value, context)
    else:
        assert read_address(value, context) == address


@pytest.mark.parametrize(
    ("value", "context", "reason"),
    [
        ("1.41556E+10", US, "it was rounded by a spreadsheet"),
        ("1,41556E+10", LOG, "it was rounded by a spreadsheet"),
        ("1.41556e10", OUR_US, "it was rounded by a spreadsheet"),
        (14155600000.0, US, "it was rounded by a spreadsheet"),
        ("14155600000", LOG, "it was rounded by a spreadsheet"),
        (np.float32(14155550123), US, "a float32 cannot hold a number's digits"),
        (True, US, "it is true or false"),
        ("+1 415 555 0123 ext", US, "it has an extension, which gets no messages"),
        ("+1 415 555 0123 ext. 5", LOG, "it has an extension, which gets no messages"),
        ("+14155550123x5", US, "it has an extension, which gets no messages"),
        ("+14155550123;ext=5", US, "it has an extension, which gets no messages"),
        ("+49 171 1234567/68", US, "it is more than one number"),
        ("089 1234567 / 8", NumberContext("DE"), "it is more than one number"),
        ("4155550123/24", NumberContext("DE"), "it is more than one number"),
        ("14155550123", WITHOUT, "its country code is missing"),
        ("4155550123", OUR_US, "its country code is missing"),
        ("4155550123", LOG, "its country code is missing"),
        # Austin, Texas without its +, or a German mobile number without its 0.
        ("15123456789", OUR_DE, "it can be two different numbers"),
        ("15123456789", NumberContext("DE"), "it can be two different numbers"),
        # Los Angeles, or Antwerp without its +: a log has the latter, unless somebody edited it.
        ("3232345678", NumberContext(None, ("US",), True), "it can be two different numbers"),
        (float("nan"), US, "it is empty"),
        (None, US, "it is empty"),
        (pd.NA, US, "it is empty"),
        (pd.NaT, US, "it is empty"),
        ("", US, "it is empty"),
        (b"+14155550123", US, "it is neither a number nor a name"),
        ("4155550123; 4155550124", US, "it is neither a number nor a name"),
        ("+1 415 555 0123 / +1 415 555 0124", US, "it is neither a number nor a name"),
        ("+999123456789", US, "no country has such a number"),
        ("+1415,55", LOG, "it is neither a number nor a name"),
        ("#########", LOG, "it is neither a number nor a name"),
    ],
    ids=repr,
)
def test_what_has_no_or_two_meanings_is_refused_with_the_reason(
    value: object, context: NumberContext, reason: str
) -> None:
    with pytest.raises(AddressRefused) as refused:
        read_address(value, context)
    assert refused.value.reason == reason
    assert repr(value) in str(refused.value)
    assert "Allowed: a number with its country code such as +14155552671" in str(refused.value)


def test_two_meanings_are_both_named() -> None:
    with pytest.raises(UsageError, match=r"Write \+15123456789 or \+4915123456789, whichever is meant"):
        read_address("15123456789", NumberContext("DE"))


@pytest.mark.parametrize(
    "address",
    [
        "+14155550123", "+15005550006", "+5215512345678", "+2904567", "+1415", "+1415555XXXX", "22395", "911",
        "12345678", "ACME Ltd", "Shop-24_7", "TwelveLetters", "MÜLLER", "whatsapp:+14155550123",
        "whatsapp:+5215512345678", "rcs:acme_agent", "rcs:+14155550123", "messenger:2334567890123",
        "client:support", "client:14155550123", "sip:anna@example.com", "sim:DE0123456789", "bob@example.com",
        "+1415***0123", "anonymous",
    ],
)  # fmt: skip
def test_what_twilio_writes_stays_as_it_is(address: str) -> None:
    assert read_address(address, LOG) == address
    assert read_address(address, NumberContext("US", ("US", "DE"), True)) == address


def test_a_person_has_a_number() -> None:
    assert read_person("whatsapp:+14155550123") == "whatsapp:+14155550123"
    for nobody in ("22395", "ACME", "rcs:acme_agent", "messenger:2334567890123"):
        with pytest.raises(AddressRefused):
            read_person(nobody)


def test_values_as_text() -> None:
    values = [None, float("nan"), pd.NA, pd.NaT, 5.0, 5.5, np.int64(7), "NA", "None", "nan ", "null"]
    assert [address_text(value) for value in values] == [
        "", "", "", "", "5", "5.5", "7", "NA", "None", "nan ", "null",
    ]  # fmt: skip


def test_countries_of_senders() -> None:
    senders = ["+12025550110", "whatsapp:+4915123456789", "22395", "ACME", "+14155550100"]
    assert sender_countries(senders) == ("DE", "US")


# --- against the number plans ---


def random_numbers(count: int) -> list[phonenumbers.PhoneNumber]:
    """Numbers of every country that its plan calls assigned, made from the examples of the library."""
    chance = random.Random(20261129)
    kinds = [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE]
    examples = [
        example
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
        if (example := phonenumbers.example_number_for_type(region, kind))
    ]
    numbers: list[phonenumbers.PhoneNumber] = []
    while len(numbers) < count:
        example = chance.choice(examples)
        digits = list(phonenumbers.national_significant_number(example))
        for place in range(min(len(digits) - 1, chance.randint(1, 6))):
            digits[-1 - place] = chance.choice("0123456789")
        text = f"+{example.country_code}{''.join(digits)}"
        number = phonenumbers.parse(text)
        if phonenumbers.is_valid_number(number) and not text.endswith("00000"):
            numbers.append(number)
    return numbers


NUMBERS = random_numbers(2000)
FORMATS = phonenumbers.PhoneNumberFormat


def test_numbers_with_their_country_code_are_read_as_the_library_reads_them() -> None:
    wrong = []
    for number in NUMBERS:
        e164 = phonenumbers.format_number(number, FORMATS.E164)
        for form in (FORMATS.E164, FORMATS.INTERNATIONAL, FORMATS.RFC3966):
            text = phonenumbers.format_number(number, form)
            spaced = text.replace(" ", "\u00a0")
            for spelling in (text, f"'{text}", f'="{text}"', spaced, f"\u202a{text}\u202c"):
                if read_address(spelling) != e164:
                    wrong.append((spelling, e164))
        if read_address(e164.replace("+", "00")) != e164:
            wrong.append((e164.replace("+", "00"), e164))
    assert wrong == []


def test_a_national_number_is_read_in_its_country() -> None:
    wrong = []
    for number in NUMBERS:
        region = phonenumbers.region_code_for_number(number)
        e164 = phonenumbers.format_number(number, FORMATS.E164)
        national = phonenumbers.format_number(number, FORMATS.NATIONAL)
        if region == phonenumbers.region_code_for_country_code(number.country_code or 0):
            try:
                address = read_address(national, NumberContext(region))
            except AddressRefused as refused:
                address = refused.reason
            if address not in (e164, "it can be two different numbers", "it was rounded by a spreadsheet"):
                wrong.append((national, region, address))
    assert wrong == []


def test_a_number_without_its_plus_is_the_number_or_is_refused_never_another() -> None:
    wrong, refused, read = [], 0, 0
    for number in NUMBERS:
        region = phonenumbers.region_code_for_number(number) or ""
        e164 = phonenumbers.format_number(number, FORMATS.E164)
        for value in (e164[1:], int(e164[1:]), float(e164[1:])):
            for context in (LOG, NumberContext(region), NumberContext(sender_countries=(region,)), OUR_US):
                try:
                    address = read_address(value, context)
                except AddressRefused:
                    refused += 1
                    continue
                read += 1
                if address != e164 and not (len(e164) <= 9 and address == e164[1:]):
                    wrong.append((value, context, address))
    assert wrong == []
    # It is worth it: most are read.
    assert refused < read / 10


addresses = st.one_of(
    st.sampled_from(SPELLINGS),
    st.from_regex(r"\+?[0-9 ().-]{5,18}", fullmatch=True),
    st.text(max_size=24),
    st.integers(0, 10**16),
    st.floats(),
    st.from_regex(r"(whatsapp|rcs|messenger|tel|client):[+0-9a-z ]{1,18}", fullmatch=True),
)
contexts = st.builds(
    NumberContext,
    st.sampled_from([None, "US", "DE", "GB", "IT"]),
    st.sampled_from([(), ("US",), ("DE", "US")]),
    st.booleans(),
)


@settings(deadline=None, max_examples=600)
@example("000000/", NumberContext("DE"))
@given(addresses, contexts)
def test_what_was_read_once_is_read_the_same_again(value: object, context: NumberContext) -> None:
    try:
        address = read_address(value, context)
    except AddressRefused:
        assume(False)
    assert read_address(address, context) == address


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("+5215512345678", "+525512345678"),
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+52 044 55 1234 5678", "+525512345678"),
        ("5215512345678", "+525512345678"),
        ("+22997123456", "+2290197123456"),
        ("whatsapp:+5215512345678", "whatsapp:+5215512345678"),
        ("+5491123456789", "+5491123456789"),
    ],
)
def test_a_former_spelling_is_read_as_todays_number(typed: str, read: str) -> None:
    """WhatsApp's own form stays: it is what the log has and what an answer goes to."""
    assert read_address(typed, NumberContext(sender_countries=("MX",))) == read

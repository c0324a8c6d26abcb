"""Addresses: what they are, where they are, how they are shown and how typed ones are read."""

from __future__ import annotations

import itertools

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.messaging.address_reader import normalize_address
from workbench.messaging.addresses import (
    address_kind,
    channel,
    country,
    is_e164,
    mask,
    time_zones,
)

# Calling codes that serve several countries, with the usual length of a number behind them.
SHARED_CALLING_CODES = [
    (1, 10), (7, 10), (39, 10), (44, 10), (47, 8), (61, 9), (212, 9), (262, 9), (290, 4), (358, 9),
    (590, 9), (599, 7), (599, 8),
]  # fmt: skip

e164_numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@pytest.mark.parametrize(
    ("address", "its_channel", "kind", "its_country", "shown"),
    [
        ("+14155552671", "sms", "long code", "US", "+1415***2671"),
        ("+447700900123", "sms", "long code", "GB", "+4477***0123"),
        ("+18005551234", "sms", "toll-free", "US", "+1800***1234"),
        ("+18885551234", "sms", "toll-free", "US", "+1888***1234"),
        ("+18225551234", "sms", "long code", "US", "+1822***1234"),
        ("+448001111111", "sms", "long code", "GB", "+4480***1111"),
        ("22395", "sms", "short code", None, "22395"),
        ("911", "sms", "short code", None, "911"),
        ("12345678", "sms", "short code", None, "12345678"),
        ("14155552671", "sms", "unknown", None, "1415***2671"),
        ("ACME Ltd", "sms", "alphanumeric", None, "ACME Ltd"),
        ("Shop-24_7", "sms", "alphanumeric", None, "Shop-24_7"),
        ("TwelveLetters", "sms", "unknown", None, "***ters"),
        ("whatsapp:+14155552671", "whatsapp", "whatsapp", "US", "whatsapp:+1415***2671"),
        ("whatsapp:+5511987654321", "whatsapp", "whatsapp", "BR", "whatsapp:+5511***4321"),
        ("rcs:acme_agent", "rcs", "rcs", None, "rcs:acme_agent"),
        ("rcs:+14155552671", "rcs", "rcs", "US", "rcs:+1415***2671"),
        ("messenger:2334567890123", "messenger", "messenger", None, "messenger:23345***0123"),
        ("+1415555XXXX", "sms", "long code", "US", "+1415***XXXX"),
        ("+1800555XXXX", "sms", "toll-free", "US", "+1800***XXXX"),
        ("+2904567", "sms", "long code", "SH", "+***4567"),
        ("bob@example.com", "sms", "unknown", None, "***.com"),
        ("sim:DE0123456789", "sms", "unknown", None, "sim:***6789"),
        ("+1415", "sms", "unknown", None, "***15"),
        ("", "sms", "unknown", None, ""),
    ],
)
def test_what_an_address_is(
    address: str, its_channel: str, kind: str, its_country: str | None, shown: str
) -> None:
    assert channel(address) == its_channel
    assert address_kind(address) == kind
    assert country(address) == its_country
    assert mask(address) == shown


def test_no_address_at_all() -> None:
    assert address_kind(None) == "unknown"
    assert country(None) is None
    assert mask(None) == ""
    assert time_zones(None) == ()


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        # +1: the United States, Canada and the Caribbean
        ("+12125550123", "US"),
        ("+14155550100", "US"),
        ("+15551234567", "US"),
        ("+15005550006", "US"),
        ("+14161234567", "CA"),
        ("+16045550123", "CA"),
        ("+17875550123", "PR"),
        ("+18095550123", "DO"),
        ("+18765550123", "JM"),
        ("+12425550123", "BS"),
        ("+16715550123", "GU"),
        # +7
        ("+79161234567", "RU"),
        ("+77011234567", "KZ"),
        # +44 and the islands
        ("+447400123456", "GB"),
        ("+447781123456", "GG"),
        ("+447797712345", "JE"),
        ("+447624123456", "IM"),
        ("+441624756789", "IM"),
        ("+441534712345", "JE"),
        # +39, +47, +61, +212, +262, +290, +358, +590, +599
        ("+393123456789", "IT"),
        ("+390669812345", "VA"),
        ("+4740612345", "NO"),
        ("+4779123456", "SJ"),
        ("+61412345678", "AU"),
        ("+61891641234", "CX"),
        ("+61891621234", "CC"),
        ("+212650123456", "MA"),
        ("+212528812345", "MA"),
        ("+262692123456", "RE"),
        ("+262639012345", "YT"),
        ("+29051234", "SH"),
        ("+2908999", "TA"),
        ("+358412345678", "FI"),
        ("+3581812345678", "AX"),
        ("+590690001234", "GP"),
        ("+59995181234", "CW"),
        ("+5993181234", "BQ"),
        # one country each
        ("+4915123456789", "DE"),
        ("+33612345678", "FR"),
        ("+919876543210", "IN"),
        ("+5511987654321", "BR"),
        ("+525512345678", "MX"),
        ("+8613123456789", "CN"),
        ("+85251234567", "HK"),
        ("+353851234567", "IE"),
        # no country: international services, unused calling codes, no number
        ("+80012345678", None),
        ("+870773111632", None),
        ("+99912345678", None),
        ("+01234567890", None),
        ("+1415", None),
        ("+14155552671234567", None),
        ("4155552671", None),
        ("+1415555267a", None),
        ("+١٤١٥٥٥٥٢٦٧١", None),
    ],
)
def test_country(number: str, expected: str | None) -> None:
    assert country(number) == expected
    assert country(f"whatsapp:{number}") == expected


def every_area(calling_code: int, length: int) -> list[str]:
    """Numbers of a calling code that differ in their first digits, up to 10,000."""
    varied = min(4, length - 1)
    rest = "5550123456"[: length - varied]
    return [
        f"+{calling_code}{''.join(head)}{rest}" for head in itertools.product("0123456789", repeat=varied)
    ]


@pytest.mark.parametrize(
    ("calling_code", "length"),
    SHARED_CALLING_CODES,
)
def test_shared_calling_codes_agree_with_the_numbering_plans(calling_code: int, length: int) -> None:
    wrong = [
        (number, expected)
        for number in every_area(calling_code, length)
        if (expected := phonenumbers.region_code_for_number(phonenumbers.parse(number)))
        and country(number) != expected
    ]
    assert wrong == []


def test_every_country_agrees_with_the_numbering_plans() -> None:
    wrong = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if example is None:
            continue
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        if country(number) != phonenumbers.region_code_for_number(example):
            wrong.append(number)
    assert wrong == []


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("+0123456789X:whatsapp "), max_size=22) | st.text(max_size=20))
def test_any_text_can_be_asked_about(text: str) -> None:
    assert country(text) is None or len(country(text) or "") == 2
    assert isinstance(time_zones(text), tuple)
    assert mask(mask(text)) == mask(text)
    address_kind(text)


@settings(deadline=None)
@given(e164_numbers)
def test_a_masked_number_hides_at_least_three_digits(number: str) -> None:
    assert is_e164(number)
    shown = sum(character.isdigit() for character in mask(number))
    assert shown <= len(number) - 1 - 3
    assert mask(number) == mask(mask(number))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+14155552671", True),
        ("+2904567", True),
        ("+123456789012345", True),
        ("+1234567890123456", False),
        ("+123456", False),
        ("+04155552671", False),
        ("14155552671", False),
        ("+1415555267a", False),
        ("+14155552671\n", False),
        ("whatsapp:+14155552671", False),
        ("+١٤١٥٥٥٥٢٦٧١", False),
        ("", False),
    ],
)
def test_is_e164(text: str, expected: bool) -> None:
    assert is_e164(text) is expected


@pytest.mark.parametrize(
    ("address", "zones"),
    [
        ("+14155552671", ("America/Los_Angeles",)),
        ("whatsapp:+14155552671", ("America/Los_Angeles",)),
        ("+1415555XXXX", ("America/Los_Angeles",)),
        ("+12125550123", ("America/New_York",)),
        ("+18085550123", ("Pacific/Honolulu",)),
        ("+16025550123", ("America/Phoenix",)),
        ("+4915123456789", ("Europe/Berlin",)),
        ("22395", ()),
        ("ACME", ()),
        ("messenger:2334567890123", ()),
    ],
)
def test_time_zones(address: str, zones: tuple[str, ...]) -> None:
    assert time_zones(address) == zones


def test_a_number_without_a_place_may_be_anywhere_in_its_country() -> None:
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu"} < set(time_zones("+18005551234"))


@pytest.mark.parametrize(
    ("text", "default_country", "address"),
    [
        ("+14155552671", None, "+14155552671"),
        (" +1 (415) 555-2671 ", None, "+14155552671"),
        ("(415) 555-2671", "US", "+14155552671"),
        ("415.555.2671", "us", "+14155552671"),
        ("1-415-555-2671", "US", "+14155552671"),
        ("+44 20 7946 0958", "US", "+442079460958"),
        ("0044 7700 900123", None, "+447700900123"),
        ("011 44 7700 900123", "US", "+447700900123"),
        ("07700 900123", "GB", "+447700900123"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("+39 06 6982 1234", None, "+390669821234"),
        ("+31 (0)20 794 0958", None, "+31207940958"),
        ("20123456", "DK", "+4520123456"),
        ("\u202a+1\u00a0415\u2011555\u20112671\u202c", None, "+14155552671"),
        ("22395", None, "22395"),
        ("22395", "US", "22395"),
        ("ACME Ltd", None, "ACME Ltd"),
        ("whatsapp:+1 415 555 2671", None, "whatsapp:+14155552671"),
        ("WhatsApp: (415) 555-2671", "US", "whatsapp:+14155552671"),
        ("rcs:acme_agent", None, "rcs:acme_agent"),
        ("rcs:+1 415 555 2671", None, "rcs:+14155552671"),
        ("messenger:2334567890123", None, "messenger:2334567890123"),
    ],
)
def test_normalize_address(text: str, default_country: str | None, address: str) -> None:
    assert normalize_address(text, default_country) == address


@pytest.mark.parametrize(
    ("text", "default_country"),
    [
        ("", None),
        ("   ", None),
        ("14155552671", None),
        ("(415) 555-2671", None),
        ("555-2671", "US"),
        ("+1415", None),
        ("+999123456789", None),
        ("+1 415 555 2671 ext 5", None),
        ("call 4155552671 now", "US"),
        ("4155552671, 4155552672", "US"),
        ("bob@example.com", None),
        ("a very long sender name", None),
        ("whatsapp:14155552671", None),
        ("whatsapp:bob", None),
        ("whatsapp:", None),
        ("messenger:", None),
    ],
)
def test_what_is_no_address_is_refused_by_name(text: str, default_country: str | None) -> None:
    with pytest.raises(UsageError) as refused:
        normalize_address(text, default_country)
    assert repr(text) in str(refused.value)
    assert "+14155552671" in str(refused.value)
    assert "country code" in str(refused.value)


def test_an_unknown_default_country_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="'XX' is not a country"):
        normalize_address("(415) 555-2671", "XX")


@pytest.mark.parametrize("region", ["AU", "BR", "CA", "DE", "FR", "GB", "IN", "IT", "JP", "MX", "SG", "US"])
def test_a_number_is_read_however_its_country_writes_it(region: str) -> None:
    example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
    international = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    assert normalize_address(e164) == e164
    assert normalize_address(international) == e164
    assert normalize_address(national, region) == e164

"""Numbers in texts of others are masked in every spelling; what has digits and is no number stays."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.number_masking import mask_numbers

#: From E.123, national customs, URLs, JSON and what people type.
SPELLINGS = [
    ("+14155552671", "+1415***2671"),
    ("+1 415 555 2671", "+1415***2671"),
    ("+1 (415) 555-2671", "+1415***2671"),
    ("+1-415-555-2671", "+1415***2671"),
    ("+1.415.555.2671", "+1415***2671"),
    ("(415) 555-2671", "415***2671"),
    ("415/555-2671", "415***2671"),
    ("415\u2011555\u20112671", "415***2671"),
    ("415\u00a0555\u00a02671", "415***2671"),
    ("1-415-555-2671", "1415***2671"),
    ("4155552671", "415***2671"),
    ("%2B14155552671", "+1415***2671"),
    ("%2b1%20415%20555%202671", "+1415***2671"),
    ("\\u002b14155552671", "+1415***2671"),
    ("whatsapp:+14155552671", "whatsapp:+1415***2671"),
    ("tel:+1-415-555-2671", "tel:+1415***2671"),
    ("0044 20 7946 0958", "0044***0958"),
    ("+44 (0) 20 7946 0958", "+4402***0958"),
    ("06 12 34 56 78", "061***5678"),
    ("+33 6 12 34 56 78", "+3361***5678"),
    ("030/1234567", "030***4567"),
    ("+４９１５１２３４５６７８９", "+4915***6789"),
    ("+٩٦٦٥٠١٢٣٤٥٦٧", "+9665***4567"),
]

KEPT = [
    "SM0123456789abcdef0123456789abcdef",
    "HX01234567890123456789012345678901",
    "MG11111111111111111111111111111111",
    "AC22222222222222222222222222222222",
    "ACaaaaaaaa…",
    "CH0123456789ABCDEF0123456789ABCDEF",
    "2026-11-29",
    "2026-11-29 11:45:22",
    "2026-11-29T11:45:22.123456Z",
    "2026-11-29 11:45:22.123+00:00",
    "Sun, 29 Nov 2026 11:45:22 +0000",
    "29/11/26",
    "11:45:22",
    "$1,234,567.89",
    "1234567.50 USD",
    "-0.00750",
    "0.123456789",
    "12.345678 s",
    "98.7 %",
    "127.0.0.1:50067",
    "192.168.100.200",
    "019ad3c2-1234-4abc-8def-0123456789ab",
    "Twilio error 30007",
    "HTTP 400",
    "131072 bytes",
    "12345",
    "1.5.5",
]


@pytest.mark.parametrize(("number", "shown"), SPELLINGS)
@pytest.mark.parametrize("text", ["{}", "The 'To' number {} is not valid.", "to={}&n=1", "({})", "a{}"])
def test_every_spelling_of_a_number_is_masked(number: str, shown: str, text: str) -> None:
    assert shown in mask_numbers(text.format(number))
    assert number not in mask_numbers(text.format(number))


@pytest.mark.parametrize("text", KEPT)
@pytest.mark.parametrize("around", ["{}", "The content {} was refused.", "({})", "{}, {}", "on {}:"])
def test_what_is_no_number_stays(text: str, around: str) -> None:
    assert mask_numbers(around.format(text, text)) == around.format(text, text)


GAPS = st.sampled_from(["", " ", "-", ".", "/", " (", ") ", "\u00a0"])


@given(
    st.text("0123456789", min_size=10, max_size=15).filter(lambda digits: digits[0] != "0"),
    st.lists(GAPS, min_size=15, max_size=15),
    st.sampled_from(["+", "%2B", "tel:+"]),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_a_number_is_masked_wherever_it_stands(
    digits: str, gaps: list[str], plus: str, before: str, after: str
) -> None:
    spelled = plus + digits[0] + "".join(gap + digit for gap, digit in zip(gaps, digits[1:], strict=False))
    masked = mask_numbers(f"{before} {spelled} {after}")
    assert digits not in re.sub(r"\D", "", masked.replace(before, "", 1).replace(after, ""))


@given(st.text(max_size=60))
def test_masking_twice_changes_nothing(text: str) -> None:
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)

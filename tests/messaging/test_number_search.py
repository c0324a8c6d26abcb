"""What a search text is: a part of a number, a whole number, or neither."""

from __future__ import annotations

import pytest

from workbench.messaging.address_reader import NumberContext
from workbench.messaging.number_search import is_number_like, person_addresses, shown_part, whole_number


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("2671", "2671"), ("+1 415", "1415"), ("(415) 555-2671", "4155552671"), ("671", "671"), ("71", None),
        ("+1415***2671", "1415***2671"), ("whatsapp:+1415***2671", "1415***2671"), ("+1415***", "1415***"),
        ("whatsapp:+1 415", "1415"), ("order 2671", None), ("", None), ("%", None), ("SM2671", None),
    ],
)  # fmt: skip
def test_a_part_of_a_number(text: str, part: str | None) -> None:
    assert shown_part(text) == part


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+14155552671", "+14155552671"), ("+1 (415) 555-2671", "+14155552671"),
        ("whatsapp:+14155552671", "whatsapp:+14155552671"), ("tel:+14155552671", "+14155552671"),
        ("(415) 555-2671", "+14155552671"), ("messenger:1234567890", "messenger:1234567890"),
        ("messenger:abcdef", "messenger:abcdef"), ("+99912345678", "+99912345678"),
        ("2671", None), ("1415", None), ("55501", None), ("ACME", None), ("+1415***2671", None), ("", None),
        ("where is my order 41", None), ("rcs:brand_agent", None),
    ],
)  # fmt: skip
def test_a_whole_number(text: str, number: str | None) -> None:
    assert whole_number(text, NumberContext("US")) == number


@pytest.mark.parametrize(
    "text", ["+14155552671", "whatsapp:+14155552671", '="+14155552671"', "tel:+14155552671"]
)
def test_a_whole_number_stays_out_of_links(text: str) -> None:
    assert is_number_like(text)


def test_a_person_has_all_spellings_on_all_channels() -> None:
    addresses = person_addresses("whatsapp:+5215512345678")
    assert {
        "+525512345678", "+5215512345678", "whatsapp:+525512345678", "whatsapp:+5215512345678",
        "rcs:+525512345678", "+5255***5678",
    } <= set(addresses)  # fmt: skip
    assert person_addresses("messenger:1234567890") == ["messenger:1234567890"]

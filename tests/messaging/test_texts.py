"""What texts cost, on groups small enough to count by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.messaging.segments import count_segments, encoding_of
from workbench.messaging.texts import TextGroup, cheaper_template, cheaper_text, cost_of_texts


def group(text: str, messages: int = 10, segments: int | None = None, currency: str = "USD") -> TextGroup:
    """Messages of one text at a cent each segment."""
    billed = segments or count_segments(text).segments
    spend = Decimal("0.01") * billed * messages
    return TextGroup(text, billed, currency, messages, messages, spend, text)


@pytest.mark.parametrize(
    ("text", "cheaper"),
    [
        ("It’s " + "x" * 70, "It's " + "x" * 70),
        ("Está " + "x" * 70, "Esta " + "x" * 70),
        ("🎉 New " + "x" * 70, "New " + "x" * 70),
        ("Now 🎉 here " + "x" * 70, "Now here " + "x" * 70),
        ("It’s short", None),
        ("Привет " * 12, None),
        ("plain " * 20, None),
        ("价格 99 " + "x" * 70, None),
    ],
)
def test_a_text_in_plain_characters(text: str, cheaper: str | None) -> None:
    assert cheaper_text(text) == cheaper


@given(st.text(max_size=300))
def test_a_cheaper_text_is_cheaper(text: str) -> None:
    cheaper = cheaper_text(text)
    if cheaper is not None:
        assert encoding_of(cheaper) == "GSM-7"
        assert count_segments(cheaper).segments < count_segments(text).segments


def test_blanks_of_a_template_stay() -> None:
    assert cheaper_template("It’s ⟨…⟩ o’clock ⟨…⟩") == "It's ⟨…⟩ o'clock ⟨…⟩"
    assert cheaper_template("🎉 ⟨…⟩ here") == "⟨…⟩ here"
    assert cheaper_template("Привет ⟨…⟩") is None


def test_a_character_carries_the_messages_it_forces() -> None:
    costs = cost_of_texts([group("It’s “x” " + "y" * 70), group("It’s short", 5), group("plain", 7)])
    costs_by_character = {cost.character: cost for cost in costs.characters}
    assert {character: cost.messages for character, cost in costs_by_character.items()} == {
        "’": 15,
        "“": 10,
        "”": 10,
    }
    # 79 units are two segments of UCS-2 at 0.20 for ten, and one of GSM-7.
    assert costs_by_character["“"].spend == {"USD": Decimal("0.20")}
    assert costs_by_character["“"].saved == {"USD": Decimal("0.10")}
    assert costs_by_character["’"].spend == {"USD": Decimal("0.25")}
    assert costs_by_character["’"].saved == {"USD": Decimal("0.10")}
    assert costs_by_character["’"].replacement == "'"
    assert (costs.plain.messages, dict(costs.plain.saved)) == (10, {"USD": Decimal("0.10")})


def test_two_currencies_are_never_added() -> None:
    text = "It’s " + "y" * 70
    costs = cost_of_texts([group(text), group(text, currency="EUR")])
    assert costs.templates[0].spend == {"USD": Decimal("0.20"), "EUR": Decimal("0.20")}
    assert costs.templates[0].messages == 20


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("x" * 160, None),
        ("x" * 161, (1, 1)),
        ("x" * 170, (10, 10)),
        ("x" * 171, None),
        ("€" * 80 + "x", (1, 1)),
        ("ж" * 70, None),
        ("ж" * 71, (1, 1)),
        ("ж" * 75, (5, 5)),
        ("ж" * 76, None),
    ],
)
def test_just_over_a_boundary(text: str, over: tuple[int, int] | None) -> None:
    boundaries = cost_of_texts([group(text)]).boundaries
    assert [boundary.over for boundary in boundaries] == ([over] if over else [])
    if over:
        # One of two segments.
        assert dict(boundaries[0].saved) == {"USD": Decimal("0.10")}


def test_a_saving_is_of_what_was_billed() -> None:
    """Smart Encoding has already made it one segment: nothing is left to save."""
    costs = cost_of_texts([group("It’s " + "y" * 70, segments=1)])
    assert dict(costs.templates[0].saved) == {"USD": Decimal(0)}
    assert costs.templates[0].instead is None
    assert [
        (mismatch.billed, mismatch.counted, mismatch.is_smart_encoding) for mismatch in costs.mismatches
    ] == [(1, 2, True)]


def test_nothing_is_nothing() -> None:
    costs = cost_of_texts([])
    assert (costs.messages, costs.templates, costs.characters) == (0, [], [])

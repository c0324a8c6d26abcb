"""Segment counts equal Twilio's own calculator, and the layout adds up to the text.

``data/segment_vectors.json`` and ``data/segment_vectors_edges.json`` are what Twilio's calculator
(sms-segments-calculator) answered; nothing in them was computed here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.messaging.segments import (
    count_segments,
    count_units,
    encoding_of,
    replace_characters,
)
from workbench.messaging.texts import cheaper_text

DATA = Path(__file__).parent / "data"
BITS_PER_UNIT = {"GSM-7": 7, "UCS-2": 16}
JOINED_LIMIT = {"GSM-7": 153, "UCS-2": 67}


def vectors(name: str) -> list[Any]:
    file_content = json.loads((DATA / name).read_text(encoding="utf-8"))
    return [
        pytest.param(vector, id=f"{vector['name']} {'smart' if vector['smart_encoding'] else 'plain'}")
        for vector in file_content
    ]


@pytest.mark.parametrize("vector", vectors("segment_vectors.json"))
def test_equals_twilios_calculator(vector: dict[str, Any]) -> None:
    counted = count_segments(vector["text"], smart_encoding=vector["smart_encoding"])
    assert counted.encoding == vector["encoding"]
    assert counted.segments == vector["segments"]
    assert counted.units * BITS_PER_UNIT[counted.encoding] == vector["message_bits"]


@pytest.mark.parametrize("vector", vectors("segment_vectors_edges.json"))
def test_equals_twilios_calculator_at_the_edges(vector: dict[str, Any]) -> None:
    counted = count_segments(vector["text"], smart_encoding=vector["smart_encoding"])
    assert counted.encoding == vector["encoding"]
    assert counted.segments == vector["segments"]
    assert counted.units == vector["units"]
    assert [len(text) for text in counted.per_segment] == vector["segment_lengths"]


def test_an_escaped_character_is_not_cut_at_a_boundary() -> None:
    counted = count_segments("a" * 152 + "€" + "b" * 20)
    assert counted.per_segment == ("a" * 152, "€" + "b" * 20)


def test_a_family_is_not_cut_at_a_boundary() -> None:
    family = "\U0001f469‍\U0001f469‍\U0001f467‍\U0001f466"
    counted = count_segments("я" * 60 + family + "я" * 20)
    assert counted.per_segment == ("я" * 60, family + "я" * 20)


@pytest.mark.parametrize(
    ("text", "forcing", "suggestion"),
    [
        ("plain text", (), None),
        ("It’s “fine” – it’s ok…", ("’", "“", "”", "–", "…"), "It's \"fine\" - it's ok..."),
        ("50 € {ok}", (), None),
        ("a`b", ("`",), "a'b"),
        ("a\tb", ("\t",), "a       b"),
        ("José", (), None),
        ("José Ramírez", ("í",), None),
        ("façade", ("ç",), None),
        ("It’s \U0001f600", ("’", "\U0001f600"), None),
        ("\U0001f469\u200d\U0001f467 and \U0001f469\u200d\U0001f467", ("\U0001f469\u200d\U0001f467",), None),
        ("man\u0303ana", ("n\u0303",), "mañana"),
        ("e\u0301", ("e\u0301",), "é"),
        ("zero\u200bwidth", ("\u200b",), "zerowidth"),
    ],
)
def test_what_forces_ucs2_and_what_to_write_instead(
    text: str, forcing: tuple[str, ...], suggestion: str | None
) -> None:
    counted = count_segments(text)
    assert counted.forcing == forcing
    assert counted.suggestion == suggestion


def test_no_suggestion_that_would_cost_more() -> None:
    assert count_segments("\t" * 60).segments == 1
    assert count_segments("\t" * 60).suggestion is None


@pytest.mark.parametrize(
    ("character", "replacement"),
    [("\u200c", ""), ("\u200b", ""), ("\u2017", "_"), ("\u2039", "<"), ("\u203a", ">"), ("\u00ab", '"')],
)
def test_smart_encoding_replaces_as_version_1_3_0_of_twilios_calculator(
    character: str, replacement: str
) -> None:
    assert replace_characters(f"a{character}b") == f"a{replacement}b"
    counted = count_segments(f"a{character}b", smart_encoding=True)
    assert (counted.encoding, counted.per_segment) == ("GSM-7", (f"a{replacement}b",))
    assert cheaper_text("a" * 100 + f"{character}b") == "a" * 100 + f"{replacement}b"


def test_smart_encoding_leaves_only_what_it_cannot_replace() -> None:
    counted = count_segments("It’s \U0001f600", smart_encoding=True)
    assert counted.forcing == ("\U0001f600",)
    assert counted.per_segment == ("It's \U0001f600",)


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("“quoted”", '"quoted"'),
        ("a—b–c", "a-b-c"),
        ("wait…", "wait..."),
        ("½", "1/2"),
        ("ＡＢＣ１２３", "ABC123"),
        ("a\u00a0b", "a  b"),
        ("a\u200bb\ufeff", "ab"),
        ("• item", "- item"),
        ("€100 ñ", "€100 ñ"),
    ],
)
def test_replace_characters(text: str, replaced: str) -> None:
    assert replace_characters(text) == replaced


def test_exactly_the_characters_of_gsm7() -> None:
    """127 of the basic table and 10 of the extension; the escape itself is none."""
    fits = [chr(code) for code in range(0x11000) if encoding_of(chr(code)) == "GSM-7"]
    double = [character for character in fits if count_units(character, "GSM-7") == 2]
    assert len(fits) == 137
    assert double == ["\f", "[", "\\", "]", "^", "{", "|", "}", "~", "€"]
    assert "".join(fits[:3]) == "\n\f\r"
    assert "".join(character for character in fits if not character.isascii()) == (
        "¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ€"
    )
    assert {chr(code) for code in range(0x20, 0x7F)} - set(fits) == {"`"}


PIECES = [
    "a", "é", "€", "{", " ", "\n", "\r\n", "я", "’", "\t", "\U0001f600", "e\u0301", "\u200d", "\ufe0f",
    "\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3ff", "\U0001f1fa\U0001f1f8", "\U0001f1fa", "\ud83d",
]  # fmt: skip
pieces = st.sampled_from(PIECES)
long_texts = st.lists(st.tuples(pieces, st.integers(1, 60)), max_size=12).map(
    lambda runs: "".join(piece * times for piece, times in runs)
)
texts = st.one_of(st.text(max_size=400), long_texts)


@settings(deadline=None)
@given(texts, st.booleans())
def test_the_segments_joined_are_the_text(text: str, smart: bool) -> None:
    counted = count_segments(text, smart_encoding=smart)
    assert "".join(counted.per_segment) == (replace_characters(text) if smart else text)
    assert sum(count_units(part, counted.encoding) for part in counted.per_segment) == counted.units
    assert len(counted.per_segment) == counted.segments


@settings(deadline=None)
@given(texts, st.text(max_size=80))
def test_more_text_never_needs_fewer_segments(text: str, more: str) -> None:
    assert count_segments(text + more).segments >= count_segments(text).segments


@settings(deadline=None)
@given(st.text(alphabet="aé€{я’\n\U0001f600", max_size=500))
def test_no_segment_holds_more_than_its_limit(text: str) -> None:
    counted = count_segments(text)
    limit = JOINED_LIMIT[counted.encoding]
    if counted.segments == 1:
        assert counted.units <= {"GSM-7": 160, "UCS-2": 70}[counted.encoding]
    else:
        assert all(count_units(part, counted.encoding) <= limit for part in counted.per_segment)
        assert counted.segments >= -(-counted.units // limit)


@settings(deadline=None)
@given(texts)
def test_a_suggestion_is_gsm7_and_never_dearer(text: str) -> None:
    counted = count_segments(text)
    assert (counted.forcing == ()) == (counted.encoding == "GSM-7")
    if counted.suggestion is not None:
        better = count_segments(counted.suggestion)
        assert (counted.encoding, better.encoding) == ("UCS-2", "GSM-7")
        assert better.segments <= counted.segments


@settings(deadline=None)
@given(texts)
def test_units_are_those_of_utf16(text: str) -> None:
    assert count_units(text, "UCS-2") * 2 == len(text.encode("utf-16-le", "surrogatepass"))

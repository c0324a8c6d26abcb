"""Blanks: filled or an error that names them, values as people write them, escapes, other tools' blanks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.messaging.blanks import (
    blank_names,
    escape_blanks,
    fill_blanks,
    fill_typed,
    has_marks,
)
from workbench.messaging.lookalikes import lookalikes
from workbench.messaging.written import is_missing

ANN = {"to": "+14155550123", "first_name": "Ann", "First Name": "Ann Lee", "amount": 12.0}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {{ first_name }}!", "Hi Ann!"),
        ("Hi {{first_name}}!", "Hi Ann!"),
        ("Hi {{ First_Name }}!", "Hi Ann Lee!"),
        ("Hi {{ nobody | default('there') }}!", "Hi there!"),
        ("{{ first_name | upper }}", "ANN"),
        ("{% if amount > 10 %}Much{% else %}Little{% endif %}", "Much"),
        ("You owe {{ amount }} $", "You owe 12 $"),
        ("Write {{ '{{' }} name }}", "Write {{ name }}"),
        ("{% raw %}{{ first_name }}{% endraw %} {{ first_name }}", "{{ first_name }} Ann"),
        ("No blank: {first_name} 50% }} \r\n", "No blank: {first_name} 50% }} \r\n"),
    ],
)
def test_a_typed_text_is_filled(text: str, filled: str) -> None:
    assert fill_typed(text, ANN) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hi {{ first_nme }}", ["{{ first_nme }}", "for: First_Name, amount", "mean {{ first_name }}?"]),
        ("Hi {{ nobody }}", ["To send braces, write {{ '{{' }}."]),
        ("Hi {{ FIRST_NAME }}", ["{{ FIRST_NAME }}", "Did you mean {{ First_Name }}?"]),
        ("Hi {{ Frist Name }}", ["{{ Frist Name }} is no blank", "Did you mean"]),
        ("Hi {{ first_name", ["line 1", "A blank is written {{ first_name }}"]),
        ("Hi {{ first_name }", ["line 1", "A blank is written {{ first_name }}"]),
        ("Hi {{ 1 }}", ["a blank {{ 1 }}, which is not a name"]),
        ("Hi {{ none }}", ["a blank {{ None }}"]),
        ("Hi {{ dict }}", ["{{ dict }} without a value"]),
        ("Hi {{ range(3) }}", ["more than names"]),
        ("Hi {{ 7 * 7 }}", ["more than names"]),
        ("Hi {{ first_name.upper }}", ["more than names"]),
        ("{% for i in to %}x{% endfor %}", ["more than names"]),
        ("Hi {{ first_name | center(100000000000) }}", ["the filter 'center'"]),
        ("Use code {# 1 #}", ["a comment"]),
        ("Use code {#1", ["line 1"]),
        ("{{ " + "(" * 5000, ["The text"]),
        ("{{ amount - }}", ["line 1"]),
    ],
)  # fmt: skip
def test_a_typed_text_that_cannot_be_filled_says_why(text: str, words: list[str]) -> None:
    with pytest.raises(UsageError) as error:
        fill_typed(text, ANN)
    assert [word for word in words if word not in str(error.value)] == []


def test_two_columns_of_one_spelling_fill_nothing() -> None:
    with pytest.raises(UsageError, match="without a value"):
        fill_typed("{{ a_b }}", {"a b": 1, "a-b": 2})
    assert fill_typed("{{ a_b }}", {"a b": 1, "a_b": 2}) == "2"


@pytest.mark.parametrize("value", [None, float("nan"), np.nan, pd.NA, pd.NaT, "", " \t\n", Decimal("NaN")])
def test_missing_values_are_missing(value: object) -> None:
    assert is_missing(value)
    with pytest.raises(UsageError, match=r"a blank \{\{ x \}\}, and its value is empty"):
        fill_typed("{{ x }}", {"x": value})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12.0, "12"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (1e21, "1000000000000000000000"),
        (np.float64(3.0), "3"),
        (np.float32(0.1), "0.1"),
        (np.int64(7), "7"),
        (0, "0"),
        (False, "False"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (date(2026, 11, 30), "2026-11-30"),
        (pd.Timestamp("2026-11-30"), "2026-11-30"),
        (datetime(2026, 11, 30, tzinfo=UTC), "2026-11-30"),
        (datetime(2026, 11, 30, 9, 5), "2026-11-30 09:05:00"),
        ("12.0", "12.0"),
        ("  Ann ", "  Ann "),
        ("{{ to }}", "{{ to }}"),
        ("{% raw %}", "{% raw %}"),
    ],
)
def test_values_are_written_as_people_write_them(value: object, text: str) -> None:
    assert fill_typed("<{{ x }}>", {"x": value, "to": "+14155550123"}) == f"<{text}>"


@pytest.mark.parametrize(
    "value", [["Ann"], {"a": 1}, b"Ann", ("a",), np.array([1, 2]), float("inf"), str.upper]
)
def test_what_is_no_text_number_or_date_does_not_go_out(value: object) -> None:
    with pytest.raises(UsageError, match="cannot be filled"):
        fill_typed("{{ x }}", {"x": value})


def test_a_template_file_may_compute_and_still_sends_no_none() -> None:
    assert fill_blanks("{{ name.title() }} {{ 2 * n }}", {"name": "ann", "n": 3}) == "Ann 6"
    with pytest.raises(UsageError, match="no value"):
        fill_blanks("{{ {'a': none}['a'] }}", {})


PARTS = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.text(st.characters(exclude_characters="{}\r\n"), max_size=8)),
        st.tuples(st.just("blank"), st.sampled_from(["first_name", "amount", "missing", "empty"])),
        st.tuples(st.just("braces"), st.sampled_from(["{{", "{%", "{#", "}}"])),
    ),
    min_size=1,
    max_size=8,
)


@given(PARTS, st.text(min_size=1).filter(str.strip))
@example([("blank", "first_name")], "{{ amount }}")
def test_all_blanks_are_filled_or_the_text_does_not_go(parts: list[tuple[str, str]], name: str) -> None:
    written: dict[str, Callable[[str], str]] = {
        "text": str,
        "blank": lambda part: "{{ " + part + " }}",
        "braces": lambda part: "{{ '" + part + "' }}",
    }
    text = "".join(written[kind](part) for kind, part in parts)
    values = {"first_name": name, "amount": 3.0, "empty": " "}
    blanks = {part for kind, part in parts if kind == "blank"}
    if blanks & {"missing", "empty"}:
        with pytest.raises(UsageError, match=r"\{\{ (missing|empty) \}\}"):
            fill_typed(text, values)
        return
    shown = {"first_name": name, "amount": "3"}
    expected = "".join(shown[part] if kind == "blank" else part for kind, part in parts)
    assert fill_typed(text, values).strip("\n") == expected.strip("\n")


@given(st.text(alphabet="{}%#-|' abx_\n", max_size=30))
def test_no_braces_go_out_that_were_not_escaped(text: str) -> None:
    try:
        filled = fill_typed(text, {"a": "A", "b": "B", "x": " "})
    except UsageError:
        return
    if "'" not in text:
        assert not any(mark in filled for mark in ("{{", "{%", "{#"))


@given(st.text(alphabet="{}%#' ab", max_size=20))
def test_escaped_text_comes_out_as_it_went_in(text: str) -> None:
    assert fill_typed(escape_blanks(text), {}) == text


@given(st.text().filter(lambda text: not any(mark in text for mark in ("{{", "{%", "{#"))))
def test_a_text_without_blanks_is_left_alone_to_the_byte(text: str) -> None:
    assert not has_marks(text)
    assert fill_typed(text, {"a": "A"}) == text


def test_the_names_of_blanks() -> None:
    assert blank_names("{{ a }} {% if b %}{{ c | default('d') }}{% endif %} {{ '{{' }}") == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("Hi {first_name}, it's {day}", ["{first_name}", "{day}"]),
        ("Hi ${name}", ["${name}"]),
        ("Hi {!Contact.Name}", ["{!Contact.Name}"]),
        ("Hi { name }}", ["{ name }}"]),
        ("Hi name }}", ["}}"]),
        ("Hi %first_name%", ["%first_name%"]),
        ("Hi *|FNAME|*", ["*|FNAME|*"]),
        ("Hi [[ name ]] <<name>>", ["[[ name ]]", "<<name>>"]),
        ("Hi [First Name]", ["[First Name]"]),
        ("Hi <name> #name#", ["<name>", "#name#"]),
        ("Hi [Table]", ["[Table]"]),
        ("[Acme] 50% off today, 20% more on Sunday", []),
        ("I <3 you :{ / }: [see site] «bonjour» #1 #2", []),
        ('{"a": 1}', []),
        ("{{ first_name }} {{ '{{' }} x }} {% raw %}{name}{% endraw %}", []),
        ("{{ first_name }} {day}", ["{day}"]),
    ],
)
def test_what_looks_like_a_blank_of_another_tool(text: str, looks: list[str]) -> None:
    assert lookalikes(text, ["to", "table"]) == looks

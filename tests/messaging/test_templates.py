"""Texts with blanks: all of them filled or an error, values never read as templates, the sandbox holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.messaging.blanks import fill_blanks
from workbench.messaging.templates import Template, read_template, render, search_templates

REMINDER = Template("reminder", "Hi {{ first_name }}, see you on {{ day }}.")


def test_fills_blanks() -> None:
    assert (
        render(REMINDER, {"first_name": "Ana", "day": "Monday", "unused": 1}) == "Hi Ana, see you on Monday."
    )
    assert REMINDER.variables == ("day", "first_name")


@pytest.mark.parametrize("missing", [None, float("nan"), "", "  "])
def test_a_missing_value_is_an_error_that_names_it(missing: object) -> None:
    with pytest.raises(UsageError, match=r"'reminder' has a blank \{\{ first_name \}\}.*values for: day"):
        render(REMINDER, {"first_name": missing, "day": "Monday"})


def test_a_default_is_no_missing_value() -> None:
    assert fill_blanks("Hi {{ name | default('there') }}", {"name": None}) == "Hi there"


@given(st.text(min_size=1).filter(lambda text: text.strip()))
def test_values_go_in_as_they_are(value: str) -> None:
    assert fill_blanks("<{{ name }}>", {"name": value}) == f"<{value}>"


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ name.__init__.__globals__ }}",
        "{{ name.pop() }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{{ 1 / 0 }}",
        "{{ 'x' * 30000 }}",
        "{% include '/etc/passwd' %}",
        "{{ name",
        "{% import 'os' as os %}{{ os }}",
    ],
)
def test_what_a_template_may_not_do_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="The text"):
        fill_blanks(text, {"name": ["x"]})


def test_business_name_and_opt_out_line_when_asked_for() -> None:
    promotion = Template("promotion", "Sale today!", business_name=True, opt_out_line=True)
    line = "Reply STOP to opt out."
    assert render(promotion, {}, business_name="Acme", opt_out_line=line) == f"Acme: Sale today!\n{line}"
    named = Template("named", "Acme: text stop to end.", business_name=True, opt_out_line=True)
    assert render(named, {}, business_name="Acme", opt_out_line=line) == "Acme: text stop to end."
    with pytest.raises(UsageError, match="business_name"):
        render(promotion, {}, opt_out_line=line)
    assert (
        render(REMINDER, {"first_name": "A", "day": "B"}, business_name="Acme", opt_out_line=line)
        == "Hi A, see you on B."
    )


def test_search_finds_every_word_and_names_first() -> None:
    refund = Template("refund", "Your money is back", tags=("payments",))
    thanks = Template("thanks", "Thank you for the refund form", title="Thank you")
    assert search_templates([thanks, refund], "refund") == [refund, thanks]
    assert search_templates([thanks, refund], "MONEY pay") == [refund]
    assert search_templates([thanks, refund], "absent") == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"text": "x"}, "no key 'text'"),
        ({"body": 1}, "body is 1"),
        ({}, "needs a body or a content_sid"),
        ({"body": "x", "content_sid": "HX1"}, "not both"),
        ({"body": "{{ x"}, "line 1"),
        ({"body": "x", "opt_out_line": "yes"}, "true or false"),
    ],
)
def test_a_wrong_file_is_named(data: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        read_template("mine", data)

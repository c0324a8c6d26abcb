"""Checks plain data against a TypedDict, so that a message from a browser is what its handler expects. Pure.

Its types are those that JSON has: str, bool, int, float, None, list, dict, Literal, unions, and a TypedDict
inside another. ``Annotated[str, Limit(9)]`` limits a text, ``Annotated[int, Range(1, 9)]`` a whole number.
A text with NUL or half a character is always refused: no lake can keep it.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from workbench.errors import UsageError

LONGEST_TEXT = 20_000
"""The limit of a text that has none of its own."""
MOST_ITEMS = 10_000
_SHOWN = 40


@dataclass(frozen=True)
class MaxLength:
    """The largest number of characters."""

    characters: int


@dataclass(frozen=True)
class Range:
    """The smallest and the largest whole number."""

    low: int
    high: int


def check(kind: Any, value: object, what: str) -> None:
    """Refuse ``value`` unless it is of the type ``kind``.

    Args:
        kind: a TypedDict, or a type as one has for its fields.
        what: how the error names the value, such as ``the question 'list'``.

    Raises:
        UsageError: naming the field, what it has, and what is allowed.
    """
    problem = _problem(kind, value)
    if problem:
        raise UsageError(f"{what[:1].upper()}{what[1:]} {problem}. Reload the page and try again.")


def _problem(kind: Any, value: object) -> str:
    """What is wrong, as the rest of a sentence; empty where nothing is."""
    origin = get_origin(kind)
    if kind is Any:
        return ""
    if origin in (Required, NotRequired):
        return _problem(get_args(kind)[0], value)
    if origin is Annotated:
        base, *rules = get_args(kind)
        if base is str and any(isinstance(rule, MaxLength) for rule in rules):
            # Its own limit counts, also where it is larger than that of every other text.
            return _problem_of_text(value, rules) if isinstance(value, str) else _wrong(base, value)
        return _problem(base, value) or next(filter(None, (_breach(rule, value) for rule in rules)), "")
    if origin in (Union, types.UnionType):
        problems = [_problem(option, value) for option in get_args(kind)]
        return "" if "" in problems else _wrong(kind, value)
    if origin is Literal:
        return "" if value in get_args(kind) and isinstance(value, str) else _wrong(kind, value)
    if origin in (list, dict):
        return _problem_inside(origin, get_args(kind), value)
    if is_typeddict(kind):
        return _problem_of_fields(kind, value)
    return _problem_of_value(kind, value)


def _problem_inside(origin: Any, kinds: tuple[Any, ...], value: object) -> str:
    if not isinstance(value, origin):
        return _wrong(origin, value)
    assert isinstance(value, list | dict)
    if len(value) > MOST_ITEMS:
        return f"has {len(value):,} items; allowed are at most {MOST_ITEMS:,}"
    if isinstance(value, dict):
        pairs = [(kinds[0], name) for name in value] + [(kinds[1], item) for item in value.values()]
    else:
        pairs = [(kinds[0], item) for item in value]
    return _first(_problem(kind, item) for kind, item in pairs)


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    """The fields of a TypedDict with their types."""
    return get_type_hints(kind, include_extras=True)


@cache
def required_fields(kind: Any) -> frozenset[str]:
    """The fields that a TypedDict always has.

    Its ``__required_keys__`` misses ``NotRequired`` in a module with ``from __future__ import annotations``.
    """
    hints = fields_of(kind) if kind.__total__ else {}
    return frozenset(name for name, hint in hints.items() if get_origin(hint) is not NotRequired)


def _problem_of_fields(kind: Any, value: object) -> str:
    if not isinstance(value, dict):
        return _wrong(dict, value)
    fields = fields_of(kind)
    missing = sorted(required_fields(kind) - set(value))
    if missing:
        return f"has no {missing[0]!r}; it needs {', '.join(sorted(required_fields(kind)))}"
    unknown = [name for name in value if name not in fields]
    if unknown:
        return f"has {_short(unknown[0])}, which is unknown; known are {', '.join(fields) or 'no fields'}"
    problems = ((name, _problem(fields[name], item)) for name, item in value.items())
    return _first(f"has a wrong {name!r}: it {problem}" for name, problem in problems if problem)


def _problem_of_value(kind: Any, value: object) -> str:
    if kind is None or kind is type(None):
        return "" if value is None else _wrong(type(None), value)
    # JSON tells true from 1, Python does not; a whole number is a fraction too.
    accepted = (int, float) if kind is float else kind
    if not isinstance(value, accepted) or (isinstance(value, bool) and kind is not bool):
        return _wrong(kind, value)
    if isinstance(value, float) and not abs(value) < float("inf"):
        return "is no number"
    return _problem_of_text(value, [MaxLength(LONGEST_TEXT)]) if isinstance(value, str) else ""


def _problem_of_text(text: str, rules: Iterable[object]) -> str:
    if "\0" in text:
        return "has the character NUL, which no text may have"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "has half a character (a surrogate alone), which no text may have"
    return next(filter(None, (_breach(rule, text) for rule in rules)), "")


def _breach(rule: object, value: object) -> str:
    if isinstance(rule, MaxLength) and isinstance(value, str) and len(value) > rule.characters:
        return f"has {len(value):,} characters; allowed are at most {rule.characters:,}"
    if isinstance(rule, Range) and isinstance(value, int) and not rule.low <= value <= rule.high:
        return f"is {_short(value)}; allowed is a whole number from {rule.low:,} to {rule.high:,}"
    return ""


def _wrong(kind: Any, value: object) -> str:
    return f"is {_short(value)}; allowed is {_named(kind)}"


_NAMES = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", dict: "an object",
    list: "a list", type(None): "null",
}  # fmt: skip


def _named(kind: Any) -> str:
    if kind in _NAMES:
        return _NAMES[kind]
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) in (list, dict):
        return _NAMES[get_origin(kind)]
    if get_origin(kind) is Annotated:
        return _named(get_args(kind)[0])
    return " or ".join(_named(option) for option in get_args(kind)) or "an object"


def _short(value: object) -> str:
    """The value for a message: short, on one line, never its whole content."""
    text = ascii(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _first(problems: Iterable[str]) -> str:
    return next((problem for problem in problems if problem), "")

"""The kinds of values that settings can have: each describes what is allowed and parses the value. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from workbench.settings.declare import InvalidValue, Kind
from workbench.settings.secret import Secret

_ENTRY_NAME = r"[a-z0-9][a-z0-9-]{0,39}"


def refused(value: object, allowed: str) -> InvalidValue:
    """The error for a value that is not allowed; its text follows the setting's name."""
    return InvalidValue(f"is {value!r}; write {allowed}.")


def text(allowed: str = "a text in quotes", pattern: str = "", *, longest: int = 0) -> Kind:
    """A text that is not blank; spaces around it are removed.

    Args:
        pattern: a regular expression that the whole text must match.
        longest: the most characters, 0 for any number.
    """

    def parse(value: Any) -> str:
        stripped = value.strip() if isinstance(value, str) else ""
        is_possible = not pattern or re.fullmatch(pattern, stripped)
        if not stripped or not is_possible or (longest and len(value) > longest):
            raise refused(value, allowed)
        return stripped

    return Kind(allowed, parse)


def secret() -> Kind:
    """A text that is never shown, not even if it is wrong."""

    def parse(value: Any) -> Secret:
        if not isinstance(value, str) or not value:
            raise InvalidValue("is not a text; write it in quotes (its value is not shown).")
        return Secret(value)

    return Kind("a text in quotes", parse)


def flag() -> Kind:
    """True or false."""

    def parse(value: Any) -> bool:
        if not isinstance(value, bool):
            raise refused(value, "true or false, without quotes")
        return value

    return Kind(
        "true or false, without quotes", parse, lambda word: {"true": True, "false": False}.get(word, word)
    )


def whole(least: int, most: int, unit: str = "") -> Kind:
    """A whole number in a range, which `unit` counts."""
    allowed = f"a whole number {f'of {unit} ' if unit else ''}from {least} to {most}"

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise refused(value, allowed)
        return value

    return Kind(allowed, parse, lambda word: _number(int, word))


def number(above: float, most: float, unit: str) -> Kind:
    """A number in a range, which `unit` counts."""
    allowed = f"a number of {unit} above {above:g}, up to {most:g}"

    def parse(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not above < value <= most:
            raise refused(value, allowed)
        return float(value)

    return Kind(allowed, parse, lambda word: _number(float, word))


def check_entry_name(name: str) -> str:
    """The name of an entry of a section whose entries people name."""
    if not re.fullmatch(_ENTRY_NAME, name):
        raise InvalidValue("is not possible: a name has up to 40 lower-case letters, digits and hyphens.")
    return name


def named_secrets(allowed: str, is_possible: Callable[[str], bool]) -> Kind:
    """Secrets by a name; in a variable with spaces between them.

    Args:
        is_possible: whether a secret has the form that it needs.
    """

    def parse(value: Any) -> dict[str, Secret]:
        if not isinstance(value, Mapping) or not all(
            re.fullmatch(_ENTRY_NAME, name) and isinstance(secret, str) and is_possible(secret)
            for name, secret in value.items()
        ):
            raise InvalidValue(f"must hold {allowed} (the values are not shown).")
        return {name: Secret(secret) for name, secret in value.items()}

    def from_text(words: str) -> dict[str, str]:
        pairs = (word.partition("=") for word in words.split())
        return {name: secret for name, _, secret in pairs}

    return Kind(allowed, parse, from_text)


def choice(*values: str) -> Kind:
    """One of a few words, in any case; it becomes the one that is listed."""
    allowed = ", ".join(map(repr, values))
    listed = {word.lower(): word for word in values}

    def parse(value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in listed:
            raise InvalidValue(f"is {value!r}; it can be {allowed}.")
        return listed[value.lower()]

    return Kind(f"one of {allowed}", parse)


def texts(
    allowed: str = 'a list of texts, as ["one", "two"]',
    item: Callable[[str], Any] = str,
    *,
    or_one: bool = False,
    may_be_empty: bool = True,
) -> Kind:
    """A list of texts; in a variable they are separated by commas.

    Args:
        item: makes the value of each text, or raises :class:`InvalidValue`.
        or_one: a single text is allowed as well and means a list with this text.
    """

    def parse(value: Any) -> tuple[Any, ...]:
        listed = [value] if or_one and isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(each, str) for each in listed):
            raise refused(value, allowed)
        if not listed and not may_be_empty:
            raise refused(value, allowed)
        return tuple(item(each) for each in listed)

    return Kind(allowed, parse, lambda words: [word.strip() for word in words.split(",")])


def table(allowed: str, entry: Callable[[str, Any], tuple[str, Any]]) -> Kind:
    """A table of names that the user chooses, with one value each.

    Args:
        entry: makes the name and the value of each, or raises :class:`InvalidValue`.
    """

    def parse(value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise refused(value, allowed)
        return dict(entry(name, item) for name, item in value.items())

    return Kind(allowed, parse, None, is_table=True)


def url(*, bare: bool = False) -> Kind:
    """An address without a user and a password; with `bare` also without a path."""
    allowed = "https://workbench.example.com" if bare else "https://host or http://127.0.0.1:8080"
    clause = f"it must look like {allowed}{', no path' if bare else ''}"

    def parse(value: Any) -> str:
        parts = urlsplit(value) if isinstance(value, str) else None
        if not parts or parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidValue(f"is {value!r}; {clause}.")
        if parts.username or parts.password:
            raise InvalidValue("contains a user or a password; write the bare address instead.")
        if not bare:
            return str(value).rstrip("/")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise InvalidValue(f"is {value!r}; {clause}.")
        # In the form that browsers write in `Origin`.
        usual_port = {"http": ":80", "https": ":443"}[parts.scheme]
        return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual_port)}"

    return Kind(f"an address such as {allowed}{', without a path' if bare else ''}", parse)


def day() -> Kind:
    """A day, as a date of TOML or as a text."""
    allowed = "a day as 2026-01-31"

    def parse(value: Any) -> str:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError) as error:
            raise refused(value, allowed) from error

    return Kind(allowed, parse)


def _number(type: Callable[[str], Any], word: str) -> Any:
    """The number in the text of a variable, or the text itself, which is then refused."""
    try:
        return type(word)
    except ValueError:
        return word

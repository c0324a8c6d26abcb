"""Finds the line of each name in a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from workbench.settings.declare import Place


def line_numbers(text: str) -> dict[Place, int]:
    """The first line of every section and every key.

    A statement of TOML (a header, or a key with its value) is a valid document by itself, but a part of one
    is not. So lines are joined until they parse, and the standard library's parser gives their names.

    The entries of a list (`[[rules]]`) are known by their `name`; one without by its number, from 0.

    Args:
        text: a valid document.
    """
    lines: dict[Place, int] = {}
    section: Place = ()
    counts: dict[Place, int] = {}
    names: dict[Place, str] = {}
    for number, statement in _statements(text):
        content = tomllib.loads(statement)
        is_header = statement.lstrip().startswith("[")
        places = list(_places(content, () if is_header else section))
        if is_header and places:
            header = max(places, key=len)
            if statement.lstrip().startswith("[["):
                counts[header] = counts.get(header, -1) + 1
            section = _in_list(header, counts)
            places += [_in_list(place, counts) for place in places]
        elif section[:-1] in counts and isinstance(content.get("name"), str):
            names[section] = content["name"]
        for place in places:
            lines.setdefault(place, number)
    return {_named(place, names): number for place, number in lines.items()}


def _in_list(place: Place, counts: Mapping[Place, int]) -> Place:
    """A place under the header of a list, with the number of the entry that it is in."""
    for length in range(1, len(place) + 1):
        if place[:length] in counts:
            return (*place[:length], str(counts[place[:length]]), *place[length:])
    return place


def _named(place: Place, names: Mapping[Place, str]) -> Place:
    for length in range(1, len(place) + 1):
        if place[:length] in names:
            return (*place[: length - 1], names[place[:length]], *place[length:])
    return place


def _statements(text: str) -> Iterator[tuple[int, str]]:
    begun, statement = 1, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not statement.strip():
            begun, statement = number, ""
        statement += line + "\n"
        try:
            tomllib.loads(statement)
        except tomllib.TOMLDecodeError:
            continue
        if statement.strip():
            yield begun, statement
        statement = ""


def _places(content: Mapping[str, Any], within: Place) -> Iterator[Place]:
    for name, value in content.items():
        yield (*within, name)
        table = value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value
        if isinstance(table, dict):
            yield from _places(table, (*within, name))

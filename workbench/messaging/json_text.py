"""Reads JSON, including texts that a strict reader refuses although their meaning is clear. Pure.

orjson is five times as fast as the standard library, but refuses a whole page for half a surrogate pair in
one body, for bytes that are not UTF-8, and for `NaN`. A text that it refuses is read again with the standard
library. Characters that cannot be stored become U+FFFD. The result lists each such place, because that body
differs from what was written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import orjson

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_WHOLE = 1000


class UnreadableJson(ValueError):
    """The text is not JSON; `is_cut_off`: it ends too early; otherwise it is wrong in the middle."""

    def __init__(self, problem: str, *, is_cut_off: bool = False) -> None:
        super().__init__(problem)
        self.is_cut_off = is_cut_off


@dataclass(frozen=True)
class TextRepair:
    """A text in which characters were replaced: the SID of its object, and the name of the field."""

    sid: str | None
    field: str


def read_json(body: bytes) -> tuple[Any, tuple[TextRepair, ...]]:
    """The value, and the texts in which characters had to be replaced.

    Raises:
        UnreadableJson: the text is not JSON; the error says at which character and quotes nothing.
    """
    try:
        return orjson.loads(body), ()
    except orjson.JSONDecodeError:
        return _read_again(body)


def _read_again(body: bytes) -> tuple[Any, tuple[TextRepair, ...]]:
    text = body.decode("utf-8-sig", "surrogateescape")
    repairs: list[TextRepair] = []
    try:
        value = json.loads(text, strict=False, parse_int=_whole)
        return _repaired(value, None, "", repairs), tuple(repairs)
    except json.JSONDecodeError as error:
        is_cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated")
        raise UnreadableJson(f"wrong at character {error.pos + 1:,}", is_cut_off=is_cut_off) from error
    except RecursionError as error:
        raise UnreadableJson("nested too deeply") from error


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _LONGEST_WHOLE else float(digits)


def _repaired(value: Any, sid: str | None, field: str, repairs: list[TextRepair]) -> Any:
    if isinstance(value, str):
        clean = replace_surrogates(value)
        if clean != value:
            repairs.append(TextRepair(sid, field))
        return clean
    if isinstance(value, list):
        return [_repaired(item, sid, field, repairs) for item in value]
    if isinstance(value, dict):
        own = value.get("sid")
        sid = replace_surrogates(own) if isinstance(own, str) else sid
        return {
            replace_surrogates(name): _repaired(item, sid, replace_surrogates(name), repairs)
            for name, item in value.items()
        }
    return value


def replace_surrogates(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which UTF-8 and databases cannot store."""
    return text if text.isascii() else _SURROGATE.sub(REPLACEMENT, text)

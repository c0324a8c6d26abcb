"""Splits a text into visible characters (graphemes), because a segment boundary never divides one.

Twilio's calculator splits by Unicode 10 (UAX #29), with a few differences for skin tones and flags. This
module does the same, so that our counts equal Twilio's; the emoji table of a later Unicode version would give
other boundaries. The break classes are data, in ``grapheme_breaks.json``.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources

_FIRST_HANGUL, _LAST_HANGUL, _TRAILING_CONSONANTS = 0xAC00, 0xD7A3, 28


def split_graphemes(text: str) -> list[str]:
    """The visible characters of a text, in order; joined they are the text. ``\\r\\n`` counts as two."""
    return _cluster_pattern().findall(text)


@cache
def _cluster_pattern() -> re.Pattern[str]:
    """A pattern with one alternative per kind of cluster, in the order to try; each matches it whole."""
    of = _break_classes()
    extend, tone, flag, prepend = (
        f"[{of[name]}]" for name in ("Extend", "E_Modifier", "Regional_Indicator", "Prepend")
    )
    base = f"[{of['E_Base']}{of['E_Base_GAZ']}]"
    mark = f"[{of['Extend']}{of['ZWJ']}{of['SpacingMark']}]"
    joined = f"(?<=[{of['ZWJ']}])[{of['Glue_After_Zwj']}{of['E_Base_GAZ']}]"
    # A skin tone directly follows its base; in a cluster with extending marks it directly follows a mark.
    after_extend = f"(?:{mark}|{joined}|(?<={base}{extend}){tone})*+"
    before_extend = f"(?:[{of['ZWJ']}{of['SpacingMark']}]|{joined}|(?<={base}){tone})*+"
    tail = f"{before_extend}(?:{extend}{after_extend})?+"
    clusters = [
        f"[{of['Control']}]",
        f"{flag}{flag}{mark}?+",
        f"{prepend}{flag}{mark}?+",
        f"{prepend}*+(?:{_hangul(of)}){tail}",
        f"{prepend}*+{extend}{after_extend}",
        f"{prepend}++(?:(?![{of['Control']}]).{tail})?+",
        f".{tail}",
    ]
    return re.compile("|".join(clusters), re.DOTALL)


def _hangul(of: dict[str, str]) -> str:
    """A Korean syllable, whole or in parts; vowels can follow only if it has no trailing consonant."""
    leading, vowel, trailing = (f"[{of[name]}]" for name in "LVT")
    syllable = f"[{chr(_FIRST_HANGUL)}-{chr(_LAST_HANGUL)}](?:(?<=[{of['LV']}]){vowel}++)?+"
    return f"{leading}*+(?:{syllable}|{vowel}++){trailing}*+|{leading}++|{trailing}++"


def _break_classes() -> dict[str, str]:
    """For each break class, its characters as the inside of a regular expression's character class."""
    data = resources.files(__package__).joinpath("grapheme_breaks.json").read_text(encoding="utf-8")
    classes = {name: _expand(ranges) for name, ranges in json.loads(data).items()}
    classes["Control"] += "\r\n"
    open_syllables = range(_FIRST_HANGUL, _LAST_HANGUL + 1, _TRAILING_CONSONANTS)
    classes["LV"] = "".join(map(chr, open_syllables))
    return classes


def _expand(ranges: str) -> str:
    """The characters of ``300-36F 483``; none of them is special inside a character class."""
    return "".join(
        dash.join(chr(int(code, 16)) for code in (first, last) if code)
        for first, dash, last in (part.partition("-") for part in ranges.split())
    )

"""Whole words and phrases in a text, whatever the case, the accents and the script. Pure.

Words are runs of letters, marks and digits. Scripts that write no space between words (Chinese, Japanese,
Thai, Lao, Khmer, Burmese) have no whole words to see: there a phrase is looked for anywhere. A word is found
as it is written: other forms of it (plural, case endings) are other words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]")
"""Of Latin, Greek and Cyrillic; vowel points of Hebrew and Arabic. In other scripts marks are letters."""
_DOTLESS = str.maketrans({"ı": "i"})


_QUESTION_MARKS = re.compile(
    "[?\u00bf\u037e\u055e\u061f\u1367\u203d\u2047-\u2049\u2753\u2754\u2cfa\u2cfb\u2e2e\ua60f\ua6f7\ufe16\ufe56\uff1f\U00011143]"
)
"""Of all scripts, emoji included. In Greek it looks like a semicolon, and people type one."""
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


def has_question_mark(text: str) -> bool:
    """Whether a text asks something, as far as its signs say."""
    is_greek = ";" in text and _GREEK.search(text) is not None
    return is_greek or _QUESTION_MARKS.search(text) is not None


def fold_words(text: str) -> str:
    """The words of a text with one space between them, as words are compared."""
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold())).casefold().translate(_DOTLESS)
    visible = (sign for sign in plain if unicodedata.category(sign) != "Cf")
    spaced = "".join(sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in visible)
    return " ".join(spaced.split())


def has_phrase(folded: str, phrase: str) -> bool:
    """Whether a text that :func:`fold_words` made has a phrase in it."""
    wanted = fold_words(phrase)
    if not wanted:
        return False
    if _WITHOUT_SPACES.search(wanted):
        return wanted in folded
    return f" {wanted} " in f" {folded} "


def has_any(folded: str, phrases: Sequence[str]) -> bool:
    """Whether one of the phrases is in it."""
    return any(has_phrase(folded, phrase) for phrase in phrases)


def is_one_of(folded: str, phrases: Sequence[str]) -> bool:
    """Whether one of the phrases is the whole text."""
    return bool(folded) and any(folded == fold_words(phrase) for phrase in phrases)

"""Wishes to be left alone that are no keyword: "please stop texting me", "no más", "wrong number".

US law lets people revoke consent by any reasonable means (47 CFR 64.1200(a)(10)), and Twilio acts only on its
keywords. Which words mean it is not for a program to say: a phrase found here makes a message a candidate
that a person reads and decides on. Phrases are dated data, in ``revocations.toml``. Pure.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

_LONGEST_BODY = 1600
"""What Twilio carries; a longer text is only looked at so far."""

_LONGEST_PHRASE = 8
"""Words."""

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "´": "'", "ʼ": "'"})
_BETWEEN_WORDS = re.compile(r"[^\w']+|_+")


class Revocation(NamedTuple):
    """Why a message is a candidate."""

    phrase: str
    """As the list has it; nothing of the message itself."""
    language: str
    """ISO 639-1 language of the phrase."""


@dataclass(frozen=True)
class RevocationPhrases:
    """The list, made ready for matching."""

    as_of: date
    whole: Mapping[str, Revocation]
    within: Mapping[str, tuple[tuple[str, Revocation, bool], ...]]
    """By first word, the longest first: the words, the phrase, and whether a negation turns it round."""
    negations: frozenset[str]


def find_revocation(body: str | None) -> Revocation | None:
    """The first phrase of the list that an inbound message holds, or None.

    A negation up to two words before turns an order round ("please don't stop texting me"). More of what
    people mean, such as irony or a question, is left to the reader of the queue.
    """
    if not body:
        return None
    phrases, text = _load(), plain_words(body)
    if text in phrases.whole:
        return phrases.whole[text]
    words = text.split()
    if phrases.within.keys().isdisjoint(words):  # nearly every message
        return None
    for index, word in enumerate(words):
        rest = " ".join(words[index : index + _LONGEST_PHRASE]) + " "
        for start, found, is_negatable in phrases.within.get(word, ()):
            is_negated = is_negatable and not phrases.negations.isdisjoint(words[max(0, index - 2) : index])
            if rest.startswith(start) and not is_negated:
                return found
    return None


def phrases_as_of() -> date:
    """The date of the list, by which a lake knows with which one its messages were read."""
    return _load().as_of


def plain_words(text: str) -> str:
    """Words in lower case with one space between them, without accents and punctuation."""
    text = text[:_LONGEST_BODY].casefold()
    if not text.isascii():
        folded = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES))
        text = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(_BETWEEN_WORDS.sub(" ", text).split())


@cache
def _load() -> RevocationPhrases:
    file = tomllib.loads(
        resources.files(__package__).joinpath("revocations.toml").read_text(encoding="utf-8")
    )
    groups: list[dict[str, Any]] = file["phrases"]
    whole = {name: found for group in groups if group.get("whole") for name, found in _texts(group).items()}
    within: dict[str, list[tuple[str, Revocation, bool]]] = {}
    for group in groups:
        for text, found in _texts(group).items() if not group.get("whole") else ():
            is_negatable = bool(group.get("negatable"))
            within.setdefault(text.split()[0], []).append((text + " ", found, is_negatable))
    return RevocationPhrases(
        as_of=file["as_of"],
        whole=whole,
        within={
            word: tuple(sorted(entries, key=lambda entry: -len(entry[0]))) for word, entries in within.items()
        },
        negations=frozenset(plain_words(word) for word in file["negations"]["words"]),
    )


def _texts(group: dict[str, Any]) -> dict[str, Revocation]:
    return {plain_words(text): Revocation(text, group["language"]) for text in group["texts"]}

"""Finds revocations of consent in free words, without a keyword: "please stop texting me", "no más".

US law lets people revoke consent by any reasonable means (47 CFR 64.1200(a)(10)), but Twilio acts only on its
keywords. A program must not decide what such words mean: a phrase from the list only makes a message a
candidate, which a person reads and decides on. The phrases are dated data, in ``revocations.toml``. Pure.
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
"""The longest body that Twilio carries; of a longer text only this part is searched."""

_LONGEST_PHRASE = 8
"""Words."""

_APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "´": "'", "ʼ": "'"})
_BETWEEN_WORDS = re.compile(r"[^\w']+|_+")


class Revocation(NamedTuple):
    """Why a message is a candidate."""

    phrase: str
    """The phrase as the list has it; nothing is copied from the message."""
    language: str
    """ISO 639-1 language of the phrase."""


@dataclass(frozen=True)
class RevocationPhrases:
    """The list, prepared for matching."""

    as_of: date
    whole: Mapping[str, Revocation]
    within: Mapping[str, tuple[tuple[str, Revocation, bool], ...]]
    """By first word, longest first: the words, the phrase, and whether a negation reverses its meaning."""
    negations: frozenset[str]


def find_revocation(body: str | None) -> Revocation | None:
    """The first phrase of the list that occurs in an inbound message, or None.

    A negation up to two words before a phrase reverses its meaning ("please don't stop texting me"). Irony,
    questions and the like are left to the person who reads the queue.
    """
    if not body:
        return None
    phrases, text = _load(), plain_words(body)
    if text in phrases.whole:
        return phrases.whole[text]
    words = text.split()
    if phrases.within.keys().isdisjoint(words):  # a shortcut for nearly every message
        return None
    for index, word in enumerate(words):
        rest = " ".join(words[index : index + _LONGEST_PHRASE]) + " "
        for start, revocation, is_negatable in phrases.within.get(word, ()):
            is_negated = is_negatable and not phrases.negations.isdisjoint(words[max(0, index - 2) : index])
            if rest.startswith(start) and not is_negated:
                return revocation
    return None


def phrases_as_of() -> date:
    """The date of the list; a lake stores it to know with which list its messages were searched."""
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
    whole = {
        name: revocation
        for group in groups
        if group.get("whole")
        for name, revocation in _texts(group).items()
    }
    within: dict[str, list[tuple[str, Revocation, bool]]] = {}
    for group in groups:
        for text, revocation in _texts(group).items() if not group.get("whole") else ():
            is_negatable = bool(group.get("negatable"))
            within.setdefault(text.split()[0], []).append((text + " ", revocation, is_negatable))
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

"""Which inbound messages are opt-out, opt-in or help: Twilio's own keywords, and the account's.

Twilio's, so that our counts equal what Twilio does: its Advanced Opt-Out guide and its support article on
toll-free opt-outs. The account's words, in whatever languages it serves, come from the settings and from its
campaigns. Twilio acts on them only where it was told to, so the workbench itself sends nothing more to who
wrote one. Pure.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

OPT_OUT_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
OPT_IN_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

# Toll-free opt-outs are kept by the network, not by Twilio, and cannot be customised.
TOLL_FREE_OPT_OUT_WORDS = frozenset({"STOP"})
TOLL_FREE_OPT_IN_WORDS = frozenset({"START", "UNSTOP"})

Keyword = Literal["opt-out", "opt-in", "help"]

_BUILT_IN: Mapping[str, Keyword] = {
    **dict.fromkeys(HELP_WORDS, "help"),
    **dict.fromkeys(OPT_IN_WORDS, "opt-in"),
    **dict.fromkeys(OPT_OUT_WORDS, "opt-out"),
}
_LONGEST_WORD = max(map(len, _BUILT_IN))

LONGEST_OWN_WORD = 40
"""Characters; more is no word that people write to a number."""

LONGEST_OWN_BODY = 3 * LONGEST_OWN_WORD
"""Of a body that may be an own word: spaces and invisible characters are around some."""


@dataclass(frozen=True)
class OwnKeywords:
    """The words of an account besides Twilio's own; made by :func:`own_keywords`."""

    meanings: Mapping[str, Keyword] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.meanings)


NO_OWN_KEYWORDS = OwnKeywords()


def own_keywords(
    opt_out: Iterable[str] = (), opt_in: Iterable[str] = (), help_: Iterable[str] = ()
) -> OwnKeywords:
    """The words of an account, as it compares them; what Twilio has a rule for keeps that rule.

    A word with two meanings is an opt-out: to miss one would be worse.
    """
    meanings: dict[str, Keyword] = {}
    kinds: tuple[tuple[Keyword, Iterable[str]], ...] = (
        ("help", help_), ("opt-in", opt_in), ("opt-out", opt_out),
    )  # fmt: skip
    for meaning, words in kinds:
        folded_words = map(fold, words)
        meanings |= {word: meaning for word in folded_words if word and word.upper() not in _BUILT_IN}
    return OwnKeywords(dict(sorted(meanings.items())))


def built_in_meaning(word: str) -> Keyword | None:
    """What a word means to Twilio on an ordinary number."""
    return _BUILT_IN.get(fold(word).upper())


def fold(text: str) -> str:
    """A word as words are compared: without case, accents (ARRÊT is ARRET), invisible and double spaces.

    Punctuation and symbols around it do not count either: who writes `Arrêt.` or `¡BAJA!` means the word.
    """
    decomposed = unicodedata.normalize("NFD", text.casefold())
    kept = (sign for sign in decomposed if not "\u0300" <= sign <= "\u036f")
    visible = "".join(sign for sign in kept if unicodedata.category(sign) != "Cf" and sign != _EMOJI_STYLE)
    words = [at for at, sign in enumerate(visible) if unicodedata.category(sign)[0] not in "PSZC"]
    return " ".join(visible[words[0] : words[-1] + 1].split()) if words else visible.strip()


_EMOJI_STYLE = "\ufe0f"


def keyword(
    body: str | None, *, toll_free: bool = False, own: OwnKeywords = NO_OWN_KEYWORDS
) -> Keyword | None:
    """The keyword that is the whole body, ignoring case and outer spaces, so not ``Stop please``.

    Args:
        toll_free: the number that it was written to. Its network knows fewer words, and lets nobody in again
            by a word of the account; an opt-out or help in the account's words counts all the same.
        own: the words of the account.
    """
    if not body:
        return None
    word = body.strip()
    if len(word) <= _LONGEST_WORD and word.isascii() and (meaning := _meaning(word.upper(), toll_free)):
        return meaning
    if not own or len(body) > LONGEST_OWN_BODY:
        return None
    own_meaning = own.meanings.get(fold(body))
    return None if toll_free and own_meaning == "opt-in" else own_meaning


def _meaning(word: str, toll_free: bool) -> Keyword | None:
    if word in (TOLL_FREE_OPT_OUT_WORDS if toll_free else OPT_OUT_WORDS):
        return "opt-out"
    if word in (TOLL_FREE_OPT_IN_WORDS if toll_free else OPT_IN_WORDS):
        return "opt-in"
    return "help" if word in HELP_WORDS else None


_OPT_OUT_TYPES: dict[str, Keyword] = {"STOP": "opt-out", "START": "opt-in", "HELP": "help"}


def opt_out_type(value: str | None) -> Keyword | None:
    """The keyword that `OptOutType` of an inbound webhook names; if it is there, the body does not count.

    Twilio sends it with Advanced Opt-Out, whose keywords each messaging service may choose for itself.
    """
    return _OPT_OUT_TYPES.get((value or "").strip().upper())

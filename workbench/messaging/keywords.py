"""Which inbound messages Twilio treats as opt-out, opt-in or help, so that our counts equal what Twilio does.

Source: Twilio's Advanced Opt-Out guide and its support article on toll-free opt-outs.
"""

from __future__ import annotations

from typing import Literal

OPT_OUT_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
OPT_IN_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

# Toll-free opt-outs are kept by the network, not by Twilio, and cannot be customised.
TOLL_FREE_OPT_OUT_WORDS = frozenset({"STOP"})
TOLL_FREE_OPT_IN_WORDS = frozenset({"START", "UNSTOP"})

Keyword = Literal["opt-out", "opt-in", "help"]

_LONGEST_WORD = max(map(len, OPT_OUT_WORDS | OPT_IN_WORDS | HELP_WORDS))


def keyword(body: str | None, *, toll_free: bool = False) -> Keyword | None:
    """The keyword that is the whole body, ignoring case and outer spaces, so not ``Stop please``."""
    if not body:
        return None
    word = body.strip()
    if len(word) > _LONGEST_WORD or not word.isascii():
        return None
    return _meaning(word.upper(), toll_free)


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

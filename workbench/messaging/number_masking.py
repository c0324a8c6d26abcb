"""Masks the phone numbers in a text that somebody else wrote, as an error of Twilio or a line of a log. Pure.

What has digits and is no number stays: SIDs, dates and times, amounts, addresses of machines, UUIDs. Where a
text could be either, it is masked.
"""

from __future__ import annotations

import re
import unicodedata

from workbench.messaging.addresses import mask

_LEAST_DIGITS = 7

_HEX, _UUID = "[0-9a-fA-F]", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_DAY = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
_NO_NUMBER = (
    # Two capital letters and 32 hexadecimal digits: every SID of Twilio; shortened ones end in an ellipsis.
    rf"(?<![A-Za-z0-9])[A-Z]{{2}}(?:{_HEX}{{32}}(?![A-Za-z0-9])|{_HEX}{{4,31}}…)",
    rf"(?<![A-Za-z0-9]){_UUID}(?![A-Za-z0-9])",
    rf"(?<![0-9]){_DAY}(?:{_TIME})?(?![0-9])",
    rf"(?<![0-9.]){_OCTET}(?:\.{_OCTET}){{3}}(?::[0-9]{{1,5}})?(?![0-9.])",
    # Amounts and fractions: thousands with commas, or a point with one or two decimals, or 0.123456.
    r"(?<![0-9.,+])-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])",
    r"(?<![0-9.,+])-?[0-9]+\.[0-9]{1,2}(?![0-9.])",
    r"(?<![0-9.,+])-?(?:0\.[0-9]+|[0-9]{1,2}\.[0-9]{3,6})(?![0-9.(-]| [0-9(])",
)
_PLUS = r"(?:[+＋]|%2[bB]|\\u002[bB])"
_GAP = r"(?:[ \u00a0\u2007\u202f\t().\-/·‐‑‒–—−+]|%20|%2[89dD]){0,3}"
_NUMBER = rf"(?:{_PLUS}[ (]{{0,2}})?\d(?:{_GAP}\d){{{_LEAST_DIGITS - 1},}}"
_ANY = re.compile("|".join((*(f"(?:{pattern})" for pattern in _NO_NUMBER), f"(?P<number>{_NUMBER})")))


def mask_numbers(text: str) -> str:
    """The text with every phone number in it masked, in whatever spelling; masking twice changes nothing.

    Returns:
        ``+1 (415) 555-2671`` becomes ``+1415***2671``, and ``%2B14155552671`` too.
    """
    return _ANY.sub(lambda match: _masked(match["number"]) if match["number"] else match[0], text)


def _masked(spelled: str) -> str:
    escape = re.match(_PLUS, spelled)
    rest = re.sub("%20|%2[89dD]", " ", spelled[escape.end() :] if escape else spelled)
    digits = "".join(str(unicodedata.digit(sign)) for sign in rest if sign.isdigit())
    shown = mask("+" + digits)
    return shown if escape else shown[1:]

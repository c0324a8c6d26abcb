"""Which person an address belongs to: one identity for all channels and spellings of a number. Pure.

At Twilio one person has several addresses. One reason is the channel's prefix (``whatsapp:+1…``). The other
is a number plan that changed: WhatsApp keeps the number with which a person registered, SMS uses today's.

| country | today | other spellings | source |
|---|---|---|---|
| Mexico | +52 and 10 digits | 1, 01, 044 or 045 before them | WhatsApp's help; plan of 2019 |
| Argentina | +54 and 10 digits | 9 before them, 15 behind the area code | the same; libphonenumber |
| Brazil | mobiles +55, area, 9 and 8 digits | without the 9 (first digit 6 to 9) | Anatel, 2012 to 2016 |
| Benin | +229 01 and 8 digits | without the 01 | plan of November 2024 |
| Côte d'Ivoire | mobiles +225, 01, 05 or 07, 8 digits | without these two | plan of January 2021 |

The macro ``person_of`` (``sql/views/person_of.sql``) does the same in SQL; a test keeps the two equal.
"""

from __future__ import annotations

import re
from functools import lru_cache

_BARE = re.compile(r"^(?:sms|whatsapp|rcs|messenger):((?:\+|anon-).*)$", re.IGNORECASE | re.DOTALL)

_ARGENTINA_15 = (
    r"^\+549?0?(?:(11)15([0-9]{8})"
    r"|(2(?:2[013]|3[067]|49|6[01346]|80|9[147-9])|3(?:36|4[1-358]|5[138]|6[24]|7[069]|8[013578]))15([0-9]{7})"
    r"|([23][0-9]{3})15([0-9]{6}))$"
)
"""An area code of two, three or four digits, the 15 of a mobile, and the rest of ten digits."""

#: The beginning of a number, and the replacement that turns a spelling into the person's identity.
_SPELLINGS: tuple[tuple[str, re.Pattern[str], str], ...] = tuple(
    (head, re.compile(pattern), replacement)
    for head, pattern, replacement in (
        ("+52", r"^\+52(?:1|01|044|045)([0-9]{10})$", r"+52\1"),
        ("+54", r"^\+549([0-9]{10})$", r"+54\1"),
        ("+54", _ARGENTINA_15, r"+54\1\2\3\4\5\6"),
        ("+55", r"^\+55([1-9][1-9])([6-9][0-9]{7})$", r"+55\g<1>9\2"),
        ("+229", r"^\+229([24-69][0-9]{7})$", r"+22901\1"),
        ("+225", r"^\+225([04-9][0-3][0-9]{6})$", r"+22501\1"),
        ("+225", r"^\+225([04-9][4-6][0-9]{6})$", r"+22505\1"),
        ("+225", r"^\+225([04-9][7-9][0-9]{6})$", r"+22507\1"),
    )
)

#: The replacements that give every other spelling of a person's identity.
_OTHERS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"^\+52([0-9]{10})$"), (r"+521\1", r"+5201\1", r"+52044\1", r"+52045\1")),
    (re.compile(r"^\+54(11)([0-9]{8})$"), (r"+549\1\2", r"+54\g<1>15\2")),
    (
        re.compile(r"^\+54([23][0-9]{2})([0-9])([0-9]{6})$"),
        (r"+549\1\2\3", r"+54\g<1>15\2\3", r"+54\1\g<2>15\3"),
    ),
    (re.compile(r"^\+55([1-9][1-9])9([6-9][0-9]{7})$"), (r"+55\1\2",)),
    (re.compile(r"^\+22901([24-69][0-9]{7})$"), (r"+229\1",)),
    (re.compile(r"^\+225(?:01([04-9][0-3][0-9]{6})|05([04-9][4-6][0-9]{6})|07([04-9][7-9][0-9]{6}))$"),
     (r"+225\1\2\3",)),
)  # fmt: skip


@lru_cache(maxsize=2**16)
def person_of(address: str) -> str:
    """The identity of the person with this address, as the lake stores it.

    Args:
        address: as Twilio writes it or as the lake stores it (see ``privacy.py``); a hashed or masked address
            only loses its channel.

    Returns:
        The number in today's spelling, without a channel; an address that is not a number stays as it is.
    """
    behind_prefix = _BARE.match(address)
    name = behind_prefix.group(1) if behind_prefix else address
    if name[:2] not in ("+5", "+2"):
        return name
    for head, pattern, replacement in _SPELLINGS:
        if name.startswith(head) and pattern.match(name):
            return pattern.sub(replacement, name)
    return name


def channel_family(address: str) -> str:
    """The channels that share their opt-outs: ``sms`` (with MMS and RCS), ``whatsapp`` or ``messenger``.

    The macro ``channel_family`` does the same in SQL.
    """
    return next((name for name in ("whatsapp", "messenger") if address.startswith(name + ":")), "sms")


def respelled(address: str) -> str:
    """The address in today's spelling of its number, on the same channel."""
    person = person_of(address)
    behind_prefix = _BARE.match(address)
    return address[: behind_prefix.start(1)] + person if behind_prefix else person


def address_spellings(address: str) -> tuple[str, ...]:
    """The address itself, then the same address with every other spelling of its number."""
    behind_prefix = _BARE.match(address)
    prefix = address[: behind_prefix.start(1)] if behind_prefix else ""
    return tuple(dict.fromkeys([address, *(prefix + number for number in spellings(address))]))


def spellings(address: str) -> tuple[str, ...]:
    """Every spelling of this person's number, today's first, without channels."""
    person = person_of(address)
    written = [person]
    for pattern, replacements in _OTHERS:
        if match := pattern.match(person):
            written += [match.expand(replacement) for replacement in replacements]
    return tuple(dict.fromkeys(spelling for spelling in written if person_of(spelling) == person))

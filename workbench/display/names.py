"""How the values of a dimension read: numbers masked, things by their names, emptiness in words. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from workbench.display.formats import is_missing
from workbench.messaging.addresses import mask

ADDRESSES = ("sender", "contact")
"""Dimensions whose values are addresses."""

_EMPTY = {
    "sender": "no sender yet",
    "messaging_service": "no service",
    "batch": "no batch",
    "error_code": "no code",
    "country": "unknown",
}


def empty_name(dimension: str) -> str:
    """What is written where a message has no value of a dimension."""
    return _EMPTY.get(dimension, "none")


def sender_label(sender: str, name: str | None, *, is_masked: bool = False) -> str:
    """A sender of ours as people recognise it: `Support desk (+12025550110)`.

    It is no data of a person, so its number is whole, unless the settings say otherwise (``is_masked``). The
    address alone where it has no name of its own.
    """
    shown = mask(sender) if is_masked else sender
    own_name = sender_name(sender, name)
    return f"{own_name} ({shown})" if own_name else shown


def sender_name(sender: str, name: str | None) -> str | None:
    """The name of a sender; None where it is only its number again, as Twilio's default (202) 555-0110."""
    digits = re.sub(r"\D", "", name or "")
    is_number_again = bool(digits) and not re.search(r"[^\W\d_]", name or "") and sender.endswith(digits)
    return name if name and not is_number_again else None


def country_name(code: str) -> str:
    """A country's English name by its code, as `Germany` for DE, like the pages write it; else the code.

    Source: CLDR, which browsers name countries by, too.
    """
    return _country_names().get(code, code) if len(code) == 2 else code


@cache
def _country_names() -> Mapping[str, str]:
    # Read once, when the first country is named: it takes a tenth of a second.
    from babel import Locale

    names: Mapping[str, str] = Locale("en").territories
    return names


def value_name(dimension: str, value: Any, names: Mapping[str, str] | None = None) -> str:
    """A dimension's value as people may see it.

    Args:
        names: value → the name that people gave it, as for messaging services and senders.
    """
    if is_missing(value):
        return empty_name(dimension)
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, float) and math.floor(value) == value:
        return str(int(value))
    text = str(value)
    if dimension == "country":
        return country_name(text)
    return (names or {}).get(text) or (mask(text) if dimension in ADDRESSES else text)

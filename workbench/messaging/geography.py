"""Where the owner of a number may be: time zones and, in the United States, states.

A number does not tell where its owner is today. These functions give the possible places, by area code or by
ZIP code; a rule that depends on the place must apply the strictest of them.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any, Literal

from workbench.messaging.addresses import is_e164, time_zones

ZoneSource = Literal["contact", "postal code", "area code", "country", "unknown"]

_US_NUMBER = re.compile(r"\+1(?P<area>[2-9][0-9]{2})[0-9]{3}(?:[0-9]{4}|XXXX)")
_ZIP_CODE = re.compile(r"(?P<prefix>[0-9]{3})[0-9]{2}(?:-?[0-9]{4})?")


def area_zones(address: str | None) -> tuple[tuple[str, ...], ZoneSource]:
    """IANA zones of a number's area, and whether they follow from an area code or only from the country.

    For +1 the area is the area code with every exchange in it, because people keep their number when they
    move. Elsewhere it is what the library knows of the number without its last three digits; for mobile
    numbers that is usually every zone of the country.
    """
    number = (address or "").rpartition(":")[2].replace("XXXX", "2345")
    if not is_e164(number):
        return (), "unknown"
    zones = _zones_of_area_code(number[1:5]) if number.startswith("+1") else ()
    if zones:
        return zones, "area code"
    zones = time_zones(number[:-3] + "234")
    if not zones:
        return (), "unknown"
    return zones, "country" if set(zones) == set(_zones_of_calling_code(number[1:4])) else "area code"


def area_states(address: str | None) -> frozenset[str]:
    """US states of a number's area code; empty if the area code belongs to no state."""
    number = _US_NUMBER.fullmatch((address or "").rpartition(":")[2])
    return _states_by_area_code().get(number["area"], frozenset()) if number else frozenset()


def postal_code_states(postal_code: str | None) -> frozenset[str]:
    """US states (and territories) of a ZIP code; empty for a missing, military or unknown ZIP code."""
    digits = (postal_code or "").strip()[:5]
    return (
        _states_by_zip().get(digits[:3], frozenset())
        if len(digits) == 5 and digits.isdigit()
        else frozenset()
    )


def state_zones(state: str) -> tuple[str, ...]:
    """Every IANA zone of a US state or territory."""
    return tuple(_load()["time_zones"][state])


def area_codes(state: str) -> tuple[str, ...]:
    """The area codes of a US state, as `+1512`; () for a territory, which the lists do not have."""
    return tuple(f"+1{code}" for code in _load()["area_codes"].get(state, ()))


def state_name(state: str) -> str:
    """The name of a US state, as `Texas`."""
    return str(_load()["names"][state])


def all_states() -> frozenset[str]:
    """The US states that have their own area codes, and the District of Columbia."""
    return frozenset(_load()["area_codes"])


def country_zones(iso: str) -> tuple[str, ...]:
    """Every IANA zone of the calling code of a country; () for an unknown one."""
    import phonenumbers

    code = phonenumbers.country_code_for_region(iso)
    return _zones_of_calling_code(str(code)) if code else ()


@cache
def _zones_of_area_code(digits: str) -> tuple[str, ...]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    zone_names = {
        zone for prefix, zones in TIMEZONE_DATA.items() if prefix.startswith(digits) for zone in zones
    }
    return tuple(sorted(zone_names))


@cache
def _zones_of_calling_code(digits: str) -> tuple[str, ...]:
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
    from phonenumbers.tzdata import TIMEZONE_DATA

    code = next((digits[:n] for n in (1, 2, 3) if int(digits[:n]) in COUNTRY_CODE_TO_REGION_CODE), digits)
    return TIMEZONE_DATA.get(code, ())


@cache
def _states_by_area_code() -> dict[str, frozenset[str]]:
    states_of: dict[str, frozenset[str]] = {}
    for state, codes in _load()["area_codes"].items():
        for code in codes:
            states_of[str(code)] = states_of.get(str(code), frozenset()) | {state}
    return states_of


@cache
def _states_by_zip() -> dict[str, frozenset[str]]:
    states_of: dict[str, frozenset[str]] = {}
    for state, ranges in _load()["zip_prefixes"].items():
        for text in ranges:
            first, _, last = text.partition("-")
            for prefix in range(int(first), int(last or first) + 1):
                states_of[f"{prefix:03}"] = states_of.get(f"{prefix:03}", frozenset()) | {state}
    return states_of


@cache
def _load() -> dict[str, Any]:
    """The data file; read once, on first use."""
    text = resources.files(__package__).joinpath("us_places.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)

"""The countries that the simulated company writes to: numbers, time zones, prices, how well they deliver.

Numbers are valid for their country but recognisably invented: the 555 exchange in North America, one block of
the number plan elsewhere. Prices are in hundred-thousandths of the account's currency per segment (SMS) or
per message (MMS); their size is realistic, but they are not a price list.
"""

from __future__ import annotations

from typing import NamedTuple

UNIT = 100_000
"""Prices are whole numbers of this fraction of a dollar, as Twilio shows five decimals."""

FAILED_FEE = 100
"""What a failed message costs, per message: the processing fee, which only Usage Records show."""


class Country(NamedTuple):
    iso: str
    name: str
    language: str
    share: float
    """Share of the contacts."""
    outbound: int
    """Price of an outbound SMS segment, without carrier fees."""
    carrier_fee: int
    inbound: int
    undelivered: float
    """Share of messages that a carrier refuses."""
    no_receipt: float
    """Share of messages that stay `sent`, because the carrier returns no receipt."""
    delay: float
    """Median seconds from sent to delivered."""
    takes_alphanumeric: bool


COUNTRIES: tuple[Country, ...] = (
    Country("US", "United States", "en", 0.700, 830, 350, 830, 0.026, 0.012, 3.0, False),
    Country("CA", "Canada", "en", 0.090, 830, 450, 830, 0.022, 0.015, 4.0, False),
    Country("GB", "United Kingdom", "en", 0.070, 5600, 0, 750, 0.020, 0.010, 4.0, True),
    Country("DE", "Germany", "de", 0.045, 10900, 0, 750, 0.024, 0.020, 5.0, True),
    Country("FR", "France", "fr", 0.030, 7980, 0, 750, 0.028, 0.020, 5.0, True),
    Country("AU", "Australia", "en", 0.025, 5150, 0, 750, 0.024, 0.030, 6.0, True),
    Country("MX", "Mexico", "es", 0.025, 6300, 0, 600, 0.050, 0.100, 9.0, False),
    Country("IN", "India", "en", 0.015, 8320, 0, 500, 0.070, 0.140, 14.0, False),
)
COUNTRY_INDEX = {country.iso: index for index, country in enumerate(COUNTRIES)}

MMS_OUTBOUND, MMS_INBOUND, MMS_CARRIER_FEE = 2200, 1650, 1000
WHATSAPP = 500


class Area(NamedTuple):
    """A block of phone numbers whose owners share one time zone."""

    head: str
    digits: int
    """How many digits follow the head."""
    country: int
    zone: str
    weight: float
    """Share within its country."""


_NORTH_AMERICA = {
    ("US", "America/New_York"): "203 305 404 412 614 617 704 716 718 803 804 813 904 919 212 215 301 313 401",
    ("US", "America/Chicago"): "205 214 225 312 314 405 414 501 512 515 601 612 615 713 773 901",
    ("US", "America/Denver"): "303 406 505 720 801 915",
    ("US", "America/Phoenix"): "480 520 602",
    ("US", "America/Los_Angeles"): "206 213 253 310 408 415 503 510 619 702 916",
    ("CA", "America/Toronto"): "416 514 613",
    ("CA", "America/Winnipeg"): "204",
    ("CA", "America/Edmonton"): "403 780",
    ("CA", "America/Vancouver"): "604",
    ("CA", "America/Halifax"): "902",
}
_ELSEWHERE = (
    ("GB", "+4474001", 5, "Europe/London"),
    ("DE", "+4915228", 6, "Europe/Berlin"),
    ("FR", "+336123", 5, "Europe/Paris"),
    ("AU", "+614915", 5, "Australia/Sydney"),
    ("MX", "+5255555", 5, "America/Mexico_City"),
    ("IN", "+9199999", 5, "Asia/Kolkata"),
)

AREAS: tuple[Area, ...] = tuple(
    Area(f"+1{code}555", 4, COUNTRY_INDEX[iso], zone, 1.0)
    for (iso, zone), codes in _NORTH_AMERICA.items()
    for code in codes.split()
) + tuple(Area(head, digits, COUNTRY_INDEX[iso], zone, 1.0) for iso, head, digits, zone in _ELSEWHERE)


class Rate(NamedTuple):
    """What one message costs: `per_segment` times segments, or `per_message` where that is set."""

    base: int
    carrier_fee: int
    per_message: bool = False


def rate(country: int, kind: str, *, outbound: bool, media: bool) -> Rate:
    """The price of a message to or from a country, by the kind of our sender."""
    place = COUNTRIES[country]
    if kind == "whatsapp":
        return Rate(WHATSAPP, 0, per_message=True)
    if media:
        return Rate(MMS_OUTBOUND, MMS_CARRIER_FEE, True) if outbound else Rate(MMS_INBOUND, 0, True)
    if outbound:
        return Rate(place.outbound, place.carrier_fee)
    return Rate(place.inbound, 0)

"""The numbers that can be bought: 555-0100 to 555-0199 of every area code that the simulated world knows.

They are the numbers that nobody has. A bought one is not registered for anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.messaging.addresses import country
from workbench.simulator.traffic.profile import Sender
from workbench.simulator.traffic.world import AREAS, COUNTRIES

SOLD_IN = ("US", "CA")
_TOLL_FREE_CODES = ("833", "844", "855", "866", "877", "888")


def is_for_sale(number: str) -> bool:
    """Whether a number belongs to the blocks that are sold."""
    return any(number in numbers_for_sale(iso, kind) for iso in SOLD_IN for kind in ("Local", "TollFree"))


def numbers_for_sale(iso: str, kind: str) -> Iterator[str]:
    """The numbers of the blocks that are sold in a country, bought ones included."""
    here = dict.fromkeys(area.head[2:5] for area in AREAS if COUNTRIES[area.country].iso == iso)
    for code in _TOLL_FREE_CODES if kind == "TollFree" else here:
        for index in range(100):
            yield f"+1{code}55501{index:02d}"


def sold_sender(number: str, label: str) -> Sender:
    """The sender that a number for sale becomes."""
    if number[2:5] in _TOLL_FREE_CODES:
        return Sender(number, "toll-free", "US", 3, registered=False, label=label)
    return Sender(number, "long code", country(number) or "US", 1, registered=False, label=label)

"""The people the company writes to: made up from the seed, each with a number, country and time zone."""

from __future__ import annotations

import random
from array import array
from bisect import bisect
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

from workbench.simulator.traffic.world import AREAS, COUNTRIES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ContactList:
    """`addresses[i]`, `countries[i]`, `areas[i]` of contact i; stable for a seed and a count."""

    def __init__(self, seed: int | str, count: int) -> None:
        rng = random.Random(f"{seed}:contacts")
        bounds, fitting = _area_bounds()
        numbers_used = [0] * len(AREAS)
        starts = [rng.randrange(10**area.digits) for area in AREAS]
        self.addresses: list[str] = []
        self.areas = array("H")
        self.countries = array("B")
        for _ in range(count):
            area = fitting[bisect(bounds, rng.random() * bounds[-1])]
            place = AREAS[area]
            # 7919 is prime to 10, so a block is used up before a number repeats.
            number = (starts[area] + numbers_used[area] * 7919) % 10**place.digits
            numbers_used[area] += 1
            self.addresses.append(f"{place.head}{number:0{place.digits}d}")
            self.areas.append(area)
            self.countries.append(place.country)

    def __len__(self) -> int:
        return len(self.addresses)


def _area_bounds() -> tuple[list[float], range]:
    per_country = [
        sum(area.weight for area in AREAS if area.country == index) for index in range(len(COUNTRIES))
    ]
    weights = [COUNTRIES[area.country].share * area.weight / per_country[area.country] for area in AREAS]
    return list(accumulate(weights)), range(len(AREAS))


@lru_cache(maxsize=512)
def zone_offsets(day: int) -> list[int]:
    """Seconds east of UTC of each area at noon of a UTC day."""
    noon = _EPOCH + timedelta(days=day, hours=12)
    by_zone = {zone: _offset(zone, noon) for zone in {area.zone for area in AREAS}}
    return [by_zone[area.zone] for area in AREAS]


def _offset(zone: str, at: datetime) -> int:
    offset = at.astimezone(_zone(zone)).utcoffset()
    return int(offset.total_seconds()) if offset else 0


@cache
def _zone(name: str) -> ZoneInfo:
    """Kept here, because the library keeps only the latest few."""
    return ZoneInfo(name)

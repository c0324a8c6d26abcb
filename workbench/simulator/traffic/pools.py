"""Which senders of a messaging service a contact can get: a number of the country, a name, or any number."""

from __future__ import annotations

from workbench.simulator.traffic.profile import Profile
from workbench.simulator.traffic.world import COUNTRIES

Pools = list[list[tuple[int, ...]]]


def make_pools(profile: Profile) -> Pools:
    """For each service and country, the indexes of senders to choose from."""
    return [
        [_pool(profile, service, country) for country in range(len(COUNTRIES))]
        for service in range(len(profile.services))
    ]


def _pool(profile: Profile, service: int, country: int) -> tuple[int, ...]:
    place = COUNTRIES[country]
    members = [(index, sender) for index, sender in enumerate(profile.senders) if sender.service == service]
    at_home = [index for index, s in members if s.country == place.iso and s.kind == "long code"]
    names = [index for index, s in members if s.kind == "alphanumeric" and place.takes_alphanumeric]
    abroad = [index for index, s in members if s.country == "US" and s.kind != "short code"]
    if place.iso == "GB":
        return tuple(at_home + names or abroad)
    return tuple(at_home or names or abroad or [index for index, _ in members])

"""Shows a process that serves among the machines of its lake, for as long as it lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.lake.address import lake_address
from workbench.settings import Settings


@contextmanager
def present(settings: Settings, roles: str) -> Iterator[None]:
    """Keep this process among the machines of its lake, whether or not the database answers now.

    A lake of one machine has no such list.
    """
    address = lake_address(settings)
    if address.kind == "sqlite":
        yield
        return
    # Loads a driver that a lake of one machine does not need.
    from workbench.lake.fleet.keeper import keeper_of
    from workbench.lake.fleet.machines import Presence

    presence = Presence(settings.home, roles, None)
    keeper_of(address).add(presence, in_seconds=0.0)
    try:
        yield
    finally:
        keeper_of(address).remove(presence)
        presence.end(address)

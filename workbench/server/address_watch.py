"""Tells `workbench serve` that workbench.toml names another lake, as after a move.

Its processes have the old one open, and read their settings when they start.
"""

from __future__ import annotations

from workbench.errors import ConfigError
from workbench.lake.address import LakeAddress, lake_address
from workbench.settings import SETTINGS_FILE, Settings, load_settings


class AddressWatch:
    """Looks at the time of the file, which costs microseconds, and reads it after a change.

    Args:
        settings: with which the processes were started.
    """

    def __init__(self, settings: Settings) -> None:
        self._home = settings.home
        self._address = lake_address(settings)
        self._changed_at = self._time()

    def said(self) -> str | None:
        """That the lake is elsewhere now, once; None while it is where it was."""
        changed_at = self._time()
        if changed_at == self._changed_at:
            return None
        self._changed_at = changed_at
        address = self._read()
        if address is None or address == self._address:
            return None
        self._address = address
        return f"{SETTINGS_FILE} names another lake, {address.shown}."

    def _read(self) -> LakeAddress | None:
        try:
            return lake_address(load_settings(home=self._home))
        except ConfigError:
            # Somebody is writing it by hand; the processes go on with what they have.
            return None

    def _time(self) -> int:
        path = self._home / SETTINGS_FILE
        return path.stat().st_mtime_ns if path.exists() else 0

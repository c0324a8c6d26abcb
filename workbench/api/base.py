"""What every part of the notebook API stands on: the settings and the lake, opened on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

from workbench.settings import Settings, load_settings

if TYPE_CHECKING:
    from workbench.lake.connect import Lake
    from workbench.messaging.address_reader import NumberContext
    from workbench.messaging.privacy import Privacy


class Opened:
    """One installation: its settings, and its lake for writing and for reading."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    @cached_property
    def lake(self) -> Lake:
        """The lake for writing, created on first use."""
        from workbench.lake import open_lake

        return open_lake(self.settings, threads=1)

    @cached_property
    def _reader(self) -> Lake:
        """The same lake, attached so that no statement can change it."""
        from workbench.lake import open_lake

        return open_lake(self.settings, read_only=True)

    def _number_context(self, country: str | None = None) -> NumberContext:
        """How addresses are read here; `country` (else the settings') is where numbers without one are."""
        from workbench.lake.number_context import read_number_context

        return read_number_context(self.lake, country or self.settings.sending.default_country)

    def _contact_privacy(self) -> Privacy:
        """How this lake keeps a contact's address; a mode that keeps them whole is not settled by asking."""
        from workbench.messaging.privacy import Privacy, privacy_mode
        from workbench.sync.shared.privacy import open_privacy

        mode = privacy_mode(self.settings.privacy.mode)
        return open_privacy(self.lake, mode) if mode.needs_key else Privacy(mode)

    def close(self) -> None:
        """Let go of the lake. Opening again is automatic."""
        for name in ("lake", "_reader"):
            lake = self.__dict__.pop(name, None)
            if lake is not None:
                lake.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

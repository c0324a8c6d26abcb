"""Gives back the memory that an engine keeps of each version of the lake, in processes that run for days."""

from __future__ import annotations

import logging

from workbench.errors import LakeError
from workbench.lake.connect import Lake

log = logging.getLogger(__name__)


class EngineRenewal:
    """Counts the versions that an engine has seen, and renews it after so many (:meth:`Lake.renew`).

    Args:
        every: versions that one engine may see.
    """

    def __init__(self, every: int) -> None:
        self.every = every
        self._versions = 0

    def note_version(self) -> None:
        """The engine has seen one more version."""
        self._versions += 1

    def renew_if_due(self, lake: Lake) -> None:
        """Renew the engine of `lake` if it has seen enough; where that fails, it goes on as it is.

        The next call tries again.
        """
        if self._versions < self.every:
            return
        try:
            lake.renew()
            self._versions = 0
        except LakeError as error:
            log.warning("the engine of the lake could not be renewed and keeps its memory for now: %s", error)

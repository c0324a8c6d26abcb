"""What `/readyz` of the hooks says: whether webhooks are stored and reach the lake, and what failed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from workbench.lake.spool import Spool
from workbench.server.scheduling import Scheduler
from workbench.server.webhook_handlers import Hooks

_LATE_SECONDS = 60.0
_LEAST_FREE_BYTES = 50 * 2**20


class Health:
    """Asks the parts of one hooks process how they are."""

    def __init__(self, home: Path, hooks: Hooks, spool: Spool, scheduler: Scheduler) -> None:
        self._home, self._hooks, self._spool, self._scheduler = home, hooks, spool, scheduler

    def report(self) -> dict[str, Any]:
        """`ready` is whether webhooks are stored and reach the lake."""
        applier = self._hooks.applier
        lag = applier.lag_seconds()
        free = shutil.disk_usage(self._home).free
        troubles = [text for text in (applier.trouble, self._disk_trouble(free)) if text]
        if lag > _LATE_SECONDS:
            troubles.append(f"The lake is {lag:.0f} seconds behind.")
        elif (quiet := applier.quiet_seconds()) > _LATE_SECONDS:
            troubles.append(f"The lake was not reached for {quiet:.0f} seconds.")
        return {
            "ready": not troubles,
            "troubles": troubles,
            "webhooks": self._hooks.settings.off or "on",
            "waiting_for_lake": self._spool.waiting,
            "lag_seconds": round(lag, 1),
            "stored": self._hooks.intake.stored,
            "refused": dict(self._hooks.refusals.total),
            "failed_jobs": self._scheduler.failed(),
            "schedule": self._scheduler.report(),
        }

    def _disk_trouble(self, free: int) -> str | None:
        if free < _LEAST_FREE_BYTES:
            return f"The disk of {self._home} has {free / 2**20:.0f} MB left."
        return None if os.access(self._home, os.W_OK) else f"{self._home} cannot be written."

"""Cancels what is scheduled for people who opted out: run by the worker, and by a job of the schedule."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.lake.connect import Lake
    from workbench.sending.cancel_unwanted import CancelRun
    from workbench.settings import Settings

CHANGES = frozenset({"consent_events", "erased_people", "membership_spans", "outbox_events"})
"""The tables by whose changes an opt-out can reach another scheduled message."""

_LONGEST_SECONDS = 5.0
_AGAIN = timedelta(seconds=30)


def run_cancellations(installation: Installation, stop: threading.Event) -> CancelRun:
    """Cancel what an opt-out reaches now, and note whose time came first; audited.

    Raises:
        ConfigError: there are no credentials.
        LakeError: the lake cannot be read or written now.
    """
    from workbench.sending.cancel_unwanted import cancel_unwanted, note_missed

    context = installation.send_context
    with _acting():
        return replace(cancel_unwanted(context, stop.is_set), missed=note_missed(context))


class CancelConsumer:
    """The same as what the worker runs when somebody may have opted out, again and again, over one lake."""

    def __init__(self) -> None:
        self._installation: Installation | None = None

    def __call__(self, lake: Lake, settings: Settings, now: datetime) -> datetime | None:
        """Cancel for some seconds; when to look again even if nothing happens.

        Raises:
            LakeError: the lake cannot be read or written now; the next look does it.
        """
        from workbench.api.installation import Installation
        from workbench.sending.cancel_unwanted import cancel_unwanted

        if settings.optional_credentials is None:
            return None
        if self._installation is None or self._installation.lake is not lake:
            self.close()
            self._installation = Installation(settings, lake=lake)
        until = time.monotonic() + _LONGEST_SECONDS
        with _acting():
            done = cancel_unwanted(self._installation.send_context, lambda: time.monotonic() > until)
        if done.is_behind and done.cancelled:
            return now
        return now + _AGAIN if done.waiting or done.unclear else None

    def close(self) -> None:
        """Let go of the connections to Twilio; the lake is the caller's."""
        if self._installation is not None:
            self._installation.close()
            self._installation = None


def _acting() -> AbstractContextManager[None]:
    """What is cancelled is cancelled by the built-in rule, whoever or whatever runs it."""
    from workbench.roles import Actor, acting_as

    return acting_as(Actor("opt-out-block", "agent", kind="rule"))

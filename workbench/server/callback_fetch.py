"""Brings in messages that so far only their callbacks know, so that a page shows them before the next sync.

A few at a time: whoever sends many gets the rest with the sync, which lists a thousand in one request.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from workbench.errors import LakeError, WorkbenchError
from workbench.lake.statuses import forget_waiting, read_waiting
from workbench.server.hooks_lake import HooksLake
from workbench.settings import Settings
from workbench.sync.messages.refetch import read_again

if TYPE_CHECKING:
    from workbench.twilio.client import TwilioClient

log = logging.getLogger(__name__)

_AT_A_TIME, _AT_ONCE = 50, 4
_BETWEEN_ROUNDS, _AFTER_TROUBLE, _LOOK_AGAIN = 1.0, 30.0, 60.0
#: A callback may come before the message can be read; after this Twilio does not have it any more.
_GIVE_UP_AFTER = timedelta(hours=1)


class Fetcher:
    """A thread that fetches when it is woken, and looks by itself now and then."""

    def __init__(self, settings: Settings, lake: HooksLake) -> None:
        self._settings, self._lake = settings, lake
        self._wake, self._stop = threading.Event(), threading.Event()
        self._tried: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="fetcher", daemon=True)

    def start(self) -> None:
        if self._settings.optional_credentials:
            self._thread.start()

    def wake(self) -> None:
        """There is something to fetch."""
        self._wake.set()

    def close(self) -> None:
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        from workbench.twilio.client import TwilioClient

        with TwilioClient(
            self._settings.credentials, base_url=self._settings.twilio.base_url, attempts=2
        ) as client:
            while not self._stop.is_set():
                self._wake.wait(_LOOK_AGAIN)
                self._wake.clear()
                try:
                    while not self._stop.is_set() and self._fetch_some(client):
                        self._stop.wait(_BETWEEN_ROUNDS)
                except Exception as error:
                    # What nobody expected must not end the thread: nothing would be fetched until a restart.
                    log.warning(
                        "messages known from callbacks wait for the next sync: %s",
                        error,
                        exc_info=not isinstance(error, WorkbenchError),
                    )
                    self._stop.wait(_AFTER_TROUBLE)

    def _fetch_some(self, client: TwilioClient) -> int:
        """One round; how many messages were asked for.

        A message that could not be read is in quarantine from then on: the syncs ask for it, by their rule.

        Raises:
            TwilioError, LakeError: what was not saved is tried again.
        """
        lake, privacy = self._lake.opened(), self._lake.privacy
        if privacy is None:
            raise LakeError("What this lake may keep is not known yet.")
        with lake.cursor() as cursor:
            waiting = read_waiting(cursor, 4 * _AT_A_TIME)
        now = time.monotonic()
        self._tried = {sid: at for sid, at in self._tried.items() if now - at < _LOOK_AGAIN}
        due = [message for message in waiting if message.message_sid not in self._tried][:_AT_A_TIME]
        if not due:
            return 0
        messages = [(message.account_sid, message.message_sid) for message in due]
        missing = read_again(lake, client, messages, privacy, at_once=_AT_ONCE).missing
        self._tried |= dict.fromkeys((message.message_sid for message in due), now)
        too_old = datetime.now(UTC) - _GIVE_UP_AFTER
        gone = [
            message.message_sid
            for message in due
            if message.message_sid in missing and message.first_heard_at < too_old
        ]
        if gone:
            lake.write(lambda cursor: forget_waiting(cursor, gone))
        return len(due)

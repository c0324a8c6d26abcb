"""Brings in messages that so far only their callbacks know, so that a page shows them before the next sync.

A few at a time: whoever sends many gets the rest with the sync, which lists a thousand in one request.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import LakeError, WorkbenchError
from workbench.lake.connect import Lake
from workbench.lake.quarantine import save_quarantined
from workbench.lake.save import join_message_tables, save_messages
from workbench.lake.statuses import forget_waiting, read_waiting
from workbench.messaging.privacy import Privacy
from workbench.settings import Settings
from workbench.sync.messages.pages import MessageReader
from workbench.sync.messages.state import read_account_currency

if TYPE_CHECKING:
    from workbench.twilio.client import TwilioClient

log = logging.getLogger(__name__)

_AT_A_TIME, _AT_ONCE = 50, 4
_BETWEEN_ROUNDS, _AFTER_TROUBLE, _LOOK_AGAIN = 1.0, 30.0, 60.0
#: A callback may come before the message can be read; after this Twilio does not have it any more.
_GIVE_UP_AFTER = timedelta(hours=1)


class OpenedLake(Protocol):
    """The lake and what it may keep."""

    privacy: Privacy | None

    def opened(self) -> Lake: ...


class Fetcher:
    """A thread that fetches when it is woken, and looks by itself now and then."""

    def __init__(self, settings: Settings, lake: OpenedLake) -> None:
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
                except WorkbenchError as error:
                    log.warning("messages known from callbacks wait for the next sync: %s", error)
                    self._stop.wait(_AFTER_TROUBLE)

    def _fetch_some(self, client: TwilioClient) -> int:
        """One round; how many messages were asked for.

        Raises:
            TwilioError, LakeError: what was not saved is tried again.
        """
        lake = self._lake.opened()
        with lake.cursor() as cursor:
            waiting = read_waiting(cursor, 4 * _AT_A_TIME)
        now = time.monotonic()
        self._tried = {sid: at for sid, at in self._tried.items() if now - at < _LOOK_AGAIN}
        due = [entry for entry in waiting if entry[1] not in self._tried][:_AT_A_TIME]
        if not due:
            return 0
        found = self._fetch(client, due)
        self._tried |= dict.fromkeys((sid for _, sid, _ in due), now)
        self._save(lake, due, found)
        return len(due)

    def _fetch(
        self, client: TwilioClient, due: Sequence[tuple[str, str, datetime]]
    ) -> list[dict[str, Any] | None]:
        from workbench.twilio.resources import fetch_message

        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="fetcher") as pool:
            return list(pool.map(lambda entry: fetch_message(client, entry[0], entry[1]), due))

    def _save(
        self, lake: Lake, due: Sequence[tuple[str, str, datetime]], found: Sequence[dict[str, Any] | None]
    ) -> None:
        privacy, now = self._lake.privacy, datetime.now(UTC)
        if privacy is None:
            raise LakeError("What this lake may keep is not known yet.")
        currencies = {account: read_account_currency(lake, account) for account, _, _ in due}
        pages = [
            MessageReader(account, privacy, currencies.get(account)).read([{**item, "sid": sid}])
            for (account, sid, _), item in zip(due, found, strict=True)
            if item
        ]
        gone = [
            sid
            for (_, sid, heard), item in zip(due, found, strict=True)
            if item is None and now - heard > _GIVE_UP_AFTER
        ]

        def work(cursor: Any) -> None:
            table = join_message_tables([page.table for page in pages])
            save_messages(cursor, table, source="sync", received_at=now)
            save_quarantined(cursor, [row for page in pages for row in page.unread], now)
            if gone:
                forget_waiting(cursor, gone)

        lake.write(work)

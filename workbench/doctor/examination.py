"""What the checks read: the settings, the lake and the account at Twilio, each thing once.

A reading that failed fails for every check that needs it, without being tried again: an account that cannot
be reached is waited for once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from workbench.errors import WorkbenchError
from workbench.lake.connect import Lake
from workbench.lake.storage import Storage, read_storage
from workbench.settings import Settings
from workbench.settings.read import SettingsReader
from workbench.sync.status import SyncStatus, read_sync_status
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import fetch_account, fetch_balance
from workbench.webhook_setup.setup import TwilioWebhooks, read_webhooks

Value = TypeVar("Value")


class _ReadOnce(Generic[Value]):
    """A reading that is made once, at the first question; its error is kept like a value."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read, self._lock = read, threading.Lock()
        self._value: Value | None = None
        self._error: WorkbenchError | None = None
        self._is_read = False

    def __call__(self) -> Value:
        with self._lock:
            if not self._is_read:
                try:
                    self._value = self._read()
                except WorkbenchError as error:
                    self._error = error
                self._is_read = True
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]


@dataclass
class Examination:
    """One examination of an installation.

    Args:
        settings: of the installation.
        reading: how they were read, with the problems and notices.
        open_lake: opens the lake so that nothing can change it.
        open_client: opens the connection to Twilio; None for an examination without the network.
        own_file_problems: says what is wrong with the users' own files.
        now: the moment that all ages are counted from.
    """

    settings: Settings
    reading: SettingsReader
    open_lake: Callable[[], Lake]
    open_client: Callable[[], TwilioClient] | None = None
    own_file_problems: Callable[[], list[str]] = list
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self._lake = _ReadOnce(self.open_lake)
        self._client = _ReadOnce(self.open_client) if self.open_client else None
        self._account = _ReadOnce(lambda: fetch_account(self.client, self.client.account_sid))
        self._balance = _ReadOnce(lambda: fetch_balance(self.client, self.client.account_sid))
        self._webhooks = _ReadOnce(lambda: read_webhooks(self.client))
        self._sync_status = _ReadOnce(lambda: read_sync_status(self.lake, self.now))
        self._storage = _ReadOnce(lambda: read_storage(self.lake, self.now))

    @property
    def is_offline(self) -> bool:
        """Whether nothing outside of this machine may be asked."""
        return self._client is None

    @property
    def lake(self) -> Lake:
        """The lake, for reading; raises LakeError where there is none."""
        return self._lake()

    @property
    def client(self) -> TwilioClient:
        """The connection to Twilio."""
        assert self._client is not None, "an examination without the network asks Twilio nothing"
        return self._client()

    @property
    def account(self) -> dict[str, Any]:
        """The account as Twilio has it now; raises TwilioError."""
        return self._account()

    @property
    def balance(self) -> dict[str, Any]:
        """Its balance; raises TwilioError."""
        return self._balance()

    @property
    def webhooks(self) -> TwilioWebhooks:
        """The numbers, short codes and services with their webhook addresses; raises TwilioError."""
        return self._webhooks()

    @property
    def sync_status(self) -> SyncStatus:
        """How far the sync is and what is open; raises LakeError."""
        return self._sync_status()

    @property
    def storage(self) -> Storage:
        """How much room the lake takes; raises LakeError."""
        return self._storage()

    def close(self) -> None:
        """Let go of the connection to Twilio."""
        if self._client is not None:
            try:
                self._client().close()
            except WorkbenchError:
                return

"""The lake as the hooks need it: opened when it can be, opened anew after trouble, renewed for its memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from workbench.errors import LakeError
from workbench.lake import Lake, open_lake
from workbench.lake.own_keywords import check_keywords, open_own_keywords
from workbench.lake.renewal import EngineRenewal
from workbench.lake.secret_key import KEY_FILE, privacy_key
from workbench.lake.webhooks import WebhooksSaved, save_webhooks
from workbench.messaging.privacy import Privacy, privacy_mode
from workbench.server.webhook_forms import read_record
from workbench.settings import Settings
from workbench.sync.shared.privacy import open_privacy

#: Each commit leaves a few small files, which make every later commit slower.
_COMMITS_TO_MERGE = 400
#: Each commit also leaves some memory in use, which only a new engine gives back (in 0.25 s).
_COMMITS_TO_RENEW = 250


class HooksLake:
    """The one lake of the hooks process, shared by its threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lake: Lake | None = None
        self._lock = threading.Lock()
        self._renewal = EngineRenewal(_COMMITS_TO_RENEW)
        self.privacy = _early_privacy(settings)
        """What may be written; None until it is known."""

    def save(self, records: Sequence[bytes]) -> WebhooksSaved | None:
        """Save them all or none; without records, look whether the lake is well.

        Raises:
            ConfigError: the lake does not belong to these settings.
            LakeError: not now.
        """
        webhooks = [read_record(record) for record in records]
        now = datetime.now(UTC)
        try:
            lake = self.opened()
            if not webhooks:
                lake.snapshot_id()
                return None
            saved = lake.write(lambda cursor: save_webhooks(cursor, webhooks, now))
        except LakeError:
            self.close()
            raise
        self._renewal.note_version()
        self._renewal.renew_if_due(lake)
        return saved

    def opened(self) -> Lake:
        """The lake, for whichever thread asks."""
        with self._lock:
            if self._lake is None:
                lake = open_lake(self._settings)
                try:
                    own = open_own_keywords(lake, self._settings.keywords)
                    self.privacy = open_privacy(lake, self._settings.privacy.mode, own)
                except BaseException:
                    lake.close()
                    raise
                self._lake = lake
            return self._lake

    def close(self) -> None:
        with self._lock:
            lake, self._lake = self._lake, None
        if lake:
            lake.close()


class WebhookWriter:
    """Brings webhooks into the lake, and starts what their commits call for.

    Args:
        wake_fetcher: called when callbacks told of messages that the lake does not have.
        hurry_maintenance: called when so many commits have left their files that they should be merged.
        note_commit: called with the seconds of each commit.
    """

    def __init__(
        self,
        lake: HooksLake,
        wake_fetcher: Callable[[], None],
        hurry_maintenance: Callable[[], None],
        note_commit: Callable[[float], object] = lambda seconds: None,
    ) -> None:
        self._lake, self._wake_fetcher, self._hurry_maintenance = lake, wake_fetcher, hurry_maintenance
        self._note_commit = note_commit
        self._commits = 0

    def save(self, records: Sequence[bytes]) -> None:
        """As :meth:`HooksLake.save`."""
        began = time.monotonic()
        saved = self._lake.save(records)
        if saved is None:
            return
        self._note_commit(time.monotonic() - began)
        if saved.statuses.waiting:
            self._wake_fetcher()
        self._commits += 1
        if self._commits % _COMMITS_TO_MERGE == 0:
            self._hurry_maintenance()


def _early_privacy(settings: Settings) -> Privacy | None:
    """What may be written before the lake is reached; None where only the lake's key file could tell."""
    mode, own = privacy_mode(settings.privacy.mode), check_keywords(settings.keywords)
    if not mode.needs_key:
        return Privacy(mode, own_keywords=own)
    return Privacy(mode, privacy_key(settings.home), own) if (settings.home / KEY_FILE).exists() else None

"""The installation behind the interface, opened at the first request that needs it."""

from __future__ import annotations

import threading
from typing import Annotated

from fastapi import Depends, Request

from workbench.api.installation import Installation
from workbench.http_api.batch_runs import BatchRuns
from workbench.http_api.cursors import Cursors
from workbench.lake import Lake, open_lake
from workbench.lake.renewal import EngineRenewal
from workbench.lake.secret_key import lake_key
from workbench.server.access.private_files import access_key
from workbench.settings import Settings

_VERSIONS_PER_ENGINE = 2_000
_VERSIONS_KEPT = 3
"""Older versions of the lake that are open at one time, each with an engine of its own."""


class OpenedInstallation:
    """One installation for all requests of a process; nothing is opened before the first asks."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.installation = Installation(settings)
        self.batches = BatchRuns(self.installation)
        self.cursors = Cursors(access_key(settings.home))
        self._lock = threading.Lock()
        self._hash_key: bytes | None = None
        self._kept: dict[int, Lake] = {}
        self._version, self._renewal = -1, EngineRenewal(_VERSIONS_PER_ENGINE)

    def version(self) -> int:
        """The version of the lake now; where its engine has seen many, it is renewed for its memory.

        Raises:
            NothingKnown: there is no lake yet.
        """
        lake = self.installation.lake
        version = lake.snapshot_id()
        with self._lock:
            if version != self._version:
                self._version = version
                self._renewal.note_version()
                self._renewal.renew_if_due(lake)
        return version

    def lake_at(self, version: int) -> Lake:
        """The lake as it was at a version, for the further pages of a list.

        Raises:
            LakeError: that version is not kept any more.
        """
        with self._lock:
            lake = self._kept.pop(version, None) or open_lake(
                self.settings, read_only=True, snapshot=version, threads=1
            )
            self._kept[version] = lake
            while len(self._kept) > _VERSIONS_KEPT:
                # Whoever still asks it has a connection of its own.
                self._kept.pop(next(iter(self._kept))).close()
            return lake

    def hash_key(self) -> bytes:
        """The lake's key of hashes."""
        with self._lock:
            if self._hash_key is None:
                lake = self.installation.lake
                self._hash_key = lake.write(lambda cursor: lake_key(cursor, lake.home))
            return self._hash_key

    def close(self) -> None:
        """Let go of everything that was opened, once batches have stopped."""
        self.batches.close()
        with self._lock:
            for lake in self._kept.values():
                lake.close()
            self._kept.clear()
        self.installation.close()


def opened_of(request: Request) -> OpenedInstallation:
    """That of the app which answers a request."""
    opened: OpenedInstallation = request.app.state.opened
    return opened


def _installation_of(request: Request) -> Installation:
    return opened_of(request).installation


Opened = Annotated[Installation, Depends(_installation_of)]
"""A route's parameter: the installation, on which the calls of `workbench/api` stand."""

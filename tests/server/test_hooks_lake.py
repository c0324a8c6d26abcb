"""The lake as the hooks hold it: renewed for its memory, which must cost no webhook anything."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.messages import ACCOUNT
from workbench.errors import LakeError
from workbench.messaging.privacy import Privacy, privacy_mode
from workbench.server import hooks_lake
from workbench.server.hooks_lake import HooksLake, WebhookWriter
from workbench.server.webhook_forms import status_record
from workbench.settings import load_settings


def test_a_lake_that_cannot_be_renewed_has_saved_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hooks_lake, "_COMMITS_TO_RENEW", 1)
    lake = HooksLake(load_settings({"WORKBENCH_HOME": str(tmp_path)}))
    opened = lake.opened()
    monkeypatch.setattr(opened, "_attach", _cannot)
    with caplog.at_level(logging.WARNING):
        saved = lake.save([_status("sent")])
    assert saved is not None
    assert saved.statuses.events == 1
    assert "not now" in caplog.text
    monkeypatch.undo()
    monkeypatch.setattr(hooks_lake, "_COMMITS_TO_RENEW", 1)
    lake.save([_status("delivered")])
    assert (lake.opened(), opened.generation) == (opened, 2)
    assert opened.value("select count(*) from status_events") == 2
    lake.close()


def test_commits_start_what_they_call_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks_lake, "_COMMITS_TO_MERGE", 2)
    lake = HooksLake(load_settings({"WORKBENCH_HOME": str(tmp_path)}))
    started: list[str] = []
    writer = WebhookWriter(lake, lambda: started.append("fetch"), lambda: started.append("maintenance"))
    writer.save([_status("sent")])
    assert started == ["fetch"]
    # To look whether the lake is well commits nothing, and a status that is known brings nothing to fetch.
    for _ in range(3):
        writer.save([])
    assert started == ["fetch"]
    writer.save([_status("sent")])
    assert started == ["fetch", "maintenance"]
    lake.close()


def _status(status: str) -> bytes:
    fields = {"MessageSid": ["SM" + "1" * 32], "AccountSid": [ACCOUNT], "MessageStatus": [status]}
    return status_record(fields, datetime.now(UTC), Privacy(privacy_mode("full")))


def _cannot(_: bool) -> None:
    raise LakeError("not now")

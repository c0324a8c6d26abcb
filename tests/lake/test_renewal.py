"""An engine that is renewed for its memory costs nobody anything, whether the renewal succeeds or not."""

from __future__ import annotations

import logging

import pytest

from workbench.errors import LakeError
from workbench.lake import Lake
from workbench.lake.renewal import EngineRenewal


def test_an_engine_is_renewed_after_so_many_versions(lake: Lake) -> None:
    renewal = EngineRenewal(3)
    generations = []
    for _ in range(7):
        renewal.note_version()
        renewal.renew_if_due(lake)
        generations.append(lake.generation)
    assert generations == [1, 1, 2, 2, 2, 3, 3]


def test_without_a_new_version_nothing_is_renewed(lake: Lake) -> None:
    renewal = EngineRenewal(2)
    renewal.note_version()
    for _ in range(5):
        renewal.renew_if_due(lake)
    assert lake.generation == 1


def test_a_renewal_that_fails_is_tried_again_at_the_next_look(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    renewal = EngineRenewal(1)
    renewal.note_version()
    with monkeypatch.context() as broken, caplog.at_level(logging.WARNING):
        broken.setattr(lake, "_attach", _cannot)
        renewal.renew_if_due(lake)
    assert "not now" in caplog.text
    assert lake.value("select 1") == 1
    renewal.renew_if_due(lake)
    assert lake.generation == 2


def _cannot(_: bool) -> None:
    raise LakeError("not now")

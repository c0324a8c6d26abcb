"""One installation behind all calls: opened on first use, closed once, and never a lake that is not ours."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from workbench import NothingKnown, load_settings
from workbench.api.inbox import InboxDoor
from workbench.api.installation import Installation
from workbench.lake import open_lake


def test_nothing_is_opened_before_it_is_used_and_all_opens_again(home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with Installation(settings) as installation:
        assert not home.exists()
        with pytest.raises(NothingKnown, match="There is no lake at"):
            installation.lake  # noqa: B018
        assert not home.exists()
        lake = installation.begin_lake()
        assert installation.lake is lake
        assert installation.reader is installation.reader
        assert installation.conversation_cache is installation.conversation_cache
        installation.close()
        with pytest.raises(duckdb.ConnectionException, match="closed"):
            lake.value("select 1")
        assert installation.lake is not lake
        assert installation.lake.value("select 1") == 1


def test_a_lake_that_was_handed_over_stays_open(home: Path) -> None:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with open_lake(settings) as lake:
        with Installation(settings, lake=lake) as installation:
            assert installation.lake is lake
        assert installation.lake is lake
        assert lake.value("select 1") == 1


def test_all_browsers_of_a_server_share_one_installation(tmp_path: Path) -> None:
    door, lock = InboxDoor(), threading.RLock()
    homes = [load_settings({"WORKBENCH_HOME": str(tmp_path / name)}) for name in ("a", "b")]
    with open_lake(homes[0]) as lake, open_lake(homes[1]) as other:
        sessions: list[Any] = [door(homes[0], lake, lock) for _ in range(2)]
        assert sessions[0]._inbox.cache is sessions[1]._inbox.cache
        assert sessions[0].answer({"id": 1, "ask": "start"})["id"] == 1
        moved: Any = door(homes[1], other, lock)
        assert moved._inbox.cache is not sessions[0]._inbox.cache
        assert lake.value("select 1") == other.value("select 1") == 1

"""A store over the lake that was counted by hand."""

from __future__ import annotations

import pytest

from tests.ui.known import known_messages, note_days, save
from workbench.lake import Lake
from workbench.ui.store import Store


@pytest.fixture
def known_lake(lake: Lake) -> Lake:
    save(lake, known_messages())
    note_days(lake)
    return lake


@pytest.fixture
def store(known_lake: Lake) -> Store:
    return Store(known_lake)

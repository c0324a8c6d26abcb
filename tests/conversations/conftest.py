"""A lake with conversations that can be followed by eye."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conversations.known import save_known
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """For tests that only read."""
    with open_lake(load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("told"))})) as lake:
        save_known(lake)
        yield lake


@pytest.fixture
def known_lake(lake: Lake) -> Lake:
    save_known(lake)
    return lake

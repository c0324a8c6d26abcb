"""One running interface for all tests of the folder."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.http_api.api_process import Api, running_api


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture
def admin(api: Api) -> Iterator[httpx.Client]:
    with api.client("admin") as client:
        yield client

"""Fixtures that several rooms share: a clean environment, a home, a real lake."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from tests.bucket import BucketServer, bucket_server
from tests.lakes import begin_lake
from tests.postgres import NoPostgres, PostgresServer, postgres_server
from tests.shared_lakes import SharedLakes
from workbench.lake import Lake
from workbench.logs.request_ids import use_request_id
from workbench.settings import Settings, load_settings

# No deadline: a busy machine is slow, not wrong. In CI the same examples every time, so that a change is
# judged by what it changed; anywhere else new ones.
hypothesis_settings.register_profile("workbench", deadline=None, derandomize=bool(os.environ.get("CI")))
hypothesis_settings.load_profile("workbench")


# Far from UTC and off by a quarter of an hour: a number that follows the machine's zone differs from its
# literal in every test, here and in the processes that tests start.
os.environ.setdefault("TZ", "Asia/Kathmandu")
time.tzset()

# A job in the background ignores Ctrl-C, and so would every process that its tests start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


LONG_TESTS = Path(__file__).with_name("long_tests.txt")
"""Tests that took more than seven seconds when measured, a line each. `make test` leaves them out.

None of them is about what must never go wrong: sends, opt-outs, erasure, secrets, sign-in, backups.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--without-long", action="store_true", help="leave out what tests/long_tests.txt names")
    parser.addoption(
        "--shared-lake",
        action="store_true",
        help="give each home of the fixture `home` a lake on PostgreSQL and S3, and run only what has one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--shared-lake"):
        _leave_out_other_lakes(config, items)
    if not config.getoption("--without-long"):
        return
    long_tests = frozenset(LONG_TESTS.read_text(encoding="utf-8").split())
    left_out = pytest.mark.skip(reason="takes long: `make test-all` runs it")
    for item in items:
        if item.nodeid.partition("[")[0] in long_tests:
            item.add_marker(left_out)


def _leave_out_other_lakes(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A second run on the lake of many machines repeats nothing that has no lake, or one of its own."""
    others = [item for item in items if "home" not in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in set(others)]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the settings and credentials of whoever runs the tests out of them."""
    for name in list(os.environ):
        if name.startswith(("TWILIO_", "WORKBENCH_")):
            monkeypatch.delenv(name)
    # A job that an earlier test ran in this process.
    use_request_id(None)


@pytest.fixture
def home(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path / "home"
    if request.config.getoption("--shared-lake"):
        lakes: SharedLakes = request.getfixturevalue("shared_lakes")
        lakes.settle(folder)
    return folder


@pytest.fixture(scope="session")
def shared_lakes(
    postgres_machine: PostgresServer, bucket_machine: BucketServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SharedLakes]:
    """Lakes on servers, for the run with `--shared-lake`."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in bucket_machine.environment.items():
            environment.setenv(name, value)
        yield SharedLakes(postgres_machine, bucket_machine.new_bucket(), tmp_path_factory.mktemp("template"))


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(home)})


@pytest.fixture
def lake(settings: Settings) -> Iterator[Lake]:
    with begin_lake(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_machine() -> Iterator[PostgresServer]:
    """A PostgreSQL server for the tests of this process."""
    with ExitStack() as running:
        try:
            machine = running.enter_context(postgres_server())
        except NoPostgres as missing:
            pytest.skip(f"{missing}: lakes on PostgreSQL are not tested")
        yield machine


@pytest.fixture(scope="session")
def bucket_machine() -> Iterator[BucketServer]:
    """An S3 server for the tests of this process."""
    with bucket_server() as machine:
        yield machine

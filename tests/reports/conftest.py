"""An installation whose lake was counted by hand, and reports made of it by the real command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tests.messages import ACCOUNT
from tests.ui.known import known_messages, note_sync, save
from workbench.lake import open_lake
from workbench.settings import Settings, load_settings

SECRET = "5ec4e7" + "0" * 26
Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def known_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The week from 3 to 9 March 2025 and the one before, read from Twilio to the end."""
    home = tmp_path_factory.mktemp("home")
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, known_messages())
        note_sync(lake, date(2025, 2, 1), date(2025, 3, 31))
    return home


@pytest.fixture(scope="module")
def known_settings(known_home: Path) -> Settings:
    return load_settings({"WORKBENCH_HOME": str(known_home)})


@pytest.fixture(scope="module")
def command(known_home: Path) -> Command:
    """Run ``workbench ARGUMENTS`` in a process of its own, with a secret in its environment."""

    def call(*arguments: str, home: Path = known_home, **changes: str) -> subprocess.CompletedProcess[str]:
        environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TWILIO_", "WORKBENCH_"))
        }
        environ |= {"WORKBENCH_HOME": str(home), "TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": SECRET}
        return subprocess.run(
            [sys.executable, "-m", "workbench", *arguments],
            env={**environ, **changes}, capture_output=True, text=True, timeout=300, cwd=home,
        )  # fmt: skip

    return call

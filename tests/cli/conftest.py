"""The real command in a process of its own, against a simulated account."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.simulator import Account, Server, serve

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    account = Account.build(days=4, messages=1000)
    with serve(account) as running:
        yield running
    account.close()


@pytest.fixture
def environ(home: Path, server: Server) -> dict[str, str]:
    return {
        **os.environ,
        "WORKBENCH_HOME": str(home),
        "WORKBENCH_TWILIO_BASE_URL": server.url,
        "TWILIO_ACCOUNT_SID": server.account.account_sid,
        "TWILIO_AUTH_TOKEN": server.account.auth_token,
        "COLUMNS": "110",
    }


@pytest.fixture
def run(environ: dict[str, str], tmp_path: Path) -> Run:
    """Run ``workbench ARGUMENTS``; keyword arguments change the environment (None removes)."""

    def call(*arguments: str, stdin: str = "", **changes: str | None) -> subprocess.CompletedProcess[str]:
        changed = {**environ, **{name: value for name, value in changes.items() if value is not None}}
        for name, value in changes.items():
            if value is None:
                changed.pop(name, None)
        return subprocess.run(
            [sys.executable, "-m", "workbench", *arguments],
            env=changed, input=stdin, capture_output=True, text=True, timeout=60, cwd=tmp_path,
        )  # fmt: skip

    return call

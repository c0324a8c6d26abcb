"""A lake and a backup of it for a whole file; a process in its environment; a restore as people type it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.messages import payload
from tests.ui.known import save
from workbench import Workbench
from workbench.cli import main
from workbench.lake import open_lake
from workbench.lake.spool import Spool
from workbench.settings import load_settings

Restore = Callable[..., Result]


def make_home(home: Path, messages: int = 100) -> Workbench:
    """A home with messages, settings, an attachment and an empty file of credentials."""
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [payload(number) for number in range(messages)])
    (home / "workbench.toml").write_text('timezone = "America/New_York"\n')
    (home / "credentials.toml").touch(mode=0o600)
    spool = Spool(home / "spool")
    spool.append([b'{"waits": "for the lake"}'])
    spool.close()
    (home / "media" / "ME1").mkdir(parents=True)
    (home / "media" / "ME1" / "picture").write_bytes(b"\x89PNG" * 100)
    return Workbench(home)


@pytest.fixture
def restore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Restore:
    """`workbench restore`, into `tmp_path / "other"`, where the key of `key_of` lies."""

    def run(source: object, *options: str, key_of: Path | None = None, into: str = "other") -> Result:
        place = tmp_path / into
        monkeypatch.setenv("WORKBENCH_HOME", str(place))
        if key_of:
            place.mkdir(exist_ok=True)
            shutil.copy(key_of / "privacy.key", place)
        return CliRunner().invoke(main, ["restore", str(source), *options])

    return run

"""A backup and its restore: equal rows, only what is new, and nothing where something is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.messages import payload
from tests.ui.known import save
from workbench import Workbench
from workbench.cli import main
from workbench.lake import open_lake
from workbench.settings import load_settings


@pytest.fixture
def wb(home: Path) -> Workbench:
    settings = load_settings({"WORKBENCH_HOME": str(home)})
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    (home / "workbench.toml").write_text('timezone = "America/New_York"\n')
    (home / "credentials.toml").touch(mode=0o600)
    (home / "media" / "ME1").mkdir(parents=True)
    (home / "media" / "ME1" / "picture").write_bytes(b"\x89PNG" * 100)
    return Workbench(home)


def restored(target: Path, place: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(place))
    answer = CliRunner().invoke(main, ["restore", str(target), *options])
    assert answer.exit_code == 0, answer.output
    return place


def test_what_was_copied_comes_back(
    wb: Workbench, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "backups"
    made = wb.backup(str(target))
    assert made.left_out == ("credentials.toml", "privacy.key")
    assert "Keep these apart" in made.notices()[0]
    before = wb.sql("from messages order by message_sid")
    place = tmp_path / "other"
    place.mkdir()
    shutil.copy(home / "privacy.key", place)
    restored(target, place, monkeypatch)
    with Workbench(place) as again:
        assert again.settings.timezone == "America/New_York"
        assert again.sql("from messages order by message_sid").equals(before)
        assert again.audit.verify().is_whole
    assert (place / "media" / "ME1" / "picture").read_bytes() == b"\x89PNG" * 100
    assert not (place / "restoring.json").exists()
    assert not (place / "lake" / "catalog.sqlite.restoring").exists()

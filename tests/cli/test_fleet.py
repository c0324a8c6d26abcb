"""`workbench fleet`, as somebody types it on two machines. With a real PostgreSQL server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.postgres import PostgresServer
from workbench.cli import main
from workbench.doctor.examination import Examination
from workbench.doctor.fleet import check_fleet
from workbench.lake.fleet import shared_files
from workbench.settings import load_settings
from workbench.settings.read import read_settings

On = Callable[..., Result]


@pytest.fixture
def on(postgres_machine: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[On]:
    """Run a command on a machine, as a process of its own would."""
    monkeypatch.setenv("WORKBENCH_LAKE", f"postgres:{postgres_machine.new_database()}")
    monkeypatch.setenv("WORKBENCH_LAKE_DATA", str(tmp_path / "files"))

    def run(machine: str, *words: str, **options: str) -> Result:
        home = tmp_path / machine
        home.mkdir(mode=0o700, exist_ok=True)
        monkeypatch.setenv("WORKBENCH_HOME", str(home))
        shared_files._looked_at.clear()
        return CliRunner().invoke(main, words, **options)  # type: ignore[arg-type]

    yield run
    shared_files._members.clear()


def results(home: Path) -> list[tuple[str, str]]:
    settings, reading = load_settings(home=home), read_settings(home=home)

    def no_lake() -> None:
        raise AssertionError("the check needs no lake")

    examination = Examination(settings, reading, no_lake)  # type: ignore[arg-type]
    return [(result.state, result.subject) for result in check_fleet(examination)]


def test_a_lake_of_one_machine_says_what_a_fleet_needs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    for words in ("init", "join", "status", "push", "take", "rekey"):
        refused = CliRunner().invoke(main, ["fleet", words])
        assert refused.exit_code == 2
        assert refused.stderr.startswith("Error: A fleet needs WORKBENCH_LAKE=postgres:…")
    assert not (home / "fleet.key").exists()


def test_two_machines_from_nothing(on: On, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir(mode=0o700)
    (first / "workbench.toml").write_text('timezone = "Europe/Rome"\n')
    begun = on("a", "fleet", "init")
    assert (begun.exit_code, "workbench.toml" in begun.stdout) == (0, True)
    key = (first / "fleet.key").read_text().strip()
    assert len(key) == 64
    assert key not in begun.output
    without_key = on("b", "fleet", "join")
    assert without_key.exit_code == 2
    assert "This machine has no key of a fleet" in without_key.stderr
    assert results(second) == [("warning", "")]
    (second / "fleet.key").write_text(key + "\n")
    open_key = on("b", "fleet", "join")
    assert open_key.exit_code == 2
    assert "can be read by others" in open_key.stderr
    (second / "fleet.key").chmod(0o600)
    joined = on("b", "fleet", "join", "--format", "json")
    assert (joined.exit_code, json.loads(joined.stdout)["taken"]) == (0, ["workbench.toml"])
    assert on("b", "fleet", "init").exit_code == 2
    assert results(second) == [("fine", "")]
    shown = json.loads(on("b", "fleet", "status", "--json").stdout)
    assert (shown["key"], shown["revision"], shown["problem"]) == ("right", 1, None)
    assert shown["files"] == [{"name": "workbench.toml", "standing": "same", "revision": 1}]
    assert key not in json.dumps(shown)


def test_a_file_is_given_only_with_confirm_and_taken_by_any_command(on: On, tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    assert on("a", "fleet", "init").exit_code == 0
    second.mkdir(mode=0o700)
    (second / "fleet.key").touch(mode=0o600)
    (second / "fleet.key").write_text((first / "fleet.key").read_text())
    (first / "credentials.toml").touch(mode=0o600)
    (first / "credentials.toml").write_text('smtp_password = "hunter2-hunter2"\n')
    asked = on("a", "fleet", "push")
    assert "credentials.toml would be given to the fleet (only on this machine)" in asked.stdout
    assert "hunter2" not in asked.output
    assert on("b", "users", "list").exit_code == 0
    assert not (second / "credentials.toml").exists()
    assert on("a", "fleet", "push", "--confirm").exit_code == 0
    assert on("b", "users", "list").exit_code == 0
    assert (second / "credentials.toml").read_text() == 'smtp_password = "hunter2-hunter2"\n'
    assert (second / "credentials.toml").stat().st_mode & 0o777 == 0o600
    (second / "credentials.toml").write_text("# changed here\n")
    assert results(second) == [("warning", "credentials.toml")]
    unknown = on("a", "fleet", "push", "../passwd")
    assert unknown.exit_code == 2
    assert "No shared file named '../passwd'" in unknown.stderr
    assert on("a", "fleet", "rekey").exit_code == 0
    assert on("b", "users", "list").exit_code == 0
    assert on("a", "fleet", "rekey", "--confirm").exit_code == 0
    refused = on("b", "users", "list")
    assert refused.exit_code == 2
    assert "is not that of the fleet" in refused.stderr
    assert on("b", "config", "show").exit_code == 0
    assert [state for state, _ in results(second)] == ["failure"]
    replaced = on("b", "fleet", "init", "--replace", "--confirm")
    assert replaced.exit_code == 0, replaced.output
    assert on("b", "users", "list").exit_code == 0

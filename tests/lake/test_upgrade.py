"""What an upgrade says beforehand is what it does, and asking changes nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.lake.old import attach, make_lake_of
from workbench.cli import main
from workbench.lake.migrations import Migration, known_migrations
from workbench.lake.upgrade import TableChange, changes_of
from workbench.settings import Settings


@pytest.fixture
def old(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A lake of version 45, with two messages."""
    make_lake_of(settings, 45)
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    return settings


def upgrade(*options: str) -> tuple[int, dict[str, object]]:
    answer = CliRunner().invoke(main, ["upgrade", *options, "--format", "json"])
    assert answer.exit_code in (0, 1), answer.output
    return answer.exit_code, json.loads(answer.stdout)


def files_of(home: Path) -> dict[str, str]:
    """Every file with a hash of its content, but empty ones and the index that SQLite keeps for readers."""
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in home.rglob("*")
        if path.is_file() and path.stat().st_size and not path.name.endswith("-shm")
    }


def test_the_check_names_everything_and_changes_nothing(old: Settings) -> None:
    before = files_of(old.home)
    code, said = upgrade("--check")
    assert code == 1
    assert files_of(old.home) == before
    lake = said["lake"]
    assert isinstance(lake, dict)
    assert (lake["version"], lake["messages"]) == (45, 2)
    assert lake["wanted"] >= 132
    assert lake["migrations"][0] == "124_opt_outs"
    assert lake["migrations"][-1].startswith(f"{lake['wanted']}_")
    tables = {change["table"]: (change["actions"], change["rows"]) for change in lake["tables"]}
    assert tables["membership_spans"] == (["made", "rows added"], 0)
    assert tables["senders"] == (["columns changed"], 0)
    assert tables["raw_messages"] == (["rows changed", "columns changed"], 2)
    assert said["wrong_packages"] == []


def test_an_upgrade_does_it_once_and_then_has_nothing_to_do(old: Settings) -> None:
    code, said = upgrade()
    assert code == 0
    assert said["took"]
    with attach(old) as lake:
        assert lake.value("select max(version) from schema_migrations") == known_migrations()[-1].version
    for options in ((), ("--check",)):
        code, said = upgrade(*options)
        assert (code, said["took"]) == (0, None)
        assert isinstance(said["lake"], dict)
        assert (said["lake"]["migrations"], said["lake"]["views"]) == ([], [])


def test_a_lake_of_a_newer_program_is_refused_and_left(old: Settings) -> None:
    with attach(old) as lake:
        lake.write(
            lambda cursor: cursor.execute("insert into schema_migrations values (951, '951_later', now())"),
            takes_turn=False,
        )
    before = files_of(old.home)
    answer = CliRunner().invoke(main, ["upgrade"])
    assert answer.exit_code == 2
    assert "951_later" in answer.stderr
    assert files_of(old.home) == before


def test_without_a_lake_there_is_nothing_to_do_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    for options in ((), ("--check",)):
        assert upgrade(*options)[1]["lake"] is None
    assert not (tmp_path / "home").exists()


def test_packages_that_do_not_fit_stop_an_upgrade(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_HOME", str(settings.home))
    monkeypatch.setattr("importlib.metadata.requires", lambda name: ["duckdb>=99"])
    code, said = upgrade("--check")
    assert code == 1
    assert len(said["wrong_packages"]) == 1  # type: ignore[arg-type]
    answer = CliRunner().invoke(main, ["upgrade"])
    assert answer.exit_code == 1
    assert "duckdb>=99 is needed" in answer.stderr


def test_the_statements_of_a_migration() -> None:
    sql = """
    -- delete from nothing
    create table if not exists a (x varchar default 'update b');
    alter table b add column y integer;
    merge into c using d on true when matched then update set y = 1;
    update c set y = 2; delete from e where x; drop table if exists f; insert into a select 1;
    """
    assert changes_of([Migration(1, "x", sql)]) == [
        TableChange("a", ("made", "rows added")),
        TableChange("b", ("columns changed",)),
        TableChange("c", ("rows changed",)),
        TableChange("e", ("rows removed",)),
        TableChange("f", ("dropped",)),
    ]


@pytest.mark.parametrize("migration", known_migrations(), ids=lambda migration: migration.name)
def test_every_migration_says_what_it_touches(migration: Migration) -> None:
    assert changes_of([migration])

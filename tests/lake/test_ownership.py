"""Catalog, files and key of a lake belong together: what is refused at an opening, and the ways out."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.lake.old import forget_identity, make_old
from tests.messages import payload
from tests.ui.known import save
from workbench.errors import CatalogLost, ConfigError, LakeDamaged, LakeError, LakeRefused, UsageError
from workbench.lake import Lake, migrations, open_lake, opening
from workbench.lake.engine import extension_path
from workbench.lake.left_files import delete_left_files
from workbench.lake.purge import purge
from workbench.lake.set_aside import adopt_files, start_anew
from workbench.settings import Settings, load_settings

_ROOT = str(Path(__file__).parents[2])
_LEFT = "ducklake-01a224c8-2370-7119-925e-4dc36b1a884f.parquet"


def settings_of(home: Path, **environ: object) -> Settings:
    return load_settings(
        {"WORKBENCH_HOME": str(home), **{name: str(value) for name, value in environ.items()}}
    )


def messages(settings: Settings) -> int:
    with open_lake(settings) as lake:
        return int(lake.value("select count(*) from raw_messages"))


def marker(folder: Path) -> dict[str, str]:
    content: dict[str, str] = json.loads((folder / "workbench-lake.json").read_text())
    return content


def everything(folder: Path) -> dict[str, bytes]:
    """Every file but locks, by its path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
    }


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """A lake with 100 messages in a file."""
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    return settings


# --- two processes that begin one lake ---


def test_a_lake_that_another_process_begins_meanwhile_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, looked = settings_of(tmp_path), migrations.refuse_other_tables

    def begin_it_meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(opening, "refuse_other_tables", looked)
        with open_lake(both) as other:
            save(other, [payload(1)])
        looked(*arguments)

    monkeypatch.setattr(opening, "refuse_other_tables", begin_it_meanwhile)
    assert messages(both) == 1


# --- two lakes ---


def test_a_second_catalog_beside_a_lake_is_refused_and_the_first_is_whole(filled: Settings) -> None:
    files = filled.home / "lake" / "files"
    other = settings_of(filled.home, WORKBENCH_LAKE=f"sqlite:{filled.home}/lake/other.sqlite")
    with pytest.raises(
        LakeRefused, match=rf"belong to lake {marker(files)['lake_id']}.*catalog\.sqlite.*WORK"
    ):
        open_lake(other)
    assert not (filled.home / "lake" / "other.sqlite").exists()
    with pytest.raises(LakeRefused, match="belong to lake"):
        start_anew(other)
    assert messages(filled) == 100


def test_another_lakes_catalog_is_refused_with_both_ids(filled: Settings, tmp_path: Path) -> None:
    files = filled.home / "lake" / "files"
    other = settings_of(tmp_path / "other")
    with open_lake(other) as lake:
        other_id = lake.value("select lake_id from lake_identity")
    shutil.copy(files / "workbench-lake.json", other.home / "lake" / "files" / "workbench-lake.json")
    first = marker(files)["lake_id"]
    assert first != other_id
    for _ in range(2):
        with pytest.raises(LakeRefused, match=rf"{first}.*lake {other_id}.*WORKBENCH_LAKE.*--adopt-files"):
            open_lake(other)
    assert adopt_files(other) == 0
    assert marker(other.home / "lake" / "files")["lake_id"] == other_id
    assert messages(other) == 0


def test_a_copy_of_the_catalog_beside_the_first_is_refused_until_that_is_gone(filled: Settings) -> None:
    folder = filled.home / "lake"
    shutil.copy(folder / "catalog.sqlite", folder / "copy.sqlite")
    copy = settings_of(filled.home, WORKBENCH_LAKE=f"sqlite:{folder}/copy.sqlite")
    with pytest.raises(
        LakeRefused, match=r"another copy of this lake's catalog: sqlite:\.\./catalog\.sqlite"
    ):
        open_lake(copy)
    assert messages(filled) == 100
    (folder / "catalog.sqlite").unlink()
    assert messages(copy) == 100
    assert marker(folder / "files")["catalog"] == "sqlite:../copy.sqlite"


def test_a_copied_home_with_the_files_elsewhere_is_refused(tmp_path: Path) -> None:
    first = settings_of(tmp_path / "first", WORKBENCH_LAKE_DATA=f"{tmp_path}/large/")
    with open_lake(first) as lake:
        save(lake, [payload(number) for number in range(100)])
    shutil.copytree(first.home, tmp_path / "second")
    second = settings_of(tmp_path / "second", WORKBENCH_LAKE_DATA=f"{tmp_path}/large/")
    with pytest.raises(LakeRefused, match="another copy of this lake's catalog"):
        open_lake(second)
    shutil.rmtree(first.home)
    assert messages(second) == 100


@pytest.mark.parametrize("move", [shutil.copytree, shutil.move])
def test_a_copied_and_a_moved_home_open(
    filled: Settings, tmp_path: Path, move: Callable[..., object]
) -> None:
    before = marker(filled.home / "lake" / "files")
    move(filled.home, tmp_path / "elsewhere")
    assert messages(settings_of(tmp_path / "elsewhere")) == 100
    assert marker(tmp_path / "elsewhere" / "lake" / "files") == before


@pytest.mark.parametrize("inner", ["a/b", "a/main/b"])
def test_lakes_inside_of_each_other_are_refused(tmp_path: Path, inner: str) -> None:
    outside = settings_of(tmp_path / "1", WORKBENCH_LAKE_DATA=f"{tmp_path}/a/")
    inside = settings_of(tmp_path / "2", WORKBENCH_LAKE_DATA=f"{tmp_path}/{inner}/")
    open_lake(outside).close()
    with pytest.raises(LakeRefused, match="lies inside of the other"):
        open_lake(inside)
    outermost = settings_of(tmp_path / "3", WORKBENCH_LAKE_DATA=f"{tmp_path}/")
    with open_lake(outside) as lake:
        save(lake, [payload(number) for number in range(100)])
    for attempt in (open_lake, start_anew, adopt_files):
        with pytest.raises(LakeRefused, match="lies inside of the other"):
            attempt(outermost)
    assert messages(outside) == 100


# --- lakes of older versions ---


def test_an_older_lake_gets_its_marker_and_keeps_its_rows(filled: Settings) -> None:
    make_old(filled)
    assert messages(filled) == 100
    with open_lake(filled) as lake:
        assert (
            lake.value("select lake_id from lake_identity") == marker(filled.home / "lake/files")["lake_id"]
        )


def test_two_older_lakes_that_share_a_folder_are_told_and_come_apart_whole(
    filled: Settings, tmp_path: Path
) -> None:
    """As versions before made them: both catalogs in one folder, both with files in it."""
    other = settings_of(tmp_path / "other")
    with open_lake(other) as lake:
        save(lake, [payload(number) for number in range(500, 540)])
        forget_identity(lake)
    make_old(filled)
    folder = filled.home / "lake"
    shutil.copy(other.home / "lake" / "catalog.sqlite", folder / "other.sqlite")
    shutil.copytree(other.home / "lake" / "files", folder / "files", dirs_exist_ok=True)
    shared = settings_of(filled.home, WORKBENCH_LAKE=f"sqlite:{folder}/other.sqlite")
    before = {name for name in everything(folder) if name.endswith(".parquet")}
    for settings in (filled, shared):
        with pytest.raises(LakeRefused, match=r"does not know.*second place.*--adopt-files.*deletes nothing"):
            open_lake(settings)
    assert {name for name in everything(folder) if name.endswith(".parquet")} == before
    # The way out, as it is told.
    shutil.copytree(filled.home, tmp_path / "apart")
    (folder / "other.sqlite").unlink()
    (tmp_path / "apart" / "lake" / "catalog.sqlite").rename(tmp_path / "apart" / "gone")
    apart = settings_of(tmp_path / "apart", WORKBENCH_LAKE=f"sqlite:{tmp_path}/apart/lake/other.sqlite")
    assert adopt_files(filled) > 0
    assert adopt_files(apart) > 0
    assert (messages(filled), messages(apart)) == (100, 40)
    kept = {path.name for home in (filled.home, apart.home) for path in home.rglob("*.parquet")}
    assert kept == {Path(name).name for name in before}


def test_files_that_are_not_mounted_are_not_begun_anew(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "home", WORKBENCH_LAKE_DATA=f"{tmp_path}/disk/")
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
    (tmp_path / "disk").rename(tmp_path / "unmounted")
    with pytest.raises(LakeRefused, match=r"needs are not in .*mounted"):
        open_lake(settings)
    shutil.rmtree(tmp_path / "disk")
    (tmp_path / "unmounted").rename(tmp_path / "disk")
    assert messages(settings) == 100


@pytest.mark.parametrize("data", ["files", "./files/", "../files", "~/files"])
def test_a_lake_begins_only_in_a_folder_that_is_the_same_from_everywhere(
    tmp_path: Path, data: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path / "here"))
    settings = settings_of(tmp_path / "home", WORKBENCH_LAKE_DATA=data)
    with pytest.raises(ConfigError, match=rf"\[lake\] data is '{re.escape(data)}'.*/files"):
        open_lake(settings)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["here", "home"]
    assert [*(tmp_path / "here").iterdir(), *(tmp_path / "home").rglob("*.parquet")] == []
    assert messages(settings_of(tmp_path / "home", WORKBENCH_LAKE_DATA=f"{tmp_path}/files")) == 0


# --- a catalog that is gone ---


def _missing(catalog: Path) -> None:
    catalog.unlink()


def _zero(catalog: Path) -> None:
    catalog.write_bytes(b"")


def _no_tables(catalog: Path) -> None:
    catalog.unlink()
    database = sqlite3.connect(catalog)
    database.execute("pragma journal_mode=wal")
    database.close()


def _an_empty_ducklake(catalog: Path) -> None:
    catalog.unlink()
    with duckdb.connect() as engine:
        for name in ("ducklake", "sqlite_scanner"):
            engine.execute(f"load '{extension_path(name)}'")
        engine.execute(f"attach 'ducklake:sqlite:{catalog}' as l (data_path '{catalog.parent}/files/')")


LOSSES = [_missing, _zero, _no_tables, _an_empty_ducklake]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_lost_catalog_is_not_a_new_lake(filled: Settings, lose: Callable[[Path], None]) -> None:
    catalog = filled.home / "lake" / "catalog.sqlite"
    kept = everything(filled.home)
    whole = catalog.read_bytes()
    lose(catalog)
    for _ in range(2):
        with pytest.raises(CatalogLost, match=r"Parquet files in .*copy.*--start-anew.*deletes none"):
            open_lake(filled)
    for path in filled.home.glob("lake/catalog.sqlite*"):
        path.unlink()
    catalog.write_bytes(whole)
    assert everything(filled.home) == kept
    assert messages(filled) == 100


@pytest.mark.parametrize("trace", ["privacy.key", "audit.anchor", "lake/files/main", "lake/files/x.parquet"])
@pytest.mark.parametrize("read_only", [False, True])
def test_each_trace_of_a_lake_is_enough(home: Path, settings: Settings, trace: str, read_only: bool) -> None:
    path = home / trace
    path.parent.mkdir(parents=True)
    path.mkdir() if trace.endswith("main") else path.write_text("1:abc")
    with pytest.raises(CatalogLost, match=r"is missing, but the rest of a lake is still there"):
        open_lake(settings, read_only=read_only)
    assert not (home / "lake" / "catalog.sqlite").exists()


def test_starting_anew_sets_everything_aside_and_deletes_nothing(filled: Settings) -> None:
    with open_lake(filled) as lake:
        lake_id = lake.value("select lake_id from lake_identity")
    (filled.home / "audit.anchor").write_text("1:abc")
    before = everything(filled.home)
    with pytest.raises(UsageError, match="is whole"):
        start_anew(filled)
    (filled.home / "lake" / "catalog.sqlite").write_bytes(b"no database at all" * 300)
    with pytest.raises(LakeDamaged, match=r"file is not a database.*copy.*--start-anew"):
        open_lake(filled)
    target = start_anew(filled)
    assert messages(filled) == 0
    with open_lake(filled) as lake:
        assert lake.value("select lake_id from lake_identity") != lake_id
    aside = everything(target)
    assert aside["catalog.sqlite"] == b"no database at all" * 300
    assert aside["audit.anchor"] == before["audit.anchor"]
    for name in before:
        if name.startswith("lake/files/"):
            assert aside[name.removeprefix("lake/")] == before[name]
    assert target.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("create table invoices (a)", "database of something else .*invoices"),
        (None, "another program's lake .*invoices"),
    ],
)
def test_a_catalog_of_something_else_is_refused_and_left_alone(
    settings: Settings, statement: str | None, named: str
) -> None:
    catalog = settings.home / "lake" / "catalog.sqlite"
    catalog.parent.mkdir(parents=True)
    if statement:
        with sqlite3.connect(catalog) as database:
            database.execute(statement)
    else:
        with duckdb.connect() as engine:
            for name in ("ducklake", "sqlite_scanner"):
                engine.execute(f"load '{extension_path(name)}'")
            engine.execute(f"attach 'ducklake:sqlite:{catalog}' as l (data_path '{catalog.parent}/files/')")
            engine.execute("create table l.invoices (a integer)")
    before = catalog.read_bytes()
    with pytest.raises(LakeRefused, match=named):
        open_lake(settings)
    with pytest.raises(LakeRefused, match=named):
        start_anew(settings)
    assert catalog.read_bytes() == before


@pytest.mark.parametrize(
    "command",
    [
        ["sync"], ["serve", "--only", "pages", "--port", "0"], ["status"], ["sql", "select 1"],
        ["send", "--to", "+12025550143", "--body", "x", "--from", "+12025550110"], ["conversations"],
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_every_command_refuses_a_lost_catalog(filled: Settings, command: list[str]) -> None:
    (filled.home / "lake" / "catalog.sqlite").unlink()
    environ = {
        **os.environ, "WORKBENCH_HOME": str(filled.home), "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "x", "WORKBENCH_TWILIO_BASE_URL": "http://127.0.0.1:1",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *command],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert "is missing, but the rest of a lake is still there" in done.stderr
    assert not (filled.home / "lake" / "catalog.sqlite").exists()


# --- clean-up ---


def test_clean_up_deletes_what_a_killed_write_left_and_nothing_else(filled: Settings) -> None:
    files = filled.home / "lake" / "files"
    left = files / "main" / "raw_messages" / _LEFT
    strange = [
        files / "mine.parquet",
        files / "main" / _LEFT,
        files / "main" / "raw_messages" / "mine.parquet",
    ]
    with open_lake(filled) as lake:
        for path in (left, *strange):
            path.write_bytes(b"x")
        purge(lake)
        assert not left.exists()
        assert [path for path in strange if not path.exists()] == []
        assert lake.value("select count(*) from raw_messages") == 100


def test_clean_up_knows_its_files_however_the_folder_is_spelt(tmp_path: Path) -> None:
    """By their whole paths DuckLake would take every file for left behind, and delete the lake."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    settings = settings_of(tmp_path / "home", WORKBENCH_LAKE_DATA=f"{tmp_path}//link/x/../x/")
    (tmp_path / "real" / "x").mkdir()
    with open_lake(settings) as lake:
        save(lake, [payload(number) for number in range(100)])
        left = tmp_path / "real" / "x" / "main" / "raw_messages" / _LEFT
        left.write_bytes(b"x")
        purge(lake)
        assert not left.exists()
        lake.run_alone(lambda cursor: delete_left_files(cursor, lake.address))
        assert lake.value("select count(*) from raw_messages where body is not null") == 100


# --- two at once, and killed ---

OPEN = """
import os, sys
import workbench.files as files
from workbench.settings import load_settings
from workbench.lake import open_lake
from workbench.lake import opening
at = sys.argv[1]
link = os.link
def killed_link(source, target):
    if at == "before the marker is there":
        os.kill(os.getpid(), 9)
    link(source, target)
    if at == "after the marker is there":
        os.kill(os.getpid(), 9)
os.link = killed_link
migrate = opening.migrate
def killed_migrate(lake):
    if at == "before the tables are there":
        os.kill(os.getpid(), 9)
    migrate(lake)
    if at == "after the tables are there":
        os.kill(os.getpid(), 9)
opening.migrate = killed_migrate
if at == "at once":
    sys.stdin.readline()
with open_lake(load_settings()) as lake:
    print(lake.value("select lake_id from lake_identity"))
"""


def _open_elsewhere(home: Path, at: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OPEN, at],
        env={**os.environ, "PYTHONPATH": _ROOT, "WORKBENCH_HOME": str(home)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "at",
    [
        "before the tables are there", "after the tables are there",
        "before the marker is there", "after the marker is there",
    ],
)  # fmt: skip
def test_a_first_opening_that_was_killed_goes_on(settings: Settings, at: str) -> None:
    process = _open_elsewhere(settings.home, at)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    with open_lake(settings) as lake:
        assert marker(settings.home / "lake/files")["lake_id"] == lake.value(
            "select lake_id from lake_identity"
        )


@pytest.mark.parametrize("is_old", [False, True])
def test_processes_that_open_at_once_agree_on_one_marker(settings: Settings, is_old: bool) -> None:
    if is_old:
        make_old(settings)
    processes = [_open_elsewhere(settings.home, "at once") for _ in range(3)]
    answers = [process.communicate("go\n", timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert {answer.strip() for answer, _ in answers} == {marker(settings.home / "lake" / "files")["lake_id"]}


def test_an_unreadable_marker_is_refused_and_mended(filled: Settings) -> None:
    path = filled.home / "lake" / "files" / "workbench-lake.json"
    path.write_text("{")
    with pytest.raises(LakeRefused, match=r"is unreadable.*--adopt-files"):
        open_lake(filled)
    assert adopt_files(filled) == 0
    assert messages(filled) == 100


def test_a_lake_is_never_begun_by_renewing(lake: Lake) -> None:
    lake.close()
    Path(lake.address.catalog).write_bytes(b"")
    with pytest.raises(LakeError):
        lake.renew()

"""The lake knows its own key: a second one is neither made nor taken, and a killed making of one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.lake.old import make_old
from workbench.errors import ConfigError, LakeRefused
from workbench.lake import Lake, open_lake
from workbench.lake.erased import find_erased, remove_erased, save_erased
from workbench.lake.secret_key import KEY_FILE
from workbench.settings import Settings
from workbench.sync.shared.privacy import open_privacy

PERSON = "+14155550143"
_ROOT = str(Path(__file__).parents[2])


def erase(lake: Lake, person: str = PERSON) -> None:
    lake.write(lambda cursor: save_erased(cursor, [person], "e1", datetime(2026, 11, 1, tzinfo=UTC)))


def write_key(home: Path, digits: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    path = home / KEY_FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(digits * 32 + "\n")


def checks(lake: Lake) -> list[str]:
    return [check for (check,) in lake.rows("select key_check from lake_key")]


def test_a_new_key_is_written_down_with_its_check_value(lake: Lake, home: Path) -> None:
    erase(lake)
    assert len(checks(lake)) == 1
    assert len(checks(lake)[0]) == 16
    key = (home / KEY_FILE).read_text().strip()
    assert checks(lake)[0] not in key
    erase(lake, "+14155550144")
    assert len(checks(lake)) == 1


@pytest.mark.parametrize("is_old", [False, True])
def test_the_next_erasure_makes_no_second_key(settings: Settings, home: Path, is_old: bool) -> None:
    with open_lake(settings) as lake:
        erase(lake)
        if is_old:
            lake.write(lambda cursor: cursor.execute("delete from lake_key"))
        key = (home / KEY_FILE).read_text()
        (home / KEY_FILE).unlink()
        for attempt in (
            lambda: erase(lake, "+14155550144"),
            lambda: lake.write(lambda cursor: remove_erased(cursor, [PERSON])),
            lambda: lake.write(lambda cursor: find_erased(cursor, [PERSON])),
        ):
            with pytest.raises(LakeRefused, match=r"privacy\.key.* is missing\. Put it back from a backup"):
                attempt()
        assert not (home / KEY_FILE).exists()
    with pytest.raises(LakeRefused, match="is missing"):
        open_lake(settings)
    with open_lake(settings, read_only=True) as reader:
        assert reader.value("select count(*) from erased_people") == 1
    (home / KEY_FILE).touch(mode=0o600)
    (home / KEY_FILE).write_text(key)
    with open_lake(settings) as lake:
        assert lake.write(lambda cursor: find_erased(cursor, [PERSON])).keys() == {PERSON}
        assert len(checks(lake)) == 1


def test_another_key_is_refused_by_every_use_with_both_check_values(settings: Settings, home: Path) -> None:
    with open_lake(settings) as lake:
        write_key(home, "00")
        erase(lake)
        right = checks(lake)[0]
        write_key(home, "01")
        for attempt in (
            lambda: erase(lake, "+14155550144"),
            lambda: lake.write(lambda cursor: remove_erased(cursor, [PERSON])),
            lambda: lake.write(lambda cursor: find_erased(cursor, [PERSON])),
        ):
            with pytest.raises(
                LakeRefused, match=rf"is not the key.*check value (?!{right}).*lake's is {right}"
            ):
                attempt()
        assert lake.value("select count(*) from erased_people") == 1
    with pytest.raises(LakeRefused, match="is not the key"):
        open_lake(settings)


@pytest.mark.parametrize("mode", ["masked", "hashed"])
def test_a_lake_of_pseudonyms_refuses_its_opening_for_good(settings: Settings, home: Path, mode: str) -> None:
    """A ConfigError ends whoever takes webhooks: no pseudonym may be made with another key."""
    with open_lake(settings) as lake:
        open_privacy(lake, mode)
    # An older lake has the check value of `privacy_choice` only: the migration carries it over.
    make_old(settings)
    (home / KEY_FILE).unlink()
    with pytest.raises(ConfigError, match="is missing"):
        open_lake(settings)
    write_key(home, "02")
    with pytest.raises(ConfigError, match="is not the key"):
        open_lake(settings)


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_lake_takes_the_check_value_of_the_key_it_has(
    settings: Settings, home: Path, read_only: bool
) -> None:
    with open_lake(settings) as lake:
        erase(lake)
        right = checks(lake)
    make_old(settings)
    with open_lake(settings, read_only=read_only) as lake:
        assert checks(lake) == right
    with open_lake(settings) as lake:
        assert lake.write(lambda cursor: find_erased(cursor, [PERSON])).keys() == {PERSON}
    write_key(home, "03")
    with pytest.raises(LakeRefused, match="is not the key"):
        open_lake(settings)


def test_a_lake_that_needs_no_key_makes_none(settings: Settings, home: Path) -> None:
    with open_lake(settings) as lake:
        assert lake.write(lambda cursor: find_erased(cursor, [PERSON])) == {}
        assert lake.write(lambda cursor: remove_erased(cursor, [PERSON])) == 0
        assert checks(lake) == []
    assert not (home / KEY_FILE).exists()


ERASE = """
import os, sys
from datetime import UTC, datetime
from workbench.settings import load_settings
from workbench.lake import open_lake
from workbench.lake.erased import save_erased
at = sys.argv[1]
lake = open_lake(load_settings())
link = os.link
def killed_link(source, target):
    if at == "before the key is there":
        os.kill(os.getpid(), 9)
    link(source, target)
    if at == "after the key is there":
        os.kill(os.getpid(), 9)
os.link = killed_link
def erase(cursor):
    save_erased(cursor, ["+14155550143"], "e1", datetime.now(UTC))
    if at == "before the commit":
        os.kill(os.getpid(), 9)
lake.write(erase)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(
    ("at", "erased"),
    [
        ("before the key is there", 0),
        ("after the key is there", 0),
        ("before the commit", 0),
        ("after it", 1),
    ],
)
def test_a_first_erasure_that_was_killed_can_be_run_again(
    settings: Settings, home: Path, at: str, erased: int
) -> None:
    environ = {**os.environ, "PYTHONPATH": _ROOT, "WORKBENCH_HOME": str(home)}
    done = subprocess.run([sys.executable, "-c", ERASE, at], env=environ, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL
    key = (home / KEY_FILE).read_text() if (home / KEY_FILE).exists() else None
    with open_lake(settings) as lake:
        assert lake.value("select count(*) from erased_people") == erased
        assert len(checks(lake)) == (1 if key else 0)
        erase(lake)
        assert lake.write(lambda cursor: find_erased(cursor, [PERSON])).keys() == {PERSON}
        assert len(checks(lake)) == 1
    assert key in (None, (home / KEY_FILE).read_text())


def test_a_rolled_back_write_leaves_a_key_that_still_fits(lake: Lake, home: Path) -> None:
    def fail(cursor: duckdb.DuckDBPyConnection) -> None:
        save_erased(cursor, [PERSON], "e1", datetime.now(UTC))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lake.write(fail)
    key = (home / KEY_FILE).read_text()
    erase(lake)
    assert (home / KEY_FILE).read_text() == key

"""Nobody else on the machine reads a lake, wherever it is and however it came there."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.messages import payload
from tests.ui.known import save
from workbench.lake import open_lake
from workbench.lake.private_files import protect_data
from workbench.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def readable_by_others(top: Path) -> list[str]:
    """Files that somebody else could reach: nothing on the way to them is closed."""
    reached = []
    for folder, names, files in os.walk(top):
        names[:] = [name for name in names if mode(Path(folder) / name) & 0o077]
        reached += [str(Path(folder) / name) for name in files if mode(Path(folder) / name) & 0o077]
    return reached


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    """Catalog and files in folders that others may enter."""
    for name in ("catalogs", "disk"):
        (tmp_path / name).mkdir()
    return load_settings(
        {
            "WORKBENCH_HOME": str(tmp_path / "home"),
            "WORKBENCH_LAKE": f"sqlite:{tmp_path}/catalogs/catalog.sqlite",
            "WORKBENCH_LAKE_DATA": f"{tmp_path}/disk/lake/",
        }
    )


def test_a_new_lake_is_closed_wherever_it_is(elsewhere: Settings, tmp_path: Path) -> None:
    with open_lake(elsewhere) as lake:
        save(lake, [payload(number) for number in range(100)])
        assert readable_by_others(tmp_path) == []
        assert mode(tmp_path / "catalogs" / "catalog.sqlite") == 0o600
        assert mode(tmp_path / "disk" / "lake") == 0o700
        assert mode(tmp_path / "home" / "tmp") == 0o700
    assert mode(tmp_path / "catalogs") == 0o777, "a folder that was there is somebody's"


def test_an_open_lake_is_closed_at_the_next_opening_and_links_are_not_followed(
    elsewhere: Settings, tmp_path: Path
) -> None:
    with open_lake(elsewhere) as lake:
        save(lake, [payload(number) for number in range(100)])
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "theirs.txt").write_text("x")
    lake_folder = tmp_path / "disk" / "lake"
    for path in (tmp_path / "catalogs" / "catalog.sqlite", lake_folder, *lake_folder.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    (lake_folder / "main" / "link").symlink_to(outside)
    (lake_folder / "main" / "file").symlink_to(outside / "theirs.txt")
    open_lake(elsewhere).close()
    closed = [lake_folder, *(path for path in lake_folder.rglob("*") if not path.is_symlink())]
    assert [str(path) for path in closed if mode(path) & 0o077] == []
    assert mode(tmp_path / "catalogs" / "catalog.sqlite") == 0o600
    assert (mode(outside), mode(outside / "theirs.txt")) == (0o777, 0o666)


def test_a_folder_with_other_things_keeps_its_rights(elsewhere: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "disk" / "lake"
    folder.mkdir()
    (folder / "lost+found").mkdir()
    with open_lake(elsewhere) as lake:
        save(lake, [payload(number) for number in range(100)])
    assert (mode(folder), mode(folder / "main")) == (0o777, 0o700)
    assert [path for path in readable_by_others(folder) if path.endswith(".parquet")] == []


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(top=st.integers(0o000, 0o777), file=st.integers(0o000, 0o777), is_shared=st.booleans())
def test_rights_are_taken_and_never_given(tmp_path: Path, top: int, file: int, is_shared: bool) -> None:
    folder = tmp_path / f"{top}-{file}-{is_shared}"
    table = folder / "main" / "raw_messages"
    table.mkdir(parents=True, exist_ok=True)
    (table / "a.parquet").write_text("x")
    (table / "a.parquet").chmod(file)
    folder.chmod(top | 0o700)
    protect_data(folder, is_shared=is_shared)
    kept = 0o770 if is_shared else 0o700
    assert mode(folder) == (top | 0o700) & kept
    if top & ~kept:
        assert mode(table / "a.parquet") == file & kept

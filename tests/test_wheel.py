"""What a wheel installs: one top-level package, with the built-in pages and notebooks inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = {path.name for path in (ROOT / "dashboards").glob("*.py")}
REPORTS = {path.name for path in (ROOT / "notebooks" / "reports").glob("*.ipynb")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as a release is, without the network; hatchling must be in uv's cache."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        pytest.skip("no wheel was built: uv is not installed")
    out = tmp_path_factory.mktemp("wheel")
    command = [uv, "build", "--wheel", "--offline", "--quiet", "--out-dir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    if done.returncode and "hatchling" in done.stderr:
        pytest.skip(f"no wheel was built: hatchling is not in uv's cache: {done.stderr.strip()[:200]}")
    assert done.returncode == 0, done.stderr
    (path,) = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files where no clone is near; the packages it needs are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, home: Path, code: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(installed), "WORKBENCH_HOME": str(home)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environ, cwd=home, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_settings_of_the_build_name_one_package_and_put_the_rest_inside() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert build == {
        "packages": ["workbench"],
        "force-include": {
            "dashboards": "workbench/_built_in/dashboards",
            "notebooks": "workbench/_built_in/notebooks",
        },
    }


def test_a_wheel_has_one_top_level_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"workbench"}
    assert {name.split("/")[-1] for name in names if "/_built_in/dashboards/" in name} == PAGES
    assert {name.split("/")[-1] for name in names if "/_built_in/notebooks/reports/" in name} == REPORTS
    assert [name for name in names if "__pycache__" in name] == []


def test_an_install_finds_its_pages_reports_and_skeletons(installed: Path, tmp_path: Path) -> None:
    code = """
import workbench
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.reports.notebooks import discover_reports
print(workbench.__file__)
print(*sorted(load_page(info).name + ".py" for info in discover_pages()))
print(*(name + ".ipynb" for name in discover_reports()))
from workbench.api.installation import Installation
from workbench.api.new import New
print(New(Installation()).page("mine").path.name)
"""
    where, pages, reports, made = run(installed, tmp_path, code).splitlines()
    assert where.startswith(str(installed))
    assert set(pages.split()) == PAGES
    assert set(reports.split()) == REPORTS
    assert made == "mine.py"


def test_the_wheel_has_the_command_and_every_file_that_is_no_python(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (entry_points,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert "workbench = workbench.cli:main" in archive.read(entry_points).decode()
    command = ["git", "-C", str(ROOT), "ls-files", "workbench"]
    tracked = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert set(tracked) - set(archive.namelist()) == set()

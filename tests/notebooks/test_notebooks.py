"""Every notebook runs from top to bottom on a synced account, and keeps no secret."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run, environ, run, server  # noqa: F401
from workbench.simulator import Server

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(
    notebook: Path,
    run: Run,  # noqa: F811
    server: Server,  # noqa: F811
    environ: dict[str, str],  # noqa: F811
    tmp_path: Path,
) -> None:
    assert run("sync", "--since", server.account.start.isoformat()).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "papermill", str(notebook), str(tmp_path / "out.ipynb"), "--no-progress-bar"],
        env=environ, capture_output=True, text=True, timeout=180, cwd=notebook.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    text = (tmp_path / "out.ipynb").read_text()
    assert server.account.auth_token not in text
    outputs = [output for cell in json.loads(text)["cells"] for output in cell.get("outputs", [])]
    assert len(outputs) >= 8
    assert not [output for output in outputs if output["output_type"] == "error"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_without_outputs(notebook: Path) -> None:
    cells = json.loads(notebook.read_text())["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []

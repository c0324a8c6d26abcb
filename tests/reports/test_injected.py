"""papermill on our notebook, directly: a parameter that there is not makes no report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import UnknownName, UsageError
from workbench.reports.injected import check_injected
from workbench.reports.notebooks import FOLDER

DECLARED = (
    "from datetime import date\nsince: date | None = None  # first day\nsenders: list[str] = []  # only these"
)


@pytest.mark.parametrize(
    "cells",
    [
        [],
        ["", DECLARED, "report = open_report(since)"],
        ["", DECLARED, '# Parameters\nsince = "2026-10-01"\n', "report"],
        ["", DECLARED, '# Parameters\nsenders = ["+12025550110"]\nsince = None\n'],
        ["", DECLARED, '# Parameters\nsenders = "+12025550110,+12025550111"\n'],
        # Run a second time with other values: the last ones count.
        ["", DECLARED, '# Parameters\nsinc = "x"\n', DECLARED, '# Parameters\nsince = "2026-10-01"\n'],
    ],
)
def test_what_the_notebook_has_goes_through(cells: list[str]) -> None:
    check_injected(cells)


@pytest.mark.parametrize(
    ("injected", "error", "said"),
    [
        ('sinc = "2026-10-01"', UnknownName, "No parameter named 'sinc'. Did you mean 'since'"),
        ("since = 20261001", UsageError, "since is 20261001; allowed is a date .*-r instead of -p"),
        ("senders = 12025550110", UsageError, "senders is 12025550110; allowed is texts .*-r instead of -p"),
        ("since = float('nan')", UsageError, "allowed is a date"),
    ],
)
def test_what_it_has_not_is_refused(injected: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        check_injected(["", DECLARED, f"# Parameters\n{injected}\n"])


@pytest.mark.parametrize("name", ["cost", "compliance"])
def test_papermill_itself_ends_at_the_notebooks_check(known_home: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable, "-m", "papermill", str(FOLDER / f"{name}.ipynb"), str(out), "--no-progress-bar",
        "-p", "sinc", "2025-03-03", "-p", "until", "2025-03-10",
    ]  # fmt: skip
    done = subprocess.run(
        command, env={**os.environ, "WORKBENCH_HOME": str(known_home)}, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "No parameter named 'sinc'. Did you mean 'since'?" in done.stderr
    outputs = [output for cell in json.loads(out.read_text())["cells"] for output in cell.get("outputs", [])]
    assert not any(
        "text/html" in output.get("data", {}) and 'class="cards"' in str(output) for output in outputs
    )


def test_papermill_itself_takes_what_there_is(known_home: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.ipynb"
    command = [
        sys.executable, "-m", "papermill", str(FOLDER / "cost.ipynb"), str(out), "--no-progress-bar",
        "-p", "since", "2025-03-03", "-p", "until", "2025-03-10", "-r", "senders", "+12025550110",
    ]  # fmt: skip
    done = subprocess.run(
        command, env={**os.environ, "WORKBENCH_HOME": str(known_home)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "62, of which 4 in flight" in out.read_text()

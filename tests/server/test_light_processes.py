"""Processes that draw no page load nothing that draws: it took seconds of every start, and memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

DRAWING = ["bokeh", "jupyterlab", "pandas", "panel", "papermill", "plotly"]


@pytest.mark.parametrize(
    "module", ["workbench.server.hooks", "workbench.server.worker", "workbench.http_api.server"]
)
def test_a_process_without_pages_loads_nothing_that_draws(module: str) -> None:
    names = f"import sys, {module}; print(sorted(sys.modules.keys() & set({DRAWING})))"
    printed = subprocess.run([sys.executable, "-c", names], capture_output=True, text=True, check=True)
    assert printed.stdout == "[]\n"

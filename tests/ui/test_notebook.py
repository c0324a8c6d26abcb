"""A page in a notebook cell, run by a real kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from workbench.lake import Lake
from workbench.ui.navigation import DASHBOARDS

CELL = """\
import sys
sys.path.insert(0, {root!r})
from workbench.ui import use_settings
from workbench.settings import load_settings
store = use_settings(load_settings({{"WORKBENCH_HOME": {home!r}}}))
from dashboards.overview import page
page
"""


def test_the_page_itself_is_the_output_of_a_cell(known_lake: Lake, home: Path) -> None:
    cell = CELL.format(root=str(DASHBOARDS.parent), home=str(home))
    cells = [nbformat.v4.new_code_cell(cell)]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = notebook.cells[0].outputs
    assert not [output for output in outputs if output.output_type == "error"]
    shown = str([output.data for output in outputs if "data" in output])
    assert "delivery_rate" in shown
    assert "PageHead" in shown
    # One copy of plotly.js for both charts, our own.
    assert shown.count("plotly.js (cartesian - minified) v4.1.1") == 1

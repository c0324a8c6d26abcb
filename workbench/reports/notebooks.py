"""Finds the reports: every notebook in `notebooks/reports/`, read without running it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UnknownName, WorkbenchError
from workbench.reports.parameters import Parameter, read_parameters

FOLDER = Path(__file__).parents[2] / "notebooks" / "reports"
PARAMETERS_TAG = "parameters"


@dataclass(frozen=True)
class ReportNotebook:
    """A report in a list. `name` is that of its file; title and description are in its first cell."""

    name: str
    title: str
    description: str
    path: Path
    parameters: tuple[Parameter, ...]
    needs_audits: bool = False
    """Whether it shows audits, whose tables must be prepared before it runs."""


def discover_reports(folder: Path = FOLDER) -> dict[str, ReportNotebook]:
    """Every report by its name, in alphabetical order."""
    return {path.stem: _read_notebook(path) for path in sorted(folder.glob("[!_.]*.ipynb"))}


def find_report(name: str, folder: Path = FOLDER) -> ReportNotebook:
    """One report; raises UnknownName."""
    path = folder / f"{name}.ipynb"
    names = [notebook.stem for notebook in folder.glob("[!_.]*.ipynb")]
    if name not in names:
        raise UnknownName("report", name, names)
    return _read_notebook(path)


def _read_notebook(path: Path) -> ReportNotebook:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    about = next((cell for cell in cells if cell["cell_type"] == "markdown"), None)
    declared = [cell for cell in cells if PARAMETERS_TAG in cell.get("metadata", {}).get("tags", ())]
    if about is None or len(declared) != 1:
        raise WorkbenchError(
            f"{path} is not a report: it needs a first text cell with its title, and exactly one cell with "
            f"the tag {PARAMETERS_TAG!r}."
        )
    title, _, description = _source(about).partition("\n")
    parameters = read_parameters(_source(declared[0]), path.name)
    missing = {"since", "until", "period"} - {parameter.name for parameter in parameters}
    if missing:
        raise WorkbenchError(f"{path}: the parameters cell lacks {', '.join(sorted(missing))}.")
    needs_audits = any(".audits(" in _source(cell) for cell in cells if cell["cell_type"] == "code")
    return ReportNotebook(
        path.stem,
        title.lstrip("# ").strip(),
        " ".join(description.split()),
        path,
        parameters,
        needs_audits,
    )


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)

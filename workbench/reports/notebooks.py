"""Finds the reports: notebooks in `notebooks/reports/` of the product, and in `reports/` of the home.

They are read without running them.
"""

from __future__ import annotations

import json
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.built_in import built_in_folder
from workbench.errors import UnknownName, UsageError, WorkbenchError
from workbench.own_files import REPORTS, check_name, list_own_files, read_own_file
from workbench.reports.parameters import Parameter, read_parameters

FOLDER = built_in_folder("notebooks") / "reports"
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
    home: Path | None = None
    """The installation whose users wrote it; None for a report of the product."""


def discover_reports(folder: Path = FOLDER, home: Path | None = None) -> dict[str, ReportNotebook]:
    """Every report by its name, in alphabetical order.

    Args:
        home: the installation whose own reports are among them; :func:`own_report_problems` says what is
            wrong with those that are not.
    """
    reports = {path.stem: _read_notebook(path) for path in folder.glob("[!_.]*.ipynb")}
    if home:
        reports |= _own_reports(home, set(reports))[0]
    return dict(sorted(reports.items()))


def own_report_problems(home: Path, folder: Path = FOLDER) -> tuple[str, ...]:
    """One sentence for each notebook of an installation that is no report."""
    return _own_reports(home, {path.stem for path in folder.glob("[!_.]*.ipynb")})[1]


def find_report(name: str, folder: Path = FOLDER, home: Path | None = None) -> ReportNotebook:
    """One report.

    Raises:
        UnknownName: there is none of that name.
        WorkbenchError: its notebook is no report, or others can write it.
    """
    built_in = {path.stem: path for path in folder.glob("[!_.]*.ipynb")}
    own = {path.stem: path for path in list_own_files(home, REPORTS)} if home else {}
    if name in built_in:
        return _read_notebook(built_in[name])
    if name in own:
        return _read_own(own[name], home, set(built_in))
    raise UnknownName("report", name, [*built_in, *own])


def _own_reports(home: Path, built_in: Set[str]) -> tuple[dict[str, ReportNotebook], tuple[str, ...]]:
    reports, problems = {}, []
    for path in list_own_files(home, REPORTS):
        try:
            reports[path.stem] = _read_own(path, home, built_in)
        except WorkbenchError as error:
            problems.append(str(error))
    return reports, tuple(problems)


def _read_own(path: Path, home: Path | None, built_in: Set[str]) -> ReportNotebook:
    check_name(REPORTS, path.stem, shown=path)
    if path.stem in built_in:
        raise UsageError(f"{path}: there is a built-in report {path.stem!r}. Give the file another name.")
    return _read_notebook(path, home)


def _read_notebook(path: Path, home: Path | None = None) -> ReportNotebook:
    text = read_own_file(home, path) if home else path.read_text(encoding="utf-8")
    try:
        cells = json.loads(text)["cells"]
        about = next((cell for cell in cells if cell["cell_type"] == "markdown"), None)
        declared = [cell for cell in cells if PARAMETERS_TAG in cell.get("metadata", {}).get("tags", ())]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(f"{path} is no notebook: {type(error).__name__}: {error}.") from error
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
        home,
    )


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)

"""Runs a report: checks its parameters, executes the notebook on one snapshot, writes all files or none."""

from __future__ import annotations

import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from workbench.display.periods import Period, resolve_period
from workbench.display.result_html import result_html
from workbench.errors import ReportFailed, UnknownName, WorkbenchError
from workbench.files import write_whole
from workbench.lake import Lake, open_lake
from workbench.metrics.filter_values import Filters, read_filters
from workbench.metrics.known_values import require_known
from workbench.metrics.own.current import use_own_metrics
from workbench.own_files import read_own_file
from workbench.reports.document import FORMATS, check_formats, cleaned, find_record, to_html, to_pdf
from workbench.reports.manifest import SUFFIX, build_manifest
from workbench.reports.notebooks import FOLDER, ReportNotebook, find_report
from workbench.reports.paper import find_paper
from workbench.reports.parameters import check_parameters
from workbench.reports.senders import read_own_senders
from workbench.settings import Settings

DEFAULT_FORMATS = ("html", "pdf", "ipynb")
_CELL_SECONDS = 600
FILTER_PARAMETERS = {"senders": "sender", "services": "messaging_service", "countries": "country"}
"""Parameters with values of a dimension, which are checked before a notebook starts."""
_SCRATCH = "report-"


@dataclass(frozen=True)
class PlannedReport:
    """A report with checked parameters, ready to run; `label` distinguishes the rows of a parameter file."""

    notebook: ReportNotebook
    parameters: Mapping[str, Any]
    period: Period
    label: str = ""

    @property
    def filters(self) -> Filters:
        """The filter values in its parameters, by dimension."""
        chosen = {dimension: self.parameters.get(name) for name, dimension in FILTER_PARAMETERS.items()}
        return read_filters({dimension: values for dimension, values in chosen.items() if values})


@dataclass(frozen=True)
class ReportRun:
    """A finished report. `problems` are those of its data, `findings` are values beyond their limits."""

    report: str
    title: str
    manifest: Path
    files: tuple[Path, ...]
    problems: tuple[str, ...]
    findings: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [self.title, *(f"  {path}" for path in (*self.files, self.manifest))]
        return "\n".join(lines + [f"  ! {text}" for text in (*self.problems, *self.findings)])

    def _repr_html_(self) -> str:
        facts = {path.suffix.lstrip("."): path for path in self.files} | {"manifest": self.manifest}
        notices = (*self.problems, *self.findings)
        return result_html(self.title, facts=facts, notices=notices, is_bad=bool(self.problems))


def plan_report(
    settings: Settings,
    name: str,
    given: Mapping[str, Any],
    *,
    label: str = "",
    folder: Path = FOLDER,
    now: datetime | None = None,
) -> PlannedReport:
    """Check a report's name and parameters; nothing is run or written.

    Raises:
        UnknownName, UsageError: see ``find_report``, ``check_parameters``, ``resolve_period``.
    """
    use_own_metrics(settings.home)  # what is wrong with them is said here, and not once more in the notebook
    notebook = find_report(name, folder, settings.home)
    values = check_parameters(notebook.parameters, given, secrets=_secrets(settings))
    today = (now or datetime.now(UTC)).astimezone(ZoneInfo(settings.timezone)).date()
    period = resolve_period(values["since"], values["until"], values["period"], today, settings.timezone)
    values |= {"since": str(period.since), "until": str(period.until)}
    return PlannedReport(notebook, values, period, label)


def require_known_filters(lake: Lake, plans: Sequence[PlannedReport]) -> None:
    """Refuse plans with filter values that do not occur in the lake, unless they allow it.

    Raises:
        UnknownName: names the first such value, and the nearest one in the lake.
    """
    for plan in plans:
        if not plan.parameters.get("allow_unknown"):
            require_known(lake, plan.filters)


def run_report(
    settings: Settings,
    plan: PlannedReport,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    out: Path | None = None,
    paper: str | None = None,
) -> ReportRun:
    """Execute a planned report and write its files, mode 0600, with the manifest last.

    Args:
        paper: of the PDF, A4 or Letter; by default as :func:`workbench.reports.paper.find_paper` says.
        out: folder of the files; by default ``reports/`` of the installation.

    Raises:
        UnknownName: a format or a paper does not exist.
        ConfigError: PDF was requested, but this machine cannot make it.
        ReportFailed: a cell failed; the notebook is kept as far as it was executed.
    """
    formats = [format.lower() for format in formats]
    for format in formats:
        if format not in FORMATS:
            raise UnknownName("format", format, FORMATS)
    paper = find_paper(paper, settings.paper, settings.timezone, os.environ)
    check_formats(tuple(formats))
    with open_lake(settings, read_only=True) as lake:
        snapshot, ours = lake.snapshot_id(), read_own_senders(lake)
    out = _made_folder(out or settings.home / "reports")
    stem = _stem(plan)
    temporary = settings.home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
    _forget_killed_runs(temporary)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=temporary) as scratch:
        notebook, failure = _execute(settings, plan, Path(scratch), snapshot)
        notebook = cleaned(notebook, _secrets(settings), ours)
        if failure:
            kept = out / f"{stem}.failed.ipynb"
            write_whole(kept, _notebook_bytes(notebook))
            text = str(cleaned(failure, _secrets(settings), ours))
            raise ReportFailed(f"{plan.notebook.name} failed in {text} The notebook is kept: {kept}")
        document = _Document(notebook, paper, cleaned(dict(plan.parameters), (), ours))
        return _write_report(plan, document, tuple(dict.fromkeys(formats)), out, stem)


class _Document(NamedTuple):
    """What is written: the executed notebook, its paper, and the parameters, all as they may be shown."""

    notebook: Any
    paper: str
    parameters: dict[str, Any]


def _forget_killed_runs(folder: Path) -> None:
    """Remove temporary folders of killed runs: those older than a day, since no run takes that long."""
    for scratch in folder.glob(f"{_SCRATCH}*"):
        if time.time() - scratch.stat().st_mtime > 24 * 3600:
            shutil.rmtree(scratch, ignore_errors=True)


def _execute(settings: Settings, plan: PlannedReport, scratch: Path, snapshot: int) -> tuple[Any, str]:
    """The executed notebook, and a text about the cell that failed ("" if none did)."""
    import nbformat
    import papermill

    from workbench.reports.kernel import kernel_environment, kernel_manager

    target = scratch / "executed.ipynb"
    # papermill looks for parameters in its own way and warns of those it cannot read; ours are checked
    # before.
    logging.getLogger("papermill").setLevel(logging.ERROR)
    environment = kernel_environment(os.environ, settings, scratch, snapshot)
    failure = ""
    try:
        papermill.execute_notebook(
            str(_source_file(plan.notebook, scratch)),
            str(target),
            dict(plan.parameters),
            kernel_name="python3",
            language="python",
            progress_bar=False,
            execution_timeout=_CELL_SECONDS,
            cwd=str(scratch),
            kernel_manager_class=kernel_manager(environment, scratch),
        )
    except papermill.PapermillExecutionError as error:
        first = (error.source or "").strip().split("\n")[0]
        failure = f"cell In [{error.exec_count}] (`{first}`): {error.ename}: {_one_line(error.evalue)}"
    return nbformat.read(target, as_version=4), failure  # type: ignore[no-untyped-call]


def _source_file(notebook: ReportNotebook, scratch: Path) -> Path:
    """The notebook to execute; of the users' own a copy of the text that was checked."""
    if notebook.home is None:
        return notebook.path
    copy = scratch / notebook.path.name
    write_whole(copy, read_own_file(notebook.home, notebook.path))
    return copy


def _write_report(
    plan: PlannedReport, document: _Document, formats: Sequence[str], out: Path, stem: str
) -> ReportRun:
    notebook = document.notebook
    record = find_record(notebook)
    if record is None:
        raise WorkbenchError(
            f"{plan.notebook.path} does not end with `report.end()`, which gives the manifest's data. "
            "Add it as the last cell."
        )
    title = f"{plan.notebook.title} · {plan.period.title}"
    html = to_html(notebook, title)
    contents: dict[str, Callable[[], bytes]] = {
        "html": html.encode,
        "pdf": lambda: to_pdf(html, document.paper),
        "ipynb": lambda: _notebook_bytes(notebook),
    }
    contents_by_file = {out / f"{stem}.{format}": contents[format]() for format in formats}
    for path, content in contents_by_file.items():
        write_whole(path, content)
    manifest = build_manifest(
        report=plan.notebook.name,
        title=title,
        label=plan.label,
        parameters=document.parameters,
        record=record,
        notebook=plan.notebook.path,
        files=list(contents_by_file),
    )
    path = out / f"{stem}{SUFFIX}"
    write_whole(path, (json.dumps(manifest, indent=2, ensure_ascii=False) + "\n").encode())
    problems = tuple(problem["text"] for problem in record["problems"])
    return ReportRun(
        plan.notebook.name, title, path, tuple(contents_by_file), problems, tuple(record["findings"])
    )


def _stem(plan: PlannedReport) -> str:
    """A unique name with the time of the run: `cost_2026-09-01_2026-10-01_20261001T081500Z`."""
    created = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = [plan.notebook.name, str(plan.period.since), str(plan.period.until), plan.label, created]
    return "_".join(part for part in parts if part)


def _secrets(settings: Settings) -> tuple[str, ...]:
    credentials = settings.optional_credentials
    secrets = (credentials.auth_token, credentials.api_secret) if credentials else ()
    return tuple(secret.reveal() for secret in secrets if secret)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    line = line if len(line) <= 300 else line[:300] + "…"
    return line if line.endswith((".", "…")) else f"{line}."


def _notebook_bytes(notebook: Any) -> bytes:
    import nbformat

    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    return text.encode()


def _made_folder(folder: Path) -> Path:
    folder = folder.expanduser().absolute()
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
    return folder

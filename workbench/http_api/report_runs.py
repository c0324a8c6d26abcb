"""Reports that programs asked for: run one after another here, each with a file that says its state.

The file lies beside the report's own, so that a run is known after a restart. One that was at work in a
process that is gone is `interrupted`.
"""

from __future__ import annotations

import contextvars
import json
import logging
import re
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from workbench.api.installation import Installation
from workbench.api.reports import Reports
from workbench.errors import NotFound, WorkbenchError
from workbench.files import write_whole
from workbench.sending.owner import this_process

log = logging.getLogger(__name__)

RunState = Literal["queued", "running", "done", "failed", "interrupted"]
FOLDER = "reports"
_SUFFIX = ".run.json"
_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Run:
    """One report that was asked for; `files` are the names of what it wrote, by kind."""

    run: str
    report: str
    state: RunState
    asked_at: datetime
    asked_by: str
    owner: str
    formats: tuple[str, ...]
    began_at: datetime | None = None
    ended_at: datetime | None = None
    title: str | None = None
    files: Mapping[str, str] | None = None
    problems: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    error: str | None = None

    @property
    def is_over(self) -> bool:
        return self.state in ("done", "failed", "interrupted")


class ReportRuns:
    """The runs of one installation. Safe to use from several threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._folder = installation.settings.home / FOLDER
        self._lock = threading.Lock()
        self._worker: ThreadPoolExecutor | None = None

    def start(self, run_id: str, report: str, given: Mapping[str, Any], formats: tuple[str, ...]) -> Run:
        """Ask for a report; one with this id that is not interrupted stays as it is.

        Raises:
            UnknownName, UsageError: no such report, parameter or value.
        """
        with self._lock:
            if self._path(run_id).exists() and self.read(run_id).state != "interrupted":
                return self.read(run_id)
            owner = this_process(self._installation.lake)
            run = Run(
                run=run_id,
                report=report,
                state="queued",
                asked_at=datetime.now(UTC),
                asked_by=self._installation.actor,
                owner=owner.id,
                formats=formats,
            )
            owner.begin([_key(run_id)])
            self._write(run)
            self._worker = self._worker or ThreadPoolExecutor(1, thread_name_prefix="report")
        # The report runs as the token's person, too.
        self._worker.submit(contextvars.copy_context().run, self._run, run, dict(given))
        return run

    def read(self, run_id: str) -> Run:
        """One run as it stands.

        Raises:
            NotFound: there is none of this id.
        """
        path = self._path(run_id)
        if not _ID.fullmatch(run_id) or not path.is_file():
            raise NotFound(f"No run of a report {run_id[:80]!r}; GET /api/v1/reports/runs lists them.")
        return self._told(_read(path))

    def all(self) -> list[Run]:
        """All runs, the newest first."""
        runs = [self._told(_read(path)) for path in self._folder.glob(f"*{_SUFFIX}")]
        return sorted(runs, key=lambda run: (run.asked_at, run.run), reverse=True)

    def file(self, run: Run, kind: str) -> Path:
        """What a run wrote.

        Raises:
            NotFound: it wrote no such file, or it is gone.
        """
        name = (run.files or {}).get(kind)
        path = self._folder / Path(name).name if name else None
        if path is None or not path.is_file():
            raise NotFound(
                f"The run {run.run} has no file {kind!r}; it is {run.state}, and has "
                f"{', '.join(run.files or {}) or 'none'}."
            )
        return path

    def close(self) -> None:
        """End without the reports that nobody began; the one that runs is waited for."""
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)

    def _run(self, run: Run, given: dict[str, Any]) -> None:
        owner = this_process(self._installation.lake)
        try:
            run = replace(run, state="running", began_at=datetime.now(UTC))
            self._write(run)
            self._write(replace(self._made(run, given), ended_at=datetime.now(UTC)))
        finally:
            owner.end([_key(run.run)])

    def _made(self, run: Run, given: dict[str, Any]) -> Run:
        try:
            done = Reports(self._installation).run_rows(run.report, [given], formats=run.formats)[0]
        except WorkbenchError as error:
            return replace(run, state="failed", error=str(error))
        except Exception as error:
            log.error("a report failed unexpectedly", exc_info=error)
            return replace(run, state="failed", error="It failed unexpectedly; the log says why.")
        files = {path.suffix.lstrip("."): path.name for path in done.files}
        return replace(
            run,
            state="done",
            title=done.title,
            files={**files, "manifest": done.manifest.name},
            problems=done.problems,
            findings=done.findings,
        )

    def _told(self, run: Run) -> Run:
        if run.is_over:
            return run
        owner = this_process(self._installation.lake)
        is_left = owner.is_free(_key(run.run), run.owner, run.asked_at, datetime.now(UTC))
        # It may have ended since it was read.
        run = _read(self._path(run.run)) if is_left else run
        return replace(run, state="interrupted") if is_left and not run.is_over else run

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id if _ID.fullmatch(run_id) else 'none'}{_SUFFIX}"

    def _write(self, run: Run) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        text = json.dumps(asdict(run), indent=2, ensure_ascii=False, default=datetime.isoformat)
        write_whole(self._path(run.run), text + "\n")


def _key(run_id: str) -> str:
    return f"report {run_id}"


def _read(path: Path) -> Run:
    fields = json.loads(path.read_text(encoding="utf-8"))
    for name in ("asked_at", "began_at", "ended_at"):
        fields[name] = fields[name] and datetime.fromisoformat(fields[name])
    for name in ("formats", "problems", "findings"):
        fields[name] = tuple(fields[name])
    return Run(**fields)

"""``wb.reports``: make reports as files, and send them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.namespace import Namespace
from workbench.errors import ReportDoubtful, ReportFailed, WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake.fleet.only_one import Sole
    from workbench.reports.notebooks import ReportNotebook
    from workbench.reports.run import PlannedReport, ReportRun

    OnRun = Callable[[ReportRun | ReportFailed], None]
    Runs = list[ReportRun]
    Failures = list[ReportFailed]

DEFAULT_FORMATS = ("html", "pdf", "ipynb")


def reports_frame(home: Path) -> pd.DataFrame:
    """The reports there are, a row for each parameter."""
    import pandas as pd

    from workbench.reports.notebooks import discover_reports

    columns = ["report", "title", "description", "parameter", "allowed", "default", "help"]
    rows = [
        (
            report.name, report.title, report.description,
            parameter.name, parameter.allowed, parameter.default_text, parameter.help,
        )
        for report in discover_reports(home=home).values()
        for parameter in report.parameters
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns, dtype="object")


class Reports(Namespace):
    """Reports as files to keep and to hand on: HTML, PDF, the executed notebook, and what they stand on."""

    def list(self) -> pd.DataFrame:
        """The reports there are, a row for each parameter.

        Returns:
            The columns report, title, description, parameter, allowed, default (as it is typed), help.
        """
        return reports_frame(self._installation.settings.home)

    def notebooks(self) -> dict[str, ReportNotebook]:
        """The reports there are, by name, with their parameters as values."""
        from workbench.reports.notebooks import discover_reports

        return discover_reports(home=self._installation.settings.home)

    def run(
        self,
        name: str,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        formats: Sequence[str] = DEFAULT_FORMATS,
        out: Path | str | None = None,
        paper: str | None = None,
        strict: bool = False,
        **parameters: Any,
    ) -> ReportRun:
        """Run one report on the lake as it is now and write its files.

        Args:
            since, until: first day in it, first day after it; by default its last whole month or week.
            formats: of html, pdf and ipynb; the manifest is always written.
            out: folder of the files, by default ``reports/`` of the installation.
            paper: of the PDF, A4 or Letter; by default that of the settings, else of the time zone's country.
            strict: raise ReportDoubtful, with the files written, where its data is stale, gapped or unpriced.
            parameters: of the report; :meth:`list` names them. ``allow_unknown=True`` reports also on values
                that the lake has never seen.

        Raises:
            UnknownName, UsageError: no such report, parameter or value.
            ReportFailed: a cell of its notebook failed; the notebook is kept.
        """
        given = {"since": since, "until": until, **parameters}
        return self.run_rows(name, [given], formats=formats, out=out, paper=paper, strict=strict)[0]

    def run_rows(
        self,
        name: str,
        params: Sequence[Mapping[str, Any]] | Path | str,
        *,
        formats: Sequence[str] = DEFAULT_FORMATS,
        out: Path | str | None = None,
        paper: str | None = None,
        strict: bool = False,
        on_run: OnRun = lambda done: None,
    ) -> Sequence[ReportRun]:
        """Run one report once for each row of parameters; all rows are checked before the first one runs.

        A row that fails stops no other one; ``on_run`` gets each report, or its failure, as it is done.

        Args:
            params: mappings by name of the parameter, or a CSV, XLSX or JSON file of them (``-`` is stdin).
            formats, out, paper, strict: as in :meth:`run`.

        Raises:
            UnknownName: a sender or service that the lake has never seen, unless `allow_unknown` is true.
            ReportFailed: after the last row, if one failed.
            ReportDoubtful: with ``strict``, if the data of one is stale, gapped or unpriced.
        """
        from workbench.reports.parameters import read_rows
        from workbench.reports.run import plan_report, require_known_filters, run_report

        rows = read_rows(Path(params)) if isinstance(params, Path | str) else params
        width = len(str(len(rows)))
        labels = [f"{number:0{width}d}" if len(rows) > 1 else "" for number in range(1, len(rows) + 1)]
        plans = [
            plan_report(self._installation.settings, name, row, label=label)
            for row, label in zip(rows, labels, strict=True)
        ]
        self._installation.require_log()
        if any(plan.filters for plan in plans):
            require_known_filters(self._installation.reader, plans)
        make = partial(
            run_report,
            self._installation.settings,
            formats=formats,
            out=None if out is None else Path(out),
            paper=paper,
        )
        runs, failures = self._run_plans(plans, make, on_run)
        if failures:
            some = f"{len(failures)} of {len(plans)} runs failed. " if len(plans) > 1 else ""
            raise ReportFailed(f"{some}{failures[0]}")
        doubtful = [run for run in runs if run.problems]
        if strict and doubtful:
            raise ReportDoubtful(
                f"{len(doubtful)} of {len(runs)} reports stand on doubtful data and were written all the "
                f"same: {doubtful[0].manifest.name}: {' '.join(doubtful[0].problems)}"
            )
        return runs

    def _run_plans(
        self, plans: Sequence[PlannedReport], make: Callable[[PlannedReport], ReportRun], on_run: OnRun
    ) -> tuple[Sequence[ReportRun], Sequence[ReportFailed]]:
        self._prepare(plans)
        runs: Runs = []
        failures: Failures = []
        for plan in plans:
            try:
                runs.append(make(plan))
                on_run(runs[-1])
            except ReportFailed as error:
                failures.append(error)
                if len(plans) > 1:
                    on_run(error)
        return runs, failures

    def _prepare(self, plans: Sequence[PlannedReport]) -> None:
        """Bring what audits stand on up to date, where a report shows any."""
        if any(plan.notebook.needs_audits for plan in plans):
            self._installation.prepare_audits()

    def due(self, *, stop: threading.Event | None = None, on_run: OnRun = lambda done: None) -> str:
        """Make, and mail where asked, the reports of ``[reports]`` that are due; says in words how many.

        What could not be mailed is mailed by the next run: the audit trail knows what went out. One at a
        time, so that the server and cron make none twice.

        Raises:
            LakeBusy: another run is at it.
            ReportFailed: after the last one, if one failed; it stays due.
        """
        self._installation.require_log()
        with self._installation.alone("reports", "run of the reports") as sole:
            return self._run_due(sole, stop, on_run)

    def _run_due(self, sole: Sole, stop: threading.Event | None, on_run: OnRun) -> str:
        from workbench.reports.mail import sent_files
        from workbench.reports.run import run_report
        from workbench.reports.schedule import find_unsent, plan_due

        made, failures, due = 0, [], plan_due(self._installation.settings)
        self._prepare([plan for _, plan in due])
        for entry, plan in due:
            if sole.is_lost() or (stop and stop.is_set()):
                break
            try:
                on_run(run_report(self._installation.settings, plan, formats=entry.formats))
                made += 1
            except WorkbenchError as error:
                failures.append(f"{entry.name}: {error}")
        mailed = 0
        lake = self._installation.lake
        unsent = find_unsent(
            self._installation.settings, sent_files(lake), of_all_machines=lake.address.kind != "sqlite"
        )
        for entry, manifest in unsent:
            # A report that another machine may mail by now is not mailed here.
            if sole.is_lost():
                break
            try:
                self.send(manifest, entry.to)
                mailed += 1
            except WorkbenchError as error:
                failures.append(f"{entry.name}: {error}")
        if failures:
            raise ReportFailed(f"{len(failures)} scheduled reports failed. {failures[0]}")
        return f"{made} {'report' if made == 1 else 'reports'} made, {mailed} mailed"

    def schedule(self) -> pd.DataFrame:
        """The reports of ``[reports]``: name, report, is_due, and to whom each goes."""
        import pandas as pd

        from workbench.reports.schedule import plan_due, scheduled_reports

        settings = self._installation.settings
        due = {entry.name for entry, _ in plan_due(settings)}
        rows = [
            (entry.name, entry.report, entry.name in due, ", ".join(entry.to))
            for entry in scheduled_reports(settings)
        ]
        return pd.DataFrame(rows, columns=["name", "report", "is_due", "to"])

    def send(
        self,
        manifest: Path | str,
        to: Sequence[str] = (),
        *,
        formats: Sequence[str] = ("pdf",),
        link: str | None = None,
    ) -> Sequence[str]:
        """Mail a report that was made, as attachments or as a link; noted in the audit trail.

        Args:
            manifest: the ``*.manifest.json`` of the run; its files must be unchanged.
            to: addresses; by default those of ``[smtp] to``.
            formats: which files go as attachments.
            link: address of the folder where the reader finds the files; nothing is attached then.

        Returns:
            The addresses it went to.
        """
        from workbench.reports.mail import send_report

        return send_report(
            self._installation.settings,
            self._installation.lake,
            Path(manifest),
            to,
            formats=formats,
            link=link,
        )

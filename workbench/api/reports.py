"""The notebook API of reports: make one, list them, send one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.api.base import Opened
from workbench.errors import ReportDoubtful, ReportFailed, WorkbenchError

if TYPE_CHECKING:
    from workbench.reports.notebooks import ReportNotebook
    from workbench.reports.run import PlannedReport, ReportRun

    OnRun = Callable[[ReportRun | ReportFailed], None]

DEFAULT_FORMATS = ("html", "pdf", "ipynb")


class ReportCalls(Opened):
    """Make reports as files, and send them."""

    @property
    def reports(self) -> dict[str, ReportNotebook]:
        """The reports there are, by name, with their parameters."""
        from workbench.reports.notebooks import discover_reports

        return discover_reports(home=self.settings.home)

    def report(
        self,
        name: str,
        *,
        since: date | str | None = None,
        until: date | str | None = None,
        formats: Sequence[str] = DEFAULT_FORMATS,
        out: Path | str | None = None,
        strict: bool = False,
        **parameters: Any,
    ) -> ReportRun:
        """Run one report on the lake as it is now and write its files.

        Args:
            since, until: first day in it, first day after it; by default its last whole month or week.
            formats: of html, pdf and ipynb; the manifest is always written.
            out: folder of the files, by default ``reports/`` of the installation.
            strict: raise ReportDoubtful, with the files written, where its data is stale, gapped or unpriced.
            parameters: of the report; ``wb.reports[name].parameters`` lists them.

        Raises:
            UnknownName, UsageError: no such report, parameter or value.
            ReportFailed: a cell of its notebook failed; the notebook is kept.
        """
        given = {"since": since, "until": until, **parameters}
        return self.report_rows(name, [given], formats=formats, out=out, strict=strict)[0]

    def report_rows(
        self,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        *,
        formats: Sequence[str] = DEFAULT_FORMATS,
        out: Path | str | None = None,
        strict: bool = False,
        on_run: OnRun = lambda done: None,
    ) -> list[ReportRun]:
        """Run one report once for each row of parameters; all rows are checked before the first one runs.

        A row that fails stops no other one; ``on_run`` gets each report, or its failure, as it is done.

        Raises:
            UnknownName: a sender or service that the lake has never seen, unless `allow_unknown` is true.
            ReportFailed: after the last row, if one failed.
            ReportDoubtful: with ``strict``, if the data of one is stale, gapped or unpriced.
        """
        from workbench.reports.run import plan_report, require_known_filters

        width = len(str(len(rows)))
        labels = [f"{number:0{width}d}" if len(rows) > 1 else "" for number in range(1, len(rows) + 1)]
        plans = [
            plan_report(self.settings, name, row, label=label)
            for row, label in zip(rows, labels, strict=True)
        ]
        if any(plan.filters for plan in plans):
            require_known_filters(self._reader, plans)
        runs, failures = self._run_plans(plans, formats, None if out is None else Path(out), on_run)
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
        self, plans: Sequence[PlannedReport], formats: Sequence[str], out: Path | None, on_run: OnRun
    ) -> tuple[list[ReportRun], list[ReportFailed]]:
        from workbench.reports.run import run_report

        self._prepare(plans)
        runs, failures = [], []
        for plan in plans:
            try:
                runs.append(run_report(self.settings, plan, formats=formats, out=out))
                on_run(runs[-1])
            except ReportFailed as error:
                failures.append(error)
                if len(plans) > 1:
                    on_run(error)
        return runs, failures

    def _prepare(self, plans: Sequence[PlannedReport]) -> None:
        """Bring what audits stand on up to date, where a report shows any."""
        if any(plan.notebook.needs_audits for plan in plans):
            from workbench.compliance.checks import prepare_audits

            prepare_audits(self.lake)

    def run_due_reports(
        self, *, stop: threading.Event | None = None, on_run: OnRun = lambda done: None
    ) -> str:
        """Make, and mail where asked, the reports of ``[reports]`` that are due; says in words how many.

        What could not be mailed is mailed by the next run: the audit trail knows what went out. One at a
        time, so that the server and cron make none twice.

        Raises:
            LakeBusy: another run is at it.
            ReportFailed: after the last one, if one failed; it stays due.
        """
        from workbench.lake.lock import only_one

        with only_one(self.settings.home / "reports.lock", "run of the reports"):
            return self._run_due(stop, on_run)

    def _run_due(self, stop: threading.Event | None, on_run: OnRun) -> str:
        from workbench.reports.mail import sent_files
        from workbench.reports.run import run_report
        from workbench.reports.schedule import find_unsent, plan_due

        made, failures, due = 0, [], plan_due(self.settings)
        self._prepare([plan for _, plan in due])
        for entry, plan in due:
            if stop and stop.is_set():
                break
            try:
                on_run(run_report(self.settings, plan, formats=entry.formats))
                made += 1
            except WorkbenchError as error:
                failures.append(f"{entry.name}: {error}")
        mailed = 0
        for entry, manifest in find_unsent(self.settings, sent_files(self.lake)):
            try:
                self.send_report(manifest, entry.to)
                mailed += 1
            except WorkbenchError as error:
                failures.append(f"{entry.name}: {error}")
        if failures:
            raise ReportFailed(f"{len(failures)} scheduled reports failed. {failures[0]}")
        return f"{made} {'report' if made == 1 else 'reports'} made, {mailed} mailed"

    def send_report(
        self,
        manifest: Path | str,
        to: Sequence[str] = (),
        *,
        formats: Sequence[str] = ("pdf",),
        link: str | None = None,
    ) -> list[str]:
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

        return send_report(self.settings, self.lake, Path(manifest), to, formats=formats, link=link)

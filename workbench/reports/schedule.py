"""Scheduled reports: `[reports.NAME]` of the settings, and which of them are due.

    [reports.cost-for-acme]
    report = "cost"
    to = ["ann@example.com"]          # mailed when made; leave out to only keep it
    formats = ["html", "pdf"]
    parameters = { client = "ACME", senders = ["+12025550110"] }

A report is due when its last whole period is over and the reports folder has no manifest with its name and
period. So the next run also makes reports that were missed, and none is made twice.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from workbench.errors import ConfigError, UsageError
from workbench.reports.manifest import SUFFIX
from workbench.reports.run import PlannedReport, plan_report
from workbench.settings import ReportSettings, Settings

SECTION = "reports"


def scheduled_reports(settings: Settings) -> list[ReportSettings]:
    """The entries of `[reports]`."""
    return list(settings.reports.values())


def check_entries(settings: Settings) -> None:
    """Check that every entry names an existing report and existing parameters.

    Raises:
        ConfigError: names the entry and what is wrong with it.
    """
    _planned(settings, None)


def plan_due(settings: Settings, now: datetime | None = None) -> list[tuple[ReportSettings, PlannedReport]]:
    """The entries whose last whole period has no report yet."""
    manifests = _latest_manifests(settings)
    return [(entry, plan) for entry, plan in _planned(settings, now) if _key(plan) not in manifests]


def find_unsent(
    settings: Settings, sent: Collection[str], now: datetime | None = None, *, of_all_machines: bool = False
) -> list[tuple[ReportSettings, Path]]:
    """Entries with recipients, with the manifest of a report that was made but not mailed yet.

    Args:
        sent: names of the files that were sent, from the audit trail.
        of_all_machines: each machine makes a file of its own, named by the time when it was made; so the
            report of an entry and a period counts as mailed whoever made the file.
    """
    manifests = _latest_manifests(settings)
    mailed = [(entry, manifests.get(_key(plan))) for entry, plan in _planned(settings, now) if entry.to]
    unsent = [
        (entry, path) for entry, path in mailed if path and path.name.replace(SUFFIX, ".pdf") not in sent
    ]
    if not of_all_machines:
        return unsent
    begins = {_without_time(name) for name in sent}
    return [(entry, path) for entry, path in unsent if _without_time(path.name) not in begins]


def _without_time(name: str) -> str:
    return name.rpartition("_")[0]


def _planned(settings: Settings, now: datetime | None) -> list[tuple[ReportSettings, PlannedReport]]:
    """Every entry with its last whole period."""
    planned = []
    for entry in scheduled_reports(settings):
        try:
            plan = plan_report(settings, entry.report, entry.parameters, label=entry.name, now=now)
        except UsageError as error:
            raise ConfigError(f"[{SECTION}.{entry.name}]: {error}") from error
        planned.append((entry, plan))
    return planned


def _key(plan: PlannedReport) -> tuple[str, str, str]:
    return plan.label, str(plan.period.since), str(plan.period.until)


def schedule_lines(settings: Settings, python: str) -> list[str]:
    """Lines for the user: what is scheduled and due, and how to run it."""
    entries = scheduled_reports(settings)
    if not entries:
        return [
            "No report is scheduled. Add to workbench.toml, for instance:",
            "",
            "[reports.monthly-cost]",
            'report = "cost"            # its last whole month, once that is over',
            'to = ["ann@example.com"]   # needs [smtp]; leave out to only keep the files',
        ]
    due = {entry.name for entry, _ in plan_due(settings)}
    lines = [
        f"{entry.name}: {entry.report}, {'due now' if entry.name in due else 'made for its last period'}"
        + (f", mailed to {len(entry.to)}" if entry.to else "")
        for entry in entries
    ]
    home, command = shlex.quote(str(settings.home)), shlex.quote(python)
    cron = f"0 7 * * * WORKBENCH_HOME={home} {command} -m workbench reports due"
    return [
        *lines,
        "",
        "`workbench serve` makes them by itself; without it, for cron (what is not due is left alone):",
        cron.replace("%", r"\%"),
    ]


def _latest_manifests(settings: Settings) -> dict[tuple[str, str, str], Path]:
    """The latest manifest by entry, since and until; files that are not manifests are ignored."""
    manifests = {}
    for path in sorted((settings.home / "reports").glob(f"*{SUFFIX}")):
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
            manifests[manifest["label"], manifest["period"]["since"], manifest["period"]["until"]] = path
        except (ValueError, KeyError, TypeError):
            continue
    return manifests

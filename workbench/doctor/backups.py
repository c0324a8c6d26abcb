"""The check of the backups: is there one, whole and young enough?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from workbench.backup.make import read_last
from workbench.display.formats import duration
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination

LATE, VERY_LATE = timedelta(days=2), timedelta(days=7)


def check_backup(examination: Examination) -> Iterator[CheckResult]:
    """The last backup that was read back is at most two days old."""
    settings = examination.settings
    last = read_last(Path(settings.home))
    repair = "Run `workbench backup`; `workbench serve` runs it every night ([schedule] backup)."
    if last is None:
        if settings.backup.target is None:
            yield skipped("No backup was ever made: set [backup] target in workbench.toml (docs/backup.md).")
        else:
            yield failure(f"No backup was made at {settings.backup.target} yet.", repair)
        return
    age = examination.now - last["made_at"]
    evidence = f"The last backup, at {last['target']}, is {duration(age.total_seconds())} old."
    manifest = Path(last["target"]) / last["name"]
    if not last["target"].startswith("s3://") and not manifest.is_file():
        yield failure(f"{evidence} It is not there any more: {manifest} is missing.", repair)
    elif age > VERY_LATE:
        yield failure(evidence, repair)
    elif age > LATE:
        yield warning(evidence, repair)
    else:
        yield fine(evidence)

"""Checks of the lake itself: is it there, whole, ours, and small enough for its disk?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.lake.maintenance import count_files
from workbench.lake.migrations import pending_changes

_MANY_FILES, _MANY_SNAPSHOTS = 2_000, 20_000
_LEAST_FREE, _LEAST_SHARE = 1 * 2**30, 0.05
_FEW_DAYS = 30
_GROWTH_DAYS = 14


def check_lake(examination: Examination) -> Iterator[CheckResult]:
    """The lake opens, is of this version, and its files are there."""
    lake = examination.lake
    pending = pending_changes(lake)
    if pending:
        yield warning(
            "It was written by an older version and is brought up to date at the next write.",
            "Run `workbench sync`.",
        )
    messages = lake.value("select count(*) from raw_messages")
    yield fine(f"{lake.address.shown} opens: {plural(messages, 'message')}, whole.")


def check_files(examination: Examination) -> Iterator[CheckResult]:
    """Small files and old versions are merged away."""
    lake = examination.lake
    files = count_files(lake)
    versions = lake.value("select count(*) from ducklake_snapshots('lake')")
    evidence = f"{plural(files, 'file')}, {plural(versions, 'version')}."
    if files > _MANY_FILES or versions > _MANY_SNAPSHOTS:
        yield warning(
            evidence + " Every question opens them all, so pages are slow.",
            "Run `workbench maintenance`; `workbench serve` does it every hour ([schedule] maintenance).",
        )
    else:
        yield fine(evidence)


def check_disk(examination: Examination) -> Iterator[CheckResult]:
    """The disk has room, also for the next weeks at the pace of the last ones."""
    home = examination.settings.home
    folder = next(path for path in (home, *home.parents) if path.exists())
    usage = shutil.disk_usage(folder)
    evidence = f"{_size(usage.free)} of {_size(usage.total)} are free on the disk of {home}."
    repair = "Make room, move the home, or keep less ([retention] in workbench.toml)."
    if usage.free < _LEAST_FREE or usage.free < usage.total * _LEAST_SHARE:
        yield failure(evidence + " A write that finds no room fails.", repair)
        return
    if (days := _days_until_full(examination, usage.free)) is not None and days < _FEW_DAYS:
        yield warning(f"{evidence} At the pace of the last weeks it is full in {days} days.", repair)
        return
    yield fine(evidence)


def _days_until_full(examination: Examination, free: int) -> int | None:
    """How long the free space lasts; None where nothing is known or the lake does not grow."""
    data = Path(examination.settings.home) / "lake"
    if not data.is_dir():
        return None
    size = sum(file.stat().st_size for file in data.rglob("*") if file.is_file())
    share = examination.lake.rows(
        "select count(*) filter (where date_created >= ?), count(*) from raw_messages",
        [examination.now - timedelta(days=_GROWTH_DAYS)],
    )[0]
    recent, messages = share
    if not recent or not messages:
        return None
    grown_per_day = size * recent / messages / _GROWTH_DAYS
    return int(free / grown_per_day) if grown_per_day >= 1 else None


def check_catalog(examination: Examination) -> Iterator[CheckResult]:
    """A lake for several machines has a catalog that can serve them."""
    address = examination.lake.address
    if address.kind == "sqlite" and address.is_bucket:
        yield warning(
            "The files are in a bucket, and the catalog is a file of this machine: without it they are "
            "worth nothing.",
            "Keep copies of the catalog, or use PostgreSQL ([lake] catalog).",
        )
    else:
        yield skipped("The catalog is where its files are, or on a server.")


def _size(size: float) -> str:
    return f"{size / 2**30:,.1f} GB" if size >= 2**30 else f"{size / 2**20:,.0f} MB"

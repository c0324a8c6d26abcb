"""Checks of the lake itself: is it there, whole, ours, and small enough for its disk?"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.errors import LakeError
from workbench.lake.left_files import find_unknown_files
from workbench.lake.migrations import pending_changes
from workbench.lake.storage import Storage

_MANY_FILES, _MANY_SNAPSHOTS = 2_000, 20_000
_LEAST_FREE, _LEAST_SHARE = 1 * 2**30, 0.05
_FEW_DAYS, _FAR_DAYS = 30, 3650
_MANY_SMALL_FILES, _SMALL_FILE = 200, 2**20


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


_MAINTAIN = (
    "Run `workbench schedule run maintenance`; `workbench serve` does it every hour ([schedule] maintenance)."
)


def check_files(examination: Examination) -> Iterator[CheckResult]:
    """Small files and old versions are merged away."""
    lake = examination.lake
    storage = examination.storage
    versions = lake.value("select count(*) from ducklake_snapshots('lake')")
    evidence = f"{plural(storage.files, 'file')}, {plural(versions, 'version')}."
    if storage.files > _MANY_FILES or versions > _MANY_SNAPSHOTS:
        yield warning(evidence + " Every question opens them all, so pages are slow.", _MAINTAIN)
        return
    small = {
        name: table
        for name, table in storage.tables.items()
        if table.files > _MANY_SMALL_FILES and table.mean_size < _SMALL_FILE
    }
    for name, table in small.items():
        yield warning(
            f"{plural(table.files, 'file')} of {_size(table.mean_size)} on average: small files are slow.",
            _MAINTAIN,
            subject=name,
        )
    if not small:
        yield fine(evidence)


def check_unknown_files(examination: Examination) -> Iterator[CheckResult]:
    """Every file in the lake's folder is one that its catalog knows."""
    lake = examination.lake
    if lake.address.is_bucket and examination.is_offline:
        yield skipped("The files are in a bucket, and --offline was given.")
        return
    with lake.cursor() as cursor:
        unknown = find_unknown_files(cursor, lake.address, examination.now)
    if unknown.left:
        yield warning(
            f"{plural(len(unknown.left), 'file')} that a killed write left, as {unknown.left[0]}.", _MAINTAIN
        )
    if unknown.foreign:
        yield warning(
            f"{plural(len(unknown.foreign), 'Parquet file')} of something else in the lake's folder, as "
            f"{unknown.foreign[0]}.",
            "Move them elsewhere; the lake never deletes what it did not write.",
        )
    if not unknown.left and not unknown.foreign:
        yield fine(f"No unknown file in {lake.address.data}.")


def check_disk(examination: Examination) -> Iterator[CheckResult]:
    """The disk has room, also for the next weeks at the pace of the last ones."""
    storage = _storage_if_known(examination)
    data = None if storage is None else examination.lake.address
    home = Path(examination.settings.home)
    folders = {home: storage if data is None or not data.is_bucket else None}
    if data is not None and not data.is_bucket and not _same_disk(home, Path(data.data)):
        folders = {home: None, Path(data.data): storage}
    for folder, growing in folders.items():
        yield _judge_disk(folder, growing)


def check_growth(examination: Examination) -> Iterator[CheckResult]:
    """The size of the lake, and what it will be in a year at the pace of the last weeks."""
    storage = examination.storage
    evidence = f"The lake takes {_size(storage.size)}"
    if storage.grows_by is None:
        yield fine(f"{evidence}; how fast it grows is not known, because no message is new.")
        return
    in_a_year = storage.size + 365 * storage.grows_by
    yield fine(f"{evidence}, grows by {_size(storage.grows_by)} a day: {_size(in_a_year)} in a year.")


def _storage_if_known(examination: Examination) -> Storage | None:
    try:
        return examination.storage
    except LakeError:
        # There is none yet, or the check of the lake says what is wrong; the disk is examined all the same.
        return None


def _same_disk(first: Path, second: Path) -> bool:
    return _nearest(first).stat().st_dev == _nearest(second).stat().st_dev


def _nearest(folder: Path) -> Path:
    """The folder, or the one that it will be made in."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _judge_disk(folder: Path, storage: Storage | None) -> CheckResult:
    """The state of one disk.

    Args:
        storage: of the lake that grows on it.
    """
    usage = shutil.disk_usage(_nearest(folder))
    evidence = f"{_size(usage.free)} of {_size(usage.total)} are free on the disk of {folder}."
    repair = "Make room, move it, or keep less ([retention] in workbench.toml)."
    if usage.free < _LEAST_FREE or usage.free < usage.total * _LEAST_SHARE:
        return failure(evidence + " A write that finds no room fails.", repair)
    days = storage.days_until(usage.free) if storage else None
    if days is None:
        return fine(evidence)
    if days > _FAR_DAYS:
        return fine(f"{evidence} At the pace of the last weeks that is enough for ten years.")
    evidence += f" At the pace of the last weeks it is full in {plural(days, 'day')}."
    return warning(evidence, repair) if days < _FEW_DAYS else fine(evidence)


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
    if size >= 2**30:
        return f"{size / 2**30:,.1f} GB"
    return f"{size / 2**20:,.0f} MB" if size >= 2**20 else f"{size / 2**10:,.0f} kB"

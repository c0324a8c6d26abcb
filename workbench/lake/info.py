"""What a lake takes up and how it is built, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.lake.address import METADATA
from workbench.lake.connect import Lake
from workbench.lake.row_counts import count_rows

_SMALL = 2**20
"""A smaller file costs more to open than to read."""


@dataclass(frozen=True)
class LakeInfo:
    """What a lake takes up."""

    catalog: str
    catalog_size: int | None
    """None on a server, which knows it itself."""
    data: str
    data_size: int
    files: int
    small_files: int
    delete_files: int
    versions: int
    oldest_version_at: datetime
    schema_version: str
    rows: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_info(lake: Lake) -> LakeInfo:
    """Read it from the catalog; no data file is opened."""
    address = lake.address
    # In one statement, so that all numbers are of one moment.
    files, size, small, deletes, delete_size = lake.rows(
        f"select count(*), coalesce(sum(file_size_bytes), 0), count(*) filter (file_size_bytes < {_SMALL}), "
        f"(select count(*) from {METADATA}.ducklake_delete_file where end_snapshot is null), "
        f"(select coalesce(sum(file_size_bytes), 0) from {METADATA}.ducklake_delete_file "
        f"where end_snapshot is null) from {METADATA}.ducklake_data_file where end_snapshot is null"
    )[0]
    with lake.cursor() as cursor:
        rows = count_rows(cursor)
    versions, oldest = lake.rows("select count(*), min(snapshot_time) from ducklake_snapshots('lake')")[0]
    return LakeInfo(
        catalog=address.shown,
        catalog_size=_catalog_size(Path(address.catalog)) if address.kind == "sqlite" else None,
        data=address.data,
        data_size=int(size + delete_size),
        files=files,
        small_files=small,
        delete_files=deletes,
        versions=versions,
        oldest_version_at=oldest,
        schema_version=lake.value("select name from schema_migrations order by version desc limit 1"),
        rows=rows,
    )


def _catalog_size(catalog: Path) -> int:
    parts = (Path(f"{catalog}{suffix}") for suffix in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())

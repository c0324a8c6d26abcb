"""How much room a lake takes, in how many files, and how fast it grows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from workbench.lake.connect import Lake

GROWTH_DAYS = 14


@dataclass(frozen=True)
class TableStorage:
    """The files of one table that a reader of everything would open now."""

    files: int
    size: int

    @property
    def mean_size(self) -> float:
        return self.size / self.files if self.files else 0.0


@dataclass(frozen=True)
class Storage:
    """The tables that have files, and the size of a catalog that is a file; sizes in bytes.

    `grows_by` is a day's growth: the size that the messages of the last days have a share in. It is None
    while nothing is known or nothing grows.
    """

    tables: Mapping[str, TableStorage]
    catalog_size: int
    grows_by: float | None

    @property
    def files(self) -> int:
        return sum(table.files for table in self.tables.values())

    @property
    def size(self) -> int:
        return self.catalog_size + sum(table.size for table in self.tables.values())

    def days_until(self, room: int) -> int | None:
        """How long this much room lasts; None where nothing grows."""
        return int(room / self.grows_by) if self.grows_by else None


def read_storage(lake: Lake, now: datetime) -> Storage:
    """What the catalog says; no file is opened or listed, so a bucket is not asked."""
    rows = lake.rows(
        "select table_name, file_count + delete_file_count, file_size_bytes + delete_file_size_bytes "
        "from ducklake_table_info('lake') where file_count > 0 order by 1"
    )
    tables = {name: TableStorage(int(files), int(size or 0)) for name, files, size in rows}
    is_file = lake.address.kind == "sqlite"
    catalog_size = Path(lake.address.catalog).stat().st_size if is_file else 0
    size = catalog_size + sum(table.size for table in tables.values())
    recent, messages = lake.rows(
        "select count(*) filter (where date_created >= ?), count(*) from raw_messages",
        [now - timedelta(days=GROWTH_DAYS)],
    )[0]
    share = recent / messages if messages else 0
    return Storage(tables, catalog_size, size * share / GROWTH_DAYS or None)

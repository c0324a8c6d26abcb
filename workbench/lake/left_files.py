"""Deletes what a killed write left in the folder of files: Parquet files that no version of the lake ever
had.

DuckLake's own `ducklake_delete_orphaned_files` deletes every Parquet file that its catalog does not know,
also another lake's, somebody's own, those that another machine is writing now, and all of them where the
folder is spelt in another way than the catalog holds it. Here a file goes only if it lies where this lake
writes, has the name of a file that DuckLake writes, and is old enough; the folder itself is this lake's alone
(``ownership.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from workbench.errors import LakeRefused
from workbench.lake.data_folder import SCHEMA_FOLDER, open_data_folder
from workbench.lake.ownership import known_files

if TYPE_CHECKING:
    from workbench.lake.address import LakeAddress

_WRITTEN_BY_DUCKLAKE = re.compile(
    rf"{SCHEMA_FOLDER}/[a-z0-9_]+/(?:[^/]+/)*ducklake-([0-9a-f]{{8}}-[0-9a-f]{{4}})-7[0-9a-f-]{{21}}"
    r"(?:-delete)?\.parquet"
)
_LONGEST_WRITE = timedelta(hours=1)
"""On a shared catalog: a younger file may be one that another machine has not committed yet."""


@dataclass(frozen=True)
class UnknownFiles:
    """Parquet files in the folder of a lake that its catalog does not know, by their paths."""

    left: tuple[str, ...]
    """What a killed write of this lake left."""
    foreign: tuple[str, ...]
    """Of something else."""


def find_unknown_files(
    cursor: duckdb.DuckDBPyConnection, address: LakeAddress, now: datetime
) -> UnknownFiles:
    """Look for them while others may write: a file that is younger than the longest write is not named."""
    known = known_files(cursor)
    unknown = [
        path
        for path in open_data_folder(address.data, cursor).parquet_files()
        if path.rpartition("/")[2] not in known
    ]
    ours = {path for path in unknown if _is_ours(path, address.data, None)}
    return UnknownFiles(
        tuple(path for path in unknown if _is_ours(path, address.data, now - _LONGEST_WRITE)),
        tuple(path for path in unknown if path not in ours),
    )


def delete_left_files(
    cursor: duckdb.DuckDBPyConnection, address: LakeAddress, *, now: datetime | None = None
) -> int:
    """Delete them; how many. Nobody of this machine writes meanwhile (:meth:`Lake.run_alone`).

    Raises:
        LakeRefused: a bucket holds other Parquet files too, and DuckDB could only delete all of them.
    """
    known = known_files(cursor)
    files = open_data_folder(address.data, cursor).parquet_files()
    unknown = [path for path in files if path.rpartition("/")[2] not in known]
    is_shared = address.kind != "sqlite"
    before = (now or datetime.now(UTC)) - (_LONGEST_WRITE if is_shared else timedelta(0))
    left_files = [path for path in unknown if _is_ours(path, address.data, before if is_shared else None)]
    if not address.is_bucket:
        for path in left_files:
            Path(path).unlink(missing_ok=True)
        return len(left_files)
    foreign = [path for path in unknown if not _is_ours(path, address.data, None)]
    if foreign:
        raise LakeRefused(
            f"{address.data} holds {len(foreign):,} Parquet files that this lake did not write, as "
            f"{foreign[0]}. DuckDB could only delete them together with what a killed write left here: "
            "move them to another prefix and run the same again."
        )
    if left_files:
        cursor.execute("call ducklake_delete_orphaned_files('lake', older_than => ?)", [before]).fetchall()
    return len(left_files)


def is_written_by_lake(name: str) -> bool:
    """Whether a path under the folder or prefix of a lake is one that DuckLake gives to a file of ours."""
    return _WRITTEN_BY_DUCKLAKE.fullmatch(name) is not None


def _is_ours(path: str, data: str, before: datetime | None) -> bool:
    """Whether DuckLake wrote a file for a table of this folder, before that moment if one is given."""
    match = _WRITTEN_BY_DUCKLAKE.fullmatch(_name_in(path, data))
    return match is not None and (before is None or _written_at(match[1]) < before)


def _name_in(path: str, data: str) -> str:
    """The path from the folder on; a folder may be spelt with `//` or `/./`, which listing it takes out."""
    if data.startswith("s3://"):
        return path.removeprefix(data.rstrip("/") + "/")
    return Path(path).relative_to(data).as_posix()


def _written_at(uuid_start: str) -> datetime:
    """A UUID of version 7 begins with its milliseconds since 1970."""
    return datetime.fromtimestamp(int(uuid_start.replace("-", ""), 16) / 1000, UTC)

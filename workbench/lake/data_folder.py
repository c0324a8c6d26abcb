"""The folder or bucket of a lake's files: the marker that says whose it is, and the files in it.

A marker in a folder is one file, created atomically. A bucket has no such step: there each lake writes an
object of its own name and then looks whether another one stands beside it, so that of two at once at least
one sees the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from workbench.errors import LakeRefused
from workbench.files import create_whole, write_whole
from workbench.lake.quoting import quoted

MARKER_FILE = "workbench-lake.json"
SCHEMA_FOLDER = "main"
"""Every table's files are in a folder of its own inside of this one."""
_OBJECTS = "workbench-lake-*.json"
_NOTE = "Says which lake these files belong to. Do not delete, copy or change it."


@dataclass(frozen=True)
class OwnerMarker:
    """Whose files these are.

    Args:
        catalog: where that lake's catalog was last (see ``ownership.catalog_place``).
    """

    lake_id: str
    catalog: str

    def text(self) -> str:
        return json.dumps({"lake_id": self.lake_id, "catalog": self.catalog, "note": _NOTE}) + "\n"


class DataFolder(Protocol):
    """Where a lake's files are, as ``ownership.py`` needs it."""

    def markers(self) -> list[OwnerMarker]: ...

    def create_marker(self, marker: OwnerMarker) -> None:
        """Unless there is one."""

    def replace_markers(self, marker: OwnerMarker) -> None: ...

    def parquet_files(self) -> list[str]:
        """All of them, whoever wrote them, by their full path."""

    def other_lakes(self) -> list[str]:
        """Markers of lakes that this folder lies in, or that lie in it."""

    def is_begun(self) -> bool:
        """Whether a lake has ever written here."""


def open_data_folder(data: str, cursor: duckdb.DuckDBPyConnection) -> DataFolder:
    """The folder or bucket at ``data``.

    Args:
        cursor: a connection that knows the bucket's secret.
    """
    return S3Prefix(data, cursor) if data.startswith("s3://") else LocalFolder(Path(data))


class LocalFolder:
    """A folder of this machine, or one that several machines see."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def markers(self) -> list[OwnerMarker]:
        path = self.path / MARKER_FILE
        try:
            return [_read_marker(path.read_text(encoding="utf-8"), str(path))]
        except FileNotFoundError:
            return []

    def create_marker(self, marker: OwnerMarker) -> None:
        create_whole(self.path / MARKER_FILE, marker.text())

    def replace_markers(self, marker: OwnerMarker) -> None:
        write_whole(self.path / MARKER_FILE, marker.text())

    def parquet_files(self) -> list[str]:
        return sorted(str(path) for path in self._files() if path.suffix == ".parquet")

    def other_lakes(self) -> list[str]:
        resolved = self.path.resolve()
        above = [folder / MARKER_FILE for folder in resolved.parents if (folder / MARKER_FILE).exists()]
        own = self.path / MARKER_FILE
        below = [path for path in self._files() if path.name == MARKER_FILE and path != own]
        return [str(path) for path in (*above, *below)]

    def is_begun(self) -> bool:
        return (self.path / SCHEMA_FOLDER).is_dir() or bool(self.markers() or self.parquet_files())

    def _files(self) -> Iterator[Path]:
        # A table's folder may be a link to another disk.
        for folder, _, names in os.walk(self.path, followlinks=True):
            yield from (Path(folder) / name for name in names)


class S3Prefix:
    """A prefix of an S3 bucket, read and written through DuckDB."""

    def __init__(self, address: str, cursor: duckdb.DuckDBPyConnection) -> None:
        self._prefix = address.rstrip("/") + "/"
        self._cursor = cursor

    def markers(self) -> list[OwnerMarker]:
        names = self._glob(self._prefix + _OBJECTS)
        # Without a list of names DuckDB refuses to read none.
        rows = self._cursor.execute("select filename, content from read_text(?)", [names]) if names else None
        markers = [_read_marker(content, name) for name, content in rows.fetchall()] if rows else []
        return list(dict.fromkeys(markers))

    def create_marker(self, marker: OwnerMarker) -> None:
        if not self.markers():
            self._write(f"{self._prefix}workbench-lake-{marker.lake_id}.json", marker)

    def replace_markers(self, marker: OwnerMarker) -> None:
        own = f"{self._prefix}workbench-lake-{marker.lake_id}.json"
        for name in {own, *self._glob(self._prefix + _OBJECTS)}:
            self._write(name, marker)

    def parquet_files(self) -> list[str]:
        return sorted(self._glob(f"{self._prefix}**/*.parquet"))

    def other_lakes(self) -> list[str]:
        bucket, *folders = self._prefix.removeprefix("s3://").rstrip("/").split("/")
        parents = ["/".join([bucket, *folders[:depth]]) for depth in range(len(folders))]
        above = [name for parent in parents for name in self._glob(f"s3://{parent}/{_OBJECTS}")]
        own = set(self._glob(self._prefix + _OBJECTS))
        return above + [name for name in self._glob(f"{self._prefix}**/{_OBJECTS}") if name not in own]

    def is_begun(self) -> bool:
        return bool(self.markers() or self.parquet_files())

    def _glob(self, pattern: str) -> list[str]:
        return [name for (name,) in self._cursor.execute("select file from glob(?)", [pattern]).fetchall()]

    def _write(self, name: str, marker: OwnerMarker) -> None:
        self._cursor.execute(
            f"copy (select ?) to {quoted(name)} (format csv, header false, quote '', escape '', delimiter "
            "'\x01')",
            [marker.text().strip()],
        )


def _read_marker(text: str, name: str) -> OwnerMarker:
    try:
        content = json.loads(text)
        return OwnerMarker(str(content["lake_id"]), str(content["catalog"]))
    except (ValueError, KeyError, TypeError) as error:
        raise LakeRefused(
            f"{name}, which says whose files these are, is unreadable. Put it back from a copy of the lake; "
            "without one, `workbench sync --adopt-files` writes it anew for the catalog of these settings."
        ) from error

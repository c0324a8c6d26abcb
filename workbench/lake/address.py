"""Where a lake is, and the SQL that attaches it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString

from workbench.errors import ConfigError
from workbench.lake.quoting import quoted
from workbench.settings import Settings

METADATA = "__ducklake_metadata_lake"
"""The name under which DuckLake attaches the catalog's own tables."""

#: Without WAL readers fail while somebody writes; the timeout covers the moment of a commit.
_SQLITE_OPTIONS = "META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 10000"


@dataclass(frozen=True)
class LakeAddress:
    """Where a lake is: the catalog, and the folder or bucket of its files."""

    kind: str  # "sqlite" or "postgres"
    catalog: str = field(repr=False)  # a path, or a connection string that may hold a password
    data: str

    def attach_sql(
        self,
        *,
        read_only: bool = False,
        snapshot: int | None = None,
        may_create: bool = False,
        name: LiteralString = "lake",
    ) -> str:
        """The statement that attaches it.

        Args:
            name: under which; another one where two lakes are open at once.
        """
        options = [f"DATA_PATH {quoted(self.data)}"]
        if not may_create:
            options.append("CREATE_IF_NOT_EXISTS false")
        if self.kind == "sqlite":
            options.append(_SQLITE_OPTIONS)
        if self.moves_along:
            options.append("OVERRIDE_DATA_PATH true")
        if read_only:
            options.append("READ_ONLY")
        if snapshot is not None:
            options.append(f"SNAPSHOT_VERSION {snapshot:d}")
        return f"ATTACH {quoted(f'ducklake:{self.kind}:{self.catalog}')} AS {name} ({', '.join(options)})"

    @property
    def moves_along(self) -> bool:
        """Whether the files lie beside the catalog, so that a lake that was moved or restored is whole.

        A lake whose files are elsewhere has none there, and is refused where the setting for them is missing.
        """
        return (
            self.kind == "sqlite"
            and self.data == _files_beside(Path(self.catalog))
            and Path(self.data).is_dir()
        )

    @property
    def is_bucket(self) -> bool:
        """Whether the files are in a bucket, not in a folder."""
        return self.data.startswith("s3://")

    @property
    def shown(self) -> str:
        """The address without a password."""
        return f"{self.kind}:{without_password(self.catalog)}"


_PASSWORD = re.compile(
    r"(password\s*=\s*)(?:'(?:[^'\\]|\\.)*'|\S+)|(://[^\s:/@]*:)[^\s@]*(?=@)", re.IGNORECASE
)
"""In both forms of a connection string: `password=…`, and `postgresql://user:…@host/`."""


def without_password(text: str) -> str:
    """A text with `***` for each password of a connection string in it."""
    return _PASSWORD.sub(lambda match: f"{match[1] or match[2]}***", text)


def lake_address(settings: Settings) -> LakeAddress:
    """Read ``WORKBENCH_LAKE`` and ``WORKBENCH_LAKE_DATA``.

    Raises:
        ConfigError: for another kind of catalog, or a Postgres catalog with no place for the files.
    """
    kind, _, catalog = settings.catalog.partition(":")
    if kind == "sqlite" and catalog:
        path = Path(catalog).expanduser().absolute()
        return LakeAddress("sqlite", str(path), settings.lake.data or _files_beside(path))
    if kind == "postgres" and catalog:
        if not settings.lake.data:
            raise ConfigError(
                "WORKBENCH_LAKE is a Postgres catalog, so WORKBENCH_LAKE_DATA must say where the files go: "
                "a folder that every machine sees, or s3://bucket/prefix/."
            )
        return LakeAddress("postgres", catalog, settings.lake.data)
    raise ConfigError(
        f"WORKBENCH_LAKE starts with {kind!r}; allowed are sqlite:PATH (one machine) "
        "and postgres:dbname=… host=… (many machines)."
    )


def _files_beside(catalog: Path) -> str:
    return f"{catalog.parent / 'files'}/"

"""DuckDB itself: one engine in memory with our extensions, before any catalog is attached."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import duckdb

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.quoting import quoted

SPILL_FOLDER = "tmp"
"""Under WORKBENCH_HOME: what does not fit into memory."""


def new_engine(home: Path) -> duckdb.DuckDBPyConnection:
    """An engine without a catalog, that fetches nothing and spills into ``home``."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            # Otherwise DuckDB spills into the current folder.
            "temp_directory": str(home / SPILL_FOLDER),
            # Else DuckDB would look for a misspelt table among our variables, and load pandas for it.
            "python_enable_replacements": "false",
        },
    )
    # GLOBAL: cursors do not inherit what is set on their connection, and would follow the machine's TZ.
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    return connection


def load_extensions(connection: duckdb.DuckDBPyConnection, address: LakeAddress) -> None:
    """Load what this kind of lake needs; LakeError where a wheel is not installed."""
    scanner = "sqlite_scanner" if address.kind == "sqlite" else "postgres_scanner"
    for name in ("ducklake", scanner):
        connection.execute(f"LOAD {quoted(str(extension_path(name)))}")
    if address.is_bucket:
        load_bucket_access(connection)


def load_bucket_access(connection: duckdb.DuckDBPyConnection) -> None:
    """Load what reads a bucket, with the secret of the environment."""
    connection.execute(f"LOAD {quoted(str(extension_path('httpfs')))}")
    connection.execute(_s3_secret_sql(os.environ))


def extension_path(name: str) -> Path:
    """The file of a DuckDB extension inside its wheel.

    Raises:
        LakeError: the wheel is not installed.
    """
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    for folder in spec.submodule_search_locations or () if spec else ():
        paths = sorted(Path(folder).rglob(f"{name}.duckdb_extension"))
        if paths:
            return paths[0]
    raise LakeError(
        f"DuckDB's {name} extension is not installed; run `make setup`, or install "
        f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}."
    )


def _s3_secret_sql(environ: Mapping[str, str]) -> str:
    """DuckDB's secret for the bucket, from the variables that every S3 tool reads."""
    parts = [
        "TYPE s3",
        *_option("KEY_ID", environ.get("AWS_ACCESS_KEY_ID")),
        *_option("SECRET", environ.get("AWS_SECRET_ACCESS_KEY")),
        *_option("SESSION_TOKEN", environ.get("AWS_SESSION_TOKEN")),
        *_option("REGION", environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")),
    ]
    endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if endpoint:
        address = urlsplit(endpoint)
        parts.append(f"ENDPOINT {quoted(address.netloc)}, URL_STYLE 'path'")
        parts.append(f"USE_SSL {'true' if address.scheme == 'https' else 'false'}")
    return f"CREATE SECRET ({', '.join(parts)})"


def _option(name: LiteralString, value: str | None) -> list[LiteralString]:
    """One option of a secret; none where it has no value."""
    return [f"{name} {quoted(value)}"] if value else []

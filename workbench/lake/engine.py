"""DuckDB itself: an engine in memory with our extensions, before any catalog is attached."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit

import duckdb

from workbench.errors import LakeError
from workbench.lake.address import LakeAddress
from workbench.lake.quoting import quoted

SPILL_FOLDER = "tmp"
"""Under WORKBENCH_HOME: what does not fit into memory."""


def new_engine(
    home: Path, address: LakeAddress, *, with_catalog: bool = True, also: Sequence[str] = ()
) -> duckdb.DuckDBPyConnection:
    """An engine with nothing attached yet, that fetches nothing and spills into ``home``.

    Args:
        address: says which extensions are loaded, and whether it gets the secret of a bucket.
        with_catalog: False for whoever reads files only.
        also: further extensions.

    Raises:
        LakeError: the wheel of an extension is not installed.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            # Ours are not checked again: they come from the same wheels as the code that loads them, and
            # hashing two large files would be a seventh of a second at every opening. No other gets in.
            "allow_unsigned_extensions": "true",
            # Otherwise DuckDB spills into the current folder.
            "temp_directory": str(home / SPILL_FOLDER),
            # Else DuckDB would look for a misspelt table among our variables, and load pandas for it.
            "python_enable_replacements": "false",
        },
    )
    try:
        for name in (*_extensions(address, with_catalog), *also):
            connection.execute(f"LOAD {quoted(str(extension_path(name)))}")
        # Cannot be taken back while the engine runs.
        connection.execute("SET GLOBAL allow_unsigned_extensions = false")
        # GLOBAL: cursors do not inherit what is set on their connection, and would follow the machine's TZ.
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        if address.is_bucket:
            connection.execute(_s3_secret_sql(os.environ))
    except BaseException:
        connection.close()
        raise
    return connection


def _extensions(address: LakeAddress, with_catalog: bool) -> list[str]:
    catalog = ["ducklake", "sqlite_scanner" if address.kind == "sqlite" else "postgres_scanner"]
    return [*(catalog if with_catalog else ()), *(["httpfs"] if address.is_bucket else ())]


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

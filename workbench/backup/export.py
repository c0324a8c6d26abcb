"""Writes what analysts use as one plain DuckDB file, or as a folder of Parquet files: any tool opens either.

Addresses of people are masked, as in every file of the pages, unless somebody who may asks for them whole.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, LiteralString

import duckdb
import pyarrow as pa

from workbench.display.formats import plural
from workbench.errors import BackupError, UsageError
from workbench.lake.connect import Lake
from workbench.lake.quoting import identifier, quoted
from workbench.messaging.addresses import mask

ABOUT = "about"
_DUCKDB_SUFFIXES = (".duckdb", ".db")

_PEOPLE = frozenset(
    {"from_address", "to_address", "sender", "contact", "address", "person", "our_side", "said_to"}
)
"""Columns with addresses, ours among them: a masked file shows neither whole, as the pages do."""

EXPORTED: Mapping[LiteralString, tuple[LiteralString, ...]] = {
    "messages": (),
    "conversations": (),
    "contacts": (),
    "status_events": (),
    "media": (),
    "consent_events": ("evidence", "actor"),
    "consent_state": ("actor",),
    "outbox": ("key", "fingerprint", "owner"),
    "gaps": ("examples",),
    "accounts": (),
    "senders": ("sms_url", "status_callback"),
    "messaging_services": ("inbound_url", "status_callback"),
    "usage_days": (),
    "balances": (),
    "prices": (),
}
"""Tables and views of the lake, with columns that are left out: secrets of the outbox, addresses of servers,
and texts that may name people."""
_NAMES = frozenset({"name", "notes"})
"""What a masked file does not say of a contact."""


@dataclass(frozen=True)
class Exported:
    """A file or folder that was written."""

    path: str
    snapshot: int
    as_of: datetime
    rows: Mapping[str, int]
    is_masked: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def sentence(self) -> str:
        numbers = "numbers masked" if self.is_masked else "numbers whole"
        return (
            f"{self.path}: {plural(len(self.rows), 'table')}, {plural(self.rows['messages'], 'message')}, "
            f"{numbers}, as of version {self.snapshot} of the lake ({self.as_of:%Y-%m-%d %H:%M} UTC)."
        )


def export_lake(lake: Lake, to: Path, *, snapshot: int, is_masked: bool, overwrite: bool) -> Exported:
    """Write the tables to a temporary name beside ``to``, and rename that when it is whole.

    Args:
        lake: attached for reading at that snapshot.
        to: a file that ends in .duckdb or .db, or a folder for Parquet files.

    Raises:
        UsageError: the name says neither, or something is there already.
        BackupError: it cannot be written.
    """
    to = to.expanduser().absolute()
    is_file = to.suffix in _DUCKDB_SUFFIXES
    _require_place(to, is_file=is_file, overwrite=overwrite)
    exported = Exported(str(to), snapshot, datetime.now(UTC), {}, is_masked)
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as folder:
            written = Path(folder) / to.name
            rows = _write(lake, written, exported, is_file=is_file)
            _put(written, to)
    except OSError as error:
        raise BackupError(f"{to} cannot be written: {error.strerror or error}.") from error
    except duckdb.IOException as error:
        raise BackupError(f"{to} cannot be written: {error}") from error
    return Exported(exported.path, snapshot, exported.as_of, rows, is_masked)


def _require_place(to: Path, *, is_file: bool, overwrite: bool) -> None:
    if not is_file and to.suffix:
        raise UsageError(
            f"--to is {to.name!r}; write a file that ends in .duckdb, or a folder without an ending for "
            "Parquet."
        )
    if not to.exists():
        return
    if not overwrite:
        raise UsageError(f"{to} is there already; choose another name, or give --overwrite.")
    is_ours = to.is_file() if is_file else _is_export(to)
    if not is_ours:
        raise UsageError(f"{to} is something else than an export; --overwrite replaces an export only.")


def _is_export(folder: Path) -> bool:
    names = os.listdir(folder) if folder.is_dir() else []
    return f"{ABOUT}.parquet" in names and all(name.endswith(".parquet") for name in names)


def _write(lake: Lake, path: Path, exported: Exported, *, is_file: bool) -> dict[str, int]:
    rows: dict[str, int] = {}
    with lake.cursor() as cursor:
        if is_file:
            cursor.execute(f"ATTACH {quoted(str(path))} AS exported (STORAGE_VERSION 'v1.2.0')")
        else:
            path.mkdir(mode=0o700)
        try:
            for name, left_out in EXPORTED.items():
                query = _query(cursor, name, left_out, is_masked=exported.is_masked)
                _write_table(cursor, name, query, None if is_file else path)
                counted = f"exported.{name}" if is_file else quoted(str(path / f"{name}.parquet"))
                rows[name] = int(cursor.execute(f"select count(*) from {counted}").fetchall()[0][0])
            cursor.register("about_rows", _about(exported, rows))
            _write_table(cursor, ABOUT, "select * from about_rows", None if is_file else path)
        finally:
            if is_file:
                cursor.execute("DETACH exported")
    if is_file:
        path.chmod(0o600)
        _require_plain(path, rows)
    return rows


def _write_table(
    cursor: duckdb.DuckDBPyConnection, name: LiteralString, query: LiteralString, folder: Path | None
) -> None:
    if folder is None:
        cursor.execute(f"create table exported.{name} as {query}")
    else:
        cursor.execute(f"copy ({query}) to {quoted(str(folder / f'{name}.parquet'))} (format parquet)")


def _query(
    cursor: duckdb.DuckDBPyConnection,
    name: LiteralString,
    left_out: tuple[LiteralString, ...],
    *,
    is_masked: bool,
) -> LiteralString:
    """The rows of a table; addresses are looked up in a list of what is shown of each."""
    columns = [column for (column, *_) in cursor.execute(f"describe {name}").fetchall()]
    kept = [column for column in columns if column not in left_out and not (is_masked and column in _NAMES)]
    people = [column for column in kept if is_masked and column in _PEOPLE]
    if not people:
        return f"select {', '.join(identifier(column) for column in kept)} from {name}"
    addresses = {
        address
        for column in people
        for (address,) in cursor.execute(
            f"select distinct {identifier(column)} from {name} where {identifier(column)} is not null"
        ).fetchall()
    }
    shown = pa.table(
        {"address": pa.array(sorted(addresses), pa.string()),
         "shown": pa.array(map(mask, sorted(addresses)), pa.string())}
    )  # fmt: skip
    cursor.register(f"shown_{name}", shown)
    selected = [
        f"(select shown from shown_{name} where address = t.{identifier(column)}) as {identifier(column)}"
        if column in people
        else f"t.{identifier(column)}"
        for column in kept
    ]
    return f"select {', '.join(selected)} from {name} t"


def _about(exported: Exported, rows: Mapping[str, int]) -> pa.Table:
    said = {
        "snapshot": str(exported.snapshot),
        "as_of": exported.as_of.isoformat(),
        "numbers": "masked" if exported.is_masked else "whole",
        "program": f"workbench {version('workbench')}",
        **{f"rows of {name}": str(count) for name, count in rows.items()},
    }
    return pa.table({"name": list(said), "value": list(said.values())})


def _require_plain(path: Path, rows: Mapping[str, int]) -> None:
    """Open the file as any other tool would, without an extension."""
    with closing(duckdb.connect(str(path), read_only=True)) as connection:
        counts = {
            name: connection.execute(f"select count(*) from {identifier(name)}").fetchall()[0][0]
            for name in rows
        }
    if counts != rows:
        raise BackupError(
            f"{path.name} has other rows than were written into it: {counts}, not {dict(rows)}."
        )


def _put(written: Path, to: Path) -> None:
    if to.is_dir():
        old = written.with_name("old")
        os.rename(to, old)
        os.rename(written, to)
        shutil.rmtree(old)
    else:
        os.replace(written, to)

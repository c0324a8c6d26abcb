"""Reads a table from a file or stdin, up to a size limit: CSV in any dialect, XLSX, JSON, also gzipped."""

from __future__ import annotations

import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from workbench.errors import UsageError
from workbench.table_files.encodings import NAMES, as_utf8, detect_encoding
from workbench.table_files.json_rows import read_json_rows
from workbench.table_files.separated import SEPARATORS, read_separated
from workbench.table_files.table import Form, InputTable, make_table
from workbench.table_files.workbook import read_workbook

STDIN = "-"
"""The path that means stdin."""
LARGEST_FILE = 64 * 1024 * 1024
"""The largest table in bytes, unpacked."""
_FOREIGN = {
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF",
    b"<": "HTML or XML",
}


def read_table(path: Path | str) -> InputTable:
    """A table from a file, or from stdin if the path is ``-``.

    Returns:
        The table with all cells as text; rows that do not fit the header are its `problems`.

    Raises:
        UsageError: the file cannot be read, is not a table, is too large, or can be read in two ways.
    """
    name = "stdin" if str(path) == STDIN else Path(path).name
    return read_table_bytes(_read_bytes(path), name)


def read_table_bytes(data: bytes, name: str) -> InputTable:
    """As :func:`read_table`, of the bytes of a file."""
    data = _unpacked(data, name)
    if data.startswith(b"PK\x03\x04"):
        sheet, rows = read_workbook(data, name)
        return make_table(name, Form(f"XLSX, sheet {sheet!r}"), rows, rectangular=True)
    for mark, kind in _FOREIGN.items():
        if data.lstrip()[:8].startswith(mark):
            raise UsageError(f"{name} is {kind}, not a table. Save it as CSV or XLSX.")
    text, encoding_name, is_certain = _decoded(data, name)
    if text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        form, rows = read_json_rows(text.lstrip("\ufeff"), name)
        return make_table(name, Form(f"{form}, {encoding_name}", is_certain), rows)
    separator, records = read_separated(text, name)
    return make_table(name, Form(f"CSV with {SEPARATORS[separator]}, {encoding_name}", is_certain), records)


@contextmanager
def stdin_as_file(paths: Iterable[Path | str]) -> Iterator[list[Path]]:
    """The paths with stdin (``-``) as a file that only its owner can read, removed afterwards."""
    files = [Path(path) for path in paths]
    if STDIN not in map(str, files):
        yield files
        return
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield [copy if str(path) == STDIN else path for path in files]


def _read_bytes(path: Path | str) -> bytes:
    try:
        if str(path) == STDIN:
            data = sys.stdin.buffer.read(LARGEST_FILE + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    return _bounded(data, str(path))


def _bounded(data: bytes, name: str) -> bytes:
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{name} is larger than {LARGEST_FILE:,} bytes; split it.")
    return data


def _unpacked(data: bytes, name: str) -> bytes:
    """The unpacked content of gzip, whatever the name of the file is."""
    unpacked = b""
    while data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            unpacked += unpacker.decompress(data, LARGEST_FILE + 1 - len(unpacked))
        except zlib.error as error:
            raise UsageError(f"{name} is a damaged gzip file ({error}). Get it again.") from error
        _bounded(unpacked, name)
        if not unpacker.eof:
            raise UsageError(f"{name} is a gzip file that was cut off. Get it again.")
        data = unpacker.unused_data.lstrip(b"\x00")
        if not data.startswith(b"\x1f\x8b"):
            return unpacked
    return data


def _decoded(data: bytes, name: str) -> tuple[str, str, bool]:
    encoding = detect_encoding(data, is_whole=True)
    utf8 = b"".join(as_utf8([data], encoding))
    try:
        text = utf8.decode()
    except UnicodeDecodeError as error:
        line = utf8[: error.start].count(b"\n") + 1
        raise UsageError(
            f"{name} is not text in UTF-8 (line {line}), nor wholly in another encoding that can be read: "
            "UTF-16, Windows-1252. Save it as CSV in UTF-8."
        ) from error
    if "\x00" in text:
        raise UsageError(f"{name} is not text in UTF-8: it holds zero bytes. Save it as CSV in UTF-8.")
    return text, NAMES[encoding.codec], encoding.is_certain

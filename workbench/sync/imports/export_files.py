"""Reads exported files line by line as rows, in bounded memory, without access to the lake.

A line that cannot be used becomes a `BadLine` and is never skipped silently. A file that ends too early
raises `DamagedFile` where it ends, after all lines before that were returned.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.errors import UsageError, WorkbenchError
from workbench.messaging.exports import (
    CsvLayout,
    ExportedMessage,
    ExportOrigin,
    read_csv_header,
    read_json_line,
)
from workbench.messaging.message import MalformedMessage
from workbench.sync.imports.export_text import read_sheet, text_chunks
from workbench.table_files import Row
from workbench.table_files.separated import excel_hint, find_separator

LONGEST_LINE = 1 << 20
"""In bytes. A message has a few kilobytes, so a longer line is not a message."""
_CHUNK = 1 << 18
_GZIP = 16 + zlib.MAX_WBITS


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be read as a message; `reason` quotes nothing of it."""

    line: int
    reason: str


class DamagedFile(WorkbenchError):
    """A compressed file ends too early or does not match its checksum."""


class _ChunkFile(io.RawIOBase):
    """Chunks of bytes as a file."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


class ByteSource(_ChunkFile):
    """A file as it is stored or sent; it counts the bytes read so far and their SHA-256."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        super().__init__(self._counted(chunks))
        self._hash = hashlib.sha256()
        self.bytes_read = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def _counted(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._hash.update(chunk)
            self.bytes_read += len(chunk)
            yield chunk


@contextmanager
def open_file(path: Path) -> Iterator[ByteSource]:
    """Open a file of the user.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    with file:
        yield ByteSource(iter(lambda: file.read(_CHUNK), b""))


class ExportReader:
    """One exported file: its format, and its messages.

    Args:
        file_name: for messages about it.

    Raises:
        UsageError: the file is not an export, or a CSV without required columns.
        DamagedFile: the file is compressed, and not even its beginning can be read.
    """

    def __init__(self, source: ByteSource, file_name: str) -> None:
        self._source = source
        self._number = 0
        self._skipped: list[BadLine] = []
        with _damage(file_name):
            self._stream = _as_text(_decompressed(source))
            head = self._stream.peek(64)[:64].lstrip()
        self.layout: CsvLayout | None = None
        self._file_name = file_name
        if head.startswith(b"{") or not head:
            self.kind = "bulk-export"
        elif head.startswith(b"["):
            raise UsageError(f"{file_name} is one JSON array; expected is one message per line (JSON lines).")
        elif head.startswith(b"PK\x03\x04"):
            self.kind = "console-csv"
            self.layout = self._read_sheet(file_name)
        elif b"\x00" in head:
            raise UsageError(f"{file_name} is no text; save it as CSV in UTF-8, or give the original.")
        else:
            self.kind = "console-csv"
            self.layout = self._read_header(file_name)

    def messages(self, origin: ExportOrigin) -> Iterator[ExportedMessage | BadLine]:
        """Every message, and every line that is not a message, in the order of the file.

        Raises:
            DamagedFile: after the last line that could be read.
        """
        with _damage(self._file_name):
            if self.layout is None:
                yield from self._json_messages(origin)
            else:
                yield from self._csv_messages(self.layout, origin)
            # The checksum is of the whole file, with everything after its last line.
            while self._stream.read(_CHUNK):
                pass

    def _json_messages(self, origin: ExportOrigin) -> Iterator[ExportedMessage | BadLine]:
        for line in self._lines():
            try:
                if line.strip():
                    yield read_json_line(line, origin)
            except MalformedMessage as error:
                yield BadLine(self._number, str(error))
            yield from self._take_skipped()

    def _csv_messages(self, layout: CsvLayout, origin: ExportOrigin) -> Iterator[ExportedMessage | BadLine]:
        while True:
            began = self._number + 1
            try:
                values = next(self._records)
                if values:
                    yield layout.read(values, origin)
            except StopIteration:
                break
            except csv.Error:
                lines = f"; the lines up to {self._number} are part of it" if self._number > began else ""
                yield BadLine(began, f"not a CSV record: quotes do not pair{lines}")
            except MalformedMessage as error:
                yield BadLine(began, str(error))
            yield from self._take_skipped()
        yield from self._take_skipped()

    def _read_header(self, file_name: str) -> CsvLayout:
        sample = self._stream.peek(_CHUNK).decode("utf-8", errors="replace")
        delimiter, hint = excel_hint(sample)
        for _ in range(2 if hint else 1):
            text = self._stream.readline(LONGEST_LINE).decode("utf-8", errors="replace")
            self._number += 1
        delimiter = delimiter or find_separator(sample, file_name)
        self._records: Iterator[list[str]] = csv.reader(self._texts(), delimiter=delimiter, strict=True)
        try:
            header = next(csv.reader([text], delimiter=delimiter), [])
        except csv.Error:
            header = []
        return read_csv_header(header, file_name)

    def _read_sheet(self, file_name: str) -> CsvLayout:
        header, rows = read_sheet(self._stream, file_name)
        self._number = 1
        self._records = self._counted(rows)
        return read_csv_header(header, file_name)

    def _counted(self, rows: Iterable[Row]) -> Iterator[list[str]]:
        for row in rows:
            self._number = row.line
            yield list(row.cells)

    def _texts(self) -> Iterator[str]:
        # Bytes that are not UTF-8 become surrogates, so that only their record is refused, not the file.
        return (line.decode("utf-8", errors="surrogateescape") for line in self._lines())

    def _lines(self) -> Iterator[bytes]:
        while line := self._stream.readline(LONGEST_LINE):
            self._number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                while (rest := self._stream.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
                self._skipped.append(BadLine(self._number, f"longer than {LONGEST_LINE:,} bytes"))
                line = b"\n"
            yield line

    def _take_skipped(self) -> list[BadLine]:
        skipped, self._skipped = self._skipped, []
        return skipped


def _decompressed(source: ByteSource) -> io.BufferedReader[Any]:
    """The content of the file, unpacked if it is compressed, whatever its name is."""
    plain: io.BufferedReader[Any] = io.BufferedReader(source, _CHUNK)
    if not plain.peek(2).startswith(b"\x1f\x8b"):
        return plain
    return io.BufferedReader(_ChunkFile(_gunzipped(plain)), _CHUNK)


def _gunzipped(plain: io.BufferedReader[Any]) -> Iterator[bytes]:
    """The unpacked content of gzip; of an incomplete file everything up to its last byte."""
    unpacker = None
    while chunk := plain.read1(_CHUNK):
        while chunk:
            unpacker = unpacker or zlib.decompressobj(wbits=_GZIP)
            # In small pieces, because a damaged piece gives no output.
            yield unpacker.decompress(chunk, _CHUNK >> 3)
            chunk = unpacker.unconsumed_tail
            if unpacker.eof:
                # Another gzip member may follow, or zeros that fill a block.
                chunk, unpacker = unpacker.unused_data.lstrip(b"\x00"), None
    if unpacker is not None:
        raise EOFError("it ends too early")


def _as_text(stream: io.BufferedReader[Any]) -> io.BufferedReader[Any]:
    """The content in UTF-8 with LF line ends, converted from the encoding that its first bytes show."""
    return io.BufferedReader(_ChunkFile(text_chunks(stream)), _CHUNK)


@contextmanager
def _damage(file_name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error) as error:
        raise DamagedFile(
            f"{file_name} is cut off or damaged ({error}): what was read is kept, get the file again."
        ) from error

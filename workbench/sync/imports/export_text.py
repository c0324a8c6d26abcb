"""Reads exported files that another program has saved: other encodings, old line ends, workbooks."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any

from workbench.errors import UsageError
from workbench.table_files import LARGEST_FILE, Row
from workbench.table_files.encodings import HEAD, Encoding, as_utf8, detect_encoding
from workbench.table_files.workbook import read_workbook

_CHUNK = 1 << 18
_WORKBOOK = b"PK\x03\x04"


def text_chunks(stream: io.BufferedReader[Any]) -> Iterator[bytes]:
    """A file in UTF-8 with LF line ends, converted from the encoding that its first bytes show.

    JSON is always UTF-8, and a workbook is not changed. An error of the source is raised where it occurs,
    after all text before it was returned.
    """
    chunks, damage = _read_head(stream)
    head = b"".join(chunks)

    def whole() -> Iterator[bytes]:
        yield from chunks
        if damage is not None:
            raise damage
        yield from iter(lambda: stream.read1(_CHUNK), b"")

    if _is_json(head) or head.startswith(_WORKBOOK):
        yield from as_utf8(whole(), Encoding("utf-8", _MARK if head.startswith(_MARK) else b""))
        return
    encoding = detect_encoding(head, is_whole=damage is None and len(head) < HEAD)
    has_carriage_returns = b"\r" in head and b"\n" not in head
    for chunk in as_utf8(whole(), encoding):
        yield chunk.replace(b"\r", b"\n") if has_carriage_returns else chunk


def read_sheet(stream: io.BufferedReader[Any], file_name: str) -> tuple[list[str], Iterator[Row]]:
    """The header and the rows of a console's CSV that was saved as a workbook; blank rows have no cells.

    Raises:
        UsageError: the file is too large, or is not such a workbook.
    """
    data = stream.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise UsageError(f"{file_name} is larger than {LARGEST_FILE:,} bytes; save it as CSV.")
    _, rows = read_workbook(data, file_name)
    header = [cell.strip() for cell in next(rows, Row(1, ())).cells]
    while header and not header[-1]:
        header.pop()
    return header, (_fitted(row, len(header)) for row in rows)


_MARK = b"\xef\xbb\xbf"


def _is_json(head: bytes) -> bool:
    return head.removeprefix(_MARK).lstrip().startswith((b"{", b"["))


def _read_head(stream: io.BufferedReader[Any]) -> tuple[list[bytes], Exception | None]:
    """Enough chunks to detect the encoding, and the error if the file is damaged within them."""
    chunks: list[bytes] = []
    try:
        while sum(map(len, chunks)) < HEAD and (chunk := stream.read1(_CHUNK)):
            chunks.append(chunk)
            if _is_json(chunks[0]):
                break
    except (EOFError, zlib.error) as error:
        return chunks, error
    return chunks, None


def _fitted(row: Row, width: int) -> Row:
    cells = row.cells
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return Row(row.line, cells + ("",) * (width - len(cells)) if any(cells) else ())

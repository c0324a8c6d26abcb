"""Searches files for words, each in every encoding in which a file may contain it. Changes nothing."""

from __future__ import annotations

import gzip
import html
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO
from urllib.parse import quote, quote_plus

from workbench.errors import WorkbenchError
from workbench.lake.connect import Lake

_CHUNK = 8 * 2**20
_GZIP_MAGIC = b"\x1f\x8b\x08"
"""The first bytes of gzip; the bytes decide, not the name of the file."""


class Words:
    """The words of one person to search for."""

    def __init__(self, words: Sequence[str]) -> None:
        self.plain = tuple(words)
        self.spellings = tuple(sorted({spelling for word in words for spelling in _spellings(word)}))
        self.longest = max(map(len, self.spellings), default=0)

    @property
    def numbers(self) -> Words:
        """Only the numbers, for our own files: a text that a stranger chose may occur there by chance."""
        return Words([word for word in self.plain if word.isdecimal()])

    def are_in(self, content: bytes) -> bool:
        return any(spelling in content for spelling in self.spellings)

    def are_in_name(self, name: str) -> bool:
        return self.are_in(name.encode(errors="surrogateescape"))


def _spellings(word: str) -> set[bytes]:
    """The word unchanged, and as it is written in JSON, in HTML and in a form."""
    spelled = {
        word,
        json.dumps(word)[1:-1],
        json.dumps(word, ensure_ascii=False)[1:-1],
        html.escape(word),
        html.escape(word, quote=False),
        quote(word),
        quote_plus(word),
    }
    return {text.encode() for text in spelled}


def holds(lake: Lake, path: Path, words: Words) -> bool:
    """Whether a file contains one of the words, in its bytes or in its unpacked content.

    Raises:
        OSError: it cannot be read or unpacked, so its content is unknown.
    """
    with path.open("rb") as file:
        if _stream_holds(file, words):
            return True
    if path.suffix == ".parquet":
        return _parquet_holds(lake, path, words)
    try:
        return _packed_holds(path, words)
    except (EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # Damaged, packed in an unknown way, or protected by a password.
        raise OSError(f"{path} cannot be unpacked: {error}") from error


def _packed_holds(path: Path, words: Words) -> bool:
    if _begins_with(path, _GZIP_MAGIC):
        with gzip.open(path) as unpacked:
            return _stream_holds(unpacked, words)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(_stream_holds(archive.open(member), words) for member in archive.infolist())
    return False


def _begins_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _stream_holds(stream: IO[bytes] | gzip.GzipFile, words: Words) -> bool:
    rest = b""
    while chunk := stream.read(_CHUNK):
        rest += chunk
        if words.are_in(rest):
            return True
        rest = rest[-words.longest :]
    return False


def _parquet_holds(lake: Lake, path: Path, words: Words) -> bool:
    try:
        with lake.cursor() as cursor:
            rows = cursor.execute(
                "select count(*) from read_parquet(?) as t "
                "where len(list_filter(?::varchar[], word -> contains(cast(t as varchar), word))) > 0",
                [str(path), list(words.plain)],
            ).fetchall()
    except WorkbenchError:
        return False  # not Parquet after all; its bytes were searched before
    return bool(rows[0][0])


def spans_of(content: bytes, words: Words, *, is_whole_line: bool) -> Iterator[tuple[int, int]]:
    """The positions of the words, or of the lines (without line ends) that contain them."""
    for spelling in words.spellings:
        start = content.find(spelling)
        while start >= 0:
            end = start + len(spelling)
            if is_whole_line:
                after = content.find(b"\n", end)
                start, end = content.rfind(b"\n", 0, start) + 1, len(content) if after < 0 else after
            yield start, end
            start = content.find(spelling, end)

"""Detects the encoding of a file and converts its text to UTF-8. Pure.

A byte order mark decides; without one, UTF-16 is recognised by its zero bytes. A file that is not UTF-8 is
Windows-1252 only if almost nothing in it looks like UTF-8: a file that mixes both is damaged and not
converted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HEAD = 1 << 20
"""Byte order marks, which decide the encoding."""
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_WINDOWS = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d]")
_HIGH = re.compile(rb"[\x80-\xff]")
_COINCIDENCE = 10
"""Among this many Windows-1252 characters, at most one may look like UTF-8 together with the next one."""
NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows-1252"}


@dataclass(frozen=True)
class Encoding:
    """How the bytes become text."""

    codec: str
    mark: bytes = b""
    """The byte order mark that the file begins with."""

    @property
    def is_certain(self) -> bool:
        """Whether the encoding is certain; Windows-1252 is not, because it is only what remains."""
        return self.codec != "cp1252"


def detect_encoding(head: bytes, is_whole: bool) -> Encoding:
    """The encoding of a file, from its first bytes.

    Args:
        is_whole: the bytes are the whole file, so that no character continues after them.
    """
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, mark)
    if (codec_by_zeros := _utf_16(head)) is not None:
        return Encoding(codec_by_zeros)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=is_whole)
    except UnicodeDecodeError:
        return Encoding("cp1252" if _is_windows(head) else "utf-8")
    return Encoding("utf-8")


def _is_windows(head: bytes) -> bool:
    if _NOT_WINDOWS.search(head):
        return False
    rest, characters = _UTF8_CHARACTER.subn(b"", head)
    return characters * _COINCIDENCE <= len(_HIGH.findall(rest))


def as_utf8(chunks: Iterable[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The same text in UTF-8, without the mark; UTF-8 is not changed, not even its errors.

    Half a surrogate pair in UTF-16 becomes U+FFFD, because Twilio cannot store one either.
    """
    source = _without_mark(iter(chunks), len(encoding.mark))
    if encoding.codec == "utf-8":
        yield from source
        return
    decoder = codecs.getincrementaldecoder(encoding.codec)("replace")
    for chunk in source:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _without_mark(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    head = b""
    while len(head) < length and (chunk := next(chunks, None)) is not None:
        head += chunk
    if rest := head[length:]:
        yield rest
    yield from chunks


def _utf_16(head: bytes) -> str | None:
    """The byte order of UTF-16 without a mark, which has a zero in every second byte for Latin letters."""
    sample = head[:4096]
    if sample.count(b"\x00") * 3 < len(sample) or len(sample) < 4:
        return None
    return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"

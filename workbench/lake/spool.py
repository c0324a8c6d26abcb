"""Webhooks on their way to the lake, on disk before they are answered.

Files to which records are only ever appended, each with its length and checksum, and forced to the disk a
group at a time. What was forced is read in order by whoever brings it into the lake, and a file goes when
all of it is there. A process that dies leaves its files; the next one reads them first. Bringing a record in
twice changes nothing, so nothing has to be remembered about how far that was.

No file is written to for longer than :data:`SEGMENT_SECONDS`, so that nothing stays here that the lake has,
however busy it is. Whoever erases a person relies on that: see :func:`rewrite_segments`.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct

from workbench.errors import WorkbenchError
from workbench.files import make_folder, write_whole

log = logging.getLogger(__name__)

_MAGIC = b"WBSPOOL1"
_HEAD = Struct(">II")
_SUFFIX = ".spool"
#: A new file begins after this many bytes, so that old ones can be deleted while the lake is behind.
SEGMENT_BYTES = 4 * 2**20
#: And after this many seconds.
SEGMENT_SECONDS = 5.0
#: A lake that is away for days must not fill the disk; above this Twilio is told to try again later.
MOST_BYTES = 2 * 2**30


class SpoolFull(WorkbenchError):
    """A record could not be forced to the disk: no space, or too much is waiting for the lake."""


@dataclass
class _Segment:
    """A file: `size` bytes of it are forced and valid, `records` of them not read yet."""

    path: Path
    size: int
    records: int
    read_to: int = len(_MAGIC)
    begun_at: float = field(default_factory=time.monotonic)


class Spool:
    """Records in order of arrival. One thread appends, another one reads; one process per folder."""

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, most_bytes: int = MOST_BYTES):
        """Open the folder and find what an earlier process left.

        Raises:
            OSError: the folder cannot be used.
        """
        self.folder = folder
        self.torn_bytes = 0
        """What an earlier process had begun to write and never answered for."""
        self.lost = 0
        """Records in files that somebody removed before the lake had them."""
        self._segment_bytes, self._most_bytes = segment_bytes, most_bytes
        self._lock = threading.Lock()
        make_folder(folder, mode=0o700)
        self._segments = deque(self._found())
        self._next = max((int(s.path.stem) for s in self._segments), default=0) + 1
        self._descriptor = -1
        self._is_writing = False
        self._reading: list[tuple[_Segment, int, int]] = []

    def _found(self) -> Iterator[_Segment]:
        for path in sorted(self.folder.glob(f"*{_SUFFIX}")):
            data = path.read_bytes()
            if data and not data.startswith(_MAGIC[: len(data)]):
                log.error("%s is no spool file, or damaged; it is kept as .damaged", path.name)
                path.rename(path.with_suffix(".damaged"))
                continue
            records = list(_records(data, len(_MAGIC)))
            size = records[-1][1] if records else len(_MAGIC)
            self.torn_bytes += max(0, len(data) - size)
            if records:
                yield _Segment(path, size, len(records))
            else:
                path.unlink()

    @property
    def waiting(self) -> int:
        """How many records are not in the lake yet."""
        with self._lock:
            return sum(segment.records for segment in self._segments)

    def bytes_on_disk(self) -> int:
        """The size of what is not in the lake yet, and of what its files still hold beside it."""
        with self._lock:
            return sum(segment.size for segment in self._segments)

    def append(self, payloads: Sequence[bytes]) -> None:
        """Force these to the disk; on return they survive anything.

        Raises:
            SpoolFull: none of them is kept.
        """
        data = b"".join(map(_framed, payloads))
        with self._lock:
            if sum(s.size - s.read_to for s in self._segments) + len(data) > self._most_bytes:
                raise SpoolFull("Too much is waiting for the lake already.")
            if self._descriptor < 0 or self._is_full(self._segments[-1]):
                self._begin_segment()
            segment, descriptor = self._segments[-1], self._descriptor
            self._is_writing = True
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
            _require_in_folder(descriptor)
        except OSError as error:
            self._give_up(segment)
            raise SpoolFull(f"The spool at {self.folder} cannot be written: {error.strerror}.") from error
        with self._lock:
            self._is_writing = False
            segment.size += len(data)
            segment.records += len(payloads)

    def read(self, most: int) -> list[bytes]:
        """The oldest records, at most so many. They stay until :meth:`done`; until then it gives the same."""
        with self._lock:
            segments = [(segment, segment.size) for segment in self._segments]
        records: list[bytes] = []
        self._reading = []
        for segment, size in segments:
            if len(records) >= most:
                break
            data = self._read_segment(segment, size)
            records_read, end = 0, segment.read_to
            for payload, end_of_record in _records(data, 0):
                records.append(payload)
                records_read, end = records_read + 1, segment.read_to + end_of_record
                if len(records) >= most:
                    break
            self._reading.append((segment, end, records_read))
        return records

    def done(self) -> None:
        """What was read last is in the lake: forget it."""
        with self._lock:
            for segment, read_to, records_read in self._reading:
                segment.read_to, segment.records = read_to, segment.records - records_read
            self._reading = []
            over = [s for s in self._segments if not s.records and not self._is_written_to(s)]
            for segment in over:
                self._let_go(segment)
        for segment in over:
            segment.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; what is not in the lake yet stays in them."""
        with self._lock:
            self._close_segment()

    def _read_segment(self, segment: _Segment, size: int) -> bytes:
        """What of a file was not read yet. One that somebody removed is given up; the rest goes on."""
        try:
            with segment.path.open("rb") as file:
                file.seek(segment.read_to)
                return file.read(size - segment.read_to)
        except FileNotFoundError:
            log.error("%s was removed with %d webhooks that the lake lacks", segment.path, segment.records)
            with self._lock:
                if not self._is_written_to(segment):
                    self.lost += segment.records
                    self._let_go(segment)
            return b""

    def _is_written_to(self, segment: _Segment) -> bool:
        """Whether a record is on its way into the file at this moment."""
        return self._is_writing and segment is self._segments[-1]

    def _is_full(self, segment: _Segment) -> bool:
        is_old = time.monotonic() - segment.begun_at >= SEGMENT_SECONDS
        return segment.size >= self._segment_bytes or is_old

    def _let_go(self, segment: _Segment) -> None:
        if self._segments[-1] is segment:
            self._close_segment()
        self._segments.remove(segment)

    def _begin_segment(self) -> None:
        self._close_segment()
        path = self.folder / f"{self._next:012d}{_SUFFIX}"
        self._next += 1
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            self._segments.append(_Segment(path, len(_MAGIC), 0))
            _write_all(self._descriptor, _MAGIC)
            _force_folder(self.folder)
        except OSError as error:
            if self._descriptor >= 0:
                self._close_segment()
                self._segments.pop()
                path.unlink(missing_ok=True)
            raise SpoolFull(f"The spool at {self.folder} cannot be written: {error.strerror}.") from error

    def _close_segment(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _give_up(self, segment: _Segment) -> None:
        """Cut off what was half written and leave that file: after a failed fsync nothing is certain."""
        with self._lock:
            self._is_writing = False
            try:
                os.ftruncate(self._descriptor, segment.size)
            except OSError as error:
                log.warning("the end of %s could not be cut off: %s", segment.path.name, error)
            self._close_segment()


def rewrite_segments(folder: Path, change: Callable[[bytes], bytes | None]) -> int:
    """Pass every record of a spool that no process uses through ``change``, which may drop it with None.

    Only for whoever holds the lock of the process that owns the folder. Each file is replaced as a whole, so
    that being killed in between leaves every record as it was or as it should be.

    Returns:
        How many records were changed or dropped.
    """
    changed = 0
    if not folder.is_dir():
        return changed
    Spool(folder)  # sets aside what is no spool file, and removes files without a whole record
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        data = path.read_bytes()
        records = list(_records(data, len(_MAGIC)))
        before = [payload for payload, _ in records]
        after = [change(payload) for payload in before]
        kept = [payload for payload in after if payload is not None]
        changed += sum(new != old for new, old in zip(after, before, strict=True))
        if not kept:
            path.unlink()
        elif after != before or records[-1][1] != len(data):
            write_whole(path, _MAGIC + b"".join(map(_framed, kept)))
    return changed


def count_records(folder: Path) -> int:
    """How many records lie in a spool, also of another process; some of them the lake has for seconds."""
    count = 0
    for path in folder.glob(f"*{_SUFFIX}"):
        with suppress(FileNotFoundError), path.open("rb") as file:
            size, place = os.fstat(file.fileno()).st_size, len(_MAGIC)
            while place + _HEAD.size <= size:
                file.seek(place)
                length, _ = _HEAD.unpack(file.read(_HEAD.size))
                place += _HEAD.size + length
                count += place <= size
    return count


def segment_names(folder: Path) -> set[str]:
    """The files of a spool at this moment."""
    return {path.name for path in folder.glob(f"*{_SUFFIX}")}


def _framed(payload: bytes) -> bytes:
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _require_in_folder(descriptor: int) -> None:
    """Raise if somebody removed the file: what was written to it is lost, so it must not be answered 2xx."""
    if os.fstat(descriptor).st_nlink == 0:
        raise FileNotFoundError(errno.ENOENT, "its file was removed")


def _records(data: bytes, start: int) -> Iterator[tuple[bytes, int]]:
    """Each whole record with where it ends; ends at the first that is torn or damaged."""
    while start + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, start)
        end = start + _HEAD.size + length
        payload = data[start + _HEAD.size : end]
        if end > len(data) or zlib.crc32(payload) != checksum:
            return
        yield payload, end
        start = end


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _force_folder(folder: Path) -> None:
    """A new file survives a crash of the machine only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

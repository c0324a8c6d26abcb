"""Files that people attached to answers: private files of the home, until Twilio has fetched them.

A file of this folder is one line that says what it is, then its bytes. Its modification time is the moment
until which the hooks give it to whoever knows its address: in the past until its answer is sent. Its id is a
keyed hash of its content and of whose answer to whom it belongs to, so the same file attached again has the
same address, and nobody can guess one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from workbench.conversations.attachments import image_type
from workbench.errors import UsageError
from workbench.files import write_whole
from workbench.home import REPLY_FILES_FOLDER

MOST_BYTES = 500 * 1024 * 1024
"""Of all files together."""
SERVED_FOR = timedelta(hours=12)
"""Twilio may hold a message for ten hours before it sends it."""
_UNUSED_FOR, _KEPT_FOR = timedelta(hours=1), timedelta(days=30)
_LONGEST_NAME = 100
_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ReplyFile:
    """What is known of a file; `contact` is as the lake has it, and an erasure finds the file by it."""

    file_id: str
    person: str
    conversation_id: str
    contact: str
    name: str
    content_type: str
    size: int


class ReplyFiles:
    """The files of one home. Several threads and processes may use it: a file is whole or not there.

    Args:
        is_erased: whether a contact was erased, so that nothing may be kept of them; by default nobody was.
    """

    def __init__(self, home: Path, is_erased: Callable[[str], bool] = lambda contact: False) -> None:
        self._folder, self._is_erased = home / REPLY_FILES_FOLDER, is_erased

    def keep(self, file: ReplyFile, content: bytes, key: bytes) -> ReplyFile:
        """Keep a file; returns it with its id. The same bytes of the same answer are kept once.

        Args:
            key: makes the id unguessable.

        Raises:
            UsageError: the contact was erased, or all files together take too much room.
        """
        if self._is_erased(file.contact):
            raise UsageError("This person was erased; nothing is kept for them.")
        file = ReplyFile(**{**asdict(file), "file_id": _file_id(file, content, key), "size": len(content)})
        if before := self.describe(file.file_id):
            return before
        used = sum(_size_of(other) for other in self._paths())
        if used + len(content) > MOST_BYTES:
            raise UsageError(
                f"The attachments of all answers take {used:,} bytes; {MOST_BYTES:,} are allowed. Remove "
                "attachments from drafts, or wait until those that were sent are removed."
            )
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(self._folder / file.file_id, json.dumps(asdict(file)).encode() + b"\n" + content)
        return file

    def read(self, file_id: str) -> tuple[ReplyFile, bytes] | None:
        """A file and its bytes; None where it is not there any more."""
        if not _ID.fullmatch(file_id):
            return None
        try:
            head, _, content = (self._folder / file_id).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return None
        return ReplyFile(**json.loads(head)), content

    def describe(self, file_id: str) -> ReplyFile | None:
        """What is known of a file; None where it is not there any more."""
        if not _ID.fullmatch(file_id):
            return None
        try:
            with (self._folder / file_id).open("rb") as handle:
                return ReplyFile(**json.loads(handle.readline()))
        except FileNotFoundError:
            return None

    def serve(self, file_ids: Collection[str], until: datetime) -> None:
        """Give these files until a moment to whoever knows their addresses.

        Raises:
            UsageError: one is not there any more.
        """
        for file_id in file_ids:
            try:
                os.utime(self._folder / file_id, (time.time(), until.timestamp()))
            except FileNotFoundError as error:
                raise UsageError("An attachment is not there any more: attach it again.") from error

    def served(self, file_id: str) -> tuple[ReplyFile, bytes] | None:
        """A file that may be given away now, with its bytes."""
        return self.read(file_id) if self._is_served(self._folder / file_id) else None

    def remove(self, file_id: str) -> None:
        """Remove a file, unless Twilio may still fetch it."""
        path = self._folder / file_id
        if _ID.fullmatch(file_id) and not self._is_served(path):
            path.unlink(missing_ok=True)

    def sweep(self, used: Collection[str]) -> None:
        """Remove what is too old, and what belongs to no draft and is not given away any more.

        Args:
            used: ids of the files that drafts have.
        """
        now = time.time()
        for path in self._paths():
            # Another process may remove it at this moment.
            age = now - _modified_at(path)
            if age > _KEPT_FOR.total_seconds() or (
                path.name not in used and age > _UNUSED_FOR.total_seconds()
            ):
                path.unlink(missing_ok=True)

    def _is_served(self, path: Path) -> bool:
        return bool(_ID.fullmatch(path.name)) and _modified_at(path) > time.time()

    def _paths(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        return [path for path in self._folder.iterdir() if _ID.fullmatch(path.name)]


def read_type(content: bytes, claimed: str) -> str:
    """The content type of a file: of an image by its bytes, of the rest what the browser says.

    What claims to be an image and does not begin as one is of no type, so it cannot be sent.
    """
    if shown := image_type(content):
        return shown
    kind = claimed.partition(";")[0].strip().lower()
    if kind == "application/pdf" and not content.startswith(b"%PDF-"):
        return ""
    return "" if kind.startswith("image/") or not re.fullmatch(r"[a-z0-9]+/[a-z0-9.+-]+", kind) else kind


def tidy_name(name: str) -> str:
    """The name of a file without folders and control characters; it stands in a header and on the phone."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(letter for letter in last if letter.isprintable()).strip()
    stem, dot, ending = shown.rpartition(".")
    return shown if len(shown) <= _LONGEST_NAME else f"{stem[: _LONGEST_NAME - 10]}{dot}{ending[:9]}"


def _file_id(file: ReplyFile, content: bytes, key: bytes) -> str:
    facts = json.dumps([file.person, file.conversation_id, file.content_type]).encode()
    return hashlib.blake2b(
        facts + b"\n" + content, digest_size=32, key=key, person=b"wb-reply-file"
    ).hexdigest()


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _modified_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

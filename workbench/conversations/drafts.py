"""What people have typed and not sent: one private file of the home for each person and conversation.

A file, not the lake: a draft is nobody else's, is written every second, and leaves no history.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

from workbench.errors import UsageError
from workbench.files import write_whole
from workbench.home import DRAFTS_FOLDER

log = logging.getLogger(__name__)

WRITING_FOR = timedelta(seconds=30)
"""Who has typed within this time is said to be writing."""
_ID = re.compile(r"C[VW][0-9a-f]{24}")

DraftState = Literal["draft", "queued", "sending"]


@dataclass(frozen=True)
class ReplyDraft:
    """An answer that is not sent yet.

    Attributes:
        contact: as the lake has it; an erasure finds the file by it.
        mode: `reply` or `note`.
        key: the text with this key is sent only once.
        state: `queued` until `send_at`, `sending` from then on.
        is_confirmed: the person confirmed its warnings.
        problem: why it was not sent.
        files: ids of what is attached, in their order (:mod:`reply_files`).
    """

    person: str
    conversation_id: str
    contact: str
    body: str
    mode: str = "reply"
    key: str = ""
    state: DraftState = "draft"
    send_at: datetime | None = None
    is_confirmed: bool = False
    problem: str = ""
    files: tuple[str, ...] = ()
    saved_at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to keep."""
        return not self.body.strip() and not self.problem and not self.files


class DraftStore:
    """The drafts of one home. Several threads and processes may use it: a file is whole or not there.

    Args:
        is_erased: whether a contact was erased, so that nothing may be kept of them; by default nobody was.
    """

    def __init__(self, home: Path, is_erased: Callable[[str], bool] = lambda contact: False) -> None:
        self._folder, self._is_erased = home / DRAFTS_FOLDER, is_erased
        self._listeners: set[Callable[[], None]] = set()

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` whenever a draft of this process is kept; returns what ends it."""
        self._listeners.add(wake)
        return lambda: self._listeners.discard(wake)

    def read(self, person: str, conversation_id: str) -> ReplyDraft | None:
        """A person's draft for a conversation; None where there is none that can be read."""
        return _read(self._path(person, conversation_id))

    def save(self, draft: ReplyDraft) -> ReplyDraft:
        """Keep a draft in place of the one before; one without text, file and problem is removed.

        So is one to somebody who was erased: whoever has their conversation open may go on typing.
        """
        path = self._path(draft.person, draft.conversation_id)
        if draft.is_empty or self._is_erased(draft.contact):
            path.unlink(missing_ok=True)
            self._tell()
            return draft
        draft = replace(draft, saved_at=datetime.now(UTC))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(path, json.dumps(asdict(draft), default=datetime.isoformat, ensure_ascii=True))
        self._tell()
        return draft

    def _tell(self) -> None:
        for wake in tuple(self._listeners):
            wake()

    def remove(self, draft: ReplyDraft) -> None:
        """Forget a draft."""
        self._path(draft.person, draft.conversation_id).unlink(missing_ok=True)

    def conversations_of(self, person: str) -> set[str]:
        """The ids of the conversations that a person has a draft for."""
        begin = f"{_hashed(person)}-"
        return {path.stem.removeprefix(begin) for path in self._folder.glob(f"{begin}*.json")}

    def files(self) -> set[str]:
        """The ids of all files that are attached to a draft."""
        drafts = (_read(path) for path in self._folder.glob("*.json"))
        return {file for draft in drafts if draft for file in draft.files}

    def others_writing(self, person: str, conversation_id: str) -> list[str]:
        """Who else has been writing to this contact within the last seconds."""
        drafts = (_read(path) for path in self._folder.glob(f"*-{_checked(conversation_id)}.json"))
        since = datetime.now(UTC) - WRITING_FOR
        return sorted(
            draft.person
            for draft in drafts
            if draft and draft.person != person and draft.saved_at and draft.saved_at >= since
        )

    def _path(self, person: str, conversation_id: str) -> Path:
        return self._folder / f"{_hashed(person)}-{_checked(conversation_id)}.json"


def _hashed(person: str) -> str:
    return hashlib.blake2b(person.encode(), digest_size=8).hexdigest()


def _checked(conversation_id: str) -> str:
    if not _ID.fullmatch(conversation_id):
        raise UsageError(f"{conversation_id!r} is no id of a conversation; it is CW and 24 digits.")
    return conversation_id


_FIELDS = frozenset(field.name for field in fields(ReplyDraft))
_TIMES = frozenset({"send_at", "saved_at"})
_TEXTS = _FIELDS - _TIMES - {"is_confirmed", "files"}


def _read(path: Path) -> ReplyDraft | None:
    """The draft of a file. One that is damaged is no draft: the conversation opens without it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _draft_of(json.loads(content))
    except (TypeError, ValueError) as error:
        # Without the error itself: it may quote what was typed.
        log.warning("the draft %s cannot be read (%s)", path.name, type(error).__name__)
        return None


def _draft_of(stored: object) -> ReplyDraft:
    """A draft from what a file holds; fields of another version are passed over.

    Raises:
        TypeError, ValueError: it is no draft.
    """
    if not isinstance(stored, dict):
        raise TypeError("a draft is an object")
    known: dict[str, Any] = {name: value for name, value in stored.items() if name in _FIELDS}
    if not all(isinstance(known[name], str) for name in _TEXTS & known.keys()):
        raise TypeError("a field is no text")
    known["files"] = tuple(known.get("files", ()))
    if not all(isinstance(file, str) for file in known["files"]):
        raise TypeError("a file is no text")
    for name in _TIMES & known.keys():
        known[name] = known[name] and datetime.fromisoformat(known[name]).astimezone(UTC)
    if known.get("state", "draft") not in get_args(DraftState):
        raise ValueError("no such state")
    return ReplyDraft(**known)

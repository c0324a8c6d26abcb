"""What people have typed and not sent: one private file of the home for each person and conversation.

A file, not the lake: a draft is nobody else's, is written every second, and leaves no history.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from workbench.errors import UsageError
from workbench.files import write_whole

DRAFTS_FOLDER = "drafts"
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
    saved_at: datetime | None = None


class DraftStore:
    """The drafts of one home. Several threads and processes may use it: a file is whole or not there."""

    def __init__(self, home: Path) -> None:
        self._folder = home / DRAFTS_FOLDER
        self._listeners: set[Callable[[], None]] = set()

    def listen(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Call ``wake`` whenever a draft of this process is kept; returns what ends it."""
        self._listeners.add(wake)
        return lambda: self._listeners.discard(wake)

    def read(self, person: str, conversation_id: str) -> ReplyDraft | None:
        """A person's draft for a conversation; None where there is none."""
        return _read(self._path(person, conversation_id))

    def save(self, draft: ReplyDraft) -> ReplyDraft:
        """Keep a draft in place of the one before; one without text and problem is removed."""
        path = self._path(draft.person, draft.conversation_id)
        if not draft.body.strip() and not draft.problem:
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


def _read(path: Path) -> ReplyDraft | None:
    try:
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    for name in ("send_at", "saved_at"):
        fields[name] = fields[name] and datetime.fromisoformat(fields[name])
    return ReplyDraft(**fields)

"""Takes the files that people attach to an answer, part by part, and checks them before they are kept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Collection, Sequence

from workbench.browser.inbox_answers import MediaAnswer, ReplyFileShown
from workbench.browser.inbox_questions import AttachQuestion
from workbench.conversations.attachments import image_type
from workbench.conversations.drafts import ReplyDraft
from workbench.conversations.reply_files import ReplyFile, ReplyFiles, read_type, tidy_name
from workbench.errors import UsageError

MOST_FILES = 10
"""Twilio takes no more with a message."""

FileProblem = Callable[[str, int, str, int], str | None]
"""What is wrong with an attachment of a content type and size, to a recipient, beside others of some size."""


class ReplyAttachments:
    """The attachments of the answers of one browser; one file comes in at a time.

    Args:
        file_problem: the rules of what can be sent.
        key: makes the addresses of files unguessable; read when the first one is kept.
    """

    def __init__(self, files: ReplyFiles, file_problem: FileProblem, key: Callable[[], bytes]) -> None:
        self._files, self._problem, self._key = files, file_problem, key
        self._coming: tuple[object, bytearray] = (None, bytearray())

    def take(self, draft: ReplyDraft, question: AttachQuestion) -> ReplyFile | None:
        """Take a part of a file; gives the file once all of it is here and kept.

        Raises:
            UsageError: it cannot be sent, or the parts do not fit together.
        """
        name, size, offset = tidy_name(question["name"]), question["size"], question["offset"]
        whole = (draft.person, draft.conversation_id, name, question["type"], size)
        if offset == 0:
            self._require_room(draft)
            self._refuse(draft, name, question["type"], size)
            self._coming = (whole, bytearray())
        before, content = self._coming
        if before != whole or offset != len(content):
            raise UsageError(f"{name} did not come whole: attach it again.")
        content += _decoded(question["data"], name)
        if len(content) < size:
            return None
        self._coming = (None, bytearray())
        kind = read_type(bytes(content), question["type"])
        self._refuse(draft, name, kind, len(content))
        new = ReplyFile("", draft.person, draft.conversation_id, draft.contact, name, kind, 0)
        return self._files.keep(new, bytes(content), self._key())

    def shown(self, file_ids: Sequence[str]) -> list[ReplyFileShown]:
        """Those of these files that are there, as a browser shows them."""
        described = (self._files.describe(file_id) for file_id in file_ids)
        return [
            {
                "id": file.file_id,
                "name": file.name,
                "type": file.content_type,
                "size": file.size,
                "image": file.content_type.startswith("image/"),
            }
            for file in described
            if file
        ]

    def require(self, person: str, conversation_id: str, file_ids: Sequence[str]) -> None:
        """Refuse to go on unless all of these files are of this person's answer.

        Raises:
            UsageError: one is not, or they are too many.
        """
        if len(file_ids) > MOST_FILES:
            raise UsageError(f"{len(file_ids)} attachments; {MOST_FILES} are allowed.")
        for file_id in file_ids:
            self._own(person, conversation_id, self._files.describe(file_id))

    def content(self, person: str, conversation_id: str, file_id: str) -> MediaAnswer:
        """The bytes of a file of this person's answer.

        Raises:
            UsageError: it is not theirs, or not there any more.
        """
        stored = self._files.read(file_id)
        file, content = self._own(person, conversation_id, stored and stored[0]), stored[1] if stored else b""
        data = base64.b64encode(content).decode()
        return {"type": file.content_type, "image": image_type(content), "data": data}

    def remove(self, draft: ReplyDraft, file_id: str) -> None:
        """Remove a file of this draft's person, unless Twilio may still fetch it."""
        file = self._files.describe(file_id)
        if file and (file.person, file.conversation_id) == (draft.person, draft.conversation_id):
            self._files.remove(file_id)

    def sweep(self, used: Collection[str]) -> None:
        """See :meth:`ReplyFiles.sweep`."""
        self._files.sweep(used)

    def _require_room(self, draft: ReplyDraft) -> None:
        if len(draft.files) >= MOST_FILES:
            raise UsageError(f"{MOST_FILES} attachments are allowed; remove one first.")

    def _refuse(self, draft: ReplyDraft, name: str, kind: str, size: int) -> None:
        """Raises UsageError where such a file cannot be sent with this draft."""
        if kind.startswith("image/") and kind not in _SENT_IMAGES:
            raise UsageError(f"{name} is {kind}, which few phones show: save it as JPEG or PNG.")
        others = sum(file.size for each in draft.files if (file := self._files.describe(each)))
        if problem := self._problem(kind, size, draft.contact, others):
            raise UsageError(f"{name}: {problem}")

    def _own(self, person: str, conversation_id: str, file: ReplyFile | None) -> ReplyFile:
        if file is None or (file.person, file.conversation_id) != (person, conversation_id):
            raise UsageError("An attachment is not there any more: attach it again.")
        return file


_SENT_IMAGES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif"})


def _decoded(data: str, name: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"{name} did not come whole: attach it again.") from error

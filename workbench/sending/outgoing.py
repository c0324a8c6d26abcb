"""One message that somebody wants to send, and what tells it from every other. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime

from workbench.messaging.segments import SegmentCount, count_segments, replace_characters
from workbench.settings import MEDIA_PATH

DEFAULT_BATCH = "send"
"""Of messages for which nobody named a batch."""

LONGEST_BODY = 1600
MOST_MEDIA = 10
LONGEST_VALIDITY_SECONDS = 36_000


def is_content_sid(text: str | None) -> bool:
    """Whether a text is the SID of a content template."""
    return bool(text and re.fullmatch(r"HX[0-9a-fA-F]{32}", text))


@dataclass(frozen=True)
class Outgoing:
    """A message to one recipient. It shows neither the number nor the text in a repr or a log."""

    to: str = field(repr=False)
    body: str = field(default="", repr=False)
    sender: str | None = None
    """Our address, or None to let the messaging service choose."""
    service: str | None = None
    """SID of a messaging service."""
    media: tuple[str, ...] = field(default=(), repr=False)
    """Addresses of attachments, at most ten."""
    send_at: datetime | None = None
    """When Twilio shall send it; None for now. Aware."""
    validity_seconds: int | None = None
    """How long it may wait in Twilio's queue."""
    content_sid: str | None = None
    """A content template (`HX…`), whose text Twilio fills in."""
    content_variables: str | None = field(default=None, repr=False)
    """Its variables, as a JSON object."""
    problem: str | None = field(default=None, repr=False)
    """Why it could not be put together: a blank of its text or template without a value."""
    doubt: str | None = field(default=None, repr=False)
    """What in its text looks like a blank of another tool, and is sent as it stands."""
    batch: str = DEFAULT_BATCH
    """Two messages with one text to one person are the same message within a batch, and two in two."""

    def segments(self, smart_encoding: bool = False) -> SegmentCount:
        return count_segments(self.body, smart_encoding=smart_encoding)


def intent_key(outgoing: Outgoing, secret: bytes = b"") -> str:
    """The key of a message in the outbox: the same whenever the same cell or command runs again.

    Neither the sender nor the time is part of it: running the cell again with another sender or time does not
    ask for a second message.

    Args:
        secret: the key of the lake's hashes, where it keeps no numbers.
    """
    facts = [
        outgoing.batch, outgoing.to, outgoing.body, list(map(_file_of, outgoing.media)),
        outgoing.content_sid, outgoing.content_variables,
    ]  # fmt: skip
    data = json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16, key=secret, person=b"wb-outbox").hexdigest()


def _file_of(address: str) -> str:
    """The path alone where it names a file of an answer: it is the same file wherever our server is now."""
    _, path, file_id = address.rpartition(f"{MEDIA_PATH}/")
    return path + file_id if re.fullmatch(r"[0-9a-f]{64}", file_id) else address


def fingerprint(body: str, secret: bytes = b"") -> str:
    """Recognises a text of ours in Twilio's log, also after Smart Encoding and without space at its ends."""
    text = replace_characters(body).replace("\r\n", "\n").strip()
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=16, key=secret, person=b"wb-body").hexdigest()

"""Attachments of a conversation, fetched from Twilio when somebody asks for them.

The bytes come from a stranger. Only raster images whose first bytes are those of an image are shown; the rest
is offered as a file.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.conversations.find import Conversation
from workbench.errors import UsageError
from workbench.lake import Lake
from workbench.settings import Settings
from workbench.twilio.media import fetch_media_bytes

_SIGNATURES: dict[str, tuple[bytes, ...]] = {
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}


@dataclass(frozen=True)
class AttachmentFile:
    """An attachment's bytes; `image_type` is set where they are an image that may be shown."""

    content: bytes
    content_type: str
    image_type: str | None


def fetch_attachment(
    settings: Settings, lake: Lake, conversation: Conversation, media_sid: str
) -> AttachmentFile:
    """Fetch one attachment of this conversation.

    Raises:
        UsageError: no message of it has that attachment.
        TwilioError: Twilio refused, or the file is too large.
    """
    rows = lake.rows(
        "select l.account_sid, m.message_sid from media m "
        "join conversation_lines l on l.message_sid = m.message_sid "
        "where m.media_sid = ? and l.our_side = ? "
        "and list_contains(?::varchar[], l.contact)",
        [media_sid, conversation.our_side, conversation.contacts],
    )
    if not rows:
        raise UsageError(f"No message of this conversation has the attachment {media_sid}.")
    account_sid, message_sid = rows[0]
    file = fetch_media_bytes(
        settings.credentials, account_sid, message_sid, media_sid, base_url=settings.twilio.base_url
    )
    return AttachmentFile(file.content, file.content_type, image_type(file.content))


def image_type(content: bytes) -> str | None:
    """The type of an image by its first bytes; None for anything else."""
    for name, signatures in _SIGNATURES.items():
        if content.startswith(signatures) and (name != "image/webp" or content[8:12] == b"WEBP"):
            return name
    return None

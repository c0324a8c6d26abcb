"""The storage behind media addresses: files for everybody who has the address, without credentials.

Where the account wants credentials for media, an address is signed and ends after 4 hours. Like the real
storage, it refuses a request that brings Twilio's credentials along: a client must not send them on.
"""

from __future__ import annotations

import struct
import zlib
from hashlib import blake2b

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.sids import derive_hex
from workbench.simulator.errors import ApiError, not_found
from workbench.simulator.messages import is_content_discarded
from workbench.simulator.rest.base import ApiHandler

STORAGE = "media.twiliocdn.com"
VALID_SECONDS = 4 * 3600
_SIDE = 48


class StoredMedia(ApiHandler):
    """`/media.twiliocdn.com/{AC}/{name}`: the picture."""

    def _owner(self, path: dict[str, str]) -> Ledger:
        if "Authorization" in self.request.headers:
            raise ApiError(400, 20001, "Unsupported Authorization Type: credentials do not belong here.")
        return self.named_owner(path.pop("account_sid"))

    def on_get(self, name: str) -> bytes:
        media_sid, query = f"ME{name}", self.query()
        message = self.account.message_of_media(media_sid, self.now)
        if message is None or is_content_discarded(message, self.now):
            raise not_found(self.request.path)
        if self.runtime.options.media_needs_auth:
            ends = query.get("Expires", "")
            is_signed = query.get("Signature") == _signature(self.account, media_sid, ends)
            if not is_signed or int(ends) < self.now:
                raise ApiError(403, 20003, "This address has expired, or its signature is wrong.")
        self.set_header("Content-Type", "image/png")
        return picture(media_sid)


def stored_at(ledger: Ledger, media_sid: str, signed_at: int | None) -> str:
    """The path of a file; with `signed_at` it is signed and ends 4 hours later."""
    path = f"/{STORAGE}/{ledger.sid}/{media_sid[2:]}"
    if signed_at is None:
        return path
    ends = str(signed_at + VALID_SECONDS)
    return f"{path}?Expires={ends}&Signature={_signature(ledger, media_sid, ends)}"


def _signature(ledger: Ledger, media_sid: str, ends: str) -> str:
    return derive_hex(ledger.auth_token, f"{media_sid}:{ends}")


def picture(name: str) -> bytes:
    """A small PNG, striped in two colours that depend on the name."""
    digest = blake2b(name.encode(), digest_size=7).digest()
    colours, width = (digest[:3], digest[3:6]), 4 + digest[6] % 9
    row = b"\0" + b"".join(colours[column // width % 2] for column in range(_SIDE))
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    chunks = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(row * _SIDE)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

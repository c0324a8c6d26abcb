"""Media of messages: list, metadata, the bytes themselves, delete."""

from __future__ import annotations

import struct
import zlib
from hashlib import blake2b
from typing import Any

from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.errors import not_found
from workbench.simulator.messages import Message
from workbench.simulator.rest.base import ApiHandler
from workbench.simulator.rest.messages import find_message
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.rest.windows import Window, read_window

_SIDE = 48


class MediaList(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Messages/{MM}/Media.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        message, query = find_message(self, sid), self.query()
        page, window = page_request(query), read_window(query, "DateCreated") or Window()
        rows = [media_row(self, message, sid, media_sid) for _, media_sid in self.account.media_of(message)]
        if not window.low <= message.created <= window.high:
            rows = []
        chosen, first, last = slice_page(rows, page, lambda row: str(row["sid"]))
        uris = PageUris(self.request.path, self.request.query, page)
        return envelope("media_list", chosen, page, uris, first, last)


class OneMedia(ApiHandler):
    """`…/Media/{ME}.json`: what it is."""

    def on_get(self, sid: str, media_sid: str) -> dict[str, Any]:
        message, _ = self._find(sid, media_sid)
        return media_row(self, message, sid, media_sid)

    def on_delete(self, sid: str, media_sid: str) -> None:
        message, index = self._find(sid, media_sid)
        self.account.change({"op": "delete_media", "serial": message.serial, "index": index})
        self.set_status(204)

    def _find(self, sid: str, media_sid: str) -> tuple[Message, int]:
        message = find_message(self, sid)
        index = self.account.media_by_sid(message, media_sid)
        if index is None:
            raise not_found(self.request.path)
        return message, index


class MediaBytes(OneMedia):
    """`…/Media/{ME}`: the picture."""

    def on_get(self, sid: str, media_sid: str) -> Any:
        self._find(sid, media_sid)
        self.set_header("Content-Type", "image/png")
        return picture(media_sid)


def media_row(handler: ApiHandler, message: Message, sid: str, media_sid: str) -> dict[str, Any]:
    account_sid = handler.account.sid
    return {
        "account_sid": account_sid,
        "content_type": "image/png",
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.created),
        "parent_sid": sid,
        "sid": media_sid,
        "uri": f"/{API_VERSION}/Accounts/{account_sid}/Messages/{sid}/Media/{media_sid}.json",
    }


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

"""Media of messages: list, metadata, delete, and the way to the bytes, which `storage.py` keeps."""

from __future__ import annotations

from typing import Any

from workbench.simulator.account.ledger import Ledger
from workbench.simulator.account.rows import API_VERSION, rfc2822
from workbench.simulator.errors import not_found
from workbench.simulator.messages import Message, is_content_discarded
from workbench.simulator.rest.base import ApiHandler
from workbench.simulator.rest.messages import find_message
from workbench.simulator.rest.paging import PageUris, envelope, page_request, slice_page
from workbench.simulator.rest.storage import stored_at
from workbench.simulator.rest.windows import Window, read_window


class MediaList(ApiHandler):
    """`/2010-04-01/Accounts/{AC}/Messages/{MM}/Media.json`"""

    def on_get(self, sid: str) -> dict[str, Any]:
        message, query = find_message(self, sid), self.query()
        page, window = page_request(query), read_window(query, "DateCreated") or Window()
        rows = [media_row(self, message, sid, media_sid) for _, media_sid in listed_media(self, message)]
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
        for index, listed_sid in listed_media(self, message):
            if listed_sid == media_sid:
                return message, index
        raise not_found(self.request.path)


class MediaBytes(OneMedia):
    """`…/Media/{ME}`: redirects to the file. Anybody may ask, unless the account wants credentials."""

    def _owner(self, path: dict[str, str]) -> Ledger:
        if self.runtime.options.media_needs_auth or self.request.method != "GET":
            return super()._owner(path)
        return self.named_owner(path.pop("account_sid"))

    def on_get(self, sid: str, media_sid: str) -> Any:
        self._find(sid, media_sid)
        location = stored_at(
            self.account, media_sid, self.now if self.runtime.options.media_needs_auth else None
        )
        self.set_header("Location", f"{self.request.protocol}://{self.request.host}{location}")
        self.set_status(307)
        return None


def listed_media(handler: ApiHandler, message: Message) -> list[tuple[int, str]]:
    """Index and SID of the attachments that are there: late ones and those of discarded content are not."""
    if is_content_discarded(message, handler.now):
        return []
    wait, age = handler.runtime.options.media_listed_after, handler.now - message.created
    return [
        (index, media_sid)
        for index, media_sid in handler.account.media_of(message)
        if age * message.media >= wait * (index + 1)
    ]


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

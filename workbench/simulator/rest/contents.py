"""Content templates (content v1): create, list, fetch, delete. They are posted as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.simulator.account.contents import UNSUBMITTED, read_approval, read_content
from workbench.simulator.account.rows import iso8601
from workbench.simulator.account.sids import derive_sid
from workbench.simulator.errors import not_found
from workbench.simulator.rest.services import ListHandler, Row


class Contents(ListHandler):
    """`/v1/Content`"""

    def on_get(self) -> Row:
        contents = self.account.contents.items()
        return self.page_of("contents", [content_row(self, sid, content) for sid, content in contents])

    def on_post(self) -> Row:
        content = read_content(self.request.body) | {"created": self.now}
        sid = derive_sid(self.account.sid, "HX", f"{self.now}:{len(self.account.contents)}:{content}")
        self.account.change({"op": "content", "sid": sid, "content": content})
        self.set_status(201)
        return content_row(self, sid, content)


class _OfOneContent(ListHandler):
    def find(self, sid: str) -> dict[str, Any]:
        if sid not in self.account.contents:
            raise not_found(self.request.path)
        return self.account.contents[sid]


class OneContent(_OfOneContent):
    """`/v1/Content/{HX}`"""

    def on_get(self, sid: str) -> Row:
        return content_row(self, sid, self.find(sid))

    def on_delete(self, sid: str) -> None:
        self.find(sid)
        self.account.change({"op": "content", "sid": sid, "content": None})
        self.set_status(204)


class Approvals(_OfOneContent):
    """`/v1/Content/{HX}/ApprovalRequests`"""

    def on_get(self, sid: str) -> Row:
        return {
            "sid": sid,
            "account_sid": self.account.sid,
            "url": f"{self.base()}/v1/Content/{sid}/ApprovalRequests",
            "whatsapp": approval_row(self.find(sid)),
        }


class WhatsAppApproval(_OfOneContent):
    """`/v1/Content/{HX}/ApprovalRequests/whatsapp`"""

    def on_post(self, sid: str) -> Row:
        content = self.find(sid) | {"approval": read_approval(self.request.body)}
        self.account.change({"op": "content", "sid": sid, "content": content})
        self.set_status(201)
        return approval_row(content)


def approval_row(content: Mapping[str, Any]) -> Row:
    return {
        "type": "whatsapp",
        "content_type": next(iter(content["types"])),
        "allow_category_change": True,
        **content.get("approval", UNSUBMITTED),
    }


def content_row(handler: ListHandler, sid: str, content: Mapping[str, Any]) -> Row:
    url = f"{handler.base()}/v1/Content/{sid}"
    return {
        "sid": sid,
        "account_sid": handler.account.sid,
        "friendly_name": content["friendly_name"],
        "language": content["language"],
        "variables": content["variables"],
        "types": content["types"],
        "date_created": iso8601(content["created"]),
        "date_updated": iso8601(content["created"]),
        "url": url,
        "links": {
            "approval_create": f"{url}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{url}/ApprovalRequests",
        },
    }

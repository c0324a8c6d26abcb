"""Consents in bulk (accounts v1): up to 25 at once, each answered for itself."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from workbench.simulator.errors import ApiError
from workbench.simulator.rest.base import ApiHandler

MOST_ITEMS = 25
MOST_A_MINUTE = 100
"""Requests per minute, from Twilio's documentation of the Consent API."""

_INVALID = 30646
_CONTACT = re.compile(r"\+[1-9][0-9]{6,14}")
_STATUSES = frozenset({"opt-in", "opt-out"})
_SOURCES = frozenset({"website", "offline", "opt-in-message", "opt-out-message", "others"})


class Consents(ApiHandler):
    """`/v1/Consents/Bulk`"""

    def on_post(self) -> dict[str, Any]:
        requests = self.runtime.consent_requests
        requests.append(self.now)
        if sum(at > self.now - 60 for at in requests) > MOST_A_MINUTE:
            raise ApiError(429, 20429, "Too many requests: 100 a minute are allowed")
        texts = self.form().get("Items", [])
        if not 1 <= len(texts) <= MOST_ITEMS:
            raise ApiError(400, 20001, f"Items holds {len(texts)} items; 1 to {MOST_ITEMS} are allowed")
        self.set_status(201)
        return {"items": [self._take(text) for text in texts]}

    def _take(self, text: str) -> dict[str, Any]:
        try:
            item = json.loads(text)
        except json.JSONDecodeError:
            item = None
        if not isinstance(item, dict):
            return {"correlation_id": None, "error_code": _INVALID, "error_messages": ["INVALID_ITEM"]}
        problems = self._problems(item)
        if not problems:
            key = (self.account.sid, item["contact_id"], item["sender_id"])
            self.runtime.consents[key] = {**item, "account_sid": self.account.sid}
        return {
            "correlation_id": item.get("correlation_id"),
            "error_code": _INVALID if problems else 0,
            "error_messages": problems,
        }

    def _problems(self, item: dict[str, Any]) -> list[str]:
        inventory = self.account.inventory
        ours = {inventory.service_sids[index] for index, _ in inventory.services()}
        ours |= {sender.address for _, sender in inventory.senders()}
        checks = {
            "INVALID_CONTACT_ID": _CONTACT.fullmatch(str(item.get("contact_id"))) is not None,
            "INVALID_CORRELATION_ID": len(str(item.get("correlation_id"))) == 32,
            "INVALID_SENDER_ID": item.get("sender_id") in ours,
            "INVALID_STATUS": item.get("status") in _STATUSES,
            "INVALID_SOURCE": item.get("source") in _SOURCES,
            "INVALID_DATE_OF_CONSENT": _is_date(item.get("date_of_consent")),
        }
        return [problem for problem, is_fine in checks.items() if not is_fine]


def _is_date(text: Any) -> bool:
    if not text:
        return True
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True

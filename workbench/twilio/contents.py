"""Reads whether WhatsApp has approved a content template (content v1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from workbench.errors import TwilioError
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import check_sid

HOST = "content"
APPROVED, MISSING, UNREADABLE = "approved", "missing", "unreadable"
KEPT_SECONDS = 60.0
_NOT_FOUND = 404


def fetch_whatsapp_approval(client: TwilioClient, content_sid: str) -> str:
    """Twilio's word for the state: approved, pending, received, rejected, paused, disabled or unsubmitted.

    Returns:
        That word; `MISSING` where the account has no such template, `UNREADABLE` where Twilio does not say.
    """
    try:
        answer = client.get_json(f"/v1/Content/{check_sid(content_sid)}/ApprovalRequests", host=HOST)
    except TwilioError as error:
        return MISSING if error.status == _NOT_FOUND else UNREADABLE
    approval = answer.get("whatsapp")
    status = approval.get("status") if isinstance(approval, dict) else None
    return status.lower() if isinstance(status, str) and status else UNREADABLE


class TemplateApprovals:
    """The state of each template, asked for again after `KEPT_SECONDS`."""

    def __init__(self, client: TwilioClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._lock = threading.Lock()
        self._states: dict[str, tuple[float, str]] = {}

    def __call__(self, content_sid: str) -> str:
        with self._lock:
            asked_at, state = self._states.get(content_sid, (float("-inf"), UNREADABLE))
            if self._clock() - asked_at > KEPT_SECONDS:
                state = fetch_whatsapp_approval(self._client, content_sid)
                self._states[content_sid] = (self._clock(), state)
            return state

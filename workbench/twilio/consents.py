"""Sends opt-ins and opt-outs to Twilio's Consent API (accounts v1, Compliance Toolkit) in batches.

Up to 25 items a request and 100 requests a minute; each item has its own answer. To send an item twice
changes nothing. The Consent API is not for protected health information (not HIPAA eligible).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from workbench.errors import TwilioError
from workbench.twilio.client import TwilioClient

PATH, HOST = "/v1/Consents/Bulk", "accounts"
MOST_ITEMS = 25
SECONDS_BETWEEN = 0.6
"""Pause between requests, for 100 a minute."""


@dataclass(frozen=True)
class ConsentItem:
    """The opt-in or opt-out of one person for one sender or messaging service."""

    correlation_id: str
    """32 characters that identify the item."""
    contact: str
    sender: str
    status: str
    source: str
    """website, offline, opt-in-message, opt-out-message or others."""
    happened_at: datetime

    def as_json(self) -> str:
        return json.dumps(
            {
                "contact_id": self.contact,
                "correlation_id": self.correlation_id,
                "sender_id": self.sender,
                "status": self.status,
                "source": self.source,
                "date_of_consent": self.happened_at.isoformat(),
            }
        )


@dataclass(frozen=True)
class ConsentAnswer:
    """Twilio's answer to one item; error code 0 means success."""

    correlation_id: str
    error_code: int
    problem: str | None


def push_consents(
    client: TwilioClient,
    items: Sequence[ConsentItem],
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[list[ConsentAnswer]]:
    """Send the items in as many requests as needed; yields the answers to each request.

    Raises:
        TwilioAuthError, TwilioUnavailable: nothing can be sent with these credentials, or at the moment.
        TwilioError: the account has no Consent API, or an answer cannot be read.
    """
    for start in range(0, len(items), MOST_ITEMS):
        if start:
            sleep(SECONDS_BETWEEN)
        batch = items[start : start + MOST_ITEMS]
        payload = client.post_form(PATH, {"Items": [item.as_json() for item in batch]}, host=HOST)
        yield _read_answers(payload.get("items"), batch)


def _read_answers(rows: object, batch: Sequence[ConsentItem]) -> list[ConsentAnswer]:
    asked_ids = {item.correlation_id for item in batch}
    answers = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and row.get("correlation_id") in asked_ids:
            problem = ", ".join(map(str, row.get("error_messages") or ())) or None
            answer = ConsentAnswer(row["correlation_id"], int(row.get("error_code") or 0), problem)
            answers[answer.correlation_id] = answer
    if answers.keys() != asked_ids:
        raise TwilioError(
            f"Twilio answered {len(answers)} of {len(asked_ids)} consents. Run the same again: consents that "
            "Twilio has accepted do not change."
        )
    return list(answers.values())

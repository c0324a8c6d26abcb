"""Removes one person's messages at Twilio: finds them by number, then redacts or deletes each of them.

A message that is not final yet cannot be deleted (20009) and is tried again; a message that no longer exists
counts as removed.
Deleting a message deletes its media; redacting keeps the row without its text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from workbench.errors import TwilioError
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import MESSAGES

Way = Literal["delete", "redact"]

NOT_COMPLETE = 20009
_WAITS = (1.0, 4.0, 15.0)
"""Seconds between attempts at a message that is not final yet."""


@dataclass(frozen=True)
class Removal:
    """The outcome for one message at Twilio."""

    message_sid: str
    outcome: Literal["deleted", "redacted", "gone already", "not complete yet", "refused"]
    error: str | None = None

    @property
    def is_confirmed(self) -> bool:
        return self.outcome in ("deleted", "redacted", "gone already")


def find_messages(client: TwilioClient, account_sid: str, address: str) -> Iterator[str]:
    """SIDs of all messages to and from an address that Twilio still lists."""
    for side in ("To", "From"):
        params = MESSAGES.first_params({side: address})
        for page in client.pages(MESSAGES.path_for(account_sid), params, "messages"):
            for row in page.rows:
                yield str(row["sid"])


def remove_message(
    client: TwilioClient,
    account_sid: str,
    message_sid: str,
    way: Way,
    *,
    sleep: Callable[[float], object] = time.sleep,
) -> Removal:
    """Redact or delete one message, trying again while it is not complete.

    Raises:
        TwilioAuthError, TwilioUnavailable: nothing can be removed with these credentials, or at the moment.
    """
    path = MESSAGES.one_path_for(account_sid, message_sid)
    for wait in (*_WAITS, None):
        try:
            if way == "delete":
                client.delete(path)
                return Removal(message_sid, "deleted")
            client.post_form(path, {"Body": ""})
            return Removal(message_sid, "redacted")
        except TwilioError as error:
            if error.status == 404:
                return Removal(message_sid, "gone already")
            if error.status in (401, 403, 429) or (error.status or 500) >= 500:
                raise
            if error.code != NOT_COMPLETE:
                return Removal(message_sid, "refused", str(error))
            if wait is None:
                return Removal(message_sid, "not complete yet", str(error))
            sleep(wait)
    raise AssertionError("unreachable")

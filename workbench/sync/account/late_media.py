"""When to ask again for attachments that Twilio has not listed yet, and when to stop. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 30 * 60, 2 * 3600, 6 * 3600, 12 * 3600)
)
"""Between one attempt and the next; in all less than a day."""

LATE_FOR = timedelta(days=2)
"""Attachments of an older message that are not listed were deleted; they do not come late."""


def next_listing(
    files: int, expected: int, attempts: int, created_at: datetime, now: datetime
) -> datetime | None:
    """When to list the attachments of a message again; None if the list is whole or nothing more will come.

    Args:
        files: attachments that Twilio listed now.
        expected: attachments that the message says it has.
        attempts: how often Twilio was asked, this time included.
    """
    if files >= expected or attempts > len(WAITS) or now - created_at > LATE_FOR:
        return None
    return now + WAITS[attempts - 1]

"""Whether to call again, and when: the two decisions of every retry, without clock and network. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

ATTEMPTS = 5
FIRST_DELAY = 0.1
LONGEST_DELAY = 30.0
LONGEST_RETRY_AFTER = 120.0
JITTER = 0.1

# A call that may have been executed is repeated only if a second execution changes nothing.
_IDEMPOTENT = frozenset({"GET", "HEAD", "DELETE"})


def should_retry(
    status: int | None,
    attempt: int,
    *,
    attempts: int = ATTEMPTS,
    unauthorized: int = 1,
    method: str = "GET",
) -> bool:
    """Whether to make the same call once more.

    Args:
        status: HTTP status of the answer; None when no complete, readable answer came.
        attempt: number of the attempt just made, from 1.
        attempts: how many attempts are allowed in all.
        unauthorized: how many answers 401 this call has had, this one included. Twilio sometimes refuses
            correct credentials, so the call is repeated after the first 401 and ends with the second.
        method: HTTP method; only GET, HEAD and DELETE are ever repeated.
    """
    if method.upper() not in _IDEMPOTENT or attempt >= attempts:
        return False
    if status == 401:
        return unauthorized <= 1
    return status is None or status == 429 or status >= 500


def retry_delay(attempt: int, retry_after: str | None, random: float, now: datetime) -> float:
    """Seconds to wait before the next attempt.

    Args:
        attempt: number of the attempt just made, from 1.
        retry_after: the answer's ``Retry-After`` header: seconds or an HTTP date. It replaces our own
            schedule, within 0.1 s to 120 s; an unreadable header is ignored.
        random: a number from 0 to 1, so that callers that failed at the same moment do not repeat at the same
            moment: up to 10 % around our own schedule, or up to 10 % later than the server asked for.
        now: the aware time from which a date in ``retry_after`` counts.
    """
    asked = parse_retry_after(retry_after, now)
    if asked is not None:
        return min(max(asked, FIRST_DELAY), LONGEST_RETRY_AFTER) * (1 + JITTER * random)
    # 2.0**9 already exceeds the cap; a bounded exponent cannot overflow.
    delay = FIRST_DELAY * 2.0 ** min(attempt - 1, 9)
    return min(delay * (1 - JITTER + 2 * JITTER * random), LONGEST_DELAY)


def parse_retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds from now in a ``Retry-After`` header (negative if past); None if unreadable."""
    if text is None:
        return None
    # Fractions of seconds are not in the standard, but servers send them.
    if re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", text.strip()):
        return float(text)
    moment = parse_http_date(text)
    return None if moment is None else (moment - now).total_seconds()


def parse_http_date(text: str | None) -> datetime | None:
    """An HTTP date as an aware UTC time, None if there is none that can be read."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

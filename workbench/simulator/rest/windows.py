"""Date filters (DateSent and others): the seconds that they mean, in every spelling of Twilio's samples.

`DateSent=D` is that GMT day, `DateSent>=D` begins with it, and `DateSent<=D` ends at 00:00 of D, so it
excludes the day itself. In the last two a time of day counts; in `DateSent=` it is ignored, because the
official client always sends a time and is documented to give the whole day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from workbench.simulator.clock import DAY, day_of
from workbench.simulator.errors import ApiError, bad_value

_COMPACT = re.compile(r"\d{8}.*")
_US_STYLE = re.compile(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}:\d{2} [A-Z]{3}")
_HOURS_WEST = {
    "GMT": 0,
    "UTC": 0,
    "EST": 5,
    "EDT": 4,
    "CST": 6,
    "CDT": 5,
    "MST": 7,
    "MDT": 6,
    "PST": 8,
    "PDT": 7,
}

FOREVER = 1 << 40


class Window(NamedTuple):
    """From `low` to `high`, in seconds since 1970, both included."""

    low: int = 0
    high: int = FOREVER

    def meet(self, other: Window) -> Window:
        return Window(max(self.low, other.low), min(self.high, other.high))


def read_window(query: Mapping[str, str], name: str) -> Window | None:
    """The window that `name`, `name<` and `name>` ask for together; None if none of them is there.

    Raises:
        ApiError: 400/20001 for a text that is no date.
    """
    window: Window | None = None
    for field, build in ((name, _equal), (f"{name}<", _until), (f"{name}>", _since)):
        if query.get(field):
            filter_window = build(read_moment(query[field], field))
            window = filter_window if window is None else window.meet(filter_window)
    return window


def _equal(moment: int) -> Window:
    start = moment - moment % DAY
    return Window(start, start + DAY - 1)


def _until(moment: int) -> Window:
    return Window(high=moment)


def _since(moment: int) -> Window:
    return Window(low=moment)


def read_moment(text: str, field: str) -> int:
    """Seconds since 1970.

    Raises:
        ApiError: 400/20001 for a text that is no date.
    """
    try:
        return int(_moment(text).timestamp())
    except (ValueError, KeyError, OverflowError) as error:
        raise bad_value(field, text, "Write a date as YYYY-MM-DD, in GMT.") from error


def _moment(text: str) -> datetime:
    if _US_STYLE.fullmatch(text):
        zone = timezone(-timedelta(hours=_HOURS_WEST[text[-3:]]))
        return datetime.strptime(text[:-4], "%m/%d/%Y %H:%M:%S").replace(tzinfo=zone)
    if _COMPACT.fullmatch(text):
        raise ValueError(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def check_retention(window: Window, now: int, days: int) -> None:
    """Refuse a window that begins before the oldest stored message.

    Raises:
        ApiError: 400/20004.
    """
    oldest = (day_of(now) - days) * DAY
    if 0 < window.low < oldest or window.high < oldest:
        raise ApiError(400, 20004, f"Date range is outside of the retention window of {days} days")

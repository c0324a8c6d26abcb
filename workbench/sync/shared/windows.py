"""Which days of the message list to read. Pure.

Twilio's list can be filtered by GMT day of sending only, newest first. A *window* is one such day. A *walk*
reads all pages of a window. A day is settled if a walk that began after the day was over has read it to the
end; recent days are read again even if settled, because rows can appear late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

#: Twilio answers 400 (20004) to a list that begins more than 400 days ago.
OLDEST_LISTED_DAYS = 399
PAGE_SIZE = 1000


@dataclass(frozen=True)
class WindowState:
    """What the lake remembers of reading one day.

    `read_from` is when the walk began; `next_page_uri` is where it continues if it did not finish.
    """

    day: date
    read_from: datetime
    finished_at: datetime | None
    next_page_uri: str | None = None
    rows: int = 0

    @property
    def is_settled(self) -> bool:
        return self.finished_at is not None and self.read_from >= day_end(self.day)


@dataclass(frozen=True)
class SyncWindow:
    """One day to read; `resume_at` is the page where an interrupted walk stopped."""

    day: date
    is_open_ended: bool = False
    resume_at: str | None = None
    resumed_from: datetime | None = None
    resumed_rows: int = 0

    def query(self) -> dict[str, str | int]:
        """Twilio's list parameters. Today's window has no end, because clocks differ a little."""
        key = "DateSent>" if self.is_open_ended else "DateSent"
        return {key: self.day.isoformat(), "PageSize": PAGE_SIZE}


def plan_windows(
    since: date,
    until: date,
    today: date,
    states: Mapping[date, WindowState],
    *,
    lookback_days: int,
    full: bool = False,
) -> list[SyncWindow]:
    """The days from `since` (included) to `until` (not included) that need reading, newest first.

    Args:
        today: the GMT day of now; later days do not exist yet.
        states: what was read before, by day.
        lookback_days: how many days before today are read again even if settled.
        full: read every day again from its first page.
    """
    newest = min(until - timedelta(days=1), today)
    days = [newest - timedelta(days=back) for back in range((newest - since).days + 1)]
    return [
        _window(day, today, states.get(day), full=full)
        for day in days
        if full or _needs_reading(day, today, states.get(day), lookback_days)
    ]


def clamp_since(since: date, today: date) -> date:
    """The oldest day that Twilio still lists, if `since` is older."""
    return max(since, today - timedelta(days=OLDEST_LISTED_DAYS))


def day_end(day: date) -> datetime:
    """Midnight GMT at the end of the day."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _needs_reading(day: date, today: date, state: WindowState | None, lookback_days: int) -> bool:
    return state is None or not state.is_settled or (today - day).days <= lookback_days


def _window(day: date, today: date, state: WindowState | None, *, full: bool) -> SyncWindow:
    is_open_ended = day == today
    if full or state is None or state.finished_at is not None or state.next_page_uri is None:
        return SyncWindow(day, is_open_ended)
    return SyncWindow(day, is_open_ended, state.next_page_uri, state.read_from, state.rows)

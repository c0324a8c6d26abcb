"""Which days of a daily resource to read: recent days in every sync, older days once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta


def days_to_read(since: date, today: date, settled: Collection[date], reread_days: int) -> list[date]:
    """The days from `since` to `today` that are recent, or were not yet read as settled days; newest first.

    A day is recent for `reread_days` days after it; see :func:`is_settled`.
    """
    days = [today - timedelta(days=back) for back in range((today - since).days + 1)]
    return [day for day in days if not is_settled(day, today, reread_days) or day not in settled]


def is_settled(day: date, today: date, reread_days: int) -> bool:
    """Whether a reading of the day made today is final, so that the day need not be read again."""
    return (today - day).days > reread_days


def spans(days: Sequence[date], longest: int) -> list[tuple[date, date]]:
    """The days, newest first, as first and last day of unbroken stretches of at most `longest` days."""
    stretches: list[tuple[date, date]] = []
    for day in days:
        first, last = stretches[-1] if stretches else (date.max, date.max)
        if first - day == timedelta(days=1) and (last - day).days < longest:
            stretches[-1] = (day, last)
        else:
            stretches.append((day, day))
    return stretches


def days_of(span: tuple[date, date]) -> list[date]:
    first, last = span
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]

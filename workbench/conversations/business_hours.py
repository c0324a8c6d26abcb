"""Business hours: written in the settings, kept in the lake, where reply times are counted in them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from workbench.errors import ConfigError
from workbench.lake import Lake
from workbench.settings import Settings

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE = re.compile(
    r"\s*(?P<first>[A-Za-z]{3})(?:\s*-\s*(?P<last>[A-Za-z]{3}))?\s+"
    r"(?P<opens>\d{1,2}:\d{2})\s*-\s*(?P<closes>\d{1,2}:\d{2})\s*"
)


class Opening(NamedTuple):
    """One opening of one weekday (1 Monday to 7 Sunday), in minutes after midnight."""

    weekday: int
    opens: int
    closes: int


def parse_hours(lines: str | Sequence[str]) -> tuple[Opening, ...]:
    """Openings from lines such as ``Mon-Fri 09:00-17:00``; a weekday may have several.

    Raises:
        ConfigError: a line is written otherwise, ends before it begins, or overlaps another.
    """
    lines = [lines] if isinstance(lines, str) else list(lines)
    openings = sorted(entry for line in lines for entry in _parse_line(line))
    for opening, following in itertools.pairwise(openings):
        if opening.weekday == following.weekday and following.opens < opening.closes:
            raise ConfigError(
                f"[conversations] business_hours has two openings of "
                f"{_DAYS[opening.weekday - 1].title()} that overlap; write each hour once."
            )
    if not openings:
        raise ConfigError("[conversations] business_hours is empty; write for instance Mon-Fri 09:00-17:00.")
    return tuple(openings)


def business_hours(settings: Settings) -> tuple[tuple[Opening, ...], str]:
    """The openings and their time zone, as the settings say.

    Raises:
        ConfigError: they say something that cannot be.
    """
    conversations = settings.conversations
    return parse_hours(conversations.business_hours), conversations.business_timezone or settings.timezone


def keep_business_hours(lake: Lake, settings: Settings) -> bool:
    """Make the lake's business hours those of the settings; whether they differed."""
    openings, timezone = business_hours(settings)
    wanted = {(*opening, timezone) for opening in openings}
    if set(lake.rows("select weekday, opens, closes, timezone from business_hours")) == wanted:
        return False

    def replace(cursor: Any) -> None:
        cursor.execute("delete from business_hours")
        cursor.executemany("insert into business_hours values (?, ?, ?, ?)", sorted(wanted))

    lake.write(replace)
    return True


def _parse_line(line: str) -> list[Opening]:
    match = _LINE.fullmatch(line)
    first, last = (match["first"].lower(), (match["last"] or match["first"]).lower()) if match else ("", "")
    if match is None or first not in _DAYS or last not in _DAYS:
        raise ConfigError(
            f"[conversations] business_hours has {line!r}; write days and hours, as Mon-Fri 09:00-17:00."
        )
    opens, closes = _minutes(match["opens"], line), _minutes(match["closes"], line)
    if opens >= closes:
        raise ConfigError(
            f"[conversations] business_hours has {line!r}, which ends before it begins; "
            "write the part after midnight as the next day's."
        )
    begin, end = _DAYS.index(first), _DAYS.index(last)
    days = range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)]
    return [Opening(day + 1, opens, closes) for day in days]


def _minutes(text: str, line: str) -> int:
    hour, minute = map(int, text.split(":"))
    if hour > 24 or minute > 59 or hour * 60 + minute > 24 * 60:
        raise ConfigError(
            f"[conversations] business_hours has {line!r}; {text} is no time from 00:00 to 24:00."
        )
    return hour * 60 + minute

"""When each job is due, from `[schedule]` of the settings. Pure.

Our own forty lines instead of a scheduler library: what ran last is in the lake, where runs from cron are
too, so a missed run is caught up whoever missed it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from workbench.api import Workbench
from workbench.api.jobs import JOBS
from workbench.config import Settings
from workbench.errors import ConfigError, UnknownName

SECTION = "schedule"
DEFAULTS: Mapping[str, str] = {
    "sync": "5m",
    "maintenance": "1h",
    "reconcile": "03:30",
    "reports": "06:00" if hasattr(Workbench, "run_due_reports") else "off",
}

_UNITS = {"m": 60, "h": 3600}
_INTERVAL = re.compile(r"([1-9]\d{0,3})([mh])")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
#: Spread, so that many installations do not ask Twilio in the same second.
_JITTER_SHARE, _LONGEST_JITTER = 0.1, timedelta(minutes=2)


@dataclass(frozen=True)
class Rule:
    """A job runs every so often, or at a time of each day in the settings' zone."""

    job: str
    every: timedelta | None = None
    at: time | None = None
    timezone: str = "UTC"

    def due_at(self, last_started: datetime | None, began: datetime) -> datetime:
        """When the next run is due; in the past if one was missed.

        Args:
            last_started: of the last run, by whomever.
            began: when this server started; a daily job that never ran waits for its time.
        """
        if self.every:
            return began if last_started is None else last_started + self.every
        return self._next_time_of_day(last_started or began)

    def jitter(self, rng: random.Random) -> timedelta:
        """How much later than due it runs this time."""
        longest = (self.every or timedelta(hours=1)) * _JITTER_SHARE
        return min(longest, _LONGEST_JITTER) * rng.random()

    def _next_time_of_day(self, after: datetime) -> datetime:
        assert self.at is not None
        zone = ZoneInfo(self.timezone)
        day = after.astimezone(zone).date()
        moment = datetime.combine(day, self.at, zone).astimezone(UTC)
        if moment <= after:
            moment = datetime.combine(day + timedelta(days=1), self.at, zone).astimezone(UTC)
        return moment


def schedule_of(settings: Settings) -> tuple[Rule, ...]:
    """The rules of the jobs that are on.

    Raises:
        ConfigError: an unknown job or an impossible time.
    """
    section = settings.section(SECTION)
    for name in section:
        if name not in JOBS:
            raise ConfigError(str(UnknownName(f"[{SECTION}] job", name, JOBS)))
    texts = {name: section.get(name, DEFAULTS[name]) for name in JOBS}
    rules = (_rule(name, text, settings.timezone) for name, text in texts.items())
    return tuple(rule for rule in rules if rule)


def _rule(job: str, text: Any, timezone: str) -> Rule | None:
    if text == "off":
        return None
    if isinstance(text, str):
        if found := _INTERVAL.fullmatch(text):
            return Rule(job, every=timedelta(seconds=int(found[1]) * _UNITS[found[2]]))
        if found := _TIME_OF_DAY.fullmatch(text):
            return Rule(job, at=time(int(found[1]), int(found[2])), timezone=timezone)
    raise ConfigError(
        f'[{SECTION}] {job} is {text!r}; write how often ("5m", "2h"), a time of day ("03:30") or "off".'
    )

"""When each job is due, from `[schedule]` of the settings. Pure.

Our own forty lines instead of a scheduler library: what ran last is in the lake, where runs from cron are
too, so a missed run is caught up whoever missed it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.api.jobs import JOBS, WATCH
from workbench.settings import Settings

_UNITS = {"m": 60, "h": 3600}
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
    """The rules of the jobs that are on."""
    moments = {job: getattr(settings.schedule, job) for job in JOBS}
    if not settings.alerts.enabled:
        moments[WATCH] = "off"
    if not settings.backup.target:
        moments["backup"] = "off"
    return tuple(_rule(job, moment, settings.timezone) for job, moment in moments.items() if moment != "off")


def _rule(job: str, moment: str, timezone: str) -> Rule:
    """Of how often ("5m", "2h") or of a time of day ("03:30"); the settings take nothing else but "off"."""
    if ":" in moment:
        return Rule(job, at=time.fromisoformat(moment), timezone=timezone)
    return Rule(job, every=timedelta(seconds=int(moment[:-1]) * _UNITS[moment[-1]]))

"""Until when a wish to be left alone has to be honoured: ten business days, as dated data has it. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

from workbench.messaging.holidays import Holiday, business_days_after, read_holidays


@dataclass(frozen=True)
class OptOutClock:
    """How many business days, and which days are none."""

    as_of: date
    days: int
    holidays: tuple[Holiday, ...]

    def due_at(self, day: date) -> datetime:
        """The end (UTC) of the last business day in time for a wish that came in on a day (UTC)."""
        last = business_days_after(day, self.days, self.holidays)
        return datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC)


@cache
def opt_out_clock() -> OptOutClock:
    """The clock as it comes with us."""
    file = tomllib.loads(
        resources.files(__package__).joinpath("business_days.toml").read_text(encoding="utf-8")
    )
    return OptOutClock(file["as_of"], file["days"], read_holidays(file["holidays"], "business_days.toml"))

"""The deadline for honouring an opt-out: ten business days after it, by dated data. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources

from workbench.messaging.holidays import Holiday, business_days_after, read_holidays


@dataclass(frozen=True)
class OptOutClock:
    """How many business days there are to act, and the holidays, which are not business days."""

    as_of: date
    days: int
    holidays: tuple[Holiday, ...]

    def due_at(self, day: date) -> datetime:
        """The deadline (UTC) for an opt-out that came in on a day (UTC): the end of the last business day."""
        last = business_days_after(day, self.days, self.holidays)
        return datetime.combine(last + timedelta(days=1), time(), tzinfo=UTC)


@cache
def opt_out_clock() -> OptOutClock:
    """The built-in clock."""
    file = tomllib.loads(
        resources.files(__package__).joinpath("business_days.toml").read_text(encoding="utf-8")
    )
    return OptOutClock(file["as_of"], file["days"], read_holidays(file["holidays"], "business_days.toml"))

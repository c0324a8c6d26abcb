"""When people here work: business hours and public holidays, as rules ask for them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from workbench.conversations.business_hours import Opening
from workbench.messaging.holidays import Holiday, is_holiday


@dataclass(frozen=True)
class Calendar:
    """The business hours with their time zone, and the public holidays of the business."""

    openings: Sequence[Opening]
    timezone: str
    holidays: tuple[Holiday, ...] = ()

    def is_open(self, moment: datetime, openings: Sequence[Opening] | None = None) -> bool:
        """Whether a moment is within the business hours, or within other hours of the same zone.

        By the clock on the wall, also when clocks are changed: an hour that comes twice is open twice.
        """
        local = moment.astimezone(ZoneInfo(self.timezone))
        minute = local.hour * 60 + local.minute
        return any(
            opening.weekday == local.isoweekday() and opening.opens <= minute < opening.closes
            for opening in (self.openings if openings is None else openings)
        )

    def is_holiday(self, moment: datetime) -> bool:
        """Whether its day, in the zone of the business, is a public holiday."""
        return is_holiday(moment.astimezone(ZoneInfo(self.timezone)).date(), self.holidays)

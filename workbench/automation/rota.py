"""Who is on duty, and whose turn it is. Pure.

Whether somebody is at their desk is not known here: a browser that is signed in says nothing about it. So
people are on duty in the hours that the rule's rota says, by default in the business hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from workbench.automation.calendar import Calendar
from workbench.conversations.business_hours import parse_hours


def next_on_duty(
    names: Sequence[str],
    rota: Mapping[str, Sequence[str]],
    calendar: Calendar,
    now: datetime,
    last: str | None,
) -> str | None:
    """The next of these people who is on duty; None where nobody is.

    Args:
        rota: hours by name, in the form of `[conversations] business_hours` and their time zone.
        last: who got the one before.
    """
    begin = names.index(last) + 1 if last in names else 0
    for name in [*names[begin:], *names[:begin]]:
        hours = parse_hours(list(rota[name])) if name in rota else None
        if calendar.is_open(now, hours):
            return name
    return None

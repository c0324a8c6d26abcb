"""Moments at which an answer can be sent later, as a person chooses from them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from workbench.browser.inbox_answers import LaterChoice

_MORNING = time(9)

NO_SERVICE = (
    "This sender cannot send later: Twilio schedules messages of a messaging service only. Put the number "
    "into one at Twilio and answer from there, or send it when the time has come."
)


def later_choices(zones: Sequence[str], quiet_until: datetime | None, now: datetime) -> list[LaterChoice]:
    """What is offered for a contact: the end of quiet hours where they hold now, and tomorrow morning there.

    Args:
        zones: every time zone that the contact may be in; without one no morning is offered.
        quiet_until: when they may be written to again; None where they may be now.
    """
    choices = []
    if quiet_until:
        choices.append(_choice("When quiet hours end", quiet_until, zones))
    if zones:
        # In the last of their possible zones: it is nine or later in all of them.
        choices.append(_choice("Tomorrow morning", max(_tomorrow(zone, now) for zone in zones), zones))
    return choices


def _tomorrow(zone: str, now: datetime) -> datetime:
    day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(day, _MORNING, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _choice(title: str, moment: datetime, zones: Sequence[str]) -> LaterChoice:
    clocks = sorted({f"{moment.astimezone(ZoneInfo(zone)):%a %H:%M}" for zone in zones})
    there = f", {' or '.join(clocks)} there" if clocks else ""
    at = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"at": at, "text": f"{title}{there}"}

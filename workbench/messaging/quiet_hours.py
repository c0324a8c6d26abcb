"""Quiet hours: whether it is too early, too late or the wrong day at the place where a recipient may be.

The rules are dated data that users edit (``quiet_hours.toml``), by country and US state. The place follows
from the contact's time zone, else the ZIP code, else the area code. If several places are possible, the
strictest one decides; if every place is possible, it is always quiet hours. This module only answers what the
rules say. Whether a message has to follow them (an emergency does not) is for the sender to judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import UsageError
from workbench.messaging import geography
from workbench.messaging.addresses import country
from workbench.messaging.geography import ZoneSource
from workbench.messaging.quiet_rules import QuietHoursRules, QuietRule, read_rules

__all__ = ["QuietHoursRules", "QuietHoursVerdict", "QuietRule", "check_quiet_hours", "load_rules"]

_DAYS_AHEAD = 15
"""How many days ahead to look for a moment that is allowed at every possible place."""

Place = tuple[str, QuietRule]
"""A possible zone of the recipient with a rule that may hold there."""


@dataclass(frozen=True)
class QuietHoursVerdict:
    """What the rules say about one recipient at one moment."""

    is_quiet: bool
    zones: tuple[str, ...]
    """Every zone the recipient may be in; () where nothing is known."""
    zone_source: ZoneSource
    """What the zones follow from."""
    local_times: tuple[datetime, ...]
    """The moment on the clock of each zone, in the order of ``zones``."""
    rule: str
    """The rule that makes it quiet, otherwise the rules that were checked, with hours and source."""
    allowed_again_at: datetime | None
    """UTC; the first moment allowed at every possible place; None while allowed, or if there is none."""


def load_rules(path: Path | None = None) -> QuietHoursRules:
    """The rules of a file such as ``WORKBENCH_HOME/quiet_hours.toml``; without a path, the built-in rules.

    Raises:
        ConfigError: the file cannot be read, or an entry is not of a form that the head of the file allows.
    """
    return read_rules(path)


def check_quiet_hours(
    address: str,
    at: datetime,
    *,
    timezone: str | None = None,
    postal_code: str | None = None,
    rules: QuietHoursRules,
) -> QuietHoursVerdict:
    """Whether ``at`` lies in quiet hours at any place where the owner of ``address`` may be.

    Args:
        at: an aware datetime.
        timezone: IANA name of the contact's time zone, if known; it counts instead of the number's area.
        postal_code: the contact's ZIP code, used for US numbers.

    Raises:
        UsageError: ``at`` has no time zone, or ``timezone`` is not an IANA name.
    """
    if at.tzinfo is None:
        raise UsageError(f"The time {at} has no zone. Give an aware datetime, such as datetime.now(UTC).")
    places, zones, source = possible_places(address, timezone, postal_code, rules)
    if not places:
        return QuietHoursVerdict(True, (), "unknown", (), _NOWHERE, None)
    clocks = {zone: at.astimezone(ZoneInfo(zone)) for zone in zones}
    quiet = [rule for zone, rule in places if not rule.allows(clocks[zone])]
    kept = "; ".join(sorted({rule.text for _, rule in places}))
    return QuietHoursVerdict(
        is_quiet=bool(quiet),
        zones=zones,
        zone_source=source,
        local_times=tuple(clocks.values()),
        rule=quiet[0].text if quiet else kept,
        allowed_again_at=_first_allowed(places, at) if quiet else None,
    )


_NOWHERE = "the address does not tell where the recipient is, so every hour counts as quiet"


def possible_places(
    address: str, timezone: str | None, postal_code: str | None, rules: QuietHoursRules
) -> tuple[tuple[Place, ...], tuple[str, ...], ZoneSource]:
    """Every pair of zone and rule that may apply to a recipient, the zones alone, and their source."""
    home = country(address)
    by_zip = geography.postal_code_states(postal_code) if home == "US" else frozenset()
    zones, source = _zones(address, timezone, by_zip)
    if home != "US":
        places = [(zone, rule) for zone in zones for rule in rules.of_country(home)]
    elif by_zip or (geography.area_states(address) and not timezone):
        states = sorted(by_zip or geography.area_states(address))
        places = [(zone, rules.of_state(state)) for zone in zones for state in states]
    else:
        places = [(zone, rule) for zone in zones for rule in _rules_by_clock(address, zone, rules)]
    return tuple(dict.fromkeys(places)), zones, source


def country_places(country_code: str | None, rules: QuietHoursRules) -> tuple[Place, ...]:
    """Every pair of zone and rule of a country, for a recipient whose country alone is known."""
    if country_code == "US":
        return tuple(
            (zone, rules.of_state(state))
            for state in sorted(geography.all_states())
            for zone in geography.state_zones(state)
        )
    zones = geography.country_zones(country_code) if country_code else ()
    return tuple((zone, rule) for zone in zones for rule in rules.of_country(country_code))


def _rules_by_clock(address: str, zone: str, rules: QuietHoursRules) -> list[QuietRule]:
    """The rules of the states with this zone's time, only the area code's states if these have it.

    Without any such state, the country's rules.
    """
    fitting = {state for state in geography.all_states() if _has_clock(state, zone)}
    states = (geography.area_states(address) & fitting) or fitting
    return [rules.of_state(state) for state in sorted(states)] or list(rules.of_country("US"))


def _zones(address: str, timezone: str | None, by_zip: frozenset[str]) -> tuple[tuple[str, ...], ZoneSource]:
    if timezone:
        return (_known_zone(timezone),), "contact"
    if by_zip:
        zones = {zone for state in by_zip for zone in geography.state_zones(state)}
        return tuple(sorted(zones)), "postal code"
    return geography.area_zones(address)


def _has_clock(state: str, timezone: str) -> bool:
    """Whether a zone has the same time as a zone of the state; names would miss aliases of zones."""
    return any(_clock(zone) == _clock(timezone) for zone in geography.state_zones(state))


@lru_cache(maxsize=1024)
def _clock(timezone: str) -> tuple[timedelta | None, ...]:
    """How far a zone is from UTC in winter and in summer."""
    return tuple(moment.astimezone(ZoneInfo(timezone)).utcoffset() for moment in _SEASONS)


_SEASONS = (datetime(2026, 1, 15, 12, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC))


@lru_cache(maxsize=1024)
def _known_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"The contact's time zone {timezone!r} does not exist. "
            "Use a name such as 'America/New_York', or leave it out."
        ) from error
    return timezone


def _first_allowed(places: tuple[Place, ...], at: datetime) -> datetime | None:
    """The first start of allowed hours at one place that is within the allowed hours of all places."""
    starts = sorted({start for zone, rule in places for start in _starts(ZoneInfo(zone), rule, at)})
    for start in starts:
        if all(rule.allows(start.astimezone(ZoneInfo(zone))) for zone, rule in places):
            return start
    return None


def _starts(zone: ZoneInfo, rule: QuietRule, at: datetime) -> Iterator[datetime]:
    """When allowed hours begin at one place within the days ahead, in UTC."""
    first = at.astimezone(zone).date()
    for days in range(_DAYS_AHEAD):
        day = first + timedelta(days=days)
        hours = rule.hours_on(day)
        if hours is None:
            continue
        opens = time(*divmod(hours.opens, 60))
        for fold in (0, 1):  # an hour that the clock shows twice
            start = datetime.combine(day, opens.replace(fold=fold), tzinfo=zone).astimezone(UTC)
            if start > at:
                yield start

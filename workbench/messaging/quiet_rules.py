"""The rules of quiet hours, read from their file, checked, and able to answer for one day.

They stand apart from the question about one moment (``quiet_hours.py``), so that the check of a whole log can
apply the same rules to many messages at once.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError
from workbench.messaging.geography import all_states
from workbench.messaging.holidays import WEEKDAYS, Holiday, is_holiday, read_holidays

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_KEYS = frozenset({"send", "holiday", "holidays", "source", "states", "of", *WEEKDAYS})
_ALLOWED = 'Allowed: "HH:MM-HH:MM" that ends after it begins, such as "08:00-21:00", or "never".'


@dataclass(frozen=True)
class Hours:
    """Minutes of the day in which sending is allowed: from ``opens`` up to, not including, ``closes``."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{self.opens // 60:02}:{self.opens % 60:02}-{self.closes // 60:02}:{self.closes % 60:02}"


# Compared by identity, which is fast: a file has one rule of each name, and many places share it.
@dataclass(frozen=True, eq=False)
class QuietRule:
    """The hours of one country or state."""

    name: str
    """Such as ``US-TX``, ``FR`` or ``default``."""
    by_weekday: tuple[Hours | None, ...]
    """Monday first; None is a day that is quiet all day."""
    holidays: tuple[Holiday, ...]
    on_holidays: Hours | None
    text: str
    """One line: name, hours and source."""

    def hours_on(self, day: date) -> Hours | None:
        """The allowed hours of a day in local time; None if sending is not allowed on that day."""
        if is_holiday(day, self.holidays):
            return self.on_holidays
        return self.by_weekday[day.weekday()]

    def allows(self, local: datetime) -> bool:
        """Whether sending is allowed at a local time."""
        hours = self.hours_on(local.date())
        return hours is not None and hours.opens <= local.hour * 60 + local.minute < hours.closes


@dataclass(frozen=True)
class QuietHoursRules:
    """All rules of one file."""

    as_of: date
    source: str
    """The file's path, or ``built in``."""
    default: QuietRule
    countries: Mapping[str, QuietRule]
    states: Mapping[str, QuietRule]
    """By US state; a state without a rule has the country's."""

    @property
    def key(self) -> str:
        """A hash that changes whenever a rule changes."""
        rules = [self.default, *self.countries.values(), *self.states.values()]
        facts = [(rule.name, rule.by_weekday, rule.holidays, rule.on_holidays, rule.text) for rule in rules]
        return hashlib.blake2s(repr((self.as_of, facts)).encode(), digest_size=16).hexdigest()

    def of_country(self, country: str | None) -> tuple[QuietRule, ...]:
        """The rule of a country; for an unknown country, all rules."""
        if country is None:
            return (self.default, *self.countries.values(), *self.states.values())
        return (self.countries.get(country, self.default),)

    def of_state(self, state: str) -> QuietRule:
        """The rule of a US state."""
        return self.states.get(state) or self.countries.get("US", self.default)


def read_rules(path: Path | None) -> QuietHoursRules:
    """Read and check a file of rules; None reads the built-in one."""
    if path is None:
        return _built_in()
    try:
        return _parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not text in UTF-8. Save it as UTF-8.") from error


@cache
def _built_in() -> QuietHoursRules:
    text = resources.files(__package__).joinpath("quiet_hours.toml").read_text(encoding="utf-8")
    return _parse(text, "built in")


def _parse(text: str, source: str) -> QuietHoursRules:
    try:
        file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{source} is not valid TOML: {error}. Correct that line.") from error
    as_of = file.get("as_of")
    if not isinstance(as_of, date):
        raise ConfigError(f"{source}: as_of is {as_of!r}; write the day the rules were read, as 2026-11-25.")
    if unknown := set(file) - {"as_of", "default", "countries"}:
        raise ConfigError(f"{source}: {min(unknown)!r} is unknown. Allowed: as_of, default, countries.")
    countries = _table(file.get("countries", {}), f"{source}: countries")
    rules = {
        name: _rule(name, _table(entry, f"{source}: countries.{name}"), source)
        for name, entry in countries.items()
    }
    return QuietHoursRules(
        as_of=as_of,
        source=source,
        default=_rule("default", _table(file.get("default"), f"{source}: default"), source),
        countries=rules,
        states=_read_states(countries.get("US", {}), source),
    )


def _read_states(country: Mapping[str, Any], source: str) -> dict[str, QuietRule]:
    """Rules by state; a state inherits the country's holidays, and gives its own hours for them."""
    rules: dict[str, QuietRule] = {}
    for entry in country.get("states", []):
        shared = {"holidays": country.get("holidays", []), **entry}
        for state in entry.get("of", []):
            if state not in all_states():
                raise ConfigError(f"{source}: {state!r} is not a US state. Write two letters, such as TX.")
            if state in rules:
                raise ConfigError(f"{source}: {state} has two rules. Keep one.")
            rules[state] = _rule(f"US-{state}", shared, source)
    return rules


def _rule(name: str, entry: Mapping[str, Any], source: str) -> QuietRule:
    where = f"{source}: {name}"
    if unknown := set(entry) - _KEYS:
        raise ConfigError(f"{where}: {min(unknown)!r} is unknown. Allowed: {', '.join(sorted(_KEYS))}.")
    if "states" in entry and name != "US":
        raise ConfigError(f"{where}: states are known for US only. Give the country one rule.")
    if ("holiday" in entry) != bool(entry.get("holidays")) and name[:3] != "US-":
        raise ConfigError(f"{where}: give `holiday` (hours) and `holidays` (days) together or not at all.")
    every_day = _hours(entry.get("send"), f"{where}: send")
    by_weekday = tuple(
        _hours(entry[day], f"{where}: {day}") if day in entry else every_day for day in WEEKDAYS
    )
    holidays = read_holidays(entry.get("holidays", []), f"{where}: holidays") if "holiday" in entry else ()
    on_holidays = _hours(entry["holiday"], f"{where}: holiday") if "holiday" in entry else None
    return QuietRule(name, by_weekday, holidays, on_holidays, _text(name, entry))


def _text(name: str, entry: Mapping[str, Any]) -> str:
    days = [f"{day} {entry[day]}" for day in (*WEEKDAYS, "holiday") if day in entry]
    hours = ", ".join([f"send {entry['send']}", *days])
    return f"{name}: {hours} ({entry.get('source', 'no source given')})"


def _hours(text: object, where: str) -> Hours | None:
    if text == "never":
        return None
    hours_text = _HOURS.fullmatch(text) if isinstance(text, str) else None
    if hours_text is None:
        raise ConfigError(f"{where} is {text!r}. {_ALLOWED}")
    hour, minute, last_hour, last_minute = map(int, hours_text.groups())
    hours = Hours(hour * 60 + minute, last_hour * 60 + last_minute)
    if not hours.opens < hours.closes <= 24 * 60:
        raise ConfigError(f"{where} is {text!r}. {_ALLOWED}")
    return hours


def _table(value: object, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where} is {value!r}; it must be a section with `send` and `source`.")
    return value

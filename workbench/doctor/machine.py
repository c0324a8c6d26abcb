"""Checks of this machine: its clock, its time zones, its packages, who can read its secrets, its settings."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement

from workbench.display.formats import duration, plural
from workbench.doctor.check_result import CheckResult, failure, fine, warning
from workbench.doctor.examination import Examination
from workbench.doctor.running import outdated_servers
from workbench.home import HOME_FILES, InBackup
from workbench.lake.clock import clock_warning
from workbench.private_files import mode_for_others
from workbench.twilio.resources import message_page

_OFF, _FAR_OFF = timedelta(seconds=30), timedelta(minutes=5)
_PRIVATE_FILES = [file.pattern for file in HOME_FILES if file.in_backup is InBackup.SECRET]
_ZONE_SAMPLES = (("America/New_York", -5), ("Asia/Kathmandu", 5.75), ("Pacific/Apia", 13))
"""Zones and their hours from UTC on 1 January 2026: outside knowledge."""


def check_settings(examination: Examination) -> Iterator[CheckResult]:
    """Every setting is known, allowed and has an effect."""
    problems = [*examination.reading.problems, *examination.own_file_problems()]
    yield from judge_problems(problems)
    for notice in examination.reading.notices:
        yield warning(notice, "`workbench config show` shows what holds.")
    if not problems and not examination.reading.notices:
        yield fine(f"The settings of {examination.settings.home} are possible.")


def check_running_settings(examination: Examination) -> Iterator[CheckResult]:
    """Every server of this machine was started after the settings changed."""
    outdated = list(outdated_servers(examination.settings.home))
    for text in outdated:
        yield warning(text, "Start `workbench serve` again.")
    if not outdated:
        yield fine("No server of this machine runs with older settings.")


def judge_problems(problems: Iterable[str]) -> Iterator[CheckResult]:
    """Each problem of the settings as a result. Pure."""
    for problem in problems:
        yield failure(problem, "Correct it; `workbench config check` says the same again.")


def check_secret_files(examination: Examination) -> Iterator[CheckResult]:
    """Files with secrets are for their owner alone."""
    yield from examine_secret_files(Path(examination.settings.home))


def examine_secret_files(home: Path) -> Iterator[CheckResult]:
    """The same, of any home."""
    troubles, checked = 0, 0
    for name in _PRIVATE_FILES:
        path = home / name
        if not path.exists():
            continue
        checked += 1
        if mode := mode_for_others(path):
            troubles += 1
            yield failure(f"{path} can be read by others ({mode}).", f"Run `chmod 600 {path}`.", subject=name)
    if not troubles:
        yield fine(f"{plural(checked, 'file')} with secrets, each for its owner alone.")


def check_clock(examination: Examination) -> Iterator[CheckResult]:
    """The clock agrees with Twilio's, and no time of the lake is still to come."""
    repair = "Set the clock right, as with `timedatectl set-ntp true`."
    ahead = clock_warning(examination.lake, examination.now)
    if ahead:
        yield failure(ahead, repair)
    offset = None if examination.is_offline else clock_offset(examination)
    if offset is None:
        if not ahead:
            yield fine("No time of the lake is still to come.")
        return
    size = abs(offset)
    direction = "ahead of" if offset > timedelta() else "behind"
    evidence = f"The clock is {duration(size.total_seconds())} {direction} Twilio's."
    if size > _FAR_OFF:
        yield failure(evidence, repair)
    elif size > _OFF:
        yield warning(evidence, repair)
    elif not ahead:
        yield fine("The clock agrees with Twilio's.")


def clock_offset(examination: Examination) -> timedelta | None:
    """How far this machine's clock is ahead of Twilio's; None where Twilio does not say its time."""
    client = examination.client
    page = message_page(client, client.account_sid, {"PageSize": 1})
    return None if page.server_time is None else datetime.now(UTC) - page.server_time


def check_time_zones(examination: Examination) -> Iterator[CheckResult]:
    """The time-zone data is there and right."""
    day = datetime(2026, 1, 1, tzinfo=UTC)
    wrong = []
    for name, hours in _ZONE_SAMPLES:
        try:
            offset = day.astimezone(ZoneInfo(name)).utcoffset()
        except ZoneInfoNotFoundError:
            offset = None
        if offset != timedelta(hours=hours):
            wrong.append(name)
    repair = "Install tzdata again: `make setup`, or `pip install --force-reinstall tzdata`."
    if wrong:
        yield failure(f"Time zones are missing or wrong: {', '.join(wrong)}.", repair)
    else:
        yield fine(f"Time zones are there; reports are in {examination.settings.timezone}.")


def check_packages(examination: Examination) -> Iterator[CheckResult]:
    """The installed packages are those that this version was made for."""
    wrong = list(wrong_packages(importlib.metadata.requires("workbench") or []))
    for text in wrong:
        yield failure(
            text,
            "Install workbench again: `make setup` in a clone, else the wheel anew.",
        )
    if not wrong:
        yield fine(f"workbench {importlib.metadata.version('workbench')} and all that it needs fit together.")


def wrong_packages(requirements: list[str]) -> Iterator[str]:
    """One sentence for each requirement that the installed packages do not fulfil."""
    for text in requirements:
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{requirement.name} is not installed; {requirement} is needed."
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            yield f"{requirement.name} is {version}; {requirement} is needed."

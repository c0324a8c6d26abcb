"""Examines an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.api.new import own_file_problems
from workbench.errors import ConfigError, WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.api.installation import Installation
    from workbench.doctor.check_result import Diagnosis


def diagnose(
    installation: Installation, names: str | Iterable[str] = (), *, offline: bool = False
) -> Diagnosis:
    """Run the checks with these names, or all; see :mod:`workbench.doctor`.

    Args:
        offline: ask neither Twilio nor the public address.

    Raises:
        UnknownName: there is no such check.
    """
    from workbench.automation.rules import rule_problems
    from workbench.conversations.owners import team_problems
    from workbench.doctor.examination import Examination
    from workbench.doctor.history import with_beginnings
    from workbench.doctor.run import examine
    from workbench.lake.health import read_health
    from workbench.settings.read import read_settings
    from workbench.twilio.client import TwilioClient

    settings = installation.settings

    def open_client() -> TwilioClient:
        return TwilioClient(settings.credentials, base_url=settings.twilio.base_url, attempts=_ATTEMPTS)

    examination = Examination(
        settings,
        read_settings(home=settings.home),
        open_lake=lambda: installation.reader,
        open_client=None if offline else open_client,
        own_file_problems=lambda: [
            *own_file_problems(settings.home),
            *rule_problems(settings),
            *team_problems(settings),
        ],
    )
    diagnosis = examine(examination, (names,) if isinstance(names, str) else tuple(names))
    try:
        known = read_health(installation.reader)
    except WorkbenchError:
        # What keeps the lake from opening is among the results.
        return diagnosis
    return with_beginnings(diagnosis, known)


def diagnose_without_settings(error: ConfigError, names: Iterable[str] = ()) -> Diagnosis:
    """What is wrong with the settings and this machine, where the settings are too wrong to open anything.

    Args:
        error: what was wrong first.

    Raises:
        UnknownName: there is no such check.
    """
    from workbench.doctor.run import examine_without_settings
    from workbench.settings.read import find_current_home, read_settings

    try:
        problems = list(read_settings().problems) or [str(error)]
    except ConfigError as trouble:
        problems = [str(trouble)]
    return examine_without_settings(find_current_home(), problems, tuple(names))


def examine_and_note(installation: Installation) -> str:
    """Run all checks and note their states in the lake, so that pages show them and since when they are so.

    Returns:
        How many results have each state, in words.
    """
    from workbench.doctor.check_result import count_line
    from workbench.doctor.history import states_of
    from workbench.lake.health import save_health

    diagnosis = diagnose(installation)
    save_health(installation.lake, states_of(diagnosis))
    return count_line(diagnosis)


_ATTEMPTS = 2
"""Somebody waits for the answer, and the next examination tries again."""

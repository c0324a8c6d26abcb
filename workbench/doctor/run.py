"""Runs checks, each on its own: one that fails says so and hides none of the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from workbench.doctor import machine
from workbench.doctor.check_result import CheckResult, Diagnosis, skipped
from workbench.doctor.checks import CHECKS, Check
from workbench.doctor.examination import Examination
from workbench.errors import LakeError, UnknownName, WorkbenchError
from workbench.twilio.redaction import scrub


def examine(examination: Examination, names: Sequence[str] = ()) -> Diagnosis:
    """Run the checks with these names, or all.

    Raises:
        UnknownName: there is no such check.
    """
    wanted = _checks_named(names)
    try:
        return Diagnosis(examination.now, tuple(_run_all(examination, wanted)))
    finally:
        examination.close()


def _checks_named(names: Sequence[str]) -> list[Check]:
    for name in names:
        if name not in CHECKS:
            raise UnknownName("check", name, CHECKS)
    return [check for check in CHECKS.values() if not names or check.name in names]


def examine_without_settings(
    home: Path, problems: Sequence[str], names: Sequence[str] = (), now: datetime | None = None
) -> Diagnosis:
    """What can be said of a home whose settings are too wrong to open anything.

    Args:
        problems: what is wrong with the settings, each in a sentence.
        names: checks, by default all.

    Raises:
        UnknownName: there is no such check.
    """
    made = {
        "settings": lambda: machine.judge_problems(problems),
        "secret-files": lambda: machine.examine_secret_files(home),
    }
    results = []
    for check in _checks_named(names):
        examine_it = made.get(check.name)
        said = examine_it() if examine_it else [_unexamined(_WRONG_SETTINGS, "Correct them first.")]
        results += [replace(result, check=check.name) for result in said]
    return Diagnosis(now or datetime.now(UTC), tuple(results))


_WRONG_SETTINGS = "The settings are wrong, so it could not be examined."


def _run_all(examination: Examination, checks: Iterable[Check]) -> Iterator[CheckResult]:
    for check in checks:
        for result in _run(examination, check):
            yield replace(result, check=check.name)


CREDENTIALS = "credentials"
"""The check that says that no account is set up; those that need one are skipped then."""


def _run(examination: Examination, check: Check) -> list[CheckResult]:
    """The results of one check; what it could not examine is a result, too."""
    if reason := _reason_to_skip(examination, check):
        return [skipped(reason)]
    results: list[CheckResult] = []
    try:
        if check.needs_webhooks and (unread := examination.webhooks.unread):
            return [_unexamined(f"{text[0].upper()}{text[1:]}", _GIVE_RIGHT) for text in unread]
        results.extend(check.run(examination))
    except LakeError as error:
        results.append(_unexamined(str(error), "Do what it says; `workbench doctor lake` tries again."))
    except WorkbenchError as error:
        results.append(
            _unexamined(str(error), f"Do what it says; `workbench doctor {check.name}` tries again.")
        )
    except Exception as error:  # one check must never hide the others, whatever is wrong with it
        text = f"{type(error).__name__}: {error}"
        if credentials := examination.settings.optional_credentials:
            text = scrub(text, credentials)
        results.append(_unexamined(text, "This is a fault of the check; please report it with this line."))
    return results


_GIVE_RIGHT = "Give the API key the right to read it, or use a Main key."


def _reason_to_skip(examination: Examination, check: Check) -> str:
    if examination.is_offline and (check.needs_twilio or check.needs_network):
        return "It needs the network, and --offline was given."
    if check.needs_twilio and examination.settings.optional_credentials is None and check.name != CREDENTIALS:
        return "No account is set up."
    return ""


def _unexamined(evidence: str, repair: str) -> CheckResult:
    return CheckResult("unknown", evidence, repair)

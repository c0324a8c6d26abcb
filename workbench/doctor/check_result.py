"""What a check says: the state of one thing, the evidence, and the repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

State = Literal["fine", "warning", "failure", "unknown", "skipped"]

STATES: tuple[State, ...] = ("failure", "warning", "unknown", "fine", "skipped")
"""The gravest first. `unknown`: it could not be examined; `skipped`: it does not apply, or nobody asked."""

_WARNINGS, _FAILURES = 1, 2


@dataclass(frozen=True)
class CheckResult:
    """The state of one thing.

    `subject` names it where a check is about several (a sender, a service, a job); `repair` is what to do,
    with the command where there is one, and `link` leads to where it is done or explained.
    """

    state: State
    evidence: str
    repair: str = ""
    link: str = ""
    subject: str = ""
    check: str = ""
    began_at: datetime | None = None
    """Since when it is so, as far as the schedule has examined it; None where that is not known."""


@dataclass(frozen=True)
class Diagnosis:
    """All results of one examination, in the order of the checks."""

    as_of: datetime
    results: Sequence[CheckResult]

    @property
    def exit_code(self) -> int:
        """0: all is fine. 1: there are warnings, or something could not be examined. 2: something failed."""
        states = {result.state for result in self.results}
        if "failure" in states:
            return _FAILURES
        return _WARNINGS if states & {"warning", "unknown"} else 0

    @property
    def counts(self) -> dict[State, int]:
        """How many results have each state."""
        return {state: sum(result.state == state for result in self.results) for state in STATES}

    def as_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "counts": self.counts,
            "results": [asdict(result) for result in self.results],
        }

    def __repr__(self) -> str:
        return "\n".join(lines_of(self))


_MARKS: dict[State, str] = {
    "failure": "FAIL", "warning": "WARN", "unknown": "????", "fine": "ok", "skipped": "-",
}  # fmt: skip


def lines_of(diagnosis: Diagnosis, *, all_results: bool = True) -> list[str]:
    """The results as text, the gravest first, and one line that counts them.

    Args:
        all_results: also those that are fine or skipped.
    """
    lines = []
    for result, subjects in _grouped(diagnosis.results):
        is_trouble = result.state not in ("fine", "skipped")
        if not (all_results or is_trouble):
            continue
        about = f"{result.check}, {', '.join(subjects)}" if subjects else result.check
        since = f" (since {result.began_at:%Y-%m-%d %H:%M} UTC)" if is_trouble and result.began_at else ""
        lines.append(f"{_MARKS[result.state]:<5} {about}: {result.evidence}{since}")
        if is_trouble and result.repair:
            lines.append(f"      → {result.repair}")
        if is_trouble and result.link:
            lines.append(f"      {result.link}")
    lines.append(count_line(diagnosis))
    return lines


def _grouped(results: Sequence[CheckResult]) -> list[tuple[CheckResult, list[str]]]:
    """Findings that differ in nothing but their subject as one with all subjects, the gravest first."""
    groups: dict[CheckResult, list[CheckResult]] = {}
    for result in sorted(results, key=lambda result: STATES.index(result.state)):
        # What could not be examined for one reason is one line, whichever checks it concerns.
        check = "" if result.state in ("unknown", "skipped") else result.check
        repair = "" if result.state == "unknown" else result.repair
        shared = replace(result, check=check, repair=repair, subject="", began_at=None)
        groups.setdefault(shared, []).append(result)
    return [
        (
            replace(
                shared,
                check=", ".join(dict.fromkeys(each.check for each in group)),
                began_at=min((each.began_at for each in group if each.began_at), default=None),
            ),
            [each.subject for each in group if each.subject],
        )
        for shared, group in groups.items()
    ]


def count_line(diagnosis: Diagnosis) -> str:
    """How many results have each state, in words."""
    words: dict[State, str] = {
        "failure": "failed", "warning": "warnings", "unknown": "could not be examined", "fine": "fine",
        "skipped": "skipped",
    }  # fmt: skip
    parts = [f"{number} {words[state]}" for state, number in diagnosis.counts.items() if number]
    return ", ".join(parts) + f" (as of {diagnosis.as_of:%Y-%m-%d %H:%M} UTC)"


def fine(evidence: str, subject: str = "") -> CheckResult:
    """All is well; the evidence says how that is known."""
    return CheckResult("fine", evidence, subject=subject)


def warning(evidence: str, repair: str, link: str = "", subject: str = "") -> CheckResult:
    """It works, and somebody should look at it."""
    return CheckResult("warning", evidence, repair, link, subject)


def failure(evidence: str, repair: str, link: str = "", subject: str = "") -> CheckResult:
    """Messages, money or data are lost while it stays so."""
    return CheckResult("failure", evidence, repair, link, subject)


def skipped(reason: str) -> CheckResult:
    """It does not apply here, or was not asked for."""
    return CheckResult("skipped", reason)

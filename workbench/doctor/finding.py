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
class Finding:
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


@dataclass(frozen=True)
class Diagnosis:
    """All findings of one examination, in the order of the checks."""

    as_of: datetime
    findings: Sequence[Finding]

    @property
    def exit_code(self) -> int:
        """0: all is fine. 1: there are warnings, or something could not be examined. 2: something failed."""
        states = {finding.state for finding in self.findings}
        if "failure" in states:
            return _FAILURES
        return _WARNINGS if states & {"warning", "unknown"} else 0

    @property
    def counts(self) -> dict[State, int]:
        """How many findings have each state."""
        return {state: sum(finding.state == state for finding in self.findings) for state in STATES}

    def as_dict(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "counts": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
        }

    def __repr__(self) -> str:
        return "\n".join(lines_of(self))


_MARKS: dict[State, str] = {
    "failure": "FAIL", "warning": "WARN", "unknown": "????", "fine": "ok", "skipped": "-",
}  # fmt: skip


def lines_of(diagnosis: Diagnosis, *, all_findings: bool = True) -> list[str]:
    """The findings as text, the gravest first, and one line that counts them.

    Args:
        all_findings: also those that are fine or skipped.
    """
    lines = []
    for finding, subjects in _grouped(diagnosis.findings):
        is_trouble = finding.state not in ("fine", "skipped")
        if not (all_findings or is_trouble):
            continue
        about = f"{finding.check}, {', '.join(subjects)}" if subjects else finding.check
        lines.append(f"{_MARKS[finding.state]:<5} {about}: {finding.evidence}")
        if is_trouble and finding.repair:
            lines.append(f"      → {finding.repair}")
        if is_trouble and finding.link:
            lines.append(f"      {finding.link}")
    lines.append(_count_line(diagnosis))
    return lines


def _grouped(findings: Sequence[Finding]) -> list[tuple[Finding, list[str]]]:
    """Findings that differ in nothing but their subject as one with all subjects, the gravest first."""
    groups: dict[Finding, list[str]] = {}
    for finding in sorted(findings, key=lambda finding: STATES.index(finding.state)):
        subjects = groups.setdefault(replace(finding, subject=""), [])
        if finding.subject:
            subjects.append(finding.subject)
    return list(groups.items())


def _count_line(diagnosis: Diagnosis) -> str:
    words: dict[State, str] = {
        "failure": "failed", "warning": "warnings", "unknown": "could not be examined", "fine": "fine",
        "skipped": "skipped",
    }  # fmt: skip
    parts = [f"{number} {words[state]}" for state, number in diagnosis.counts.items() if number]
    return ", ".join(parts) + f" (as of {diagnosis.as_of:%Y-%m-%d %H:%M} UTC)"


def fine(evidence: str, subject: str = "") -> Finding:
    """All is well; the evidence says how that is known."""
    return Finding("fine", evidence, subject=subject)


def warning(evidence: str, repair: str, link: str = "", subject: str = "") -> Finding:
    """It works, and somebody should look at it."""
    return Finding("warning", evidence, repair, link, subject)


def failure(evidence: str, repair: str, link: str = "", subject: str = "") -> Finding:
    """Messages, money or data are lost while it stays so."""
    return Finding("failure", evidence, repair, link, subject)


def skipped(reason: str) -> Finding:
    """It does not apply here, or was not asked for."""
    return Finding("skipped", reason)

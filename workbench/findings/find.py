"""The list of findings that pages, assistants and reports show."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from workbench.findings import amounts, audits, failures, people, speed
from workbench.findings.finding import Finding, ranked
from workbench.findings.reader import FindingReader

RULES: tuple[Callable[[FindingReader], Iterable[Finding]], ...] = (
    failures.failures, failures.unknowns, speed.limits, speed.waits, speed.deliveries, speed.volume,
    speed.in_flight,
    amounts.spend, amounts.prices, amounts.segments, amounts.waste, amounts.encodings, people.opt_outs,
    audits.audits,
)  # fmt: skip


def find_findings(reader: FindingReader) -> list[Finding]:
    """Everything worth a sentence, what is bad and touches most first.

    Nothing is said of a period that is not wholly in the lake, except of what it has by itself.
    """
    return ranked(finding for rule in RULES for finding in rule(reader))

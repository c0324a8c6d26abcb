"""The check of rules: which of them did not do lately what they are there for, and why?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, fine, warning
from workbench.doctor.examination import Examination
from workbench.lake.rules import read_failed_firings

RECENT = timedelta(days=1)


def check_rules(examination: Examination) -> Iterator[CheckResult]:
    """No rule failed in the last 24 hours."""
    failures = read_failed_firings(examination.lake, examination.now - RECENT)
    for rule, (count, last) in failures.items():
        why = " ".join(action.detail for action in last.actions if action.outcome == "failed")
        yield warning(
            f"It failed {plural(count, 'time')} in 24 hours, the last at "
            f"{last.claimed_at:%Y-%m-%d %H:%M} UTC: {why}",
            f"Mend it and start `workbench serve` again; `workbench rules history {rule}` has all of them.",
            subject=rule,
        )
    if not failures:
        yield fine("No rule failed in 24 hours.")

"""The check of notifications: does what people are told by mail and apprise arrive?"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.display.formats import plural
from workbench.doctor.check_result import CheckResult, fine, warning
from workbench.doctor.examination import Examination
from workbench.lake.notifications import read_undelivered


def check_notifications(examination: Examination) -> Iterator[CheckResult]:
    """Every notice to a person by mail or apprise of the last seven days arrived."""
    lake, now = examination.lake, examination.now
    undelivered = read_undelivered(lake, now)
    people = {(each.person, each.way) for each in undelivered}
    for person, way in sorted(people):
        notices = [each for each in undelivered if (each.person, each.way) == (person, way)]
        last = notices[0]
        yield warning(
            f"{plural(len(notices), 'notice')} by {way} did not arrive, the last at "
            f"{last.claimed_at:%Y-%m-%d %H:%M} UTC: {last.detail}.",
            f"Mend it, then try `workbench notifications test {person}`.",
            subject=person,
        )
    if not people:
        yield fine("Nothing that people were told failed.")

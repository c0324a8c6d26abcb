"""The check of event webhooks: do their receivers take what they are told?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from workbench.display.formats import duration, plural
from workbench.doctor.check_result import CheckResult, failure, fine, skipped, warning
from workbench.doctor.examination import Examination
from workbench.events.webhooks import event_webhooks
from workbench.lake.event_deliveries import count_deliveries, read_gone

LATE = timedelta(minutes=5)


def check_event_webhooks(examination: Examination) -> Iterator[CheckResult]:
    """Every event webhook takes what it is told, and nothing was given up."""
    webhooks = event_webhooks(examination.settings)
    if not webhooks:
        yield skipped("No event webhook is set ([events.webhooks] in workbench.toml).")
        return
    counts, gone = count_deliveries(examination.lake), read_gone(examination.lake)
    nothing = 0, examination.now
    for name, webhook in webhooks.items():
        if not webhook.is_enabled:
            yield skipped(f"The event webhook {name} is switched off in the settings.")
        elif gone.get(name) == webhook.address_hash:
            yield failure(
                "The receiver said that it is gone (HTTP 410); nothing is sent to it any more.",
                f"Correct its url in workbench.toml, or run `workbench events test {name}`.",
                subject=name,
            )
        else:
            dead, _ = counts.get((name, "dead"), nothing)
            waiting, oldest = counts.get((name, "waiting"), nothing)
            yield from _deliveries(name, dead, waiting, examination.now - oldest)


def _deliveries(name: str, dead: int, waiting: int, late: timedelta) -> Iterator[CheckResult]:
    if dead:
        yield warning(
            f"{plural(dead, 'event')} could not be delivered and {'was' if dead == 1 else 'were'} given up.",
            f"`workbench events deliveries {name} --state dead` says why, and `workbench events replay "
            f"{name}` sends them again.",
            subject=name,
        )
    if late > LATE:
        yield warning(
            f"{plural(waiting, 'event')} wait, the oldest for {duration(late.total_seconds())}.",
            f"`workbench events deliveries {name} --state waiting` says what the receiver answers.",
            subject=name,
        )
    if not dead and late <= LATE:
        yield fine(f"{name} takes what it is told.", name)

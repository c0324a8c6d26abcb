"""The comparison of the lake with Twilio, over an installation."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from workbench.api.live_line import describe_day, live_line
from workbench.api.periods import parse_period

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.sync.reconcile.run import OnDay, ReconcileReport

_RECONCILED_DAYS = 7


def reconcile(
    installation: Installation,
    since: date | str | None = None,
    until: date | str | None = None,
    *,
    repair: bool = False,
    on_day: OnDay | None = None,
    stop: threading.Event | None = None,
) -> ReconcileReport:
    """See :meth:`workbench.Workbench.reconcile`."""
    from workbench.sync.reconcile.run import days_to_compare, reconcile
    from workbench.sync.shared.cancellation import Cancellation

    now = datetime.now(UTC)
    first, end = parse_period(since, until)
    end = end or now.date() + timedelta(days=1)
    first = first or end - timedelta(days=_RECONCILED_DAYS)
    days_to_compare(first, end, now)  # wrong days need no lake
    lake, cancellation = installation.lake, Cancellation(stop)
    with (
        installation.twilio_client(cancellation) as client,
        installation.alone("sync", "sync") as sole,
        live_line("Reconcile", on_day, describe_day) as tell,
    ):
        sole.on_loss(cancellation.end)
        return reconcile(
            lake,
            client,
            client.account_sid,
            first,
            end,
            now=now,
            repair=repair,
            prepare=installation.privacy().apply,
            on_day=tell,
            cancellation=cancellation,
        )

"""``wb.metrics.what_if``: the longest run of a sender at other limits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from workbench.api.installation import Installation
    from workbench.metrics.compile import Moment
    from workbench.metrics.filter_values import Where


def what_if(
    installation: Installation,
    per_second: float | Iterable[float],
    where: Where | None,
    since: Moment,
    until: Moment,
    timezone: str | None,
) -> pd.DataFrame:
    """See :meth:`workbench.api.metrics.Metrics.what_if`."""
    import pandas as pd

    from workbench.messaging.higher_limits import higher_limits
    from workbench.metrics.catalog import query_limits
    from workbench.metrics.filter_values import read_filters
    from workbench.metrics.known_values import require_known
    from workbench.metrics.sender_names import add_sender_names
    from workbench.metrics.what_if import limits_to_try, query_runs, replay_run

    installation.use_own_metrics()
    filters, zone = read_filters(where), installation.timezone(timezone)
    asked = [per_second] if isinstance(per_second, int | float) else list(per_second)
    limits_to_try(None, asked)  # a wrong limit needs no lake
    installation.require_log()
    lake = installation.reader
    require_known(lake, filters)
    limits = query_limits(lake)
    rows = []
    for run in query_runs(lake, filters, since, until, timezone=zone):
        now = limits[run.sender].per_second if run.sender in limits else None
        for replay in replay_run(lake, run, limits_to_try(now, asked), filters, since, until, timezone=zone):
            is_higher = now is None or replay.per_second > now
            offers = higher_limits(run.sender, replay.per_second) if is_higher else []
            rows.append(
                (
                    run.sender, run.began, run.messages, run.segments, run.people, run.seconds,
                    replay.per_second, replay.per_second == now, replay.seconds, replay.wait_p50,
                    replay.wait_p95, replay.waited, replay.people_waited,
                    "; ".join(offer.ask for offer in offers),
                )
            )  # fmt: skip
    return add_sender_names(pd.DataFrame(rows, columns=_COLUMNS), lake, installation.settings)


_COLUMNS = [
    "sender", "began", "messages", "segments", "people", "took_seconds", "per_second", "is_limit_of_now",
    "run_seconds", "wait_p50_seconds", "wait_p95_seconds", "messages_late", "people_late", "ask_twilio_for",
]  # fmt: skip

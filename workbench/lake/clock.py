"""Compares this machine's clock with the times that the lake holds already."""

from __future__ import annotations

from datetime import datetime, timedelta

from workbench.lake.connect import Lake

ALLOWED_AHEAD = timedelta(minutes=2)
"""Clocks of machines that write into the same lake differ by so much."""

_NEWEST_TIME = """
select max(moment) from (
    select max(snapshot_time) as moment from ducklake_snapshots('lake')
    union all
    select max(greatest(started_at, finished_at)) from sync_runs
)
"""


def clock_warning(lake: Lake, now: datetime) -> str | None:
    """A sentence if the lake holds times that are still to come; None if the clock may be right.

    Args:
        now: what this machine's clock says.
    """
    newest = lake.value(_NEWEST_TIME)
    if newest is None or newest <= now + ALLOWED_AHEAD:
        return None
    return (
        f"The newest write of the lake was at {newest:%Y-%m-%d %H:%M:%S} UTC and this machine's clock says "
        f"{now:%Y-%m-%d %H:%M:%S} UTC: it went back, or it was ahead then. Set it right; until then ages, "
        "deadlines and what is due may be wrong."
    )

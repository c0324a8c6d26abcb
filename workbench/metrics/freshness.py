"""How current the lake is: pages and reports show it beside their numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from workbench.lake.connect import Lake
from workbench.metrics.compile import expand
from workbench.metrics.day_cube import DayCube
from workbench.metrics.definitions import METRICS


@dataclass(frozen=True)
class Freshness:
    """Times in UTC. `open_messages` are in flight; `priced_share` is None without a final message.

    `failed_jobs` are those of the schedule whose last run failed.
    """

    as_of: datetime
    last_sync_at: datetime | None
    messages: int
    open_messages: int
    priced_share: float | None
    oldest_message_at: datetime | None
    newest_message_at: datetime | None
    failed_jobs: tuple[str, ...] = ()


def freshness(lake: Lake) -> Freshness:
    """Read it from the whole lake; the filters of a page do not apply."""
    row = lake.rows(_SQL)[0]
    last_sync_at, messages, open_messages, priced_share, oldest, newest, failed = row
    return Freshness(
        datetime.now(UTC),
        last_sync_at,
        messages,
        open_messages,
        priced_share,
        oldest,
        newest,
        tuple(failed or ()),
    )


def freshness_of(lake: Lake, cube: DayCube) -> Freshness:
    """The same from a day cube that has followed the lake, without reading the messages again."""
    as_of = datetime.now(UTC)
    messages, oldest, newest = cube.totals()
    last_sync_at, failed = lake.rows(f"select ({_LAST_SYNC}), ({_FAILED_JOBS})")[0]
    open_messages, priced = (cube.metric(name, (), {}, None, None) for name in ("in_flight", "priced_share"))
    if open_messages is None or priced is None:
        return freshness(lake)
    share = priced.frame["priced_share"].iloc[0]
    return Freshness(
        as_of,
        last_sync_at,
        messages,
        int(open_messages.frame["in_flight"].iloc[0]),
        float(share) if share == share else None,  # NaN differs from itself
        oldest,
        newest,
        tuple(failed or ()),
    )


_LAST_SYNC = "select max(finished_at) from sync_runs where outcome = 'done'"
_FAILED_JOBS = "select list(job order by job) from failed_jobs"
_PRICED = METRICS["priced_share"]
_SQL = expand(
    f"""
    select
        ({_LAST_SYNC}),
        count(*),
        {METRICS["in_flight"].numerator},
        {_PRICED.numerator} / nullif({_PRICED.denominator}, 0),
        min(date_created),
        max(date_created),
        ({_FAILED_JOBS})
    from message_facts
    """
)

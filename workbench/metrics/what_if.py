"""What a run of messages would have done at another limit: its created times, sent through a queue again.

A run is a stretch in which a sender's queue was never empty. Messages leave in the order in which they were
created, each once the one before it is through; a message takes its segments / the limit in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from workbench.errors import UsageError
from workbench.lake.connect import Readable
from workbench.metrics.compile import Moment, compile_template
from workbench.metrics.filter_values import Where

USUAL_LIMITS = (3.0, 10.0, 25.0, 100.0, 225.0)
"""Limits of other kinds of senders, which are tried where nobody names one."""
WAITED_SECONDS = 60
"""Whoever waits longer than this for a message to leave is said to have waited."""


@dataclass(frozen=True)
class SendingRun:
    """The longest run of a sender, and how its messages waited in the whole period."""

    sender: str
    began: datetime
    ended: datetime
    messages: int
    segments: int
    people: int
    waited: int
    """Messages of the period that waited longer than WAITED_SECONDS."""
    people_waited: int
    longest_wait: float

    @property
    def seconds(self) -> float:
        """From the first message created to the last one sent."""
        return (self.ended - self.began).total_seconds()


@dataclass(frozen=True)
class Replay:
    """A run at one limit. Waits are seconds from creation until the message begins to leave."""

    per_second: float
    seconds: float
    wait_p50: float
    wait_p95: float
    waited: int
    people_waited: int


def limits_to_try(now: float | None, asked: Sequence[float] = ()) -> list[float]:
    """The limit of now, if it is known, then those that are asked for, else the usual ones above it.

    Raises:
        UsageError: one that is asked for is not above 0.
    """
    for limit in asked:
        _require_above_zero(limit)
    higher = asked or [limit for limit in USUAL_LIMITS if now is None or limit > now]
    return list(dict.fromkeys([*([now] if now else []), *map(float, higher)]))


def query_runs(
    lake: Readable, where: Where | None, since: Moment, until: Moment, *, timezone: str
) -> list[SendingRun]:
    """The longest run of each sender, the longest first."""
    compiled = compile_template(_RUNS, "{queued}", where, since, until, timezone)
    waited = {"waited_seconds": WAITED_SECONDS}
    return [SendingRun(*row) for row in lake.rows(compiled.sql, {**compiled.parameters, **waited})]


def replay_run(
    lake: Readable,
    run: SendingRun,
    limits: Sequence[float],
    where: Where | None,
    since: Moment,
    until: Moment,
    *,
    timezone: str,
) -> list[Replay]:
    """The run at each of these limits, in segments a second.

    Raises:
        UsageError: a limit is not above 0.
    """
    compiled = compile_template(_ARRIVALS, "{queued}", where, since, until, timezone)
    bounds = {"run_sender": run.sender, "began": run.began, "ended": run.ended}
    rows = lake.rows(compiled.sql, {**compiled.parameters, **bounds})
    created, segments, people = zip(*rows, strict=True) if rows else ((), (), ())
    return [replay(created, segments, people, limit) for limit in limits]


def replay(
    created: Sequence[float], segments: Sequence[float], people: Sequence[str | None], per_second: float
) -> Replay:
    """Messages through a queue of this limit.

    Args:
        created: seconds, in ascending order.
        segments: how many each message has.
        people: the recipient of each.
        per_second: segments a second, above 0.

    Raises:
        UsageError: the limit is not above 0.
    """
    _require_above_zero(per_second)
    if not created:
        return Replay(per_second, 0.0, 0.0, 0.0, 0, 0)
    waits = queue_waits(created, segments, per_second)
    late = [person for person, wait in zip(people, waits, strict=True) if wait > WAITED_SECONDS]
    ended = created[-1] + waits[-1] + segments[-1] / per_second
    ordered = sorted(waits)
    return Replay(
        per_second,
        ended - created[0],
        _quantile(ordered, 0.5),
        _quantile(ordered, 0.95),
        len(late),
        len(set(late)),
    )


def _require_above_zero(per_second: float) -> None:
    if not 0 < per_second < float("inf"):
        raise UsageError(f"{per_second:g} segments a second is no limit; give a number above 0, such as 10.")


def queue_waits(created: Sequence[float], segments: Sequence[float], per_second: float) -> list[float]:
    """How long each message waits behind the ones before it, which leave in order of creation."""
    before = [0.0, *(taken / per_second for taken in accumulate(segments[:-1]))]
    # What a message waits for began with the stretch without a pause that it belongs to.
    stretches = accumulate((at - taken for at, taken in zip(created, before, strict=True)), max)
    return [
        max(stretch + taken - at, 0.0) for stretch, taken, at in zip(stretches, before, created, strict=True)
    ]


def _quantile(ordered: Sequence[float], share: float) -> float:
    """As `quantile_cont` of DuckDB: between two values in proportion."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


_RUNS = """
with queued as (
    select sender, contact, date_created, date_sent, {sent_segments} as segments,
        epoch(date_sent) - epoch(date_created) as wait
    from message_facts
    where {rows} and sender is not null
),
marked as (
    select *, coalesce(date_created > max(date_sent) over (
        partition by sender order by date_created, date_sent
        rows between unbounded preceding and 1 preceding
    ), true) as is_first
    from queued
),
numbered as (
    select *, count(*) filter (is_first) over (
        partition by sender order by date_created, date_sent rows unbounded preceding
    ) as run
    from marked
),
runs as (
    select sender, run, min(date_created) as began, max(date_sent) as ended, count(*) as messages,
        sum(segments) as segments, count(distinct contact) as people
    from numbered group by sender, run
),
longest as (
    select * from runs
    qualify row_number() over (partition by sender order by ended - began desc, messages desc, began) = 1
),
waits as (
    select sender, count(*) filter (wait > $waited_seconds) as waited,
        count(distinct contact) filter (wait > $waited_seconds) as people_waited, max(wait) as longest_wait
    from queued group by sender
)
select sender, began, ended, messages, segments::bigint, people, waited, people_waited, longest_wait::double
from longest join waits using (sender)
order by waited desc, ended - began desc, sender
"""

_ARRIVALS = """
select epoch(date_created)::double, {sent_segments}::double, contact
from message_facts
where {rows} and sender = $run_sender and date_created >= $began and date_sent <= $ended
order by date_created, date_sent
"""

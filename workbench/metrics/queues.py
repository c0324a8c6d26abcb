"""How messages queued at each sender, and the busiest minutes second by second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

from workbench.lake.connect import Readable
from workbench.metrics.compile import CompiledMetric, Moment, compile_template
from workbench.metrics.filter_values import Where

_BUSIEST = 8
_AROUND = timedelta(minutes=5)


@dataclass(frozen=True)
class Queue:
    """The most segments of one sender that waited at the same moment."""

    sender: str | None
    segments: int
    at: datetime


@dataclass(frozen=True)
class BusyMinute:
    """A minute of one sender: its segments, those of its busiest second, and the sender's limit."""

    sender: str
    start: datetime
    segments: int
    peak: int
    limit: float | None

    @property
    def share(self) -> float | None:
        """Of what the limit lets through in a minute."""
        return self.segments / (60 * self.limit) if self.limit else None


@dataclass(frozen=True)
class Busiest:
    """The busiest minutes, and the seconds around the first: segments by second, idle ones left out."""

    minutes: Sequence[BusyMinute]
    seconds: Sequence[tuple[datetime, int]]
    compiled: CompiledMetric
    as_of: datetime


def query_queues(
    lake: Readable, where: Where | None, since: Moment, until: Moment, *, timezone: str
) -> dict[str | None, Queue]:
    """The longest queue of each sender; a message waits from its creation to its sending."""
    rows = _run(lake, _QUEUES, where, since, until, timezone)
    return {sender: Queue(sender, int(segments), at) for sender, segments, at in rows}


def query_busiest(
    lake: Readable, where: Where | None, since: Moment, until: Moment, *, timezone: str
) -> Busiest:
    """The minutes closest to (or furthest above) their sender's limit."""
    as_of = datetime.now(UTC)
    compiled = compile_template(_MINUTES, "{sent}", where, since, until, timezone)
    minutes = [
        BusyMinute(sender, start, int(segments), int(peak), limit and float(limit))
        for sender, start, segments, peak, limit in lake.rows(compiled.sql, compiled.parameters)
    ]
    seconds: list[tuple[datetime, int]] = []
    if minutes:
        first = minutes[0]
        bounds = {
            "busy_sender": first.sender,
            "first": first.start - _AROUND,
            "last": first.start + _AROUND + timedelta(minutes=1),
        }
        around = compile_template(_SECONDS, "{sent}", where, since, until, timezone)
        rows = lake.rows(around.sql, {**around.parameters, **bounds})
        seconds = [(start, int(segments)) for start, segments in rows]
    return Busiest(minutes, seconds, compiled, as_of)


def _run(
    lake: Readable, template: LiteralString, where: Where | None, since: Moment, until: Moment, timezone: str
) -> list[tuple[Any, ...]]:
    compiled = compile_template(template, "{sent}", where, since, until, timezone)
    return lake.rows(compiled.sql, compiled.parameters)


_QUEUES = """
with waits as (
    select sender, date_created, date_sent, {sent_segments} as segments
    from message_facts
    where {rows} and {queued} and date_sent > date_created
),
changes as (
    select sender, date_created as moment, segments as change from waits
    union all
    select sender, date_sent, -segments from waits
),
depths as (
    select sender, moment, sum(sum(change)) over (partition by sender order by moment) as waiting
    from changes group by sender, moment
)
select sender, max(waiting), arg_max(moment, waiting) from depths group by sender order by sender
"""

_MINUTES = f"""
with seconds as (
    select
        account_sid, sender, epoch_us(date_sent) // 1000000 as second,
        sum({{sent_segments}}) as segments, max(mps_limit) as mps_limit
    from sending_facts
    where {{rows}} and sender is not null
    group by all
),
minutes as (
    select
        account_sid, sender, second // 60 as minute, sum(segments) as segments,
        max(segments) as peak, max(mps_limit) as mps_limit
    from seconds group by all
)
select sender, make_timestamptz(minute * 60000000) as minute, segments, peak, mps_limit
from minutes
order by segments / mps_limit desc nulls last, segments desc, minute, sender
limit {_BUSIEST}
"""

_SECONDS = """
select make_timestamptz(epoch_us(date_sent) // 1000000 * 1000000) as second, sum({sent_segments}) as segments
from message_facts
where {rows} and sender = $busy_sender and date_sent >= $first and date_sent < $last
group by all
order by second
"""

"""Alerts in the lake: events that begin and end, who was told, and what is muted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal, LiteralString

import duckdb

from workbench.lake.connect import Lake, Readable
from workbench.lake.save_rows import save_rows

KEPT = timedelta(days=400)
"""How long recovered events and their deliveries are kept."""
RECENT = timedelta(days=7)
"""How long after its end an event still counts: for its recovery notice, and for the quiet period."""

Outcome = Literal["claimed", "delivered", "failed", "unknown"]
"""`failed`: it certainly did not arrive. `unknown`: it may have; it is never sent again by itself."""


@dataclass(frozen=True)
class AlertEvent:
    """A row of `alert_events`; times in UTC. `group_values` is a JSON object of dimension and value."""

    event_id: str
    rule: str
    subject: str
    group_values: str
    severity: str
    metric: str
    page: str
    title: str
    evidence: str
    cause: str
    link: str
    value: float | None
    limit_value: float | None
    sample: int | None
    began_at: datetime
    opened_at: datetime | None
    seen_at: datetime
    good_since: datetime | None = None
    recovered_at: datetime | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What an event is about: its rule and subject."""
        return self.rule, self.subject

    @property
    def is_open(self) -> bool:
        """Whether it lasted long enough to be told, and goes on."""
        return self.opened_at is not None and self.recovered_at is None


@dataclass(frozen=True)
class AlertDelivery:
    """A row of `alert_deliveries`; times in UTC."""

    delivery_id: str
    event_id: str
    rule: str
    subject: str
    notice: str
    target: str
    attempt: int
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: str = "claimed"
    detail: str | None = None


@dataclass(frozen=True)
class AlertMute:
    """A row of `alert_mutes`; times in UTC, `muted_until` None for good."""

    rule: str
    muted_at: datetime
    muted_until: datetime | None
    muted_by: str

    def holds_at(self, now: datetime) -> bool:
        """Whether the rule is muted at this moment."""
        return self.muted_until is None or now < self.muted_until


_EVENT_COLUMNS = """
    event_id, rule, subject, group_values, severity, metric, page, title, evidence, cause, link, value,
    limit_value, sample, began_at, opened_at, seen_at, good_since, recovered_at
"""


def read_current_events(lake: Readable, now: datetime) -> list[AlertEvent]:
    """Events that are not over, and those that ended lately; the oldest first."""
    return _events(lake, "where recovered_at is null or recovered_at >= $since", {"since": now - RECENT})


def read_open_events(lake: Readable) -> list[AlertEvent]:
    """What pages and commands show as open: the critical ones first, then the newest."""
    events = _events(lake, "where opened_at is not null and recovered_at is null", {})
    return sorted(
        events,
        key=lambda event: (event.severity != "critical", -(event.opened_at or event.began_at).timestamp()),
    )


def read_events_between(lake: Readable, since: datetime, until: datetime) -> list[AlertEvent]:
    """Events that were open at any moment of a period, the oldest first."""
    return _events(
        lake,
        "where opened_at is not null and began_at < $until and coalesce(recovered_at, $until) >= $since",
        {"since": since, "until": until},
    )


def read_event_history(lake: Readable, limit: int) -> list[AlertEvent]:
    """The latest events that were told or could have been, the newest first."""
    latest = _events(
        lake,
        "where opened_at is not null "
        "qualify row_number() over (order by began_at desc, rule, subject) <= $limit",
        {"limit": limit},
    )
    return latest[::-1]


def _events(lake: Readable, condition: LiteralString, parameters: dict[str, object]) -> list[AlertEvent]:
    rows = lake.rows(
        f"select {_EVENT_COLUMNS} from alert_events {condition} order by began_at, rule, subject", parameters
    )
    return [AlertEvent(*row) for row in rows]


def read_deliveries(lake: Readable, since: datetime) -> list[AlertDelivery]:
    """Deliveries of events that are not over, and those claimed since a moment; the oldest first."""
    rows = lake.rows(
        "select delivery_id, event_id, rule, subject, notice, target, attempt, claimed_at, ended_at, "
        "outcome, detail from alert_deliveries where claimed_at >= $since or event_id in "
        "(select event_id from alert_events where recovered_at is null) order by claimed_at, attempt",
        {"since": since},
    )
    return [AlertDelivery(*row) for row in rows]


def read_looks(lake: Readable) -> dict[str, datetime]:
    """When each rule that is looked at seldom was looked at last."""
    return dict(lake.rows("select rule, looked_at from alert_looks"))


def save_events(
    lake: Lake,
    changed: Sequence[AlertEvent],
    dropped: Sequence[str],
    now: datetime,
    looked_at: Sequence[str] = (),
) -> None:
    """Save what an evaluation changed, and forget events that ended before they were worth telling.

    Args:
        dropped: ids of these events.
        looked_at: rules that are looked at seldom, and were now.
    """

    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        if dropped:
            cursor.execute("delete from alert_events where event_id in (select unnest(?))", [list(dropped)])
        save_rows(cursor, "alert_events", [asdict(event) for event in changed], key=("event_id",))
        looks = [{"rule": rule, "looked_at": now} for rule in looked_at]
        save_rows(cursor, "alert_looks", looks, key=("rule",))
        cursor.execute("delete from alert_deliveries where claimed_at < ?", [now - KEPT])
        cursor.execute("delete from alert_events where recovered_at < ?", [now - KEPT])

    if changed or dropped or looked_at:
        lake.write(work)


def claim_deliveries(lake: Lake, deliveries: Sequence[AlertDelivery]) -> list[AlertDelivery]:
    """Note that these are about to be told; returns those that nobody else has claimed before."""

    def work(cursor: duckdb.DuckDBPyConnection) -> list[AlertDelivery]:
        events = [delivery.event_id for delivery in deliveries]
        taken = set(
            cursor.execute(
                "select event_id, notice, target, attempt from alert_deliveries "
                "where event_id in (select unnest(?))",
                [events],
            ).fetchall()
        )
        free = [
            delivery
            for delivery in deliveries
            if (delivery.event_id, delivery.notice, delivery.target, delivery.attempt) not in taken
        ]
        save_rows(cursor, "alert_deliveries", [asdict(delivery) for delivery in free], key=("delivery_id",))
        return free

    return lake.write(work) if deliveries else []


def end_deliveries(lake: Lake, deliveries: Sequence[AlertDelivery]) -> None:
    """Note how they ended."""
    rows = [asdict(delivery) for delivery in deliveries]
    if rows:
        lake.write(lambda cursor: save_rows(cursor, "alert_deliveries", rows, key=("delivery_id",)))


def read_mutes(lake: Readable) -> list[AlertMute]:
    """Every rule that somebody muted, also where the time is over."""
    rows = lake.rows("select rule, muted_at, muted_until, muted_by from alert_mutes order by rule")
    return [AlertMute(*row) for row in rows]


def save_mute(lake: Lake, mute: AlertMute) -> None:
    """Mute a rule, instead of an earlier mute of it."""
    lake.write(lambda cursor: save_rows(cursor, "alert_mutes", [asdict(mute)], key=("rule",)))


def take_back_mute(lake: Lake, rule: str) -> bool:
    """Let a rule tell again; whether it was muted."""

    def work(cursor: duckdb.DuckDBPyConnection) -> bool:
        was_muted = bool(cursor.execute("select rule from alert_mutes where rule = ?", [rule]).fetchall())
        cursor.execute("delete from alert_mutes where rule = ?", [rule])
        return was_muted

    return lake.write(work)

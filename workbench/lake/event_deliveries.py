"""Deliveries of events to webhooks: written with the cursor that plans them, claimed before, ended after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal

import duckdb

from workbench.lake.connect import Lake, Readable
from workbench.lake.feed import KEPT
from workbench.lake.save_rows import save_rows

DeliveryState = Literal["waiting", "claimed", "delivered", "dead"]


@dataclass(frozen=True)
class EventDelivery:
    """A row of `event_deliveries`; times in UTC."""

    webhook: str
    position: int
    webhook_id: str
    kind: str
    conversation_id: str | None
    lane: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    noted_at: datetime
    ended_at: datetime | None = None
    detail: str | None = None


_COLUMNS = """
    webhook, position, webhook_id, kind, conversation_id, lane, state, attempts, due_at, noted_at, ended_at,
    detail
"""
_KEY = ("webhook", "position")


def save_deliveries(
    cursor: duckdb.DuckDBPyConnection, deliveries: Iterable[EventDelivery], *, only_known: bool = False
) -> None:
    """Write deliveries, new or changed, in the caller's transaction.

    Args:
        only_known: leave out those that are no longer there, because their person was erased.
    """
    rows = [asdict(delivery) for delivery in deliveries]
    if only_known:
        positions = [[row["position"] for row in rows]]
        known = set(
            cursor.execute(
                "select webhook, position from event_deliveries "
                "where position in (select unnest(?::bigint[]))",
                positions,
            ).fetchall()
        )
        rows = [row for row in rows if (row["webhook"], row["position"]) in known]
    save_rows(cursor, "event_deliveries", rows, key=_KEY, uncompared=())


def read_due(lake: Readable, now: datetime, limit: int) -> list[EventDelivery]:
    """For each webhook the first deliveries of the lanes that may go on, in the order of the feed.

    A lane waits while its first delivery waits for its next attempt. A claimed one counts as due: the process
    that claimed it is gone.
    """
    rows = lake.rows(
        f"""
        with open as (
            select *, min_by(due_at, position) over (partition by webhook, lane) as lane_due_at
            from event_deliveries where state in ('waiting', 'claimed')
        )
        select {_COLUMNS} from open where lane_due_at <= $now
        qualify row_number() over (partition by webhook order by position) <= $limit
        order by webhook, position
        """,
        {"now": now, "limit": limit},
    )
    return [EventDelivery(*row) for row in rows]


def next_due_at(lake: Readable) -> dict[str, datetime]:
    """When the first lane of each webhook that waits may go on."""
    rows = lake.rows(
        "select webhook, min(due_at) from (select webhook, min_by(due_at, position) as due_at "
        "from event_deliveries where state in ('waiting', 'claimed') group by webhook, lane) group by webhook"
    )
    return dict(rows)


def read_deliveries_of(
    lake: Readable, webhook: str | None = None, state: str | None = None, limit: int = 50
) -> list[EventDelivery]:
    """The latest deliveries, the newest first."""
    rows = lake.rows(
        f"select {_COLUMNS} from event_deliveries where coalesce(webhook = $webhook, true) "
        "and coalesce(state = $state, true) order by position desc, webhook limit $limit",
        {"webhook": webhook, "state": state, "limit": limit},
    )
    return [EventDelivery(*row) for row in rows]


def replay_deliveries(
    cursor: duckdb.DuckDBPyConnection, webhook: str, positions: Sequence[int] | None, now: datetime
) -> int:
    """Let deliveries be tried again from the first attempt, in the caller's transaction; how many.

    Args:
        positions: which; None for all that were given up.
    """
    rows = cursor.execute(
        "update event_deliveries set state = 'waiting', attempts = 0, due_at = $now, ended_at = null, "
        "detail = 'replayed' where webhook = $webhook and case when $positions is null then state = 'dead' "
        "else state in ('dead', 'delivered') and list_contains($positions::bigint[], position) end",
        {"webhook": webhook, "positions": None if positions is None else list(positions), "now": now},
    ).fetchall()
    return int(rows[0][0])


def count_deliveries(lake: Readable) -> dict[tuple[str, str], tuple[int, datetime]]:
    """How many deliveries of each webhook and state there are, and the moment of the oldest event."""
    rows = lake.rows(
        "select webhook, state, count(*), min(noted_at) from event_deliveries group by webhook, state"
    )
    return {(webhook, state): (int(count), oldest) for webhook, state, count, oldest in rows}


def read_gone(lake: Readable) -> dict[str, str]:
    """The webhooks whose receiver said that it is gone, with the hash of the address that said so."""
    return dict(lake.rows("select webhook, address_hash from event_webhooks_gone"))


def save_gone(cursor: duckdb.DuckDBPyConnection, webhook: str, address_hash: str, now: datetime) -> None:
    """Note that a receiver is gone, in the caller's transaction."""
    row = {"webhook": webhook, "address_hash": address_hash, "gone_at": now}
    save_rows(cursor, "event_webhooks_gone", [row], key=("webhook",))


def forget_gone(cursor: duckdb.DuckDBPyConnection, webhook: str) -> bool:
    """Note that a receiver is there again, in the caller's transaction; whether it was noted as gone."""
    rows = cursor.execute("delete from event_webhooks_gone where webhook = ?", [webhook]).fetchall()
    return bool(rows[0][0])


def forget_old_deliveries(lake: Lake, now: datetime) -> None:
    """Delete what ended before the events themselves are deleted for their age."""
    condition = "state in ('delivered', 'dead') and noted_at < ?"
    before = [now - KEPT]
    if lake.value(f"select count(*) from event_deliveries where {condition}", before):
        lake.write(lambda cursor: cursor.execute(f"delete from event_deliveries where {condition}", before))

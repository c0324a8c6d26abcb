"""The sync state in the lake: windows, runs, open messages. Reads and writes only, no decisions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from workbench.lake.connect import Lake
from workbench.lake.quoting import identifier
from workbench.sync.messages.open_set import NEVER_PRICED, SCHEDULED_FOR, OpenMessage
from workbench.sync.shared.windows import WindowState


@dataclass(frozen=True)
class WindowProgress:
    """The progress of one window's walk: the rows so far, and the next page (None at its end)."""

    day: date
    read_from: datetime
    rows: int
    next_page_uri: str | None


def read_windows(lake: Lake, account_sid: str) -> dict[date, WindowState]:
    rows = lake.rows(
        "select day, read_from, finished_at, next_page_uri, rows from sync_windows where account_sid = ?",
        [account_sid],
    )
    return {row[0]: WindowState(*row) for row in rows}


def save_windows(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, walks: Sequence[WindowProgress], now: datetime
) -> None:
    """Replace the state of these windows' days in one statement, which is faster than one for each."""
    if not walks:
        return
    cursor.execute(
        "delete from sync_windows where account_sid = ? and day in (select unnest(?::date[]))",
        [account_sid, [walk.day for walk in walks]],
    )
    values = [
        (account_sid, walk.day, walk.read_from, walk.rows, walk.next_page_uri, _finished_at(walk, now))
        for walk in walks
    ]
    cursor.execute(
        f"insert into sync_windows values {', '.join(['(?, ?, ?, ?, ?, ?)'] * len(values))}",
        [value for row in values for value in row],
    )


def _finished_at(walk: WindowProgress, now: datetime) -> datetime | None:
    return None if walk.next_page_uri else now


def save_start(cursor: duckdb.DuckDBPyConnection, account_sid: str, since: date) -> None:
    """Save the first day from which the lake should be complete; an earlier saved day stays."""
    cursor.execute(
        "insert into sync_starts select $account, $since where not exists "
        "(select 1 from sync_starts where account_sid = $account and since <= $since)",
        {"account": account_sid, "since": since},
    )


def read_first_day(lake: Lake, account_sid: str) -> date | None:
    """The first day that was ever read or requested, so that an interrupted sync is continued."""
    day: date | None = lake.value(
        "select min(day) from (select min(day) as day from sync_windows where account_sid = $account "
        "union all select min(since) from sync_starts where account_sid = $account)",
        {"account": account_sid},
    )
    return day


def read_rows_per_day(lake: Lake, account_sid: str, days: Collection[date]) -> dict[date, int]:
    """How many rows the last walk of each day had."""
    row_counts = lake.rows(
        "select day, rows from sync_windows where account_sid = ? and list_contains(?, day)",
        [account_sid, list(days)],
    )
    return dict(row_counts)


_OPEN_SQL = f"""
    select m.message_sid, m.status, cast(m.began_at as date) as day, m.began_at,
           greatest(w.read_from, c.checked_at) as last_read_at
    from (
        select *, coalesce(date_sent, date_created) as began_at
        from raw_messages
        where account_sid = $account and date_created >= $oldest
          and (not is_final_at(status, began_at, $now)
               or (price is null and status not in ({", ".join(f"'{s}'" for s in sorted(NEVER_PRICED))})))
    ) m
    left join sync_windows w on w.account_sid = m.account_sid and w.day = cast(m.began_at as date)
    left join open_checks c on c.message_sid = m.message_sid
"""


def read_open_messages(lake: Lake, account_sid: str, now: datetime) -> list[OpenMessage]:
    """Rows whose status is not final or whose price is missing, as of `now`.

    A row that came by webhook only, and was never listed or fetched, counts as read at its beginning, so that
    all times of the back-off are still to come.
    """
    oldest = now - SCHEDULED_FOR - timedelta(days=1)
    rows = lake.rows(_OPEN_SQL, {"account": account_sid, "oldest": oldest, "now": now})
    return [OpenMessage(sid, status, day, began, read or began) for sid, status, day, began, read in rows]


def save_open_checks(
    cursor: duckdb.DuckDBPyConnection, account_sid: str, message_sids: Iterable[str], now: datetime
) -> None:
    """Save that these messages were just fetched one by one; delete old notes that are no longer needed."""
    sids = list(message_sids)
    cursor.execute(
        "delete from open_checks where list_contains(?, message_sid) or checked_at < ?",
        [sids, now - 2 * SCHEDULED_FOR],
    )
    cursor.execute("insert into open_checks select unnest(?::varchar[]), ?, ?", [sids, account_sid, now])


def save_run(cursor: duckdb.DuckDBPyConnection, row: dict[str, object]) -> None:
    """Insert the run, or replace it by its `run_id`."""
    cursor.execute("delete from sync_runs where run_id = ?", [row["run_id"]])
    names = [identifier(name) for name in row]
    cursor.execute(
        f"insert into sync_runs ({', '.join(names)}) values ({', '.join('?' for _ in names)})",
        list(row.values()),
    )


def read_synced_accounts(lake: Lake) -> list[str]:
    """The accounts that were ever synced into this lake."""
    return [sid for (sid,) in lake.rows("select distinct account_sid from sync_runs order by 1")]


def read_account_currency(lake: Lake, account_sid: str) -> str | None:
    currency: str | None = lake.value(
        "select currency from accounts where account_sid = ? and currency is not null", [account_sid]
    )
    return currency


def read_last_run(lake: Lake) -> dict[str, Any] | None:
    """The newest row of `sync_runs`, by column."""
    names = "account_sid, started_at, finished_at, outcome, listed, added, changed, requests, error"
    rows = lake.rows(f"select {names} from sync_runs order by started_at desc limit 1")
    return dict(zip(names.split(", "), rows[0], strict=True)) if rows else None

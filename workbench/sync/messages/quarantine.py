"""Messages in quarantine: which of them a sync reads again, and when they are resolved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from workbench.lake.connect import Lake
from workbench.lake.quarantine import OpenRow, read_open, resolve_parts, resolve_rows, save_quarantined
from workbench.messaging.quarantine import INBOUND_WEBHOOKS, STATUS_CALLBACKS, QuarantinedRow
from workbench.sync.messages.state import WindowProgress
from workbench.sync.shared.windows import PAGE_SIZE, clamp_since
from workbench.twilio.resources import MESSAGES

#: Webhooks with data that is also in the message list, so that the list can replace an unreadable one.
MADE_GOOD_BY_MESSAGES = (MESSAGES.name, STATUS_CALLBACKS, INBOUND_WEBHOOKS)
#: How many rows one sync fetches one by one, and how many days it lists again; the next sync continues.
MOST_FETCHED, MOST_DAYS = 200, 5
#: A row that was unreadable this often is read again only once a day.
PATIENT_TIMES, PATIENT_EVERY = 10, timedelta(hours=24)


@dataclass(frozen=True)
class RetryPlan:
    """Days to list again, newest first, and messages to fetch one by one."""

    days: tuple[date, ...] = ()
    fetch: tuple[str, ...] = ()


def plan_retry(
    rows: Iterable[OpenRow],
    rows_per_day: Mapping[date, int],
    now: datetime,
    *,
    listed: Collection[date] = (),
    everything: bool = False,
) -> RetryPlan:
    """How to read quarantined messages again with the fewest requests. Pure.

    A message without a SID can only be read by listing its day; a day with many such messages is listed, too.

    Args:
        rows_per_day: how many rows each day has; listing the day needs requests for all of them.
        listed: days that are listed anyway.
        everything: read all of them, however often they were unreadable.
    """
    days: dict[date | None, list[OpenRow]] = defaultdict(list)
    for row in rows:
        if everything or row.times < PATIENT_TIMES or now - row.last_seen_at >= PATIENT_EVERY:
            days[_day(row.part)].append(row)
    again: list[date] = []
    fetch: list[str] = []
    for day, waiting in days.items():
        if day is not None and day in listed:
            continue
        pages = 1 + rows_per_day.get(day, 0) // PAGE_SIZE if day else 0
        if day and day == clamp_since(day, now.date()) and (
            len(waiting) > pages or not all(row.sid for row in waiting)
        ):  # fmt: skip
            again.append(day)
        else:
            fetch += [row.sid for row in waiting if row.sid]
    if not everything:
        again, fetch = again[:MOST_DAYS], fetch[:MOST_FETCHED]
    return RetryPlan(tuple(sorted(again, reverse=True)), tuple(fetch))


def _day(part: str) -> date | None:
    return date.fromisoformat(part) if part else None


class MessageQuarantine:
    """The quarantine of one account's messages during a sync; saving is for one thread."""

    def __init__(self, lake: Lake, account_sid: str) -> None:
        self.account_sid = account_sid
        self.waiting = [row for row in read_open(lake, account_sid) if row.resource in MADE_GOOD_BY_MESSAGES]
        self._sids = {row.sid for row in self.waiting if row.sid}
        self._parts = {row.part for row in self.waiting if row.part}

    def days(self) -> set[date]:
        """The days with messages in quarantine."""
        return {day for part in self._parts if (day := _day(part))}

    def resolved(
        self, table_sids: pa.ChunkedArray, checked: Iterable[str], unread: Iterable[QuarantinedRow]
    ) -> set[str]:
        """The messages in quarantine that were now read, or that were fetched and do not exist."""
        if not self._sids:
            return set()
        waiting = pa.array(sorted(self._sids), pa.string())
        read = set(table_sids.filter(pc.is_in(table_sids, waiting)).to_pylist())
        return read | (self._sids & set(checked)) - {row.sid for row in unread if row.sid}

    def save(
        self,
        cursor: duckdb.DuckDBPyConnection,
        unread: Sequence[QuarantinedRow],
        resolved: Collection[str],
        windows: Iterable[WindowProgress],
        now: datetime,
    ) -> None:
        """Save the unreadable rows and the resolved ones, in the transaction that saves the other rows.

        Args:
            resolved: the result of `resolved`.
            windows: the progress of the days.
        """
        save_quarantined(cursor, unread, now)
        if not (self._sids or self._parts):
            return
        resolve_rows(cursor, MADE_GOOD_BY_MESSAGES, self.account_sid, resolved, now)
        for window in windows:
            day = window.day.isoformat()
            if window.next_page_uri is None and day in self._parts:
                resolve_parts(
                    cursor,
                    MADE_GOOD_BY_MESSAGES,
                    self.account_sid,
                    [day],
                    read_from=window.read_from,
                    now=now,
                )

    def noted(self, unread: Iterable[QuarantinedRow]) -> None:
        """Add rows that were saved to those that wait."""
        for row in unread:
            self._sids |= {row.sid} if row.sid else set()
            self._parts |= {row.part} if row.part else set()

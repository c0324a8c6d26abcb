"""Finds messages deleted or redacted at Twilio by reading settled days again, and removes them here, too.

Twilio does not report either: a deleted message no longer appears, and a redaction empties the body without
changing `date_updated`. So every sync reads a few settled days again, those first that were read longest ago.
A redacted text is removed when its row is read again. A row that a complete walk of its day did not show is
fetched by itself; only if Twilio answers that it does not exist, it gets a tombstone: it leaves the views,
and its body is removed from the table. Older Parquet files contain the body until maintenance rewrites the
lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import duckdb

from workbench.lake.connect import Lake
from workbench.messaging.message import MessageRow
from workbench.messaging.privacy import Privacy
from workbench.sync.messages.pages import MessageReader, ReadPage
from workbench.sync.messages.refetch import fetch_each, save_fetched
from workbench.sync.messages.tombstones import save_tombstones
from workbench.sync.shared.windows import WindowState, day_end
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import message_page

RESCAN_DAYS = 30
#: Every day is read again within this many syncs …
ROTATION = 10
#: … but not more often than this, however frequent the syncs are.
RESCAN_EVERY = timedelta(hours=24)
#: How many messages one sync fetches one by one; the others are settled by later readings of their days.
MOST_FETCHED = 1000
#: A scheduled message is sent at most 35 days after it was created.
LONGEST_WAIT = timedelta(days=37)

_BATCH = 200

# --- plan ---


def plan_rescan(
    windows: Mapping[date, WindowState],
    now: datetime,
    *,
    lookback_days: int,
    rescan_days: int = RESCAN_DAYS,
) -> list[date]:
    """The settled days to read again in this sync, read longest ago first. Pure.

    Days within the lookback are read by every sync anyway. Each older day, up to `rescan_days` back, is read
    again once in `ROTATION` syncs or once in `RESCAN_EVERY`, whichever is later.
    """
    today = now.date()
    candidates = [
        state
        for day, state in windows.items()
        if state.is_settled and lookback_days < (today - day).days <= rescan_days
    ]
    due = [state for state in candidates if now - state.read_from >= RESCAN_EVERY]
    due.sort(key=lambda state: (state.read_from, state.day))
    return [state.day for state in due[: -(-len(candidates) // ROTATION)]]


# --- watch a walk ---


@dataclass
class SeenDay:
    """What one walk of a day saw. Conclusions need a walk from the day's first page to its last."""

    day: date
    read_from: datetime
    sids: set[str] = field(default_factory=set)
    oldest: datetime | None = None

    def note(self, rows: Iterable[MessageRow]) -> None:
        """Add the rows of the next page."""
        for row in rows:
            self.sids.add(row.message_sid)
            began_at = row.date_sent or row.date_created
            self.oldest = began_at if self.oldest is None else min(self.oldest, began_at)


@dataclass(frozen=True)
class Unseen:
    """A message that the lake has on a day and that a complete walk of the day did not show."""

    message_sid: str
    day: date
    began_at: datetime


_UNSEEN_SQL = """
    select message_sid, date_sent from raw_messages m
    where account_sid = $account and date_created >= $oldest and date_created < $read_from
      and date_sent >= $start and date_sent < $finish
      and not exists (select 1 from tombstones t where t.message_sid = m.message_sid)
"""


def find_unseen(lake: Lake, client: TwilioClient, account_sid: str, seen_day: SeenDay) -> list[Unseen]:
    """The lake's messages that a finished walk should have shown and did not.

    Only messages that Twilio's list must contain: older than the walk, with a `date_sent`, and not older than
    everything that is listed. Twilio may keep an account's messages for less than 400 days, and messages that
    expired were not deleted by anybody.
    """
    start = datetime.combine(seen_day.day, time(), UTC)
    stored = lake.rows(
        _UNSEEN_SQL,
        {
            "account": account_sid,
            "oldest": start - LONGEST_WAIT,
            "read_from": seen_day.read_from,
            "start": start,
            "finish": start + timedelta(days=1),
        },
    )
    unseen = [Unseen(sid, seen_day.day, sent) for sid, sent in stored if sid not in seen_day.sids]
    is_reached = [item for item in unseen if seen_day.oldest is not None and seen_day.oldest < item.began_at]
    if len(is_reached) == len(unseen) or lists_before(client, account_sid, seen_day.day):
        return unseen
    return is_reached


def lists_before(client: TwilioClient, account_sid: str, day: date) -> bool:
    """Whether Twilio lists any message of an earlier day."""
    # `DateSent<` with a day ends at the beginning of that day.
    return bool(message_page(client, account_sid, {"DateSent<": day.isoformat(), "PageSize": 1}).rows)


# --- settle what was not seen ---


@dataclass(frozen=True)
class Settled:
    """The result for messages that were not listed; `left` were not fetched and wait for the next reading."""

    deleted: int = 0
    kept: int = 0
    left: int = 0
    unread: int = 0
    """How many of the kept ones could not be read."""


def settle_unseen(
    lake: Lake,
    client: TwilioClient,
    account_sid: str,
    unseen: Sequence[Unseen],
    *,
    now: datetime,
    reader: MessageReader | None = None,
) -> Settled:
    """Fetch each message by itself; mark those that Twilio no longer has, save the others as they are now.

    Args:
        reader: reads messages with what may be kept of them; by default everything.

    Raises:
        TwilioError: an answer is neither the message nor Twilio's own "not found", so it proves nothing.
    """
    asked = [item.message_sid for item in unseen[:MOST_FETCHED]]
    reader = reader or MessageReader(account_sid, Privacy())
    deleted = unread = 0
    for start in range(0, len(asked), _BATCH):
        gone, page = fetch_each(client, reader, asked[start : start + _BATCH])
        _save(lake, account_sid, gone, page, now)
        deleted, unread = deleted + len(gone), unread + len(page.unread)
    return Settled(deleted, len(asked) - deleted, len(unseen) - len(asked), unread)


def _save(lake: Lake, account_sid: str, gone: Sequence[str], page: ReadPage, now: datetime) -> None:
    def work(cursor: duckdb.DuckDBPyConnection) -> None:
        save_tombstones(cursor, account_sid, gone, now)
        save_fetched(cursor, account_sid, page, now)

    lake.write(work)


# --- for a sync ---


class DeletionWatch:
    """Follows the walks of one sync and notes messages that they should have shown; can be shared by threads.

    These are settled at the end of the sync. If the sync is killed before, nothing is lost: the day is read
    again by a later sync.
    """

    def __init__(
        self, lake: Lake, client: TwilioClient, account_sid: str, windows: Mapping[date, WindowState]
    ) -> None:
        """`windows` are the states of the days before this sync."""
        self._lake, self._client, self._account_sid, self._windows = lake, client, account_sid, windows
        self._unseen: list[Unseen] = []

    def begin(self, day: date, read_from: datetime, *, is_resumed: bool) -> SeenDay | None:
        """A record for the pages of a walk; None for a walk from which nothing can be concluded.

        Something can be concluded if the day was over when the walk began, was read to its end before, and is
        now read from its first page.
        """
        before = self._windows.get(day)
        was_read = before is not None and before.finished_at is not None
        return SeenDay(day, read_from) if was_read and not is_resumed and read_from >= day_end(day) else None

    def end(self, seen_day: SeenDay | None) -> None:
        """Call this at the end of a walk, after its last page was noted."""
        if seen_day is not None:
            self._unseen += find_unseen(self._lake, self._client, self._account_sid, seen_day)

    def settle(self, now: datetime, reader: MessageReader | None = None) -> Settled:
        """Settle the messages that were not shown; see :func:`settle_unseen`."""
        unseen, self._unseen = self._unseen, []
        return settle_unseen(self._lake, self._client, self._account_sid, unseen, now=now, reader=reader)

"""Notices what was deleted or redacted at Twilio, by reading settled days again, and honours it here.

Nothing at Twilio says so: a deleted message stops appearing, and a redaction empties the body without moving
`date_updated`. So every sync reads a few settled days again, those read longest ago first. A redacted text
goes when its row comes again. A row that a whole walk of its day did not show is fetched singly, and only if
Twilio says that there is none it gets a tombstone: it leaves the views, and its body leaves the table. Older
Parquet files hold that body until the lake is rewritten, which is a matter of maintenance, not of syncing.
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
#: Every day comes round within so many syncs …
ROTATION = 10
#: … but is not read more often than this, however often somebody syncs.
RESCAN_EVERY = timedelta(hours=24)
#: Messages that one sync asks for singly; a day with more is settled by its next readings.
MOST_FETCHED = 1000
#: A scheduled message is sent at most 35 days after it was created.
LONGEST_WAIT = timedelta(days=37)

_BATCH = 200

# --- plan ---


def plan_rescan(
    known: Mapping[date, WindowState],
    now: datetime,
    *,
    lookback_days: int,
    rescan_days: int = RESCAN_DAYS,
) -> list[date]:
    """The settled days to read again in this sync, read longest ago first. Pure.

    Days within the lookback are read by every sync anyway. Each older day, up to `rescan_days` back, comes
    round once in `ROTATION` syncs or once in `RESCAN_EVERY`, whichever is later.
    """
    today = now.date()
    candidates = [
        state
        for day, state in known.items()
        if state.is_settled and lookback_days < (today - day).days <= rescan_days
    ]
    due = [state for state in candidates if now - state.read_from >= RESCAN_EVERY]
    due.sort(key=lambda state: (state.read_from, state.day))
    return [state.day for state in due[: -(-len(candidates) // ROTATION)]]


# --- watch a walk ---


@dataclass
class SeenDay:
    """What one walk of a day saw. It says nothing unless it saw the day's first page and its last."""

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
    """A message that the lake places on a day and a whole walk of that day did not show."""

    message_sid: str
    day: date
    began_at: datetime


_UNSEEN_SQL = """
    select message_sid, date_sent from raw_messages m
    where account_sid = $account and date_created >= $oldest and date_created < $read_from
      and date_sent >= $start and date_sent < $finish
      and not exists (select 1 from tombstones t where t.message_sid = m.message_sid)
"""


def find_unseen(lake: Lake, client: TwilioClient, account_sid: str, seen: SeenDay) -> list[Unseen]:
    """The lake's messages that a finished walk should have shown and did not.

    Only those that Twilio's list must reach: older than the walk, with a `date_sent`, and not older than all
    that is listed. An account may keep its messages for less than 400 days, and what ends that way was not
    deleted by anybody.
    """
    start = datetime.combine(seen.day, time(), UTC)
    held = lake.rows(
        _UNSEEN_SQL,
        {
            "account": account_sid,
            "oldest": start - LONGEST_WAIT,
            "read_from": seen.read_from,
            "start": start,
            "finish": start + timedelta(days=1),
        },
    )
    unseen = [Unseen(sid, seen.day, sent) for sid, sent in held if sid not in seen.sids]
    is_reached = [item for item in unseen if seen.oldest is not None and seen.oldest < item.began_at]
    if len(is_reached) == len(unseen) or lists_before(client, account_sid, seen.day):
        return unseen
    return is_reached


def lists_before(client: TwilioClient, account_sid: str, day: date) -> bool:
    """Whether Twilio lists any message of an earlier day."""
    # `DateSent<` with a day ends where that day begins.
    return bool(message_page(client, account_sid, {"DateSent<": day.isoformat(), "PageSize": 1}).rows)


# --- settle what was not seen ---


@dataclass(frozen=True)
class Settled:
    """What became of messages that were not listed; `left` were not asked for: their days come again."""

    deleted: int = 0
    kept: int = 0
    left: int = 0
    unread: int = 0
    """Of the kept: rows that could not be read."""


def settle_unseen(
    lake: Lake,
    client: TwilioClient,
    account_sid: str,
    unseen: Sequence[Unseen],
    *,
    now: datetime,
    reader: MessageReader | None = None,
) -> Settled:
    """Fetch each message singly; mark what Twilio no longer has, save the others as they are now.

    Args:
        reader: what may be kept of a message; everything by default.

    Raises:
        TwilioError: an answer that is neither the message nor Twilio's own "not found"; nothing is concluded
            from it.
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
    """Follows the walks of one sync and remembers what they should have shown; safe to share between threads.

    What it remembers is settled at the sync's end. A sync that dies before that has lost nothing: the day
    comes round again.
    """

    def __init__(
        self, lake: Lake, client: TwilioClient, account_sid: str, known: Mapping[date, WindowState]
    ) -> None:
        """`known` is what the lake remembered of each day before this sync."""
        self._lake, self._client, self._account_sid, self._known = lake, client, account_sid, known
        self._unseen: list[Unseen] = []

    def begin(self, day: date, read_from: datetime, *, is_resumed: bool) -> SeenDay | None:
        """For a walk to note its pages in; None for one that can conclude nothing.

        It can if the day was over when the walk began, had been read to its end before, and is now read from
        its first page on.
        """
        before = self._known.get(day)
        was_read = before is not None and before.finished_at is not None
        return SeenDay(day, read_from) if was_read and not is_resumed and read_from >= day_end(day) else None

    def end(self, seen: SeenDay | None) -> None:
        """A walk came to its end, its last page noted."""
        if seen is not None:
            self._unseen += find_unseen(self._lake, self._client, self._account_sid, seen)

    def settle(self, now: datetime, reader: MessageReader | None = None) -> Settled:
        """Find out what became of the messages that were not shown; see :func:`settle_unseen`."""
        unseen, self._unseen = self._unseen, []
        return settle_unseen(self._lake, self._client, self._account_sid, unseen, now=now, reader=reader)

"""The state of the lake after the last syncs: up to which day, how complete, what is still open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from workbench.lake.connect import Lake
from workbench.lake.quarantine import count_open, count_rejected
from workbench.lake.read_days import read_whole_days
from workbench.sync.messages import state
from workbench.sync.messages.open_set import is_unresolved
from workbench.sync.messages.tombstones import count_removed
from workbench.sync.shared.days import spans


@dataclass(frozen=True)
class AccountStatus:
    """One account in the lake.

    `first_day` is the first day that was read or requested. `settled_through`: every day from the first day
    to this one was read after it was over, or came from a file. `holes` are the stretches before yesterday
    that were not read although later days were, each as first and last day. `quarantined` counts rows that
    could not be read, by resource; `rejected` counts lines of imported files that could not be used.
    `deleted` and `redacted` count messages that were deleted at Twilio, or whose text was, and are removed
    here, too. `attachments_awaited` are listed by later syncs; `attachments_missing` Twilio never listed.
    """

    account_sid: str
    first_day: date | None
    settled_through: date | None
    unfinished_days: int
    open_messages: int
    unresolved: int
    deleted: int
    redacted: int
    holes: tuple[tuple[date, date], ...] = ()
    quarantined: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    attachments_awaited: int = 0
    attachments_missing: int = 0
    senders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of the account's senders by kind, as long code or whatsapp."""


@dataclass(frozen=True)
class SyncStatus:
    """Times in UTC; ``last_run`` is a row of `sync_runs`.

    `quarantined` and `rejected` count rows whose account was never synced or could not be read.
    """

    as_of: datetime
    accounts: tuple[AccountStatus, ...]
    last_run: dict[str, Any] | None
    quarantined: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_sync_status(lake: Lake, now: datetime | None = None) -> SyncStatus:
    """The status as of `now`, by default this moment."""
    now = now or datetime.now(UTC)
    read_days = read_whole_days(lake, now)
    quarantined, rejected = count_open(lake), count_rejected(lake)
    sids = state.read_synced_accounts(lake)
    accounts = tuple(
        replace(
            _account_status(lake, sid, {day for account, day in read_days if account == sid}, now),
            quarantined=quarantined.pop(sid, {}),
            rejected=rejected.pop(sid, 0),
        )
        for sid in sids
    )
    others: Counter[str] = Counter()
    for counts in quarantined.values():
        others.update(counts)
    return SyncStatus(now, accounts, state.read_last_run(lake), dict(others), sum(rejected.values()))


def settled_through(first: date | None, today: date, read: Collection[date]) -> date | None:
    """The last day before today such that every day from the first to it was read; None if there is none."""
    settled = None
    for day in _days(first, today):
        if day not in read:
            break
        settled = day
    return settled


def holes(first: date | None, today: date, read: Collection[date]) -> tuple[tuple[date, date], ...]:
    """Stretches of days after the first that were not read although a later day before today was."""
    last = max((day for day in read if day < today), default=None)
    missing = [day for day in _days(first, last) if day not in read]
    return tuple(sorted(spans(missing[::-1], longest=len(missing) or 1)))


def _days(first: date | None, end: date | None) -> list[date]:
    """The days from first to before the end."""
    if first is None or end is None:
        return []
    return [first + timedelta(days=ahead) for ahead in range((end - first).days)]


def _account_status(
    lake: Lake, account_sid: str, read_days: Collection[date], now: datetime
) -> AccountStatus:
    first_day, today = state.read_first_day(lake, account_sid), now.astimezone(UTC).date()
    windows = state.read_windows(lake, account_sid)
    messages = state.read_open_messages(lake, account_sid, now)
    removed, (awaited, missing) = count_removed(lake, account_sid), _count_attachments(lake, account_sid)
    return AccountStatus(
        account_sid=account_sid,
        first_day=first_day,
        settled_through=settled_through(first_day, today, read_days),
        holes=holes(first_day, today, read_days),
        unfinished_days=sum(window.finished_at is None for window in windows.values()),
        open_messages=len(messages),
        unresolved=sum(is_unresolved(message, now) for message in messages),
        deleted=removed.deleted,
        redacted=removed.redacted,
        attachments_awaited=awaited,
        attachments_missing=missing,
        senders=_read_senders(lake, account_sid),
    )


def _read_senders(lake: Lake, account_sid: str) -> dict[str, tuple[str, ...]]:
    rows = lake.rows(
        "select sender_type, list(coalesce(friendly_name, sender) order by sender) from senders "
        "where account_sid = ? and removed_at is null group by all order by sender_type",
        [account_sid],
    )
    return {kind: tuple(names) for kind, names in rows}


def _count_attachments(lake: Lake, account_sid: str) -> tuple[int, int]:
    """Attachments that are still to be listed, and those that Twilio never listed."""
    [(awaited, missing)] = lake.rows(
        "select coalesce(sum(media_count - files) filter (not is_given_up), 0), "
        "coalesce(sum(media_count - files) filter (is_given_up), 0) "
        "from missing_attachments where account_sid = ?",
        [account_sid],
    )
    return int(awaited), int(missing)

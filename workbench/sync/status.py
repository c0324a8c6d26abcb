"""What the last syncs left behind: how far, how complete, what is still open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from workbench.lake.connect import Lake
from workbench.sync import state
from workbench.sync.open_set import is_unresolved
from workbench.sync.tombstones import count_removed
from workbench.sync.windows import WindowState


@dataclass(frozen=True)
class AccountStatus:
    """One account in the lake.

    `settled_through`: every day up to it was read after it was over. `deleted` and `redacted`: messages that
    Twilio no longer has, or not their text, noticed and honoured here.
    """

    account_sid: str
    first_day: date | None
    settled_through: date | None
    unfinished_days: int
    open_messages: int
    unresolved: int
    deleted: int
    redacted: int


@dataclass(frozen=True)
class SyncStatus:
    """Times in UTC; ``last_run`` is a row of `sync_runs`."""

    as_of: datetime
    accounts: tuple[AccountStatus, ...]
    last_run: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def read_sync_status(lake: Lake, now: datetime | None = None) -> SyncStatus:
    """The status as of `now`, by default this moment."""
    now = now or datetime.now(UTC)
    accounts = tuple(_account_status(lake, sid, now) for sid in state.read_synced_accounts(lake))
    return SyncStatus(now, accounts, state.read_last_run(lake))


def settled_through(windows: Mapping[date, WindowState]) -> date | None:
    """The last day before the first one that is not settled; None if the first day is not."""
    settled = None
    for day in sorted(windows):
        if not windows[day].is_settled:
            break
        settled = day
    return settled


def _account_status(lake: Lake, account_sid: str, now: datetime) -> AccountStatus:
    windows = state.read_windows(lake, account_sid)
    messages = state.read_open_messages(lake, account_sid, now)
    removed = count_removed(lake, account_sid)
    return AccountStatus(
        account_sid=account_sid,
        first_day=min(windows) if windows else None,
        settled_through=settled_through(windows),
        unfinished_days=sum(window.finished_at is None for window in windows.values()),
        open_messages=len(messages),
        unresolved=sum(is_unresolved(message, now) for message in messages),
        deleted=removed.deleted,
        redacted=removed.redacted,
    )

"""Reconciles the lake with Twilio: compares day by day, writes what it found, and repairs on demand.

Each day is listed anew and compared message by message; its spend is compared with the usage records, and its
statuses with what callbacks told. The lake is read before the list. A day is written when it is compared, so
an interrupted run keeps what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from workbench.errors import ConfigError, UsageError
from workbench.lake.connect import Lake
from workbench.sync.messages.state import read_synced_accounts
from workbench.sync.reconcile import state
from workbench.sync.reconcile.day import DayComparer, Prepare
from workbench.sync.reconcile.discrepancies import Gap
from workbench.sync.reconcile.state import DayCheck, DayRepair
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.twilio.client import TwilioClient

_WORKERS = 8

OnDay = Callable[[DayCheck], None]


@dataclass(frozen=True)
class ReconcileReport:
    """What was compared and found; after a repair, what is left. `until` is not included."""

    account_sid: str
    since: date
    until: date
    checked_at: datetime
    days: tuple[DayCheck, ...]
    repaired: int = 0
    notices: tuple[str, ...] = ()

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return tuple(gap for check in self.days for gap in check.gaps)

    @property
    def unexplained(self) -> int:
        """How many gaps nothing explains; the account is reconciled when there is none."""
        return sum(check.unexplained for check in self.days)

    def rows(self) -> list[dict[str, Any]]:
        """The gaps as rows for a table: unexplained ones first, then newest first."""
        ordered = sorted(self.gaps, key=lambda gap: (gap.is_explained, -gap.day.toordinal()))
        return [gap.as_dict() for gap in ordered]

    def as_dict(self) -> dict[str, Any]:
        """One object for JSON."""
        return {
            "account_sid": self.account_sid,
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "checked_at": self.checked_at.isoformat(),
            "days": len(self.days),
            "lake_messages": sum(check.lake_messages for check in self.days),
            "twilio_messages": sum(check.twilio_messages or 0 for check in self.days),
            "repaired": self.repaired,
            "unexplained": self.unexplained,
            "gaps": self.rows(),
            "notices": list(self.notices),
        }


def reconcile(
    lake: Lake,
    client: TwilioClient,
    account_sid: str,
    since: date,
    until: date,
    *,
    now: datetime,
    repair: bool = False,
    prepare: Prepare = lambda row: row,
    on_day: OnDay = lambda check: None,
    cancellation: Cancellation | None = None,
) -> ReconcileReport:
    """Compare the lake with Twilio, GMT day by day, newest first.

    Args:
        since: first day; `until` is not compared any more. Days to come are left out.
        repair: bring what is missing, rewrite what differs, mark what Twilio no longer has, and compare those
            days again.
        prepare: what may be kept of a row (a privacy mode's `apply`), on both sides of the comparison.
        on_day: told of each day when it is done.
        halt: ends it early when asked; days that were compared are written.

    Raises:
        ConfigError: the lake holds another account's messages.
        UsageError: there is no day from `since` to before `until` that has begun.
        TwilioError: a day could not be read; what was compared before it is written.
        SyncStopped: `cancellation` was asked.
    """
    known = read_synced_accounts(lake)
    if known and account_sid not in known:
        raise ConfigError(
            f"This lake holds account {known[0]}, and the credentials are for {account_sid}. "
            "Set WORKBENCH_HOME to the folder of that account."
        )
    last = min(until - timedelta(days=1), now.date())
    days = [last - timedelta(days=back) for back in range((last - since).days + 1)]
    if not days:
        raise UsageError(
            f"There is no day to compare from {since} up to, not including, {until}: give an earlier since."
        )
    run = _ReconcileRun(lake, client, account_sid, now, prepare, on_day, cancellation or Cancellation())
    checks = run.compare(days, round=1, repair=repair)
    if run.repaired_days:
        # Once only: what a repair does not mend is for people to see.
        checks |= run.compare(run.repaired_days, round=2, repair=False)
    found = tuple(checks[day] for day in days)
    return ReconcileReport(account_sid, since, until, now, found, run.repaired, tuple(run.notices))


@dataclass
class _ReconcileRun:
    """Days compared in threads, and written in the calling one."""

    lake: Lake
    client: TwilioClient
    account_sid: str
    now: datetime
    prepare: Prepare
    on_day: OnDay
    cancellation: Cancellation
    repaired: int = 0
    repaired_days: list[date] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def compare(self, days: Sequence[date], *, round: int, repair: bool) -> dict[date, DayCheck]:
        checks: dict[date, DayCheck] = {}
        comparer = DayComparer(self.lake, self.client, self.account_sid, now=self.now, prepare=self.prepare)
        with ThreadPoolExecutor(_WORKERS, thread_name_prefix="reconcile") as pool:
            try:
                # A few days at a time: what would repair a day is as large as the day.
                for start in range(0, len(days), _WORKERS):
                    if self.cancellation.is_asked:
                        raise SyncStopped("The comparison was stopped. The days it compared are written.")
                    some = list(pool.map(comparer.compare_day, days[start : start + _WORKERS]))
                    self._write(some, round, repair=repair)
                    checks |= {check.day: check for check, _ in some}
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        self.notices = self.notices or comparer.notices
        return checks

    def _write(self, found: Sequence[tuple[DayCheck, DayRepair]], round: int, *, repair: bool) -> None:
        """Commit what was found together with its repair."""
        plans = {check.day: plan for check, plan in found if repair and plan.size}

        def work(cursor: duckdb.DuckDBPyConnection) -> None:
            checks = [check for check, _ in found]
            state.save_checks(cursor, self.account_sid, checks, self.now, round)
            for plan in plans.values():
                state.apply_repair(cursor, self.account_sid, plan, self.now)

        self.lake.write(work)
        self.repaired += sum(plan.size for plan in plans.values())
        self.repaired_days += plans
        for check, _ in found:
            self.on_day(check)

"""Reconciles the lake with Twilio: compares day by day, saves the result, and repairs on request.

Each day is listed again and compared message by message; its spend is compared with the usage records, and
its statuses with the callbacks. The lake is read before the list. Each day is saved when it is compared, so
an interrupted run keeps the finished days.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import duckdb

from workbench.display.result_html import ResultTable, result_html
from workbench.errors import ConfigError, UsageError
from workbench.lake.connect import Lake
from workbench.sync.messages.state import read_synced_accounts
from workbench.sync.reconcile import state
from workbench.sync.reconcile.day import DayComparer, Prepare
from workbench.sync.reconcile.discrepancies import Gap
from workbench.sync.reconcile.state import DayCheck, DayRepair
from workbench.sync.shared.cancellation import Cancellation, SyncStopped
from workbench.twilio.client import TwilioClient

if TYPE_CHECKING:
    import pandas as pd

_WORKERS = 8
_SIDES = ("lake_messages", "twilio_messages")
_SHOWN = ("day", "kind", "reason", "lake", "twilio", "difference", "unit", "messages", "detail", "examples")

OnDay = Callable[[DayCheck], None]


@dataclass(frozen=True, repr=False)
class ReconcileReport:
    """The result of a comparison; after a repair, the remaining gaps. `until` is not included."""

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
        """How many gaps are unexplained; the account is reconciled if there are none."""
        return sum(check.unexplained for check in self.days)

    def sentence(self) -> str:
        """What was compared and what came of it."""
        lake, twilio = (sum(getattr(day, side) or 0 for day in self.days) for side in _SIDES)
        repaired = f", {self.repaired:,} repaired" if self.repaired else ""
        last = self.until - timedelta(days=1)
        differences = "1 difference" if len(self.gaps) == 1 else f"{len(self.gaps):,} differences"
        verdict = "reconciled" if not self.unexplained else f"{self.unexplained:,} without an explanation"
        return (
            f"{self.account_sid}: {self.since} to {last} (GMT), {lake:,} messages here, "
            f"{twilio:,} at Twilio; {differences}{repaired}, {verdict}."
        )

    def frame(self) -> pd.DataFrame:
        """The gaps as a frame: unexplained ones first, then newest first; none makes an empty one."""
        import pandas as pd

        names = [field.name for field in fields(Gap)]
        return pd.DataFrame(self.rows(), columns=names)

    def __repr__(self) -> str:
        return "\n".join([self.sentence(), *(f"Notice: {text}" for text in self.notices)])

    def _repr_html_(self) -> str:
        table = ResultTable("The differences, those without an explanation first:", _SHOWN, self.rows())
        return result_html(self.sentence(), tables=[table], notices=self.notices, is_bad=self.unexplained > 0)

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
        since: first day; `until` itself is not compared. Future days are left out.
        repair: add missing messages, rewrite different ones, mark those that Twilio no longer has, and
            compare these days again.
        prepare: the part of a row that may be kept (a privacy mode's `apply`), on both sides.
        on_day: called for each day when it is done.
        cancellation: ends the run early when asked; compared days are saved.

    Raises:
        ConfigError: the lake holds another account's messages.
        UsageError: no day from `since` to before `until` has begun yet.
        TwilioError: a day could not be read; days compared before are saved.
        SyncStopped: `cancellation` was asked.
    """
    accounts = read_synced_accounts(lake)
    if accounts and account_sid not in accounts:
        raise ConfigError(
            f"This lake holds account {accounts[0]}, and the credentials are for {account_sid}. "
            "Set WORKBENCH_HOME to the folder of that account."
        )
    days = days_to_compare(since, until, now)
    run = _ReconcileRun(lake, client, account_sid, now, prepare, on_day, cancellation or Cancellation())
    checks = run.compare(days, round=1, repair=repair)
    if run.repaired_days:
        # Only once: gaps that remain after a repair are shown to the user.
        checks |= run.compare(run.repaired_days, round=2, repair=False)
    compared = tuple(checks[day] for day in days)
    return ReconcileReport(account_sid, since, until, now, compared, run.repaired, tuple(run.notices))


def days_to_compare(since: date, until: date, now: datetime) -> list[date]:
    """The days that have begun, newest first.

    Raises:
        UsageError: no day from `since` to before `until` has begun yet.
    """
    last = min(until - timedelta(days=1), now.date())
    days = [last - timedelta(days=back) for back in range((last - since).days + 1)]
    if not days:
        raise UsageError(
            f"There is no day to compare from {since} up to, not including, {until}: give an earlier since."
        )
    return days


@dataclass
class _ReconcileRun:
    """Compares days in threads, and saves them in the calling thread."""

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
                # A few days at a time, because the repair of a day can be as large as the day.
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

    def _write(self, compared: Sequence[tuple[DayCheck, DayRepair]], round: int, *, repair: bool) -> None:
        """Commit the comparisons together with their repairs."""
        plans = {check.day: plan for check, plan in compared if repair and plan.size}

        def work(cursor: duckdb.DuckDBPyConnection) -> None:
            checks = [check for check, _ in compared]
            state.save_checks(cursor, self.account_sid, checks, self.now, round)
            for plan in plans.values():
                state.apply_repair(cursor, self.account_sid, plan, self.now)

        self.lake.write(work)
        self.repaired += sum(plan.size for plan in plans.values())
        self.repaired_days += plans
        for check, _ in compared:
            self.on_day(check)

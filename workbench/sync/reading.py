"""What the parts of the catalog share: reading without letting one failure stop the rest, and saving."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import duckdb

from workbench.errors import TwilioAuthError, TwilioError
from workbench.lake.connect import Lake
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.messaging.privacy import Privacy
from workbench.sync.fields import MalformedRow
from workbench.sync.halt import Halt
from workbench.twilio.client import Params, TwilioClient
from workbench.twilio.concurrency import REQUESTS_AT_ONCE
from workbench.twilio.resources import Resource, fetch_object, list_rows

T = TypeVar("T")
R = TypeVar("R")
Rows = list[dict[str, Any]]

WORKERS = REQUESTS_AT_ONCE
#: A resource that failed so often is left for the next sync.
MOST_FAILURES = 5


@dataclass(frozen=True)
class Notice:
    """What could not be read, of which account, and why; the rest was read all the same."""

    resource: str
    account_sid: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} of {self.account_sid}: {self.reason}"


@dataclass
class Failures:
    """What went wrong with one resource: the first reason, how often, and whether to try on."""

    reason: str
    count: int = 1
    is_refused: bool = False


@dataclass
class Reading:
    """One account being read. Fetching is safe from several threads; saving is for the calling one."""

    lake: Lake
    client: TwilioClient
    account_sid: str
    now: datetime
    since: date
    mps_limits: Mapping[str, float] = field(default_factory=dict)
    privacy: Privacy = field(default_factory=Privacy)
    media_messages: int = 5000
    halt: Halt = field(default_factory=Halt)
    saved: Saved = field(default_factory=Saved)
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._failures: dict[str, Failures] = {}
        self._counting = threading.Lock()

    @property
    def has_own_credentials(self) -> bool:
        """False for a subaccount that is read with its main account's credentials."""
        return self.client.account_sid == self.account_sid

    def rows(self, resource: Resource, params: Params | None = None, **parts: str) -> Rows | None:
        """All rows of a list; None when it could not be read, which is noted."""
        return self.attempt(
            resource, lambda: list(list_rows(self.client, resource, self.account_sid, params, **parts))
        )

    def one(self, resource: Resource, **parts: str) -> dict[str, Any] | None:
        """A single object; empty when Twilio has none, None when it could not be read, which is noted."""
        nothing: dict[str, Any] = {}
        return self.attempt(
            resource, lambda: fetch_object(self.client, resource, self.account_sid, **parts), absent=nothing
        )

    def attempt(self, resource: Resource, fetch: Callable[[], T], *, absent: T | None = None) -> T | None:
        """What `fetch` brings, or None with a notice.

        Args:
            absent: what stands for Twilio's own "not found"; a failure like any other when None.
        """
        if self._is_given_up(resource):
            return None
        try:
            return fetch()
        except TwilioError as error:
            if absent is not None and error.status == 404 and error.code is not None:
                return absent
            self.note(resource, error)
        except MalformedRow as error:
            self.note(resource, error)
        return None

    def note(self, resource: Resource, error: TwilioError | MalformedRow) -> None:
        """Remember a failure; the first one of a resource says why."""
        refused = isinstance(error, TwilioAuthError)
        reason = (
            f"the credentials lack the right to read {resource.right}: {error}" if refused else str(error)
        )
        with self._counting:
            held = self._failures.get(resource.name)
            if held is None:
                self._failures[resource.name] = Failures(reason, is_refused=refused)
            else:
                held.count += 1

    def say(self, resource: str, reason: str) -> None:
        """Add a notice that is no failed request."""
        self.notices.append(Notice(resource, self.account_sid, reason))

    def all_notices(self) -> list[Notice]:
        failed = [
            Notice(name, self.account_sid, held.reason + (f" ({held.count} times)" if held.count > 1 else ""))
            for name, held in self._failures.items()
        ]
        return failed + self.notices

    def _is_given_up(self, resource: Resource) -> bool:
        """Whether to leave it: it was refused, failed too often, or would tell of another account."""
        if resource.follows_credentials and not self.has_own_credentials:
            return True
        held = self._failures.get(resource.name)
        return held is not None and (held.is_refused or held.count >= MOST_FAILURES)

    def fetch_each(
        self, tasks: Iterable[T], fetch: Callable[[T], R | None], keep: Callable[[T, R], None]
    ) -> bool:
        """Fetch in threads, and `keep` in this one what comes, as it comes; whether all of it came."""

        def work(task: T) -> R | None:
            return None if self.halt.is_set else fetch(task)

        is_whole = True
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="catalog") as pool:
            running = {pool.submit(work, task): task for task in tasks}
            try:
                for future in as_completed(running):
                    found = future.result()
                    if found is None:
                        is_whole = False
                    else:
                        keep(running[future], found)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return is_whole

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], Saved]) -> None:
        """Run `work` in one transaction and count what it saved."""
        self.saved += self.lake.write(work)

    def read_parts(self, resource: Resource, after: datetime | None = None) -> set[str]:
        """The parts of a resource that `save_part_reads` noted, those read after a moment only if given."""
        found = self.lake.rows(
            "select part from catalog_reads where account_sid = $account and resource = $resource "
            "and ($after is null or read_at > $after)",
            {"account": self.account_sid, "resource": resource.name, "after": after},
        )
        return {part for (part,) in found}

    def save_part_reads(
        self, cursor: duckdb.DuckDBPyConnection, resource: Resource, parts: Sequence[str]
    ) -> None:
        """Note parts as read now; bookkeeping, which counts as no change."""
        rows = [
            {"account_sid": self.account_sid, "resource": resource.name, "part": part, "read_at": self.now}
            for part in parts
        ]
        save_rows(cursor, "catalog_reads", rows, key=("account_sid", "resource", "part"), uncompared=())

    def stored(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        """The account's rows of a small table, by one of their columns."""
        with self.lake.cursor() as cursor:
            cursor.execute(f"select * from {table} where account_sid = ?", [self.account_sid])  # noqa: S608
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row[key]: row for row in rows}

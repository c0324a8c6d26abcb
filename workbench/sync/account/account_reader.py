"""Reading and saving for all parts of the catalog; the failure of one does not stop the others.

A row that cannot be read does not stop anything either: it goes into quarantine with the next commit, and its
*part* (a day, a service, a country) is read again by later syncs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, LiteralString, TypeVar

import duckdb

from workbench.errors import TwilioAuthError, TwilioError
from workbench.lake.connect import Lake
from workbench.lake.quarantine import read_open, resolve_parts, save_quarantined
from workbench.lake.save import Saved
from workbench.lake.save_rows import save_rows
from workbench.messaging.privacy import Privacy
from workbench.messaging.quarantine import QuarantinedRow, quarantine, read_each
from workbench.sync.shared.cancellation import Cancellation
from workbench.sync.shared.fields import MalformedRow, Row
from workbench.twilio.client import Params, TwilioClient
from workbench.twilio.concurrency import REQUESTS_AT_ONCE
from workbench.twilio.resources import Resource, fetch_object, list_rows

T = TypeVar("T")
R = TypeVar("R")
Rows = list[dict[str, Any]]

WORKERS = REQUESTS_AT_ONCE
#: After this many failures a resource is left for the next sync.
MOST_FAILURES = 5


@dataclass(frozen=True)
class Notice:
    """A resource that could not be read, its account, and why; the other resources were read."""

    resource: str
    account_sid: str
    reason: str

    def __str__(self) -> str:
        return f"{self.resource} of {self.account_sid}: {self.reason}"


@dataclass
class Failures:
    """The failures of one resource: the first reason, their number, and whether Twilio refused it."""

    reason: str
    count: int = 1
    is_refused: bool = False


@dataclass
class AccountReader:
    """Reads one account. Several threads may fetch; only the calling thread may save."""

    lake: Lake
    client: TwilioClient
    account_sid: str
    now: datetime
    since: date
    mps_limits: Mapping[str, float] = field(default_factory=dict)
    privacy: Privacy = field(default_factory=Privacy)
    media_messages: int = 5000
    only_quarantined: bool = False
    """Of what is read part by part, only the parts with rows in quarantine."""
    cancellation: Cancellation = field(default_factory=Cancellation)
    saved: Saved = field(default_factory=Saved)
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._failures: dict[str, Failures] = {}
        self._counting = threading.Lock()
        waiting = read_open(self.lake, self.account_sid)
        self._waiting = {(row.resource, row.part) for row in waiting}
        self._unread: list[QuarantinedRow] = []
        self._unread_parts: set[tuple[str, str]] = set()
        self._read_whole: set[tuple[str, str]] = set()
        self.unread_rows = 0
        """Rows that could not be read now."""

    @property
    def has_own_credentials(self) -> bool:
        """Whether the credentials are the account's own; false for a subaccount of the main account."""
        return self.client.account_sid == self.account_sid

    def rows(
        self,
        resource: Resource,
        params: Params | None = None,
        *,
        check: Callable[[Row], object],
        covers: Sequence[str] = ("",),
        part_of: Callable[[Row], str] = lambda row: "",
        **parts: str,
    ) -> Rows | None:
        """All readable rows of a list; None, with a note, if the list itself could not be read.

        Args:
            check: reads a row; if it raises, the row goes into quarantine.
            covers: the parts of the resource that this list contains completely.
            part_of: the part of a row; a row that does not tell belongs to the first.
        """
        listed = self.attempt(
            resource, lambda: list(list_rows(self.client, resource, self.account_sid, params, **parts))
        )
        return None if listed is None else self.checked(resource, listed, check, covers, part_of)

    def checked(
        self,
        resource: Resource,
        listed: Sequence[Any],
        check: Callable[[Row], object],
        covers: Sequence[str] = ("",),
        part_of: Callable[[Row], str] = lambda row: "",
    ) -> Rows:
        """The readable rows; the others go into quarantine with the next commit."""

        def read(row: Any) -> dict[str, Any]:
            if not isinstance(row, dict):
                raise MalformedRow("Twilio's answer holds a row that is no object.", None, "no object")
            check(row)
            return row

        def known_part(row: Any) -> str:
            part = read_each([row], part_of)[0]
            return part[0] if part and part[0] in covers else covers[0]

        rows, failures = read_each(listed, read)
        unread = quarantine(
            failures, resource=resource.name, account_sid=self.account_sid, privacy=self.privacy,
            part_of=known_part,
        )  # fmt: skip
        with self._counting:
            self._unread += unread
            self.unread_rows += len(unread)
            self._unread_parts |= {(row.resource, row.part) for row in unread}
            self._read_whole |= {(resource.name, part) for part in covers}
        return rows

    def is_whole(self, resource: Resource, part: str = "") -> bool:
        """Whether every row of the part that was read in this sync could be read."""
        return (resource.name, part) not in self._unread_parts

    def fetch_single(self, resource: Resource, **parts: str) -> dict[str, Any] | None:
        """A single object; empty if Twilio has none; None, with a note, if it could not be read."""
        nothing: dict[str, Any] = {}
        return self.attempt(
            resource, lambda: fetch_object(self.client, resource, self.account_sid, **parts), absent=nothing
        )

    def attempt(self, resource: Resource, fetch: Callable[[], T], *, absent: T | None = None) -> T | None:
        """The result of `fetch`, or None with a notice.

        Args:
            absent: the result for Twilio's own "not found"; with None that is a failure like any other.
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
        """Note a failure; the first failure of a resource gives the reason."""
        refused = isinstance(error, TwilioAuthError)
        reason = (
            f"the credentials lack the right to read {resource.right}: {error}" if refused else str(error)
        )
        with self._counting:
            earlier = self._failures.get(resource.name)
            if earlier is None:
                self._failures[resource.name] = Failures(reason, is_refused=refused)
            else:
                earlier.count += 1

    def say(self, resource: str, reason: str) -> None:
        """Add a notice that does not come from a failed request."""
        self.notices.append(Notice(resource, self.account_sid, reason))

    def all_notices(self) -> list[Notice]:
        failed = [
            Notice(
                name,
                self.account_sid,
                failures.reason + (f" ({failures.count} times)" if failures.count > 1 else ""),
            )
            for name, failures in self._failures.items()
        ]
        return failed + self.notices

    def _is_given_up(self, resource: Resource) -> bool:
        """Whether to skip the resource: refused, failed too often, or it would be another account's."""
        if resource.follows_credentials and not self.has_own_credentials:
            return True
        failures = self._failures.get(resource.name)
        return failures is not None and (failures.is_refused or failures.count >= MOST_FAILURES)

    def fetch_each(
        self, tasks: Iterable[T], fetch: Callable[[T], R | None], keep: Callable[[list[tuple[T, R]]], None]
    ) -> bool:
        """Fetch in threads, and keep what has come in this thread; returns whether all came.

        Args:
            fetch: returns None for what does not come.
            keep: gets all tasks and results that came while it kept the ones before, so that many small
                answers make few commits.
        """

        def work(task: T) -> R | None:
            return None if self.cancellation.is_set else fetch(task)

        is_whole = True
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="catalog") as pool:
            running = {pool.submit(work, task): task for task in tasks}
            try:
                while running:
                    done, _ = wait(running, return_when=FIRST_COMPLETED)
                    results = [
                        (running.pop(future), future.result()) for future in list(running) if future in done
                    ]
                    came = [(task, result) for task, result in results if result is not None]
                    is_whole = is_whole and len(came) == len(results)
                    if came:
                        keep(came)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return is_whole

    def write(self, work: Callable[[duckdb.DuckDBPyConnection], Saved]) -> None:
        """Run `work` and save the quarantined rows in one transaction; adds to the count of saved rows."""
        with self._counting:
            unread, self._unread = self._unread, []
            resolved, self._read_whole = self._read_whole & self._waiting, set()

        def save(cursor: duckdb.DuckDBPyConnection) -> Saved:
            saved = work(cursor)
            save_quarantined(cursor, unread, self.now)
            for resource, part in sorted(resolved):
                resolve_parts(cursor, [resource], self.account_sid, [part], read_from=self.now, now=self.now)
            return saved

        self.saved += self.lake.write(save)

    def is_whole_list(self, resource: Resource) -> bool:
        """Whether every row of a resource could be read, in all of its parts."""
        return all(name != resource.name for name, _ in self._unread_parts)

    def save_unread(self) -> None:
        """Commit quarantined rows that no transaction has saved: those of lists without a readable row."""
        if self._unread or self._read_whole & self._waiting:
            self.write(lambda cursor: Saved())

    def read_parts(self, resource: Resource, after: datetime | None = None) -> set[str]:
        """The parts of a resource that `save_part_reads` noted; with `after`, only those read after it.

        Parts with rows in quarantine must be read again, so they are left out.
        """
        part_names = self.lake.rows(
            "select part from catalog_reads where account_sid = $account and resource = $resource "
            "and ($after is null or read_at > $after)",
            {"account": self.account_sid, "resource": resource.name, "after": after},
        )
        return {part for (part,) in part_names if (resource.name, part) not in self._waiting}

    def has_waiting(self, resources: Iterable[Resource]) -> bool:
        """Whether one of these resources has rows in quarantine from an earlier sync."""
        names = {resource.name for resource in resources}
        return any(name in names for name, _ in self._waiting)

    def wanted(self, resource: Resource, parts: Sequence[T], name: Callable[[T], str]) -> list[T]:
        """The parts to read now, of those that are due."""
        if not self.only_quarantined:
            return list(parts)
        return [part for part in parts if (resource.name, name(part)) in self._waiting]

    def save_part_reads(
        self, cursor: duckdb.DuckDBPyConnection, resource: Resource, parts: Sequence[str]
    ) -> None:
        """Note that parts were read now; this does not count as a change."""
        rows = [
            {"account_sid": self.account_sid, "resource": resource.name, "part": part, "read_at": self.now}
            for part in parts
        ]
        save_rows(cursor, "catalog_reads", rows, key=("account_sid", "resource", "part"), uncompared=())

    def stored(self, table: LiteralString, key: str) -> dict[str, dict[str, Any]]:
        """The account's rows of a small table, by one of their columns."""
        with self.lake.cursor() as cursor:
            cursor.execute(f"select * from {table} where account_sid = ?", [self.account_sid])
            names = [column[0] for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return {row[key]: row for row in rows}

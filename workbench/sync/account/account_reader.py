"""What the parts of the catalog share: reading without letting one failure stop the rest, and saving.

A row that cannot be read stops nothing either: it is set aside and saved with the next commit, and what it
belongs to (its *part*: a day, a service, a country) is read again by later syncs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
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
class AccountReader:
    """One account being read. Fetching is safe from several threads; saving is for the calling one."""

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
        """False for a subaccount that is read with its main account's credentials."""
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
        """All rows of a list that can be read; None when the list could not be, which is noted.

        Args:
            check: reads a row; what it raises puts the row into quarantine.
            covers: the parts of the resource that this list is the whole of.
            part_of: to which of them a row belongs; one that does not say belongs to the first.
        """
        found = self.attempt(
            resource, lambda: list(list_rows(self.client, resource, self.account_sid, params, **parts))
        )
        return None if found is None else self.checked(resource, found, check, covers, part_of)

    def checked(
        self,
        resource: Resource,
        found: Sequence[Any],
        check: Callable[[Row], object],
        covers: Sequence[str] = ("",),
        part_of: Callable[[Row], str] = lambda row: "",
    ) -> Rows:
        """Those of the rows that can be read; the others go into quarantine with the next commit."""

        def read(row: Any) -> dict[str, Any]:
            if not isinstance(row, dict):
                raise MalformedRow("Twilio's answer holds a row that is no object.", None, "no object")
            check(row)
            return row

        def known_part(row: Any) -> str:
            part = read_each([row], part_of)[0]
            return part[0] if part and part[0] in covers else covers[0]

        rows, failures = read_each(found, read)
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
        """Whether every row of the part could be read, as far as it was read now."""
        return (resource.name, part) not in self._unread_parts

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
            return None if self.cancellation.is_set else fetch(task)

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
        """Run `work` in one transaction, with what could not be read, and count what it saved."""
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
        """Whether every row of a resource could be read, whatever the part."""
        return all(name != resource.name for name, _ in self._unread_parts)

    def save_unread(self) -> None:
        """Commit what is in nobody's transaction: rows of lists of which nothing could be read."""
        if self._unread or self._read_whole & self._waiting:
            self.write(lambda cursor: Saved())

    def read_parts(self, resource: Resource, after: datetime | None = None) -> set[str]:
        """The parts of a resource that `save_part_reads` noted, those read after a moment only if given.

        A part with rows in quarantine has to be read again, so it is not among them.
        """
        found = self.lake.rows(
            "select part from catalog_reads where account_sid = $account and resource = $resource "
            "and ($after is null or read_at > $after)",
            {"account": self.account_sid, "resource": resource.name, "after": after},
        )
        return {part for (part,) in found if (resource.name, part) not in self._waiting}

    def has_waiting(self, resources: Iterable[Resource]) -> bool:
        """Whether rows of one of these are in quarantine since an earlier reading."""
        names = {resource.name for resource in resources}
        return any(name in names for name, _ in self._waiting)

    def wanted(self, resource: Resource, parts: Sequence[T], name: Callable[[T], str]) -> list[T]:
        """Of parts that are due, those to read now."""
        if not self.only_quarantined:
            return list(parts)
        return [part for part in parts if (resource.name, name(part)) in self._waiting]

    def save_part_reads(
        self, cursor: duckdb.DuckDBPyConnection, resource: Resource, parts: Sequence[str]
    ) -> None:
        """Note parts as read now; bookkeeping, which counts as no change."""
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

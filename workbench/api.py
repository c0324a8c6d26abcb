"""The notebook API: :class:`Workbench`, each method one call into a room below."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.config import Settings, load_settings
from workbench.errors import TRY_AGAIN, LakeError, UnknownName, UsageError, WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.lake.connect import Lake
    from workbench.messaging.privacy import Privacy
    from workbench.metrics.compile import Moment, Where
    from workbench.metrics.freshness import Freshness
    from workbench.sync.bulk_export import BulkExportSummary
    from workbench.sync.halt import Halt
    from workbench.sync.import_summary import ImportSummary
    from workbench.sync.reconcile_run import OnDay, ReconcileReport
    from workbench.sync.run import OnProgress, SyncSummary
    from workbench.sync.status import SyncStatus
    from workbench.twilio.client import TwilioClient


#: A long sync outlasts a Twilio that stumbles for a quarter of a minute.
_SYNC_ATTEMPTS = 8
_RECONCILED_DAYS = 7


@dataclass(frozen=True)
class Status:
    """Where this installation stands: the sync, and how fresh the numbers are."""

    home: str
    lake: str
    is_simulated: bool
    sync: SyncStatus
    freshness: Freshness

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<16}{value}" for name, value in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The status in words, as (label, value)."""
        fresh, lines = self.freshness, [("home", self.home), ("lake", self.lake)]
        if self.is_simulated:
            lines.append(("account", "simulated: no message was ever sent"))
        lines.append(("messages", f"{fresh.messages:,} ({_period(fresh)})"))
        share = "nothing to price" if fresh.priced_share is None else f"{fresh.priced_share:.1%} priced"
        lines.append(("in flight", f"{fresh.open_messages:,}, {share}"))
        for account in self.sync.accounts:
            through = account.settled_through or "not yet"
            lines.append((account.account_sid[:10] + "…", f"complete through {through} (GMT)"))
            lines.append(("", f"{account.open_messages:,} open, {account.unresolved:,} unresolved"))
            if account.deleted or account.redacted:
                removed = f"{account.deleted:,} deleted and {account.redacted:,} redacted at Twilio, here too"
                lines.append(("", removed))
            if account.unfinished_days:
                lines.append(("", f"{account.unfinished_days} days begun and not finished: sync again"))
        lines.append(("last sync", _last_run(self.sync.last_run)))
        return lines


class Workbench:
    """One installation, opened for a notebook or a script.

    >>> wb = Workbench()
    >>> wb.sync()
    >>> wb.metric("delivery_rate", by=["day", "sender"])

    Settings come from the environment and ``workbench.toml`` (see :mod:`workbench.config`) unless given.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    @cached_property
    def lake(self) -> Lake:
        """The lake, created on first use."""
        from workbench.lake.connect import open_lake

        return open_lake(self.settings)

    @cached_property
    def _reader(self) -> Lake:
        """The same lake, attached so that no statement can change it."""
        from workbench.lake.connect import open_lake

        return open_lake(self.settings, read_only=True)

    @property
    def metrics(self) -> _Metrics:
        """All metrics, for tab completion: ``wb.metrics.delivery_rate(by=["day"])``."""
        return _Metrics(self)

    @property
    def dimensions(self) -> _Dimensions:
        """All dimensions, for tab completion: ``by=[wb.dimensions.day]``."""
        return _Dimensions()

    def sync(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        full: bool = False,
        subaccounts: bool | None = None,
        messages_only: bool = False,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> SyncSummary:
        """Bring the account into the lake: messages, and at most hourly what is around them.

        Args:
            since: first GMT day; by default where the lake begins, or everything Twilio still lists.
            until: first GMT day not to read any more.
            full: read every day again, also those that are complete, and everything around.
            subaccounts: the open subaccounts too; by default as the settings say.
            messages_only: leave out what is around them.
            stop: set it from elsewhere to end early; SyncStopped is raised, and what was read is kept.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.halt import Halt
        from workbench.sync.run import SyncRequest
        from workbench.sync.whole_account import sync_whole_account

        first, end = parse_period(since or self.settings.since, until)
        request = SyncRequest(first, end, full, self.settings.lookback_days)
        halt = Halt(stop)
        with self._client(halt) as client, only_one(self.settings.home / "sync.lock", "sync"):
            return sync_whole_account(
                self.lake,
                client,
                request,
                privacy=self._privacy(),
                mps_limits=self.settings.mps_limits,
                messages_only=messages_only,
                with_subaccounts=self.settings.subaccounts if subaccounts is None else subaccounts,
                on_progress=on_progress or (lambda progress: None),
                halt=halt,
            )

    def sync_bulk_export(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        full: bool = False,
        create_job: bool = False,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> BulkExportSummary:
        """Bring in the days that Twilio has exported to files, older than its list or too large for it.

        Args:
            since: first GMT day; by default whatever is exported.
            until: first GMT day not wanted any more.
            full: read days again that came in before.
            create_job: first ask Twilio to export these days, which takes it hours.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.bulk_export import BulkExportRequest, sync_bulk_export
        from workbench.sync.halt import Halt
        from workbench.twilio.bulk_exports import BulkExportClient

        request = BulkExportRequest(*parse_period(since, until), full=full, create_job=create_job)
        credentials, halt = self.settings.credentials, Halt(stop)
        exports = BulkExportClient(
            credentials, base_url=self.settings.twilio_base_url, sleep=halt.pause, attempts=_SYNC_ATTEMPTS
        )
        with exports, only_one(self.settings.home / "sync.lock", "sync"):
            return sync_bulk_export(
                self.lake,
                exports,
                credentials.account_sid,
                request,
                privacy=self._privacy(),
                on_progress=on_progress or (lambda progress: None),
                halt=halt,
            )

    def import_files(
        self,
        *paths: Path | str,
        account_sid: str | None = None,
        currency: str | None = None,
        timezone: str | None = None,
        on_progress: OnProgress | None = None,
        stop: threading.Event | None = None,
    ) -> ImportSummary:
        """Bring in files of messages: BulkExport's JSON lines or the console's CSV, plain or gzipped.

        Args:
            account_sid: whose messages they are; by default the account of the settings.
            currency: of prices that name none, as USD; by default the account's.
            timezone: of dates that name none.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.halt import Halt
        from workbench.sync.importing import import_files, time_zone

        account_sid = account_sid or self.settings.credentials.account_sid
        with only_one(self.settings.home / "sync.lock", "sync"):
            return import_files(
                self.lake,
                [Path(path) for path in paths],
                account_sid,
                privacy=self._privacy(),
                currency=currency.upper() if currency else None,
                zone=time_zone(timezone) if timezone else None,
                on_progress=on_progress or (lambda progress: None),
                halt=Halt(stop),
            )

    def reconcile(
        self,
        since: date | str | None = None,
        until: date | str | None = None,
        *,
        repair: bool = False,
        on_day: OnDay | None = None,
        stop: threading.Event | None = None,
    ) -> ReconcileReport:
        """Compare the lake with Twilio, GMT day by day: rows, spend and statuses.

        Args:
            since: first GMT day; by default the last 7 days.
            until: first GMT day not to compare any more; by default tomorrow.
            repair: bring what is missing, correct what differs, and compare those days again.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.halt import Halt
        from workbench.sync.reconcile_run import reconcile

        now = datetime.now(UTC)
        first, end = parse_period(since, until)
        end = end or now.date() + timedelta(days=1)
        halt = Halt(stop)
        with self._client(halt) as client, only_one(self.settings.home / "sync.lock", "sync"):
            return reconcile(
                self.lake,
                client,
                client.account_sid,
                first or end - timedelta(days=_RECONCILED_DAYS),
                end,
                now=now,
                repair=repair,
                prepare=self._privacy().apply,
                on_day=on_day or (lambda check: None),
                halt=halt,
            )

    def _client(self, halt: Halt) -> TwilioClient:
        """For long work: patient with a Twilio that stumbles, and ended by `halt`."""
        from workbench.sync.run import REQUESTS_AT_ONCE
        from workbench.twilio.client import TwilioClient
        from workbench.twilio.concurrency import AdaptiveLimit

        return TwilioClient(
            self.settings.credentials,
            base_url=self.settings.twilio_base_url,
            sleep=halt.pause,
            limit=AdaptiveLimit(REQUESTS_AT_ONCE, start=REQUESTS_AT_ONCE * 3 // 4, step=1),
            attempts=_SYNC_ATTEMPTS,
        )

    def _privacy(self) -> Privacy:
        """What this lake may keep, settled before its first message."""
        from workbench.sync.privacy import open_privacy

        return open_privacy(self.lake, self.settings.privacy)

    def watch(
        self,
        every_seconds: float,
        *,
        subaccounts: bool | None = None,
        stop: threading.Event,
        on_sync: Callable[[SyncSummary], None],
        on_trouble: Callable[[WorkbenchError], None],
    ) -> None:
        """Sync again and again until `stop` is set; one watcher per lake.

        What may pass by itself (Twilio away, the lake busy) goes to `on_trouble` and is tried again next
        time; anything else is raised.
        """
        from workbench.lake.lock import only_one
        from workbench.sync.halt import SyncStopped

        with only_one(self.settings.home / "watch.lock", "watching sync"):
            while not stop.is_set():
                try:
                    on_sync(self.sync(subaccounts=subaccounts, stop=stop))
                except SyncStopped:
                    return
                except WorkbenchError as error:
                    if error.exit_code != TRY_AGAIN:
                        raise
                    on_trouble(error)
                stop.wait(every_seconds)

    def status(self) -> Status:
        """How far the sync is, what is open, how fresh the numbers are."""
        from workbench.metrics.freshness import freshness
        from workbench.sync.status import read_sync_status

        lake = self._reader
        return Status(
            home=str(self.settings.home),
            lake=lake.address.shown,
            is_simulated=self.settings.is_demo,
            sync=read_sync_status(lake),
            freshness=freshness(lake),
        )

    def sql(self, query: str, parameters: Sequence[object] | None = None) -> pd.DataFrame:
        """Run SQL on the lake, read-only; ``messages`` is the message log.

        Bodies and numbers come as they are: this is for the owner of the lake.
        """
        return self._reader.frame(query, parameters)

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
    ) -> pd.DataFrame:
        """One metric as a frame; see :func:`workbench.metrics.compile_metric` for arguments and columns.

        ``frame.attrs`` holds its label, description, SQL and the time it was asked.
        """
        from workbench.metrics import compile_metric, query_metric

        by = [by] if isinstance(by, str) else by
        timezone = self.settings.timezone
        compile_metric(name, by, where, since, until, timezone=timezone)  # a wrong name needs no lake
        result = query_metric(self._reader, name, by, where, since, until, timezone=timezone)
        result.frame.attrs.update(
            label=result.metric.label,
            description=result.metric.description,
            sql=result.sql,
            as_of=result.as_of.isoformat(),
            timezone=timezone,
        )
        return result.frame

    def close(self) -> None:
        """Let go of the lake. Opening again is automatic."""
        for name in ("lake", "_reader"):
            lake = self.__dict__.pop(name, None)
            if lake is not None:
                lake.close()

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        try:
            return f"Workbench\n{self.status()!r}\n\nTry wb.metric('delivery_rate', by=['day']), wb.sql('…')."
        except LakeError as error:
            return f"Workbench({str(self.settings.home)!r})\n{error}"


class _Metrics:
    """Metrics as attributes."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def __dir__(self) -> list[str]:
        from workbench.metrics.definitions import METRICS

        return list(METRICS)

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        from workbench.metrics.definitions import METRICS

        if name.startswith("_"):
            raise AttributeError(name)
        if name not in METRICS:
            raise UnknownName("metric", name, METRICS)

        def query(**arguments: Any) -> pd.DataFrame:
            return self._workbench.metric(name, **arguments)

        query.__name__, query.__doc__ = name, METRICS[name].description
        return query

    def __repr__(self) -> str:
        from workbench.metrics.definitions import METRICS

        return "\n".join(f"{metric.name:<22}{metric.description}" for metric in METRICS.values())


class _Dimensions:
    """Dimensions as attributes; each is its own name."""

    def __dir__(self) -> list[str]:
        from workbench.metrics.definitions import DIMENSIONS

        return list(DIMENSIONS)

    def __getattr__(self, name: str) -> str:
        from workbench.metrics.definitions import DIMENSIONS

        if name.startswith("_"):
            raise AttributeError(name)
        if name not in DIMENSIONS:
            raise UnknownName("dimension", name, DIMENSIONS)
        return name

    def __repr__(self) -> str:
        from workbench.metrics.definitions import DIMENSIONS

        return "\n".join(f"{item.name:<22}{item.description}" for item in DIMENSIONS.values())


def parse_day(value: date | str | None, name: str) -> date | None:
    """A GMT day.

    Raises:
        UsageError: the text is no ISO date.
    """
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise UsageError(f"{name} is {value!r}; write a date as 2026-09-01.") from error


def parse_period(since: date | str | None, until: date | str | None) -> tuple[date | None, date | None]:
    """First GMT day and the first one after the last.

    Raises:
        UsageError: a text is no ISO date, or there is no day between the two.
    """
    first, end = parse_day(since, "since"), parse_day(until, "until")
    if first and end and first >= end:
        raise UsageError(f"since ({first}) must be before until ({end}); until itself is not read.")
    return first, end


def _period(fresh: Freshness) -> str:
    if not fresh.oldest_message_at or not fresh.newest_message_at:
        return "none yet"
    return f"{fresh.oldest_message_at:%Y-%m-%d} to {fresh.newest_message_at:%Y-%m-%d %H:%M} UTC"


def _last_run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    if run["outcome"] == "running":
        return f"began {run['started_at']:%Y-%m-%d %H:%M} UTC and has not ended"
    ended: datetime = run["finished_at"]
    minutes = int((datetime.now(UTC) - ended).total_seconds() // 60)
    text = f"{run['outcome']} {ended:%Y-%m-%d %H:%M} UTC ({minutes} min ago): "
    text += f"{run['listed']:,} read, {run['added']:,} new, {run['changed']:,} changed"
    return text + (f" — {run['error']}" if run["error"] else "")

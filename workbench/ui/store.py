"""The only module of the UI that asks the lake; it caches the answers until the lake changes.

One store per process, shared by every open page. The key of an answer is its question and the lake's
snapshot, so nothing is stale after a sync. Answers also expire after ten minutes: some depend on the time.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from workbench.display.names import sender_label
from workbench.errors import LakeError
from workbench.lake import Lake, open_lake
from workbench.lake.connect import Readable
from workbench.lake.renewal import EngineRenewal
from workbench.lake.text_templates import read_template_words
from workbench.lake.watcher import LakeWatcher
from workbench.metrics import (
    DIMENSIONS,
    DayCube,
    Freshness,
    MessageRecord,
    MetricResult,
    RowPage,
    RowQuery,
    freshness_of,
    query_message,
    query_metric,
    query_rows,
)
from workbench.metrics.catalog import query_batch_sizes, query_sender_names, query_service_names
from workbench.metrics.compile import Moment, to_utc
from workbench.metrics.coverage import Coverage, read_coverage, synced_accounts
from workbench.metrics.filter_values import Where
from workbench.metrics.own.current import use_own_metrics
from workbench.metrics.run import query_audit
from workbench.metrics.slices import MOST_ROWS, Slices
from workbench.settings import Settings, load_settings
from workbench.ui.filters import FIELDS, Option, build_options, option_value
from workbench.ui.navigation import use_own_pages

if TYPE_CHECKING:
    import pandas as pd

T = TypeVar("T")

_KEPT_ANSWERS = 2_000
_KEPT_SECONDS = 600
_KEPT_CUBES = 3
_LONGEST_LABEL = 70
#: After so many versions of the lake its engine is let go for what it keeps of each (:meth:`Lake.renew`); the
#: cubes are then counted once more.
_VERSIONS_PER_ENGINE = 4_000


class StoreClosed(LakeError):
    """The server is ending, so an open page gets no more answers."""


class Store:
    """Cached questions to one lake. Safe to use from several threads."""

    def __init__(
        self,
        lake: Lake,
        timezone: str = "UTC",
        daily_caps: Mapping[str, int] | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.lake = lake
        self.timezone = timezone
        self.daily_caps = daily_caps or {}
        self.settings = settings
        self._is_closed = False
        self._version, self._renewal = -1, EngineRenewal(_VERSIONS_PER_ENGINE)
        self._cubes: dict[str, DayCube] = {}
        self._slices = Slices(lake)
        self._answers: OrderedDict[Any, tuple[float, Any]] = OrderedDict()
        self._answers_lock = threading.Lock()
        # One query at a time: each uses every core, and two readers of a SQLite catalog that collide wait a
        # whole second. Reentrant, because the options of a filter are made of a metric.
        self._lake_lock = threading.RLock()
        self.lake_changes = LakeWatcher(lake.address, self.snapshot_id)

    def close(self) -> None:
        """Close the lake once the question that is being answered is done."""
        self.lake_changes.close()
        with self._lake_lock:
            self._is_closed = True
            self.lake.close()

    @property
    def default_country(self) -> str | None:
        """Where numbers without a country code are, if the settings say so."""
        return self.settings.sending.default_country if self.settings else None

    @property
    def masks_own_numbers(self) -> bool:
        """Whether pages mask the numbers of our own senders too."""
        return bool(self.settings and self.settings.privacy.mask_own_numbers)

    @property
    def masked_sides(self) -> tuple[str, ...]:
        """Whose addresses are masked on pages: people's always."""
        return ("sender", "contact") if self.masks_own_numbers else ("contact",)

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """The lock to hold while asking the lake of this process; reentrant."""
        return self._lake_lock

    def snapshot_id(self) -> int:
        """Changes whenever anybody commits; one cheap query, never cached."""
        with self._lake_lock:
            self._require_open()
            version = self.lake.snapshot_id()
            if version != self._version:
                self._version = version
                self._renewal.note_version()
                self._slices.let_go(version)
            self._renewal.renew_if_due(self.lake)
            return version

    def metric(
        self,
        name: str,
        by: Sequence[str] = (),
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str = "UTC",
        *,
        snapshot: int | None = None,
    ) -> MetricResult:
        """One metric; arguments as in :func:`workbench.metrics.query_metric`.

        ``snapshot`` saves asking the lake again, where the caller has just done so.
        """
        question = (name, tuple(by), frozen(where or {}), since, until, timezone)
        return self._ask(
            question,
            lambda moment: self._metric(moment, name, by, where, since, until, timezone),
            snapshot,
        )

    def audit_rows(
        self,
        name: str,
        where: Where | None = None,
        since: Moment = None,
        until: Moment = None,
        timezone: str = "UTC",
        *,
        limit: int | None = None,
        snapshot: int | None = None,
    ) -> pd.DataFrame:
        """Rows of one audit; arguments as in :func:`workbench.metrics.run.query_audit`.

        Without a limit they are for a file, and are not cached: they may be many.
        """

        def answer(moment: int) -> pd.DataFrame:
            readable = self._readable(moment, since, until, timezone) if limit else self.lake
            return query_audit(readable, name, where, since, until, limit=limit, timezone=timezone)

        if limit is None:
            with self._lake_lock:
                self._require_open()
                return answer(self.lake.snapshot_id() if snapshot is None else snapshot)
        question = ("audit", name, frozen(where or {}), since, until, timezone, limit)
        return self._ask(question, answer, snapshot)

    def _metric(
        self,
        snapshot: int,
        name: str,
        by: Sequence[str],
        where: Where | None,
        since: Moment,
        until: Moment,
        timezone: str,
    ) -> MetricResult:
        result = self._cube(timezone, snapshot).metric(name, by, where or {}, since, until)
        if result:
            return result
        readable = self._readable(snapshot, since, until, timezone)
        return query_metric(readable, name, by, where, since, until, timezone=timezone)

    def _readable(self, snapshot: int, since: Moment, until: Moment, timezone: str) -> Readable:
        """Where to read single messages of a period: a slice in memory, or the lake if there are many."""
        counted = self._cube(timezone, snapshot).metric("messages", (), {}, since, until)
        messages = int(counted.frame["messages"].iloc[0]) if counted else MOST_ROWS + 1
        if messages > MOST_ROWS:
            return self.lake
        # To the end of the day, because the "until" of a comparison moves on every few minutes.
        whole_day = _day_after(until, timezone) if isinstance(until, datetime) else until
        first, last = to_utc(since, timezone, "since"), to_utc(whole_day, timezone, "until")
        return self._slices.of(snapshot, (first, last, timezone), messages)

    def _cube(self, timezone: str, snapshot: int) -> DayCube:
        """The cube of a time zone as of a snapshot; the cubes used longest ago are dropped."""
        cube = self._cubes.pop(timezone, None) or DayCube(self.lake, timezone)
        self._cubes[timezone] = cube
        if len(self._cubes) > _KEPT_CUBES:
            self._cubes.pop(next(zone for zone in self._cubes if zone != self.timezone)).close()
        cube.follow(snapshot)
        return cube

    def freshness(self, *, snapshot: int | None = None) -> Freshness:
        return self._ask(
            "freshness", lambda moment: freshness_of(self.lake, self._cube(self.timezone, moment)), snapshot
        )

    def coverage(self, *, snapshot: int | None = None) -> Coverage:
        """Which days of the message log the lake holds."""
        synced = synced_accounts(self.settings)
        return self._ask("coverage", lambda _: read_coverage(self.lake, datetime.now(UTC), synced), snapshot)

    def rows(
        self, query: RowQuery, sort: str, limit: int, offset: int, *, snapshot: int | None = None
    ) -> RowPage:
        """One page of messages; arguments as in :func:`workbench.metrics.query_rows`."""
        question = ("rows", replace(query, where=frozen(query.where)), sort, limit, offset)  # type: ignore[arg-type]
        return self._ask(
            question,
            lambda _: query_rows(self.lake, query, sort, limit, offset, self.masked_sides),
            snapshot,
        )

    def message(self, message_sid: str) -> MessageRecord | None:
        """Everything known of one message; None where the lake has none of this SID."""
        with self._lake_lock:
            self._require_open()
            return query_message(self.lake, message_sid, self.masked_sides)

    def options(self, names: Sequence[str], *, snapshot: int | None = None) -> dict[str, tuple[Option, ...]]:
        """What each filter field may be: the values that the lake holds, the busiest first."""
        snapshot = self.snapshot_id() if snapshot is None else snapshot
        return {name: self._ask(("options", name), partial(self._options, name), snapshot) for name in names}

    def _options(self, name: str, snapshot: int) -> tuple[Option, ...]:
        field = FIELDS[name]
        if name == "batch":
            return self._batch_options(snapshot)
        frame = self.metric("messages", by=(field.dimension,), snapshot=snapshot).frame
        pairs = zip(frame[field.dimension], frame["messages"], strict=True)
        counts = {option_value(value): int(number) for value, number in pairs}
        dimension = DIMENSIONS[field.dimension]
        if dimension.is_closed:
            # Every value there is: a link may name one that no message has, as the outcome "failed".
            counts = {**dict.fromkeys(dimension.vocabulary(), 0), **counts}
        labels: dict[str, str] = {}
        if field.name == "sender":
            names = self.ask("sender names", query_sender_names, snapshot)
            hide = self.masks_own_numbers
            labels = {
                value: sender_label(value, names.get(value), is_masked=hide) for value in counts if value
            }
        elif field.name == "messaging_service":
            labels = self.ask("service names", query_service_names, snapshot)
        elif field.name == "template":
            words = self.ask("template words", read_template_words, snapshot)
            labels = {value: shorten(words[value], _LONGEST_LABEL, placeholder="…") for value in words}
        return build_options(field.kind, counts, labels, is_masked=self.masks_own_numbers)

    def _batch_options(self, snapshot: int) -> tuple[Option, ...]:
        """From the outbox, which is shorter than the log: to ask each message for its batch takes long."""
        sizes = self.ask("batch sizes", query_batch_sizes, snapshot)
        messages = int(self.metric("messages", snapshot=snapshot).frame["messages"].iloc[0])
        return build_options("text", dict([(None, max(messages - sum(sizes.values()), 0)), *sizes.items()]))

    def ask(self, question: Any, answer: Callable[[Lake], T], snapshot: int | None = None) -> T:
        """What ``answer`` reads from the lake; ``question`` is its key in the cache."""
        return self._ask(("ask", question), lambda _: answer(self.lake), snapshot)

    def ask_period(
        self,
        question: Any,
        answer: Callable[[Readable], T],
        period: tuple[Moment, Moment, str],
        snapshot: int | None = None,
    ) -> T:
        """As :meth:`ask`, for queries that read only messages of a period: since, until, time zone."""
        return self._ask(("ask", question), lambda moment: answer(self._readable(moment, *period)), snapshot)

    def _ask(self, question: Any, answer: Callable[[int], T], snapshot: int | None = None) -> T:
        snapshot = self.snapshot_id() if snapshot is None else snapshot
        key = (snapshot, question)
        result = self._find(key)
        if result is not None:
            return result  # type: ignore[no-any-return]
        with self._lake_lock:
            result = self._find(key)
            if result is None:
                self._require_open()
                result = answer(snapshot)
                self._keep(key, result)
        return result  # type: ignore[no-any-return]

    def _require_open(self) -> None:
        if self._is_closed:
            raise StoreClosed("The server is ending.")

    def forget_answers(self) -> None:
        """Ask everything anew, because what a question means has changed."""
        with self._answers_lock:
            self._answers.clear()

    def _find(self, key: Any) -> Any:
        with self._answers_lock:
            kept_at, result = self._answers.get(key, (0.0, None))
            if result is None or time.monotonic() - kept_at > _KEPT_SECONDS:
                return None
            self._answers.move_to_end(key)
            return result

    def _keep(self, key: Any, result: Any) -> None:
        with self._answers_lock:
            self._answers[key] = (time.monotonic(), result)
            while len(self._answers) > _KEPT_ANSWERS:
                self._answers.popitem(last=False)


def _day_after(moment: datetime, timezone: str) -> date:
    zone = ZoneInfo(timezone)
    local = moment.astimezone(zone) if moment.tzinfo else moment
    return local.date() + timedelta(days=1)


def frozen(where: Mapping[str, Any]) -> tuple[Any, ...]:
    """A filter as something that can be a key."""
    return tuple(
        sorted(
            (name, tuple(value) if isinstance(value, list | tuple) else value)
            for name, value in where.items()
        )
    )


_store: Store | None = None
_store_lock = threading.Lock()


def use_settings(settings: Settings) -> Store:
    """Open the lake of ``settings`` and make it the one that every page of this process shows."""
    global _store
    with _store_lock:
        use_own_pages(settings.home)
        use_own_metrics(settings.home)
        _store = Store(open_lake(settings), settings.timezone, settings.daily_caps, settings)
        return _store


def use_lake(lake: Lake, timezone: str = "UTC") -> Store:
    """Show a lake that is already open."""
    global _store
    with _store_lock:
        _store = Store(lake, timezone)
        return _store


def forget_lake() -> None:
    """Close the lake of this process, when its server ends."""
    global _store
    with _store_lock:
        if _store:
            _store.close()
        _store = None
        use_own_pages(None)


def current_store() -> Store:
    """The store of this process; the first call opens the lake of the settings found.

    Raises:
        WorkbenchError: the settings or the lake say no.
    """
    return _store or use_settings(load_settings())

"""From the event loop to the disk and from the disk to the lake, each on a thread of its own.

Records of one moment share one fsync (:class:`Intake`); whatever has come since shares one commit
(:class:`Applier`). So a webhook waits for the disk, never for the lake, and a lake that is locked, away or
behind delays only the answer to an opt-out, which has to be in force first.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence

from workbench.errors import ConfigError, WorkbenchError
from workbench.lake.spool import Spool, SpoolFull

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 1_000
_MOST_WAITING = 5_000
_BATCH = 5_000
#: Seconds between two commits while many records come: more commits would make more small files.
_BETWEEN_COMMITS, _MOST_BETWEEN = 0.2, 0.5
_CHECK_EVERY = 10.0
_RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)


class Intake:
    """Takes records on the event loop; each future is done once its record is on the disk."""

    def __init__(self, spool: Spool, loop: asyncio.AbstractEventLoop, on_stored: Callable[[], None]) -> None:
        self._spool, self._loop, self._on_stored = spool, loop, on_stored
        self._records: queue.SimpleQueue[tuple[bytes, asyncio.Future[int]] | None] = queue.SimpleQueue()
        self.stored = 0
        """Records forced to the disk by this process."""
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def take(self, record: bytes) -> asyncio.Future[int]:
        """A future of the record's number among all that were stored.

        Raises:
            SpoolFull: at once when too many wait for the disk, else from the future.
        """
        if self._records.qsize() >= _MOST_WAITING:
            raise SpoolFull("Too many webhooks are waiting for the disk.")
        future: asyncio.Future[int] = self._loop.create_future()
        self._records.put((record, future))
        return future

    def close(self) -> None:
        """Store what was taken, then end."""
        self._records.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (first := self._records.get()) is not None:
            group, is_over = [first], False
            while len(group) < _MOST_AT_ONCE and not is_over:
                try:
                    more = self._records.get_nowait()
                except queue.Empty:
                    break
                is_over = more is None
                if more is not None:
                    group.append(more)
            self._store(group)
            if is_over:
                return

    def _store(self, group: Sequence[tuple[bytes, asyncio.Future[int]]]) -> None:
        try:
            self._spool.append([record for record, _ in group])
        except Exception as error:
            # Also what nobody expected: who sent these waits for an answer, and others come after them.
            self._tell([(future, error) for _, future in group])
            return
        first = self.stored + 1
        self.stored += len(group)
        self._tell([(future, first + number) for number, (_, future) in enumerate(group)])
        self._on_stored()

    def _tell(self, answers: Sequence[tuple[asyncio.Future[int], int | Exception]]) -> None:
        def settle() -> None:
            for future, answer in answers:
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

        self._loop.call_soon_threadsafe(settle)


class Applier:
    """Brings what is on the disk into the lake, batch after batch, on a thread of its own.

    Args:
        apply: saves records, whole or not at all; opens the lake if it has to.
        set_aside: keeps a record that can never be saved.
    """

    def __init__(
        self,
        spool: Spool,
        apply: Callable[[Sequence[bytes]], None],
        set_aside: Callable[[bytes, Exception], None],
    ) -> None:
        self._spool, self._apply, self._set_aside = spool, apply, set_aside
        self._wake, self._hurry, self._stop = threading.Event(), threading.Event(), threading.Event()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        self.older = spool.waiting
        """Records that an earlier process left; they come in first."""
        self.applied = 0
        self.trouble: str | None = "The lake was not opened yet."
        """Why the last attempt failed; None while all is well."""
        self._well_at = time.monotonic()
        self.fatal: WorkbenchError | None = None
        """An error that no later attempt can mend: the lake does not belong to these settings."""
        self._behind_since = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="applier", daemon=True)

    def start(self) -> None:
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Something is on the disk."""
        self._wake.set()

    def lag_seconds(self) -> float:
        """How old the oldest record that is not in the lake may be."""
        return time.monotonic() - self._behind_since if self._spool.waiting else 0.0

    def quiet_seconds(self) -> float:
        """Seconds since the lake last answered without an error."""
        return time.monotonic() - self._well_at

    def when_applied(self, number: int) -> asyncio.Future[None]:
        """A future that is done once the record stored under this number is in the lake."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self.applied >= number + self.older:
                future.set_result(None)
            else:
                self._waiters.append((number + self.older, future))
        self._hurry.set()
        self._wake.set()
        return future

    def close(self, seconds: float) -> None:
        """Bring in what is there for at most so long, then end; the rest stays on the disk."""
        self._stop.set()
        self._hurry.set()
        self._wake.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        failures = 0
        while True:
            self._wake.wait(1.0)
            self._wake.clear()
            began = time.monotonic()
            try:
                while self._apply_next():
                    failures = 0
                    self._rest(time.monotonic() - began)
                    began = time.monotonic()
            except ConfigError as error:
                self.fatal = error
                return
            except Exception as error:
                self._note_trouble(error)
                self._stop.wait(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                failures += 1
                self._wake.set()
            if self._stop.is_set():
                return

    def _rest(self, took: float) -> None:
        """Wait a little, so that more records share the next commit, unless somebody waits for one."""
        self._hurry.wait(min(max(_BETWEEN_COMMITS, 2 * took), _MOST_BETWEEN))
        self._hurry.clear()

    def _apply_next(self) -> bool:
        """One batch; whether there was any."""
        read_at = time.monotonic()
        lost = self._spool.lost
        records = self._spool.read(_BATCH)
        if self._spool.lost > lost:
            self._give_up(self._spool.lost - lost)
        if not records:
            self._behind_since = read_at
            if self.trouble or self.quiet_seconds() > _CHECK_EVERY:
                self._apply([])  # whether the lake is well
                self._note_well()
            return False
        self._apply_or_halve(records)
        self._spool.done()
        self._note_well()
        if len(records) < _BATCH:
            self._behind_since = read_at
        self._announce(len(records))
        return True

    def _apply_or_halve(self, records: Sequence[bytes]) -> None:
        """Save them all, but for records that can never be saved: those are set aside."""
        try:
            self._apply(records)
        except Exception as error:
            if not _is_about_values(error):
                raise
            if len(records) == 1:
                self._set_aside(records[0], error)
                return
            middle = len(records) // 2
            self._apply_or_halve(records[:middle])
            self._apply_or_halve(records[middle:])

    def _give_up(self, lost: int) -> None:
        """Records were removed from the disk: tell whoever waits for one, and go on with later ones."""
        with self._lock:
            self.applied += lost
            waiters, self._waiters = self._waiters, []
        for _, future in waiters:
            future.get_loop().call_soon_threadsafe(_fail, future)

    def _announce(self, count: int) -> None:
        with self._lock:
            self.applied += count
            due = [future for number, future in self._waiters if number <= self.applied]
            self._waiters = [(n, future) for n, future in self._waiters if n > self.applied]
        for future in due:
            future.get_loop().call_soon_threadsafe(_finish, future)

    def _note_well(self) -> None:
        self.trouble, self._well_at = None, time.monotonic()

    def _note_trouble(self, error: Exception) -> None:
        text = str(error) if isinstance(error, WorkbenchError) else repr(error)
        if text != self.trouble:
            log.warning("webhooks wait on the disk until the lake takes them: %s", error)
        self.trouble = text


def _is_about_values(error: Exception) -> bool:
    """Whether the record is at fault. Any other fault, of the lake or a program, may be gone later."""
    if isinstance(error, WorkbenchError):
        return type(error.__cause__).__name__ in ("ConversionException", "OutOfRangeException")
    return isinstance(error, ValueError | TypeError | KeyError | OverflowError)


def _fail(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(SpoolFull("Its file was removed before the lake had it."))


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

"""Batches that programs begin: each runs in a thread here; the lake has that it runs and how it ended.

When this process is killed, the next one finds that it ran and did not end: it is interrupted, and the same
request goes on with it. Nothing is sent twice, since the outbox knows each message.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workbench.api.installation import Installation
from workbench.errors import WorkbenchError
from workbench.lake.idempotency import KeyRow, append_key, read_key
from workbench.roles import Actor, acting_as
from workbench.sending.batch import BatchProgress
from workbench.sending.owner import this_process
from workbench.sending.results import DONE, BatchResult

log = logging.getLogger(__name__)

_BATCHES = "*batches"
"""Stands for a token, which has no such name: batches are everybody's."""
_END_SECONDS = 20.0

Send = Callable[[threading.Event, Callable[[BatchProgress], None]], BatchResult]


@dataclass
class _RunningBatch:
    """One batch that runs in this process."""

    stop: threading.Event = field(default_factory=threading.Event)
    progress: BatchProgress | None = None
    thread: threading.Thread | None = None


class BatchRuns:
    """The batches of one process. Safe to use from several threads."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._lock = threading.Lock()
        self._runs: dict[str, _RunningBatch] = {}

    def start(self, batch: str, request: str, rows: int, actor: Actor, send: Send) -> None:
        """Begin to send a batch, or go on with it; nothing where it runs already, or ended whole.

        Args:
            request: stands for what is sent to whom.
            rows: how many.
            send: sends all of it that was not sent before.
        """
        with self._lock:
            if batch in self._runs or not self._take(batch, request, rows):
                return
            run = self._runs[batch] = _RunningBatch()
        run.thread = threading.Thread(
            target=self._send, args=[batch, request, rows, actor, send, run], name=f"batch {batch}"
        )
        run.thread.start()

    def stop(self, batch: str) -> bool:
        """End a batch after the messages in hand; whether it ran in this process."""
        with self._lock:
            run = self._runs.get(batch)
        if run is None:
            return False
        run.stop.set()
        return True

    def describe(self, batch: str) -> dict[str, Any] | None:
        """How far a batch is; None where nobody began one of this name lately."""
        with self._installation.lake.cursor() as cursor:
            row = read_key(cursor, _BATCHES, batch)
            rows = cursor.execute(_STATES_SQL, [batch]).fetchall()
        if row is None:
            return None
        with self._lock:
            run = self._runs.get(batch)
        states, told = dict(rows), json.loads(row.answer or "{}")
        described = {
            "batch": batch,
            "state": self._state(row, run, told),
            "total": told.get("rows"),
            "sent": states.get("accepted", 0),
            "outbox": states,
            "counts": told.get("counts"),
            "problem": told.get("problem"),
            "changed_at": row.happened_at,
        }
        return {**described, **_progress(run)}

    def close(self) -> None:
        """End every batch after the messages in hand."""
        with self._lock:
            runs = list(self._runs.values())
        for run in runs:
            run.stop.set()
        for run in runs:
            if run.thread is not None:
                run.thread.join(_END_SECONDS)

    def _state(self, row: KeyRow, run: _RunningBatch | None, told: Mapping[str, Any]) -> str:
        if row.state == "answered":
            return str(told["state"])
        owner = this_process(self._installation.lake)
        is_elsewhere = row.owner != owner.id and not owner.is_abandoned(
            row.owner, row.happened_at, datetime.now(UTC)
        )
        return "running" if run is not None or is_elsewhere else "interrupted"

    def _take(self, batch: str, request: str, rows: int) -> bool:
        """Commit that this process sends the batch; False where it ended whole or another one sends it."""
        owner = this_process(self._installation.lake)
        moment = datetime.now(UTC)

        def work(cursor: Any) -> bool:
            row = read_key(cursor, _BATCHES, batch)
            if row is not None and row.state == "running":
                if row.owner != owner.id and not owner.is_abandoned(row.owner, row.happened_at, moment):
                    return False
            elif row is not None and row.request == request and _is_done(row):
                return False
            step = row.step + 1 if row else 1
            told = json.dumps({"rows": rows})
            append_key(
                cursor,
                KeyRow(_BATCHES, batch, step, "running", moment, request, owner.id, answer=told),
            )
            return True

        return self._installation.lake.write(work)

    def _send(
        self, batch: str, request: str, rows: int, actor: Actor, send: Send, run: _RunningBatch
    ) -> None:
        def tell(progress: BatchProgress) -> None:
            run.progress = progress

        told: dict[str, Any] = {"rows": rows, "counts": None, "problem": None}
        try:
            with acting_as(actor):
                counts = Counter(send(run.stop, tell).counts)
            is_whole = set(counts) <= {*DONE, "blocked", "failed"}
            told |= {"counts": counts, "state": "done" if is_whole else "interrupted"}
        except WorkbenchError as error:
            told |= {"state": "failed", "problem": str(error)}
        except Exception as error:
            log.error("a batch failed unexpectedly", exc_info=error)
            told |= {"state": "failed", "problem": "It failed unexpectedly; the log says why."}
        try:
            self._end(batch, request, told)
        except WorkbenchError as error:
            # It is told as interrupted, and the same request goes on with it.
            log.warning("how a batch ended cannot be written down: %s", error)
        finally:
            with self._lock:
                self._runs.pop(batch, None)

    def _end(self, batch: str, request: str, told: Mapping[str, Any]) -> None:
        owner = this_process(self._installation.lake)

        def work(cursor: Any) -> None:
            row = read_key(cursor, _BATCHES, batch)
            step = row.step + 1 if row else 1
            moment, text = datetime.now(UTC), json.dumps(told)
            append_key(
                cursor, KeyRow(_BATCHES, batch, step, "answered", moment, request, owner.id, answer=text)
            )

        self._installation.lake.write(work)


_STATES_SQL = "select state, count(*) from outbox where batch = ? group by all"


def _is_done(row: KeyRow) -> bool:
    return bool(json.loads(row.answer or "{}").get("state") == "done")


def _progress(run: _RunningBatch | None) -> dict[str, Any]:
    progress = run.progress if run is not None else None
    return {
        "phase": progress.phase if progress else None,
        "done": progress.done if progress else None,
        "rate": progress.rate if progress else None,
        "eta_seconds": progress.eta_seconds if progress else None,
    }

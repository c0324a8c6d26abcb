"""Sends many messages at the pace their sender may keep: in small groups, resumable at any of them.

A group is committed to the outbox, sent and recorded before the next begins. However the process ends,
running the same batch again goes on where it stopped. Unclear rows wait until the end, when Twilio's log can
tell whether they were sent.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from workbench.lake.fleet.only_one import Sole, only_one_of_lake
from workbench.sending.attempt import BUSY, QUEUE_FULL
from workbench.sending.context import SendContext
from workbench.sending.deliver import deliver
from workbench.sending.outgoing import intent_key
from workbench.sending.owner import takeover_seconds
from workbench.sending.pacing import Pacer
from workbench.sending.results import BatchResult, SendResult, result
from workbench.sending.verdicts import PreflightResult

LARGEST_GROUP = 50
ATTEMPTS = 6
"""Most requests for one row, where Twilio refused it for the moment (queue full …) or never got it."""

_LOST_CAUSE = 5
"""So many rows in a row that never reached Twilio: the network is down, not the rows wrong."""

CHECKED_AGAIN_AFTER = 20.0
"""Seconds after which a verdict is no longer good enough to send by."""

_LOOK_EVERY = 10.0
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class BatchProgress:
    """How far a batch is."""

    phase: str
    done: int
    total: int
    sent: int
    rate: float
    """Segments per second that are allowed at the moment."""
    eta_seconds: float | None


OnBatchProgress = Callable[[BatchProgress], None]


def send_batch(
    context: SendContext,
    messages: Sequence[PreflightResult],
    *,
    batch: str,
    ignore_quiet_hours: bool = False,
    stop: threading.Event | None = None,
    on_progress: OnBatchProgress = lambda progress: None,
) -> BatchResult:
    """Send a batch that was checked and confirmed; a result for each row, in their order.

    Args:
        stop: set it from another thread to end after the current group; what was not sent is `stopped`.

    Raises:
        LakeBusy: another process sends a batch from the same sender or service.
    """
    started = time.monotonic()
    run = _BatchRun(context, list(messages), ignore_quiet_hours, stop or threading.Event(), on_progress)
    sides: dict[tuple[str | None, str | None], list[int]] = {}
    for index, checked in enumerate(messages):
        sides.setdefault((checked.outgoing.sender, checked.outgoing.service), []).append(index)
    for (sender, service), indices in sides.items():
        with _alone(context, sender or service or "nobody") as sole:
            run.send_side(indices, sender, service, sole)
    run.settle_unclear()
    return BatchResult(batch, run.finished(), time.monotonic() - started)


@contextmanager
def _alone(context: SendContext, sender_or_service: str) -> Iterator[Sole]:
    """One batch from a sender at a time: two would together exceed its pace."""
    name = "".join(character if character.isalnum() else "-" for character in sender_or_service)
    lock, doing = f"sending/batch{name}", f"batch from {sender_or_service}"
    with only_one_of_lake(context.lake.address, context.lake.home, lock, doing) as sole:
        yield sole


@dataclass
class _BatchRun:
    """One batch under way."""

    context: SendContext
    messages: list[PreflightResult]
    ignore_quiet_hours: bool
    stop: threading.Event
    on_progress: OnBatchProgress
    results: dict[int, SendResult] = field(default_factory=dict)
    is_hopeless: bool = False
    overflows: int = 0
    looked_at: float = 0.0
    checked_at: float = field(default_factory=time.monotonic)

    def send_side(self, indices: Sequence[int], sender: str | None, service: str | None, sole: Sole) -> None:
        """Send the rows of one sender or service; those that were refused for the moment come last.

        Where another machine may send from it by now, the batch ends after the current group.
        """
        pacer = Pacer(self.context.limit(sender, service), self.stop)
        began = self.context.clock()
        waiting = list(indices)
        for attempt in range(ATTEMPTS):
            for group in self._groups(waiting, pacer):
                if self.stop.is_set() or self.is_hopeless or sole.is_lost():
                    return
                self._send_group(group, pacer)
                self._look_for_overflows(pacer, began)
                self._say("sending", pacer)
            waiting = [index for index in waiting if self.results[index].can_retry]
            if not waiting or self.stop.wait(min(_LONGEST_PAUSE, 2.0**attempt)):
                return

    def _groups(self, indices: Sequence[int], pacer: Pacer) -> Iterator[list[int]]:
        """Groups of as many rows as may be sent in about a second at the current pace."""
        start = 0
        while start < len(indices):
            size = max(1, min(LARGEST_GROUP, int(pacer.rate)))
            yield list(indices[start : start + size])
            start += size

    def _checked_lately(self, group: Sequence[int]) -> list[PreflightResult]:
        """The group's messages. A check that is too old is repeated, as quiet hours may have begun since."""
        before = [self.messages[index] for index in group]
        if time.monotonic() - self.checked_at < CHECKED_AGAIN_AFTER:
            return before
        # The attachments are the same and were checked before.
        context = replace(self.context, check_media=None)
        sendable = [checked.outgoing for checked in before if not checked.is_blocked]
        fresh = iter(context.preflight(sendable, ignore_quiet_hours=self.ignore_quiet_hours))
        return [checked if checked.is_blocked else next(fresh) for checked in before]

    def _send_group(self, group: Sequence[int], pacer: Pacer) -> None:
        ended = deliver(
            self.context,
            self._checked_lately(group),
            ignore_quiet_hours=self.ignore_quiet_hours,
            pacer=pacer,
        )
        self.results.update(zip(group, ended, strict=True))
        if any(row.error_code == QUEUE_FULL or (row.can_retry and row.error_code) for row in ended):
            pacer.slow_down()
        refused = sum(row.error_code in (20003, 20403) or _is_refused_login(row) for row in ended)
        unreachable = [row for row in ended if row.can_retry and row.error_code is None]
        self.is_hopeless = bool(refused) or len(unreachable) >= min(_LOST_CAUSE, len(ended))

    def _look_for_overflows(self, pacer: Pacer, began: datetime) -> None:
        """Slow down when messages of this batch failed late because a queue overflowed (30001)."""
        if time.monotonic() - self.looked_at < _LOOK_EVERY:
            return
        self.looked_at = time.monotonic()
        batch = self.messages[0].outgoing.batch
        overflows = int(self.context.lake.value(_OVERFLOWS_SQL, [began, batch]) or 0)
        if overflows > self.overflows:
            pacer.slow_down()
        self.overflows = overflows

    def settle_unclear(self) -> None:
        """Wait until Twilio's log can tell what became of unclear rows, and finish them."""
        unclear = [index for index, ended in self.results.items() if ended.state == "unclear"]
        if not unclear or self.stop.is_set() or self.is_hopeless:
            return
        patience = self.context.settings.settle_after_seconds + 1.0
        if any(self.results[index].problem == BUSY for index in unclear):
            # They may be of a machine that died.
            patience += takeover_seconds(self.context.lake)
        deadline = time.monotonic() + patience
        while unclear and time.monotonic() < deadline and not self.stop.wait(min(2.0, patience / 4)):
            self._say("waiting for Twilio's log", None)
        if not self.stop.is_set():
            self._finish(unclear)

    def _finish(self, unclear: Sequence[int]) -> None:
        for index in unclear:
            # Opt-outs and everything else may have changed while we waited.
            fresh = self.context.preflight(
                [self.messages[index].outgoing], ignore_quiet_hours=self.ignore_quiet_hours
            )
            self.results[index] = deliver(self.context, fresh, ignore_quiet_hours=self.ignore_quiet_hours)[0]

    def finished(self) -> list[SendResult]:
        """A result for every row."""
        for index, checked in enumerate(self.messages):
            if index not in self.results:
                key = intent_key(checked.outgoing, self.context.secret)
                self.results[index] = result(
                    checked, key, "stopped", problem="The batch ended before its turn; run it again to go on."
                )
        return [self.results[index] for index in range(len(self.messages))]

    def _say(self, phase: str, pacer: Pacer | None) -> None:
        rate = pacer.rate if pacer else 0.0
        left = sum(checked.units for index, checked in enumerate(self.messages) if index not in self.results)
        self.on_progress(
            BatchProgress(
                phase=phase,
                done=len(self.results),
                total=len(self.messages),
                sent=sum(ended.is_done for ended in self.results.values()),
                rate=rate,
                eta_seconds=left / rate if rate else None,
            )
        )


def _is_refused_login(ended: SendResult) -> bool:
    return (ended.problem or "").startswith(("HTTP 401", "HTTP 403"))


_OVERFLOWS_SQL = """
    select count(*) from message_facts m join outbox o on o.message_sid = m.message_sid
    where m.error_code = 30001 and m.date_created >= ?::timestamptz - interval 5 minute and o.batch = ?
"""

"""Progress bars on a terminal, and an orderly end of a command after a signal."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.sending.batch import BatchProgress, OnBatchProgress
    from workbench.sync.reconcile.run import OnDay
    from workbench.sync.shared.request import OnProgress, Progress


@contextmanager
def sync_progress() -> Iterator[OnProgress]:
    """Yields a function that draws a sync's progress on stderr."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rows]:,} messages"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, int] = {}

        def draw(progress: Progress) -> None:
            if progress.phase not in tasks:
                tasks[progress.phase] = bar.add_task(progress.phase, total=progress.total, rows=0)
            bar.update(tasks[progress.phase], completed=progress.done, rows=progress.rows)  # type: ignore[arg-type]

        yield draw


@contextmanager
def reconcile_progress() -> Iterator[OnDay]:
    """Yields a function that shows on stderr which day was compared."""
    if not sys.stderr.isatty():
        yield lambda check: None
        return
    from rich.console import Console

    with Console(stderr=True).status("comparing with Twilio …") as status:
        yield lambda check: status.update(f"compared {check.day}")


@contextmanager
def batch_progress() -> Iterator[OnBatchProgress]:
    """Yields a function that draws a batch's progress, with the remaining time."""
    if not sys.stderr.isatty():
        yield lambda progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[sent]:,} sent, {task.fields[left]}"),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("sending", total=None, sent=0, left="")

        def draw(progress: BatchProgress) -> None:
            left = "" if progress.eta_seconds is None else f"{_duration(progress.eta_seconds)} left"
            bar.update(task, description=progress.phase, total=progress.total, completed=progress.done,
                       sent=progress.sent, left=left)  # fmt: skip

        yield draw


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """An event set by SIGTERM and Ctrl-C, so that work ends without loss; a second Ctrl-C ends at once."""
    stop = threading.Event()

    def ask(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

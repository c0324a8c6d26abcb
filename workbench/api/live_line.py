"""How far a long call is, as one line under a notebook's cell; nothing where no notebook runs it."""

from __future__ import annotations

import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from workbench.sending.batch import BatchProgress
    from workbench.sync.reconcile.state import DayCheck
    from workbench.sync.shared.request import Progress

T = TypeVar("T")

_EVERY_SECONDS = 0.25


@contextmanager
def live_line(
    what: str, given: Callable[[T], None] | None, describe: Callable[[T], str]
) -> Iterator[Callable[[T], None]]:
    """A function that takes progress: the caller's own, or one that rewrites a line in the notebook.

    The line is replaced, so that a saved notebook keeps only its last text: how long it took.

    Args:
        what: begins the line, as Sync.
        given: the caller's own function; then nothing is written here.
        describe: says in words how far it is.
    """
    publish = None if given else _publisher()
    if publish is None:
        yield given or (lambda progress: None)
        return
    line = _Line(what, publish)
    try:
        yield lambda progress: line.update(describe(progress))
    except BaseException:
        line.end("ended early")
        raise
    line.end("done")


def describe_sync(progress: Progress) -> str:
    return f"{progress.phase}, {progress.done:,} of {progress.total:,}, {progress.rows:,} messages"


def describe_day(check: DayCheck) -> str:
    return f"compared {check.day}"


def describe_batch(progress: BatchProgress) -> str:
    return f"{progress.phase}, {progress.done:,} of {progress.total:,}, {progress.sent:,} sent"


class _Line:
    def __init__(self, what: str, publish: Callable[[str, bool], None]) -> None:
        self._what, self._publish = what, publish
        self._began = self._drawn_at = time.monotonic()
        self._publish(f"{what} …", False)

    def update(self, text: str) -> None:
        """Progress is told many times a second; a notebook needs less."""
        now = time.monotonic()
        if now - self._drawn_at >= _EVERY_SECONDS:
            self._drawn_at = now
            self._publish(f"{self._what}: {text}, {now - self._began:.0f} s", True)

    def end(self, how: str) -> None:
        self._publish(f"{self._what}: {how}, {time.monotonic() - self._began:.1f} s", True)


def _publisher() -> Callable[[str, bool], None] | None:
    """Shows a text under the cell, or in place of the one before; None outside a notebook."""
    shell: Any = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "kernel", None) is None:
        return None
    transient = {"display_id": uuid.uuid4().hex}

    def publish(text: str, is_update: bool) -> None:
        shell.display_pub.publish({"text/plain": text}, transient=transient, update=is_update)

    return publish

"""Keeps a process of many threads small, and its threads from waiting for each other."""

from __future__ import annotations

import ctypes
import gc
import sys

_M_ARENA_MAX = -8
_ARENAS = 2


def share_heaps() -> None:
    """Let all threads share two heaps of glibc instead of filling one each, which costs a sync 50 MB.

    For a process of our own; does nothing where the C library is another.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def favour_waiting_threads() -> None:
    """Spend less of a process of many threads on Python's own upkeep.

    Rows have no cycles and go when nobody holds them: looking for cycles every 50,000 new objects instead of
    every 700 saves a tenth of a sync. A thread that has an answer to read gets its turn after a millisecond
    instead of five, so that the next request is on its way sooner.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    sys.setswitchinterval(0.001)

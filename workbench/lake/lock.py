"""Exclusive locks between processes, held by the operating system and so freed by any kind of death.

A SQLite catalog takes one writer at a time: without a lock of our own most concurrent commits fail.
The lock blocks instead of polling, because a polled lock was seen to starve one writer for many seconds.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from workbench.errors import LakeBusy
from workbench.files import make_folder


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock at ``path``; wait for it as long as it takes."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def only_one(path: Path, doing: str) -> Iterator[None]:
    """Hold the lock at ``path`` or raise LakeBusy at once, saying who holds it and since when."""
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            raise LakeBusy(
                f"Another {doing} is running on this lake ({holder}). Wait for it to end, or stop it."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _holder().encode(), 0)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared(path: Path) -> Iterator[None]:
    """Hold the lock at ``path`` together with others, so that :func:`is_held` tells that one is there.

    The file's time is when the last of them took it.
    """
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        os.utime(descriptor)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock at ``path``; where there is no file, nobody does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open(path: Path) -> int:
    make_folder(path.parent)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _holder() -> str:
    command = Path(sys.argv[0]).name or "python"
    return f"process {os.getpid()}, {command}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"

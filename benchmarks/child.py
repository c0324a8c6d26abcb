"""Runs a command as a process of its own and measures all of it, from start to exit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


@dataclass(frozen=True)
class Measured:
    """One run: wall time and processor time in seconds, peak resident memory in MB, what it printed."""

    seconds: float
    processor_seconds: float
    peak_mb: float
    printed: dict[str, Any]


class TookTooLong(Exception):
    """A run was ended, because it took longer than it may."""


def measure(
    command: Sequence[str | Path],
    environment: Mapping[str, str],
    folder: Path,
    *,
    longest: float | None = None,
) -> Measured:
    """Run to the end; stdout must be one JSON object.

    Peak memory is the kernel's own figure for that process, children it waited for included. This process
    must stay small: a child counts what its parent held at the moment of starting it.

    Args:
        longest: seconds after which it is ended.

    Raises:
        RuntimeError: the command failed; with the end of what it said.
        TookTooLong: it was ended.
    """
    inherited = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        ending = threading.Timer(longest or 0, process.kill)
        if longest:
            ending.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            ending.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if longest and seconds >= longest:
            raise TookTooLong(f"{' '.join(map(str, command[:4]))} … took more than {longest:.0f} s")
        if process.returncode:
            raise RuntimeError(f"{' '.join(map(str, command[:3]))} … failed:\n{_tail(err) or _tail(out)}")
        out.seek(0)
        return Measured(
            seconds, usage.ru_utime + usage.ru_stime, _megabytes(usage.ru_maxrss), json.loads(out.read())
        )


def _megabytes(maxrss: int) -> float:
    # Linux counts in KiB, macOS in bytes.
    return maxrss / 1e6 if sys.platform == "darwin" else maxrss * 1024 / 1e6


def _tail(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace")[-2000:])

"""Keeps the changes made through the account's API, so that a restarted account is the same as before.

One JSON object per line, appended and flushed to the disk before the request is answered. The first line
names the account to which the others belong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from workbench.simulator.errors import SimulatorError

GENERATOR = 1
"""The version of the generator; raise it whenever the same seed gives other traffic than before."""


class Journal:
    """An append-only file; with `path=None` it keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self) -> Iterator[dict[str, Any]]:
        """Every complete line; an incomplete last line is dropped, because a crash came before its answer."""
        if self._path is None or not self._path.exists():
            return
        data = self._path.read_bytes()
        complete = data[: data.rfind(b"\n") + 1]
        if len(complete) < len(data):
            os.truncate(self._path, len(complete))
        for number, line in enumerate(complete.splitlines(), 1):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise SimulatorError(
                    f"{self._path}, line {number} is no JSON; delete the file to start the account afresh."
                ) from error

    def append(self, entry: dict[str, Any]) -> None:
        """Write one entry and wait until it is on the disk."""
        if self._path is None:
            return
        if self._descriptor is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._descriptor, orjson.dumps(entry) + b"\n")
        os.fsync(self._descriptor)

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def check_header(header: dict[str, Any], wanted: dict[str, Any], path: Path | None) -> None:
    """Refuse a state file that belongs to another account.

    Raises:
        SimulatorError: the text names the values that differ.
    """
    other = [
        f"{name} {header.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if header.get(name) != value
    ]
    if other:
        raise SimulatorError(
            f"{path} belongs to another simulated account ({'; '.join(other)}). Use the same values, "
            "another file, or delete it to start afresh."
        )

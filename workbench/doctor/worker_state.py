"""What the worker process says of itself, in a file of the home that doctor and status read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from workbench.files import write_whole
from workbench.home import WORKER_STATE


@dataclass(frozen=True)
class ConsumerState:
    """How one consumer of the feed does; `error` is the kind of its last error, the log has the rest."""

    failures: int = 0
    """In a row."""
    failing_since: datetime | None = None
    error: str = ""
    ended_at: datetime | None = None
    """When it ended well last."""


@dataclass(frozen=True)
class WorkerState:
    """When the worker last compared the lake with the feed, and how its consumers do; times in UTC."""

    started_at: datetime
    looked_at: datetime | None = None
    trouble: str = ""
    consumers: Mapping[str, ConsumerState] = field(default_factory=dict)
    standing_by: str = ""
    """Which machine's worker acts in its place; empty where it acts itself."""


def write_worker_state(home: Path, state: WorkerState) -> None:
    """Say how the worker does."""
    write_whole(home / WORKER_STATE, json.dumps(asdict(state), default=datetime.isoformat, indent=1) + "\n")


def read_worker_state(home: Path) -> WorkerState | None:
    """What the last worker of this home said; None where none ever ran."""
    try:
        stored = json.loads((home / WORKER_STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    consumers = {
        name: ConsumerState(
            consumer["failures"],
            _moment(consumer["failing_since"]),
            consumer["error"],
            _moment(consumer["ended_at"]),
        )
        for name, consumer in stored["consumers"].items()
    }
    return WorkerState(
        datetime.fromisoformat(stored["started_at"]),
        _moment(stored["looked_at"]),
        stored["trouble"],
        consumers,
        # Older versions did not write it.
        stored.get("standing_by", ""),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

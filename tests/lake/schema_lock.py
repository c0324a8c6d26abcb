"""Number and digest of every migration and view: ``python -m tests.lake.schema_lock`` updates them.

A program knows a newer lake by its numbers, so whatever changes must take one.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path

from workbench.lake.migrations import known_migrations
from workbench.lake.views import known_views

LOCK = Path(__file__).parent / "data" / "schema_lock.txt"

Schema = Mapping[str, tuple[int, str]]
"""Number and digest by the name of the file."""


def current_schema() -> Schema:
    tables = {
        f"{found.version:03d}_{found.name}": (found.version, _digest(found.sql))
        for found in known_migrations()
    }
    return tables | {
        f"views/{view.name}": (view.version, _digest(view.sql)) for view in known_views().values()
    }


def read_lock() -> Schema:
    lines = (line.split() for line in LOCK.read_text(encoding="utf-8").splitlines())
    return {name: (int(number), digest) for name, number, digest in lines}


def find_problems(locked: Schema, now: Schema) -> list[str]:
    """What changed without a number by which another version of the program can tell it."""
    newest_view = max(number for name, (number, _) in locked.items() if _is_view(name))
    newest = max(number for name, (number, _) in locked.items() if not _is_view(name))
    added = sorted(number for name, (number, _) in now.items() if name not in locked and not _is_view(name))
    problems = []
    for name in sorted(locked.keys() | now.keys()):
        if now.get(name) == locked.get(name):
            continue
        if not _is_view(name):
            if name in locked:
                done = "changed" if name in now else "removed"
                problems.append(
                    f"{name} was {done}; a migration stays as it is: add one with the next number"
                )
        elif name not in now:
            if not added:
                problems.append(f"{name} was removed: add a migration `drop view if exists …` for it")
        elif now[name][0] <= newest_view:
            problems.append(f"{name} is new or changed: give it `-- version: {newest_view + 1}`")
    if added and added != list(range(newest + 1, newest + 1 + len(added))):
        problems.append(f"new migrations have the numbers {added}; they begin with number {newest + 1}")
    return problems


def _is_view(name: str) -> bool:
    return name.startswith("views/")


def _digest(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()[:16]


if __name__ == "__main__":
    problems = find_problems(read_lock(), current_schema()) if LOCK.exists() else []
    if problems:
        sys.exit("\n".join(problems))
    LOCK.write_text(
        "".join(f"{name} {number} {digest}\n" for name, (number, digest) in current_schema().items())
    )

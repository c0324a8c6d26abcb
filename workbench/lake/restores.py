"""What was restored from a backup, and whether sending is released again: the outbox knows nothing newer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from workbench.errors import UsageError
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake


@dataclass(frozen=True)
class RestoreHold:
    """A restore after which nobody has released sending yet: messages of the time between may be unknown."""

    made_at: datetime
    restored_at: datetime


def read_hold(cursor: duckdb.DuckDBPyConnection) -> RestoreHold | None:
    """The restore that sending waits for; None where there is none."""
    rows = cursor.execute(
        "select min(made_at), max(restored_at) from restores where released_at is null having count(*) > 0"
    ).fetchall()
    return RestoreHold(*rows[0]) if rows else None


def release_sending(lake: Lake, *, actor: str, at: datetime) -> RestoreHold:
    """Let messages be sent again; audited.

    Raises:
        UsageError: nothing waits for it, or no sync has brought what was sent since.
    """

    def work(cursor: duckdb.DuckDBPyConnection) -> RestoreHold:
        hold = read_hold(cursor)
        if hold is None:
            raise UsageError("Nothing waits to be released: no restore since the last release.")
        synced = cursor.execute(
            "select 1 from sync_runs where outcome = 'done' and started_at > ?", [hold.restored_at]
        ).fetchall()
        if not synced:
            raise UsageError(
                "No sync has run since the restore, so what was sent meanwhile is not known here. Run "
                "`workbench sync` first, then look at `workbench conversations` and the messages page."
            )
        cursor.execute(
            "update restores set released_at = ?, released_by = ? where released_at is null", [at, actor]
        )
        append_audit(cursor, "release-sending", actor=actor, detail={"restored_at": hold.restored_at}, at=at)
        return hold

    return lake.write(work)

"""Finishes removals: deletes old copies from the home's files, from waiting webhooks, and from the lake.

Every step can be repeated. So if a process was killed at any point, the next erasure, retention run or
maintenance runs all of its steps again from the first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import orjson

from workbench.compliance.data_subject import DataSubject
from workbench.compliance.erasure import commit_erasure
from workbench.compliance.home_files import MEDIA_FOLDER, ChangedFiles, erase_from_files
from workbench.compliance.orders import Order, read_orders, remove_order
from workbench.compliance.proof import build_proof, write_proof
from workbench.compliance.records import Record
from workbench.errors import LakeBusy
from workbench.home import HOOKS_LOCK as HOOKS_LOCK
from workbench.home import REMOVALS_LOCK
from workbench.home import SPOOL_FOLDER as SPOOL_FOLDER
from workbench.lake.audit import append_audit
from workbench.lake.connect import Lake
from workbench.lake.erased import blotted
from workbench.lake.fleet.only_one import only_one_of_lake
from workbench.lake.lock import only_one
from workbench.lake.purge import purge
from workbench.lake.removals import RETENTION, Unfinished, end_removal, is_finished, read_unfinished
from workbench.lake.spool import rewrite_segments, segment_names

"""Under WORKBENCH_HOME: the webhooks that wait for the lake, and the lock of the process that owns them."""
_SPOOL_SECONDS, _LOOK_EVERY = 30.0, 0.05


@dataclass(frozen=True)
class Erasure:
    """The result of an erasure, with its proof."""

    order: Order
    finished_at: datetime
    files: ChangedFiles
    proof: Record
    paths: tuple[Path, ...]


@contextmanager
def removing_alone(lake: Lake) -> Iterator[None]:
    """A lock, so that only one process of this lake erases, applies retention, or finishes either.

    Raises:
        LakeBusy: another process holds the lock.
    """
    name = REMOVALS_LOCK.removesuffix(".lock")
    with only_one_of_lake(lake.address, lake.home, name, "erasure or retention run"):
        yield


def finish_erasure(lake: Lake, order: Order) -> Erasure:
    """Do everything that an order says. Call it while holding :func:`removing_alone`.

    Raises:
        LakeBusy: the rows are deleted, but other processes use old copies, which could not be removed yet.
    """
    commit_erasure(lake, order)
    _remove_attachments(lake, order.erasure_id)
    clean_spool(lake.home, order.person)
    kept = purge(lake)
    # Last, so that files that other processes wrote from the old rows in the meantime are searched, too.
    files = erase_from_files(lake, [*order.person.words, *order.plan.texts])
    finished_at = datetime.now(UTC)
    proof = build_proof(order, files, kept, finished_at)
    paths = write_proof(proof, lake.home)
    _note_end(lake, order.erasure_id, "erase-finished", order.actor, order.person.masked, finished_at)
    remove_order(lake.home, order.erasure_id)
    return Erasure(order, finished_at, files, proof, tuple(paths))


def finish_removals(lake: Lake, actor: str) -> list[Erasure]:
    """Finish the erasures of this home, and the retention runs of all homes. Call it while holding the lock.

    An erasure of another home on the same lake stays unfinished, because its order is only there.

    Raises:
        LakeBusy: old copies could not be removed yet.
    """
    done = []
    for order in read_orders(lake.home):
        if is_finished(lake, order.erasure_id):
            # Killed between the last note and this. What came of the person since, once they were let in
            # again, is no business of that order.
            remove_order(lake.home, order.erasure_id)
        else:
            done.append(finish_erasure(lake, order))
    runs = [removal for removal in read_unfinished(lake) if removal.kind == RETENTION]
    finish_retention(lake, runs, actor)
    return done


def finish_retention(lake: Lake, runs: list[Unfinished], actor: str) -> None:
    """Remove the old copies of what retention runs deleted."""
    if not runs:
        return
    for run in runs:
        _remove_attachments(lake, run.removal_id)
    purge(lake)
    for run in runs:
        _note_end(lake, run.removal_id, "retention-finished", actor, None, datetime.now(UTC))


def clean_spool(home: Path, person: DataSubject, seconds: float = _SPOOL_SECONDS) -> None:
    """Remove the person from the webhooks that wait for the lake; call it after the lake refuses the person.

    While the hooks process runs, it owns the files and empties them within seconds: the lake refuses the
    person's webhooks, and the file is deleted (``lake/spool.py``). If it does not run, or ends meanwhile, its
    lock is free, and this process takes the lock and rewrites the files.

    Raises:
        LakeBusy: the hooks process runs but cannot save the waiting webhooks.
    """
    folder, until = home / SPOOL_FOLDER, time.monotonic() + seconds
    names = segment_names(folder)
    while names & segment_names(folder):
        try:
            with only_one(home / HOOKS_LOCK, "hooks process"):
                rewrite_segments(folder, lambda record: _without(record, person))
                return
        except LakeBusy:
            if time.monotonic() > until:
                raise LakeBusy(
                    "Webhooks wait on the disk and cannot be saved into the lake, so the person could not be "
                    "removed from them yet. The log of `workbench serve` says why; mend that and run the "
                    "same again."
                ) from None
            time.sleep(_LOOK_EVERY)


def _without(record: bytes, person: DataSubject) -> bytes | None:
    """A record without the person; None if they sent it."""
    content = orjson.loads(record)
    sent_by = content.get("message", {}).get("contact") or content.get("row", {}).get("from_address")
    if sent_by in person.contacts:
        return None
    return blotted(record.decode(), sorted(person.numbers, key=len, reverse=True)).encode()


def _remove_attachments(lake: Lake, removal_id: str) -> None:
    for removal in read_unfinished(lake):
        if removal.removal_id == removal_id:
            for name in removal.attachments:
                (lake.home / MEDIA_FOLDER / name).unlink(missing_ok=True)


def _note_end(
    lake: Lake, removal_id: str, action: str, actor: str, subject: str | None, at: datetime
) -> None:
    def end(cursor: duckdb.DuckDBPyConnection) -> None:
        if end_removal(cursor, removal_id, at):
            detail = {"removal_id": removal_id, "state": "finished"}
            append_audit(cursor, action, actor=actor, subject=subject, detail=detail, at=at)

    lake.write(end)

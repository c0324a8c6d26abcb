"""The trail of sign-ins: on the disk before anybody is let in, in the lake's audit trail soon after.

A lake that is locked or away locks nobody out: the entries wait in a journal beside it, say so in the log,
and follow with the times at which they happened. If not even the journal can be written, nobody is let in.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from workbench.errors import WorkbenchError
from workbench.files import make_folder
from workbench.lake import Lake, open_lake
from workbench.lake.audit import append_audit
from workbench.settings import Settings

log = logging.getLogger(__name__)

JOURNAL_FILE = "access-journal.jsonl"
_TRY_AGAIN_SECONDS = 5.0
_CLOSE_SECONDS = 5.0


class Trail:
    """Takes entries from any thread; a thread of its own brings them to the lake."""

    def __init__(
        self,
        settings: Settings,
        open_: Callable[[Settings], Lake] = open_lake,
        *,
        pause: float = _TRY_AGAIN_SECONDS,
    ) -> None:
        self._settings, self._open, self._pause = settings, open_, pause
        self.path = settings.home / JOURNAL_FILE
        self._lock = threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="access-trail", daemon=True)

    def start(self) -> None:
        """Begin to bring entries to the lake, also those that an earlier process left."""
        self._wake.set()
        self._thread.start()

    def note(self, action: str, actor: str, **detail: Any) -> None:
        """Write an entry down.

        Raises:
            OSError: it is not on the disk.
        """
        entry = {
            "action": action,
            "actor": actor,
            "at": datetime.now(UTC).isoformat(),
            "detail": {**detail, "entry": uuid.uuid4().hex},
        }
        line = json.dumps(entry, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            make_folder(self.path.parent)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._wake.set()

    def close(self) -> None:
        """Bring what is there, if it takes a few seconds at most; the rest waits for the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            try:
                self.deliver()
            except Exception as error:
                # What nobody expected must not end the thread: the journal would wait for a restart.
                is_expected = isinstance(error, WorkbenchError | OSError)
                log.warning(
                    "sign-ins wait in %s for the lake: %s", JOURNAL_FILE, error, exc_info=not is_expected
                )
                if not self._stop.wait(self._pause):
                    self._wake.set()
            if self._stop.is_set():
                return

    def deliver(self) -> int:
        """Bring everything in the journal to the lake; how many entries were new there.

        Raises:
            WorkbenchError: the lake takes nothing now; the journal stays as it is.
        """
        entries, length = self._read()
        if not entries:
            return 0
        with self._open(self._settings) as lake:
            added = lake.write(lambda cursor: _append_new(cursor, entries))
        self._forget(length)
        return added

    def _read(self) -> tuple[list[dict[str, Any]], int]:
        with self._lock:
            try:
                content = self.path.read_bytes()
            except FileNotFoundError:
                return [], 0
        # A last line without its end was never confirmed to anybody.
        whole = content[: content.rfind(b"\n") + 1]
        return [entry for line in whole.splitlines() if (entry := _entry(line))], len(whole)

    def _forget(self, length: int) -> None:
        """Drop the first bytes of the journal; others may have been added meanwhile."""
        with self._lock:
            rest = self.path.read_bytes()[length:]
            temporary = self.path.with_suffix(".new")
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, rest)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            os.replace(temporary, self.path)


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry: dict[str, Any] = json.loads(line)
        datetime.fromisoformat(entry["at"])
        _ = entry["action"], entry["actor"], entry["detail"]["entry"]
    except (ValueError, LookupError, TypeError):
        # A crash in the middle of a line, continued by the next start; or an erasure that found in it
        # what somebody once wrote.
        log.error("an entry of %s cannot be read and is left out", JOURNAL_FILE)
        return None
    return entry


def _append_new(cursor: Any, entries: list[dict[str, Any]]) -> int:
    """Entries that the audit trail does not hold yet: a process may die between the lake and the journal."""
    oldest = min(datetime.fromisoformat(entry["at"]) for entry in entries)
    rows = cursor.execute("select detail from audit_events where happened_at >= ?", [oldest]).fetchall()
    appended = {json.loads(detail).get("entry") for (detail,) in rows}
    new = [entry for entry in entries if entry["detail"]["entry"] not in appended]
    for entry in new:
        append_audit(
            cursor,
            entry["action"],
            actor=entry["actor"],
            detail=entry["detail"],
            at=datetime.fromisoformat(entry["at"]),
        )
    return len(new)

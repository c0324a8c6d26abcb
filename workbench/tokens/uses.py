"""When each token was last used: a file of the home, written at most once a minute for each token.

Not in the lake: a read would commit there, and so make every cache of everybody old.
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path

from workbench.files import write_whole
from workbench.lake.lock import exclusive

USES_FILE = "token-uses.json"
_EVERY = timedelta(minutes=1)


class TokenUses:
    """The file of one home; several processes may write it. Safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        self._path, self._lock_file = home / USES_FILE, home / f"{USES_FILE}.lock"
        self._lock = threading.Lock()
        self._noted: dict[str, datetime] = {}

    def all(self) -> dict[str, datetime]:
        """The last use of each token by name; a file that cannot be read says nothing."""
        try:
            uses = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(name): datetime.fromisoformat(moment) for name, moment in uses.items()}
        except (FileNotFoundError, ValueError, AttributeError, TypeError):
            return {}

    def note(self, name: str, now: datetime) -> None:
        """Note that a token is used.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            noted = self._noted.get(name)
            if noted is not None and now - noted < _EVERY:
                return
            self._noted[name] = now
        with exclusive(self._lock_file):
            uses = self.all()
            if name not in uses or uses[name] < now:
                uses[name] = now
                lines = {other: moment.isoformat() for other, moment in sorted(uses.items())}
                write_whole(self._path, json.dumps(lines, indent=1) + "\n")

"""The state of a running server besides its account: options, faults, and a log of its requests."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from workbench.simulator.account.account import Account
from workbench.simulator.account.sending import PlannedOutcome
from workbench.simulator.account.usage import UsageBook
from workbench.simulator.faults import Faults
from workbench.simulator.webhooks.callbacks import Callbacks

_LOGGED_REQUESTS = 20_000


@dataclass
class Options:
    """How the server behaves beyond the account's own data; may be changed while it runs."""

    latency: float = 0.0
    """Seconds of delay before every answer."""
    concurrency_limit: int | None = 100
    """More requests at once than this are refused with 429/20429; None for no limit."""
    undated_in_windows: bool = True
    """Whether a DateSent filter returns messages without date_sent by their date_created; not documented."""
    max_queue_hours: float = 10.0
    """A sender whose queue is longer refuses with 21611."""
    mms_converter: bool = True
    """Whether media becomes a link in an SMS where there is no MMS; if not, it is refused with 21612."""
    media_needs_auth: bool = False
    """Whether attachments need the account's credentials; their addresses then end after 4 hours."""
    media_listed_after: float = 0.0
    """Seconds, on the account's clock, until all attachments of a new message are listed and can be fetched.

    They appear one after the other: of two, the first after half of the time.
    """
    people_answer: bool = False
    """Whether recipients answer messages that came through the API, some seconds after they got them."""


class RequestLog:
    """Counts and the latest requests, without headers or bodies; the control API is not counted."""

    def __init__(self) -> None:
        self.active = 0
        self.most_active = 0
        self._counts: Counter[tuple[str, int]] = Counter()
        self._latest: deque[dict[str, Any]] = deque(maxlen=_LOGGED_REQUESTS)
        self._lock = threading.Lock()

    def begin(self) -> int:
        with self._lock:
            self.active += 1
            self.most_active = max(self.most_active, self.active)
            return self.active

    def end(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self.active -= 1
            self._counts[entry["method"], entry["status"]] += 1
            self._latest.append(entry)

    def clear(self) -> None:
        with self._lock:
            self.most_active = self.active
            self._counts.clear()
            self._latest.clear()

    def summary(self) -> dict[str, Any]:
        with self._lock:
            return {
                "total": sum(self._counts.values()),
                "most_active": self.most_active,
                "by_method_and_status": {
                    f"{m} {status}": n for (m, status), n in sorted(self._counts.items())
                },
            }

    def latest(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The latest requests, oldest first."""
        with self._lock:
            entries = list(self._latest)
        return entries if limit is None else entries[-limit:]


class Runtime:
    """Everything the request handlers share."""

    def __init__(self, account: Account, options: Options | None = None) -> None:
        self.account = account
        self.options = options or Options()
        self.faults = Faults(account.seed)
        self.requests = RequestLog()
        self.callbacks: Callbacks | None = None
        self.usage_books: dict[str, UsageBook] = {}
        self.consents: dict[tuple[str, str, str], dict[str, Any]] = {}
        """What the Consent API received, by account, contact and sender."""
        self.consent_requests: deque[int] = deque(maxlen=1000)
        """When the Consent API was called."""
        self.planned: dict[str, PlannedOutcome] = {}
        """The requested outcome of the next message to an address."""

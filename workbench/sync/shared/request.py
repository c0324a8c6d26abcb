"""The request, the progress and the summary of a sync."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from workbench.display.result_html import result_html


@dataclass(repr=False)
class SyncSummary:
    """What one sync did; the one JSON object of ``workbench sync --json``."""

    account_sid: str
    since: date
    until: date
    windows: int = 0
    listed: int = 0
    """Rows that Twilio listed, both the saved ones and those in quarantine."""
    quarantined: int = 0
    """Rows that could not be read; they are kept in quarantine, with the reason."""
    added: int = 0
    changed: int = 0
    deleted: int = 0
    """Messages that Twilio no longer has, noticed in this sync."""
    fetched_singly: int = 0
    requests: int = 0
    open_messages: int = 0
    unresolved: int = 0
    seconds: float = 0.0
    notices: list[str] = field(default_factory=list)
    catalog: dict[str, int] = field(default_factory=dict)
    """Rows added or changed, by part of the catalog; empty if it was not due."""
    subaccounts: list[SyncSummary] = field(default_factory=list)

    def sentence(self) -> str:
        """What was done, in one sentence or a few."""
        last = self.until - timedelta(days=1)
        text = (
            f"{self.account_sid}: {self.since} to {last} (GMT), {self.listed:,} messages read with "
            f"{self.requests:,} requests in {self.seconds:.1f} s; {self.added:,} new, "
            f"{self.changed:,} changed, {self.open_messages:,} open, {self.unresolved:,} unresolved."
        )
        if self.quarantined:
            text += f" {self.quarantined:,} rows could not be read and are in quarantine."
        if self.deleted:
            text += f" {self.deleted:,} were deleted at Twilio and are gone from the views here."
        if self.catalog:
            parts = ", ".join(f"{name} {count:,}" for name, count in self.catalog.items())
            text += f" Around them, rows new or changed: {parts}."
        return text

    def __repr__(self) -> str:
        accounts = (self, *self.subaccounts)
        notices = [f"Notice: {notice}" for account in accounts for notice in account.notices]
        return "\n".join([account.sentence() for account in accounts] + notices)

    def _repr_html_(self) -> str:
        accounts = (self, *self.subaccounts)
        return "".join(
            result_html(
                account.sentence(),
                notices=account.notices,
                is_bad=bool(account.quarantined or account.notices),
            )
            for account in accounts
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "since": self.since.isoformat(),
            "until": self.until.isoformat(),
            "subaccounts": [summary.as_dict() for summary in self.subaccounts],
        }


@dataclass(frozen=True)
class Progress:
    """Where a sync stands, for a progress bar: windows read of those planned, and rows so far."""

    phase: str
    done: int
    total: int
    rows: int


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class SyncRequest:
    """What to sync. Days are GMT days; `since` is included, `until` is not; with None the lake decides."""

    since: date | None = None
    until: date | None = None
    full: bool = False
    lookback_days: int = 3
    retry_quarantined: bool = False
    """Read what is in quarantine again, and nothing else."""

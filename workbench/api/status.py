"""Where an installation stands, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from workbench.display.formats import plural

if TYPE_CHECKING:
    from workbench.api.installation import Installation
    from workbench.api.operations import Operations
    from workbench.lake.removals import Unfinished
    from workbench.metrics.freshness import Freshness
    from workbench.sync.status import SyncStatus


@dataclass(frozen=True)
class Status:
    """Where this installation stands: the sync, and how fresh the numbers are."""

    home: str
    lake: str
    is_simulated: bool
    sync: SyncStatus
    freshness: Freshness | None
    """None where no message log was ever read: what it counts is not known."""
    operations: Operations | None = None
    """What runs and what waits: servers, jobs, the spool, the outbox, the doctor's states."""
    unfinished: tuple[Unfinished, ...] = ()
    """Erasures and retention runs of which old copies may be left."""
    clock: str | None = None
    """What is wrong with this machine's clock; None where the lake holds no time that is still to come."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __repr__(self) -> str:
        return "\n".join(f"{name:<15} {value}" for name, value in self.lines())

    def lines(self) -> list[tuple[str, str]]:
        """The status in words, as (label, value)."""
        lines = [("home", self.home), ("lake", self.lake)]
        lines.append(("as of", f"{self.sync.as_of:%Y-%m-%d %H:%M:%S} UTC"))
        if self.is_simulated:
            lines.append(("account", "simulated: no message was ever sent"))
        lines += _messages(self.freshness)
        for account in self.sync.accounts:
            through = account.settled_through or "not yet"
            lines.append((account.account_sid[:10] + "…", f"complete through {through} (GMT)"))
            lines.append(
                ("", f"{account.open_messages:,} to be read again, {account.unresolved:,} unresolved")
            )
            if account.senders:
                lines.append(("", f"senders: {_senders(account.senders)}"))
            if account.deleted or account.redacted:
                removed = f"{account.deleted:,} deleted and {account.redacted:,} redacted at Twilio, here too"
                lines.append(("", removed))
            if account.holes:
                lines.append(("", f"never read to their end: {_spans(account.holes)} (GMT): sync again"))
            lines += _attachments(account.attachments_awaited, account.attachments_missing)
            lines += _unread(account.quarantined, account.rejected)
            if account.unfinished_days:
                lines.append(("", f"{account.unfinished_days} days begun and not finished: sync again"))
        lines += _unread(self.sync.quarantined, self.sync.rejected)
        lines.append(("last sync", _last_run(self.sync.last_run)))
        if self.clock:
            lines.append(("clock", self.clock))
        lines += self.operations.lines() if self.operations else []
        lines += [
            ("not finished", f"{removal}: the next maintenance finishes it, or run it again")
            for removal in self.unfinished
        ]
        return lines


def read_status(installation: Installation, runs: int = 0) -> Status:
    """How far the sync is, what is open, how fresh the numbers are; see :func:`read_operations`."""
    from workbench.api.operations import read_operations
    from workbench.lake.clock import clock_warning
    from workbench.lake.read_days import has_log
    from workbench.lake.removals import read_unfinished
    from workbench.metrics.freshness import freshness
    from workbench.sync.status import read_sync_status

    lake = installation.reader
    return Status(
        home=str(installation.settings.home),
        lake=lake.address.shown,
        is_simulated=installation.settings.is_demo,
        sync=read_sync_status(lake),
        freshness=freshness(lake) if has_log(lake) else None,
        operations=read_operations(installation, runs),
        unfinished=tuple(read_unfinished(lake)),
        clock=clock_warning(lake, datetime.now(UTC)),
    )


def _spans(holes: Sequence[tuple[date, date]]) -> str:
    shown = [str(first) if first == last else f"{first} to {last}" for first, last in holes[:_SHOWN_HOLES]]
    more = [f"and {len(holes) - _SHOWN_HOLES} more stretches"] if len(holes) > _SHOWN_HOLES else []
    return ", ".join(shown + more)


_SHOWN_HOLES = 5


def _senders(senders: Mapping[str, Sequence[str]]) -> str:
    """How many senders of each kind, and the names of those that are no numbers."""
    parts = []
    for kind, names in senders.items():
        shown = ", ".join(names[:_SHOWN_NAMES]) + (", …" if len(names) > _SHOWN_NAMES else "")
        is_number = kind in ("long code", "toll-free")
        parts.append(f"{len(names):,} {_KINDS.get(kind, kind)}" + ("" if is_number else f" ({shown})"))
    return ", ".join(parts)


_SHOWN_NAMES = 3
_KINDS = {"whatsapp": "WhatsApp", "rcs": "RCS", "messenger": "Messenger"}


def _attachments(awaited: int, missing: int) -> list[tuple[str, str]]:
    """Attachments that are not listed, in words."""
    lines = []
    if awaited:
        lines.append(("", f"{plural(awaited, 'attachment')} not listed yet: the next syncs ask again"))
    if missing:
        lines.append(
            ("", f"{plural(missing, 'attachment')} that Twilio does not list: deleted there or never stored")
        )
    return lines


def _unread(quarantined: Mapping[str, int], rejected: int) -> list[tuple[str, str]]:
    """What could not be read, in words."""
    lines = []
    if quarantined:
        parts = ", ".join(f"{count:,} {resource}" for resource, count in sorted(quarantined.items()))
        lines.append(
            (
                "",
                f"in quarantine, could not be read: {parts} (`workbench sync --retry-quarantined`)",
            )
        )
    if rejected:
        lines.append(("", f"{rejected:,} lines of imported files were rejected"))
    return lines


def _messages(fresh: Freshness | None) -> list[tuple[str, str]]:
    if fresh is None:
        return [("messages", "not known: no message log was ever read into this lake. Run `workbench sync`.")]
    share = "nothing to price" if fresh.priced_share is None else f"{fresh.priced_share:.1%} priced"
    return [
        ("messages", f"{fresh.messages:,} ({_period(fresh)})"),
        ("in flight", f"{fresh.open_messages:,}, {share}"),
    ]


def _period(fresh: Freshness) -> str:
    if not fresh.oldest_message_at or not fresh.newest_message_at:
        return "none yet"
    return f"{fresh.oldest_message_at:%Y-%m-%d} to {fresh.newest_message_at:%Y-%m-%d %H:%M} UTC"


def _last_run(run: dict[str, Any] | None) -> str:
    if run is None:
        return "never"
    if run["outcome"] == "running":
        return f"began {run['started_at']:%Y-%m-%d %H:%M} UTC and has not ended"
    ended: datetime = run["finished_at"]
    minutes = int((datetime.now(UTC) - ended).total_seconds() // 60)
    age = f"{minutes} min ago" if minutes >= 0 else "still to come by this machine's clock"
    text = f"{run['outcome']} {ended:%Y-%m-%d %H:%M} UTC ({age}): "
    text += f"{run['listed']:,} read, {run['added']:,} new, {run['changed']:,} changed"
    return text + (f" — {run['error']}" if run["error"] else "")

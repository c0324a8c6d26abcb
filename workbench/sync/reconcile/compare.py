"""Compares one day's messages in the lake with the same day as Twilio lists it now. Pure.

The lake is read before the list, so a row of the lake can only be older than the listed one. A difference is
explained only if the sync could not have known it: a row is *in flight* only if Twilio changed it after the
sync last read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from workbench.messaging.message import MessageRow
from workbench.messaging.status import DELIVERED, FINAL, NOT_DELIVERED, status_rank
from workbench.sync.reconcile.discrepancies import UNEXPLAINED, RowGap

#: Twilio's list can lag and clocks differ: a change so shortly before a reading may be missing in it.
LAG = timedelta(minutes=5)
#: A price, or a status that came first by callback, may appear in the list this much later.
LATE = timedelta(hours=24)

#: The compared fields by kind of difference, in this order. All other columns of a row follow from these.
_FIELDS = {
    "status": ("status", "error_code"),
    "price": ("price", "currency"),
    "body": ("body",),
    "fields": (
        "account_sid", "messaging_service_sid", "direction", "from_address", "to_address", "segments",
        "media_count", "date_created", "date_sent", "date_updated",
    ),
}  # fmt: skip
#: Values that the lake keeps even if a later answer leaves them out.
_KEPT = frozenset({"currency", "from_address", "date_sent"})


@dataclass(frozen=True)
class StoredRow:
    """A row of the lake, and when the sync last read it from Twilio; None if it only came by a webhook."""

    row: MessageRow
    read_at: datetime | None


@dataclass(frozen=True)
class Callback:
    """The content of a status callback, and when we received it."""

    status: str
    error_code: int | None
    received_at: datetime


@dataclass(frozen=True)
class DayRead:
    """The sync state of a day: when its last walk began, and whether it reached the day's end."""

    read_from: datetime | None = None
    is_finished: bool = False


@dataclass(frozen=True)
class DaySides:
    """One GMT day on both sides.

    `stored`: the lake's messages of the day, and listed messages that the lake places on another day.
    `fetched`: messages that the lake places on this day and the list lacks, as Twilio answers when asked for
    each; None for a message that Twilio does not have.
    `reaches_from`: Twilio lists a message as old as this, so age alone does not explain what the list lacks
    after it; None if Twilio lists nothing so old.
    """

    day: date
    stored: Mapping[str, StoredRow]
    listed: Mapping[str, MessageRow]
    fetched: Mapping[str, MessageRow | None] = field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    callbacks: Mapping[str, Sequence[Callback]] = field(default_factory=dict)
    read: DayRead = field(default_factory=DayRead)
    reaches_from: datetime | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """What is wrong with listed rows that cannot be read, by SID."""


def began_at(row: MessageRow) -> datetime:
    """The time by which Twilio lists a message: when it was sent, or created if it was not sent."""
    return row.date_sent or row.date_created


def day_of(row: MessageRow) -> date:
    """The GMT day on which a message is listed."""
    return began_at(row).astimezone(UTC).date()


def unlisted(sides: DaySides) -> list[str]:
    """The SIDs of the lake's messages of the day that the list lacks; they must be fetched one by one."""
    return sorted(
        sid
        for sid, stored_row in sides.stored.items()
        if sid not in sides.listed
        and sid not in sides.unread
        and sid not in sides.deleted
        and day_of(stored_row.row) == sides.day
    )


def compare_rows(sides: DaySides, now: datetime) -> list[RowGap]:
    """Every difference between the two sides, message by message; at most one of each kind per message."""
    gaps: list[RowGap] = []
    for sid, fresh in sides.listed.items():
        if sid in sides.deleted:
            note = "marked deleted here, but Twilio lists it"
            gaps.append(RowGap(sid, "missing_row", UNEXPLAINED, note))
        elif sid not in sides.stored:
            gaps.append(_missing(fresh, sides.read))
        else:
            gaps += compare_row(sides.stored[sid], fresh, sides.callbacks.get(sid, ()), now)
    for sid, stored_row in sides.stored.items():
        if day_of(stored_row.row) != sides.day:
            continue
        if sid not in sides.listed and sid not in sides.unread:
            gaps += _extra(stored_row, sides, now)
        if sid not in sides.deleted:
            gaps += compare_callbacks(stored_row, sides.callbacks.get(sid, ()))
    gaps += [RowGap(sid, "unread_row", "quarantined", note) for sid, note in sides.unread.items()]
    return gaps


def _missing(fresh: MessageRow, read: DayRead) -> RowGap:
    sid = fresh.message_sid
    if read.read_from is None:
        note = "the day was never synced: run `workbench sync` with --since on or before it"
    elif began_at(fresh) >= read.read_from - LAG:
        return RowGap(sid, "missing_row", "after_last_sync", "came after the last sync")
    elif not read.is_finished:
        note = "the sync began the day and did not finish it: run `workbench sync`"
    else:
        note = "it was there when the day was last read"
    return RowGap(sid, "missing_row", UNEXPLAINED, note)


def _extra(stored_row: StoredRow, sides: DaySides, now: datetime) -> Iterator[RowGap]:
    sid = stored_row.row.message_sid
    if sid in sides.deleted:
        yield RowGap(sid, "extra_row", "deleted_upstream", "deleted at Twilio")
        return
    fresh = sides.fetched.get(sid)
    if fresh is None:
        if sides.reaches_from is None or began_at(stored_row.row) < sides.reaches_from:
            yield RowGap(sid, "extra_row", "before_retention", "older than all that Twilio lists")
        else:
            yield RowGap(sid, "extra_row", UNEXPLAINED, "Twilio has no such message")
        return
    differences = compare_row(stored_row, fresh, sides.callbacks.get(sid, ()), now)
    yield from differences
    if day_of(fresh) != sides.day and differences:
        return  # it moved to another day, and the difference says so
    if fresh.date_sent is None:
        yield RowGap(sid, "extra_row", "undated", "not sent, so not listed by date")
    elif now - began_at(fresh) <= LAG:
        yield RowGap(sid, "extra_row", "twilio_lag", "too new for the list")
    else:
        yield RowGap(sid, "extra_row", UNEXPLAINED, "Twilio has the message but does not list it")


# --- one message on both sides ---


def compare_row(
    stored_row: StoredRow, fresh: MessageRow, callbacks: Sequence[Callback], now: datetime
) -> list[RowGap]:
    """How a row of the lake differs from the message as Twilio has it now; at most one gap per kind."""
    gaps: dict[str, RowGap] = {}
    for kind, names in _FIELDS.items():
        different = [name for name in names if _differs(name, stored_row.row, fresh)]
        if different == ["date_updated"] and gaps:
            continue  # another difference changed it
        if different:
            gaps[kind] = _difference(kind, different, stored_row, fresh, callbacks, now)
    rest = gaps.get("fields")
    if rest and any(gap.reason == rest.reason != UNEXPLAINED for gap in gaps.values() if gap is not rest):
        del gaps["fields"]  # a later status also changes sender, segments and date
    return list(gaps.values())


def _differs(name: str, stored: MessageRow, fresh: MessageRow) -> bool:
    ours, theirs = getattr(stored, name), getattr(fresh, name)
    return bool(ours != theirs and not (name in _KEPT and theirs is None))


def _difference(
    kind: str,
    different: Sequence[str],
    stored_row: StoredRow,
    fresh: MessageRow,
    callbacks: Sequence[Callback],
    now: datetime,
) -> RowGap:
    row, sid = stored_row.row, fresh.message_sid
    reason = _reason(kind, stored_row, fresh, callbacks, now)
    if kind == "price":
        note = f"{_shown(row.price)} here, {_shown(fresh.price)} at Twilio" if "price" in different else (
            f"{row.currency} here, {fresh.currency} at Twilio"
        )  # fmt: skip
        return RowGap(sid, kind, reason, note, fresh.currency or row.currency, _spend(row), _spend(fresh))
    if kind == "status":
        ours, theirs = _outcome(row.status, row.error_code), _outcome(fresh.status, fresh.error_code)
        return RowGap(sid, kind, reason, f"{ours} here, {theirs} at Twilio")
    # Never the values themselves, because they are texts and numbers of people.
    note = "empty at Twilio" if kind == "body" and not fresh.body else f"{', '.join(different)} differ"
    return RowGap(sid, kind, reason, note)


def _reason(
    kind: str, stored_row: StoredRow, fresh: MessageRow, callbacks: Sequence[Callback], now: datetime
) -> str:
    row, read_at = stored_row.row, stored_row.read_at
    if kind == "body":
        return "redacted_upstream" if row.body and fresh.body == "" else UNEXPLAINED
    if kind == "status" and row.status_rank > fresh.status_rank:
        return _reason_to_be_ahead(row, callbacks, now)
    changed_since = read_at is None or (
        fresh.date_updated is not None and fresh.date_updated >= read_at - LAG
    )
    if kind == "price" and row.price is None:
        could_be_late = read_at is None or read_at < began_at(fresh) + LATE
        return "not_priced_yet" if changed_since or could_be_late else UNEXPLAINED
    if not changed_since:
        return UNEXPLAINED
    return "after_last_sync" if row.status in FINAL else "in_flight"


def _reason_to_be_ahead(row: MessageRow, callbacks: Sequence[Callback], now: datetime) -> str:
    """Why the lake has a later status than Twilio's list: only a recent callback explains it."""
    is_told_by_callback = any(
        event.status == row.status and now - event.received_at <= LATE for event in callbacks
    )
    return "twilio_lag" if is_told_by_callback else UNEXPLAINED


# --- callbacks ---


def compare_callbacks(stored_row: StoredRow, callbacks: Sequence[Callback]) -> list[RowGap]:
    """Compare the latest status in a message's callbacks with its row; at most one gap."""
    if not callbacks:
        return []
    row = stored_row.row
    top = max(callbacks, key=lambda event: (status_rank(event.status), event.received_at))
    note = f"callback {_outcome(top.status, top.error_code)}, row {_outcome(row.status, row.error_code)}"
    if status_rank(top.status) > row.status_rank:
        is_newer = stored_row.read_at is None or top.received_at >= stored_row.read_at - LAG
        reason = "after_last_sync" if is_newer else UNEXPLAINED
    elif top.status == row.status:
        if top.error_code is None or top.error_code == row.error_code:
            return []
        reason = UNEXPLAINED
    elif top.status in NOT_DELIVERED and row.status in DELIVERED:
        reason = "outranked"
    elif top.status in FINAL and row.status != "read":
        reason = UNEXPLAINED
    else:
        return []  # later callbacks may have been lost
    return [RowGap(row.message_sid, "callback", reason, note)]


def _outcome(status: str, error_code: int | None) -> str:
    return status if error_code is None else f"{status} ({error_code})"


def _spend(row: MessageRow) -> Decimal | None:
    return None if row.price is None else abs(row.price)


def _shown(price: Decimal | None) -> str:
    return "no price" if price is None else f"{abs(price):f}"

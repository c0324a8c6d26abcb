"""Which of our senders was in which messaging service, and when: what messages prove and catalogs showed.

An opt-out said to a sender holds for its services, then and later, so what was seen is never forgotten: a
sender that leaves keeps its row, with the time. What it means for opt-outs is in
``sql/views/opt_out_spans_of.sql``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

_KEY = ["account_sid", "sender", "messaging_service_sid"]


@dataclass(frozen=True)
class Span:
    """A row of `membership_spans`: a time in which a sender was seen in a service, or in none."""

    account_sid: str
    sender: str
    service: str | None
    first_seen_at: datetime
    seen_until: datetime | None = None
    left_at: datetime | None = None

    def ends_after(self, moment: datetime) -> bool:
        return self.left_at is None or self.left_at > moment


def note_memberships(cursor: duckdb.DuckDBPyConnection, messages: pa.Table) -> None:
    """Remember what messages (`MESSAGE_SCHEMA`) show: one with a sender and a service proves it."""
    telling = messages.filter(
        pc.and_(pc.is_valid(messages["sender"]), pc.is_valid(messages["messaging_service_sid"]))
    )
    if not telling.num_rows:
        return
    shown = telling.group_by(_KEY).aggregate([("date_created", "min"), ("date_created", "max")]).to_pylist()
    spans = _read_spans(cursor, {row["account_sid"] for row in shown})
    added, changed = [], []
    for row in shown:
        account_sid, sender, service = (row[name] for name in _KEY)
        own = [s for s in spans if (s.account_sid, s.sender, s.service) == (account_sid, sender, service)]
        first_at, last_at = row["date_created_min"], row["date_created_max"]
        if not any(span.ends_after(last_at) for span in own):
            # If the messages span a time outside of the service, only the last one is surely after it.
            begun = last_at if any(span.ends_after(first_at) for span in own) else first_at
            added.append(_closed_if_missing(cursor, Span(account_sid, sender, service, begun), last_at))
        elif (later := _begins_too_late(own, first_at)) is not None:
            changed.append((later, replace(later, first_seen_at=first_at)))
    _write(cursor, added, changed)


def note_pools(
    cursor: duckdb.DuckDBPyConnection,
    account_sid: str,
    members: Iterable[tuple[str, str]],
    read_at: datetime,
    *,
    listed: Collection[str] = (),
    is_whole: bool = True,
) -> None:
    """Remember what a reading of an account's messaging services showed.

    Args:
        members: every sender of every pool, with the SID of its service.
        listed: all senders of the account; one that is in no pool is then known to be in none.
        is_whole: False where a row could not be read: it then tells who is in a service, not who is in none.
    """
    pools = set(members)
    spans = _read_spans(cursor, [account_sid])
    last_read_at = _read_at(cursor, account_sid)
    is_open = {(span.sender, span.service) for span in spans if span.left_at is None}
    added = [Span(account_sid, sender, service, read_at) for sender, service in sorted(pools - is_open)]
    if not is_whole:
        _write(cursor, added, [])
        return
    added += [
        Span(account_sid, sender, None, read_at)
        for sender in sorted(set(listed) - {span.sender for span in spans} - {member for member, _ in pools})
    ]
    changed = [
        (span, _ended(span, last_read_at, read_at))
        for span in spans
        if span.left_at is None and span.service is not None and (span.sender, span.service) not in pools
    ]
    _write(cursor, added, changed)
    if read_at != last_read_at:
        cursor.execute("delete from membership_reads where account_sid = ?", [account_sid])
        cursor.execute("insert into membership_reads values (?, ?)", [account_sid, read_at])


def _ended(span: Span, last_read_at: datetime | None, read_at: datetime) -> Span:
    """The span of a sender that is missing now; it was still there when the pools were last read."""
    seen_until = max(span.first_seen_at, last_read_at or span.first_seen_at)
    return replace(span, seen_until=seen_until, left_at=max(read_at, seen_until))


def _closed_if_missing(cursor: duckdb.DuckDBPyConnection, span: Span, last_at: datetime) -> Span:
    """A membership that came to light late: pools that were read since did not show it, so it is over."""
    read_at = _read_at(cursor, span.account_sid)
    if read_at is None or read_at <= last_at:
        return span
    return replace(span, seen_until=last_at, left_at=read_at)


def _begins_too_late(spans: Sequence[Span], moment: datetime) -> Span | None:
    """The span that has to begin at a moment: the next one after it, unless one holds it already."""
    if any(span.first_seen_at <= moment and span.ends_after(moment) for span in spans):
        return None
    return min(
        (span for span in spans if span.first_seen_at > moment),
        key=lambda span: span.first_seen_at,
        default=None,
    )


def _read_spans(cursor: duckdb.DuckDBPyConnection, accounts: Iterable[str]) -> list[Span]:
    rows = cursor.execute(
        "select account_sid, sender, messaging_service_sid, first_seen_at, seen_until, left_at "
        "from membership_spans where account_sid in (select unnest(?::varchar[]))",
        [sorted(accounts)],
    ).fetchall()
    return [Span(*row) for row in rows]


def _read_at(cursor: duckdb.DuckDBPyConnection, account_sid: str) -> datetime | None:
    rows = cursor.execute(
        "select max(read_at) from membership_reads where account_sid = ?", [account_sid]
    ).fetchall()
    return rows[0][0] if rows else None


def _write(
    cursor: duckdb.DuckDBPyConnection, added: Sequence[Span], changed: Sequence[tuple[Span, Span]]
) -> None:
    for before, after in changed:
        cursor.execute(
            "update membership_spans set first_seen_at = ?, seen_until = ?, left_at = ? "
            "where account_sid = ? and sender = ? and messaging_service_sid = ? and first_seen_at = ?",
            [after.first_seen_at, after.seen_until, after.left_at,
             before.account_sid, before.sender, before.service, before.first_seen_at],
        )  # fmt: skip
    if added:
        cursor.executemany(
            "insert into membership_spans values (?, ?, ?, ?, ?, ?)",
            [[s.account_sid, s.sender, s.service, s.first_seen_at, s.seen_until, s.left_at] for s in added],
        )

"""Reads both sides of one GMT day, compares them, and plans the repair.

The lake is read before Twilio, so that a change between the two readings can only be newer at Twilio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal

from workbench.errors import TwilioError
from workbench.lake.connect import Lake
from workbench.lake.erased import find_erased
from workbench.lake.retained import read_horizons
from workbench.messaging.message import MessageRow
from workbench.messaging.privacy import Privacy
from workbench.messaging.quarantine import QuarantinedRow, read_each
from workbench.sync.account.usage import checked_usage, usage_rows
from workbench.sync.messages.open_set import CHECK_AFTER, NEVER_PRICED
from workbench.sync.messages.pages import MessageReader
from workbench.sync.messages.refetch import fetch_each
from workbench.sync.messages.rescan import lists_before
from workbench.sync.messages.state import read_account_currency
from workbench.sync.reconcile import state
from workbench.sync.reconcile.compare import (
    LATE,
    DaySides,
    StoredRow,
    began_at,
    compare_callbacks,
    compare_rows,
    day_of,
    unlisted,
)
from workbench.sync.reconcile.discrepancies import EXAMPLES, UNEXPLAINED, Gap, RowGap, sum_up
from workbench.sync.reconcile.spend import NOTHING, DaySpend, DayUsage, compare_spend, usage_of_days
from workbench.sync.reconcile.state import DayCheck, DayRepair
from workbench.sync.shared.windows import SyncWindow, clamp_since, day_end
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import USAGE_DAYS, list_rows, message_page

Prepare = Callable[[MessageRow], MessageRow]
"""Gives the part of a row that may be kept: the `apply` of a privacy mode."""

_MAY_BE_PRICED_FOR = CHECK_AFTER[-1]


def plan_repair(gaps: Sequence[RowGap], sides: DaySides) -> DayRepair:
    """Twilio's rows for messages that are missing or differ, and marks for those that Twilio deleted. Pure.

    A difference that only lags behind is left to the next sync. A status that came by callback is not
    overwritten: if Twilio contradicts itself, the user must see both statuses.
    """
    leave = ("twilio_lag", "deleted_upstream", "before_retention", "undated", "quarantined")
    wanted = {gap.message_sid for gap in gaps if gap.kind != "callback" and gap.reason not in leave}
    contested = {
        gap.message_sid
        for gap in gaps
        if gap.kind == "status" and gap.reason == UNEXPLAINED and _was_told(gap.message_sid, sides)
    }
    current = {**sides.fetched, **sides.listed}
    rows = [row for sid in sorted(wanted - contested) if (row := current.get(sid)) is not None]
    gone = sorted(sid for sid in wanted if sid in current and current[sid] is None)
    return DayRepair(tuple(rows), tuple(gone))


def _was_told(message_sid: str, sides: DaySides) -> bool:
    """Whether the lake's status of the message came by callback."""
    status = sides.stored[message_sid].row.status
    return any(event.status == status for event in sides.callbacks.get(message_sid, ()))


class DayComparer:
    """Reads and compares the two sides of a day; can be shared by threads."""

    def __init__(
        self, lake: Lake, client: TwilioClient, account_sid: str, *, now: datetime, prepare: Prepare
    ) -> None:
        self.lake, self.client, self.account_sid = lake, client, account_sid
        self.now, self.prepare = now, prepare
        self.deleted = state.read_deleted(lake, account_sid)
        self.currency = read_account_currency(lake, account_sid)
        self.reader = MessageReader(account_sid, Privacy(), self.currency)
        self.notices: list[str] = []
        self.usage_is_refused = False
        with lake.cursor() as cursor:
            self.horizons = read_horizons(cursor)

    def compare_day(self, day: date) -> tuple[DayCheck, DayRepair]:
        """The comparison of one day, and its repair.

        Raises:
            TwilioError: Twilio could not be read.
        """
        stored = state.read_stored(self.lake, self.account_sid, day)
        if not self.horizons.keeps_day(day):
            return _day_check(day, self._present(stored), None, None, [_removed_gap(day)]), DayRepair()
        usage = self._read_usage(day)
        if day < clamp_since(day, self.now.date()):
            return self._compare_unlisted(day, stored, usage), DayRepair()
        sides = self._read_sides(day, stored)
        row_gaps = compare_rows(sides, self.now)
        own = {sid: row for sid, row in sides.listed.items() if self._is_of(row, day)}
        gaps = sum_up(day, row_gaps, lake_rows=len(stored), twilio_rows=len(own))
        gaps += self._compare_spend(day, stored, own, usage)
        if foreign := sorted(sides.listed.keys() - own.keys()):
            gaps.append(_foreign_gap(day, foreign))
        present = self._present(stored)
        if len(present) != len(own) and not row_gaps:
            gaps.append(_total_gap(day, len(present), len(own)))
        return _day_check(day, present, len(own), usage, gaps), plan_repair(row_gaps, sides)

    def _is_of(self, row: MessageRow, day: date) -> bool:
        """Whether a listed row belongs to the day; the list of today has no end."""
        return day_of(row) == day or (day == self.now.date() and day_of(row) > day)

    def _compare_unlisted(
        self, day: date, stored: Mapping[str, StoredRow], usage: DayUsage | None
    ) -> DayCheck:
        """Compare a day that Twilio no longer lists: only callbacks and spend can be compared."""
        callbacks = state.read_callbacks(self.lake, self.account_sid, day, stored)
        row_gaps = [
            gap for sid, events in callbacks.items() for gap in compare_callbacks(stored[sid], events)
        ]
        rows = self._present(stored)
        gaps = sum_up(day, row_gaps, lake_rows=len(stored), twilio_rows=0)
        if rows:
            gaps.append(_unlisted_gap(day, len(rows)))
        gaps += self._compare_spend(day, stored, None, usage)
        return _day_check(day, rows, None, usage, gaps)

    def _present(self, stored: Mapping[str, StoredRow]) -> list[MessageRow]:
        """The messages that Twilio still has, as far as the lake knows."""
        return [row.row for sid, row in stored.items() if sid not in self.deleted]

    # --- read ---

    def _read_sides(self, day: date, stored: dict[str, StoredRow]) -> DaySides:
        listed_rows, unread = self._list(day)
        listed = self._kept(listed_rows)
        strangers = [row for sid, row in listed.items() if sid not in stored]
        stored = stored | state.read_stored_elsewhere(self.lake, self.account_sid, strangers)
        sides = DaySides(
            day,
            stored,
            listed,
            deleted=self.deleted,
            callbacks=state.read_callbacks(self.lake, self.account_sid, day, stored),
            read=state.read_day_read(self.lake, self.account_sid, day),
            unread=unread,
        )
        asked = unlisted(sides)
        if not asked:
            return sides
        gone, page = fetch_each(self.client, self.reader, asked)
        kept: dict[str, MessageRow | None] = {row.message_sid: self._prepared(row) for row in page.rows}
        return replace(
            sides,
            fetched=kept | dict.fromkeys(gone),
            unread=unread | _problems(page.unread),
            reaches_from=self._reaches_from(day, listed.values()),
        )

    def _kept(self, rows: Sequence[MessageRow]) -> dict[str, MessageRow]:
        """The rows by SID, without erased people: rows that Twilio keeps of them are not a gap."""
        with self.lake.cursor() as cursor:
            erased = find_erased(cursor, sorted({row.contact for row in rows if row.contact}))
        return {row.message_sid: row for row in rows if row.contact not in erased}

    def _list(self, day: date) -> tuple[list[MessageRow], dict[str, str]]:
        """The rows that Twilio lists for the day, and the reasons of unreadable rows by SID."""
        rows: list[MessageRow] = []
        unread: dict[str, str] = {}
        window = SyncWindow(day, is_open_ended=day == self.now.date())
        page = message_page(self.client, self.account_sid, window.query())
        while True:
            read = self.reader.read(page.rows)
            rows += map(self._prepared, read.rows)
            unread |= _problems(read.unread)
            if not page.next_page_uri:
                return rows, unread
            page = message_page(self.client, self.account_sid, next_page_uri=page.next_page_uri)

    def _prepared(self, row: MessageRow) -> MessageRow:
        """The part of a row that may be kept, by privacy mode and age."""
        kept = self.prepare(row)
        return self.horizons.row(kept) or kept

    def _reaches_from(self, day: date, listed: Iterable[MessageRow]) -> datetime | None:
        if lists_before(self.client, self.account_sid, day):
            return datetime.combine(day, time(), UTC)
        return min((began_at(row) for row in listed), default=None)

    def _read_usage(self, day: date) -> DayUsage | None:
        """The charges of the day in usage records; None, with a notice, if these may not be read."""
        if self.usage_is_refused:
            return None
        params: dict[str, str | int] = {
            "StartDate": day.isoformat(),
            "EndDate": day.isoformat(),
            "IncludeSubaccounts": "false",
        }
        try:
            listed = list_rows(self.client, USAGE_DAYS, self.account_sid, params)
            records, bad = read_each(listed, lambda row: checked_usage(row) and row)
        except TwilioError as error:
            if error.status not in (401, 403, 404):
                raise
            notice = f"Spend was not compared: the usage records could not be read. {error}"
            if not self.usage_is_refused:
                self.notices.append(notice)
            self.usage_is_refused = True
            return None
        if bad:
            self.notices.append(f"{len(bad)} usage records of {day} cannot be read; spend lacks them.")
        return usage_of_days(usage_rows(records)).get(day, DayUsage(self.currency or ""))

    # --- spend ---

    def _compare_spend(
        self,
        day: date,
        stored: Mapping[str, StoredRow],
        listed: Mapping[str, MessageRow] | None,
        usage: DayUsage | None,
    ) -> list[Gap]:
        if usage is None:
            return []
        present = self._present(stored)
        spends = _day_spends(
            lake=_sums(present),
            listed=None if listed is None else _sums(listed.values()),
            deleted=_sums(row.row for sid, row in stored.items() if sid in self.deleted),
            unlisted=_sums(row for row in present if listed is not None and row.message_sid not in listed),
            unpriced=sum(_may_be_priced(row, self.now) for row in (listed or {}).values()),
        )
        if usage.total:
            spends.setdefault(usage.currency, DaySpend(usage.currency))
        return [
            gap
            for currency, spend in sorted(spends.items())
            for gap in compare_spend(
                day,
                spend,
                usage if usage.currency == currency else DayUsage(currency),
                is_recent=self.now < day_end(day) + LATE,
                is_listed=listed is not None,
            )
        ]


def _problems(unread: Iterable[QuarantinedRow]) -> dict[str, str]:
    return {row.row_key: f"{row.field or 'the row'}: {row.reason}" for row in unread}


Sums = dict[str, Decimal]


def _day_spends(
    *, lake: Sums, listed: Sums | None, deleted: Sums, unlisted: Sums, unpriced: int
) -> dict[str, DaySpend]:
    theirs = lake if listed is None else listed
    return {
        currency: DaySpend(
            currency,
            lake=lake.get(currency, NOTHING),
            listed=theirs.get(currency, NOTHING),
            deleted=deleted.get(currency, NOTHING),
            unlisted=unlisted.get(currency, NOTHING),
            unpriced=unpriced,
        )
        for currency in {*lake, *theirs, *deleted}
    }


def _day_check(
    day: date,
    rows: Sequence[MessageRow],
    listed: int | None,
    usage: DayUsage | None,
    gaps: Sequence[Gap],
) -> DayCheck:
    sums = _sums(rows)
    currencies = {*sums, *([usage.currency] if usage and usage.total else [])}
    currency = next(iter(currencies)) if len(currencies) == 1 else None
    return DayCheck(
        day=day,
        lake_messages=len(rows),
        twilio_messages=listed,
        lake_spend=sums.get(currency, NOTHING) if currency else None,
        twilio_spend=usage.total if usage and currency else None,
        currency=currency,
        gaps=tuple(gaps),
    )


def _foreign_gap(day: date, sids: Sequence[str]) -> Gap:
    number = Decimal(len(sids))
    detail = (
        "messages of other days that Twilio lists for this day, too: the list that answers is not of one "
        "day, and each of its messages is counted on its own day only"
    )
    return Gap(
        day, "foreign_row", UNEXPLAINED, NOTHING, number, number, "messages", len(sids), detail,
        tuple(sids[:EXAMPLES]),
    )  # fmt: skip


def _total_gap(day: date, lake: int, twilio: int) -> Gap:
    detail = "the totals differ, although each message that was compared is the same on both sides"
    difference = Decimal(twilio - lake)
    return Gap(
        day, "total", UNEXPLAINED, Decimal(lake), Decimal(twilio), difference, "messages",
        abs(twilio - lake), detail,
    )  # fmt: skip


def _unlisted_gap(day: date, messages: int) -> Gap:
    number = Decimal(messages)
    detail = "messages that can no longer be compared with a list"
    return Gap(
        day, "unlisted_day", "before_retention", number, None, number, "messages", messages, detail
    )  # fmt: skip


def _removed_gap(day: date) -> Gap:
    detail = "removed here because of their age; what Twilio still lists of the day was not asked"
    return Gap(day, "removed_day", "own_retention", None, None, NOTHING, "messages", 0, detail)


def _sums(rows: Iterable[MessageRow]) -> Sums:
    """Prices by currency, positive."""
    sums: Sums = {}
    for row in rows:
        if row.price is not None:
            currency = row.currency or ""
            sums[currency] = sums.get(currency, NOTHING) + abs(row.price)
    return sums


def _may_be_priced(row: MessageRow, now: datetime) -> bool:
    is_young = now - began_at(row) <= _MAY_BE_PRICED_FOR
    return row.price is None and row.status not in NEVER_PRICED and is_young

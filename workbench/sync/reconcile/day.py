"""Brings both sides of one GMT day together, compares them, and plans the repair.

The lake is read before Twilio is asked, so that what changes meanwhile can only be newer at Twilio.
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
    HeldRow,
    began_at,
    compare_callbacks,
    compare_rows,
    unlisted,
)
from workbench.sync.reconcile.discrepancies import UNEXPLAINED, Gap, RowGap, sum_up
from workbench.sync.reconcile.spend import NOTHING, DaySpend, DayUsage, compare_spend, usage_of_days
from workbench.sync.reconcile.state import DayCheck, DayRepair
from workbench.sync.shared.windows import SyncWindow, clamp_since, day_end
from workbench.twilio.client import TwilioClient
from workbench.twilio.resources import USAGE_DAYS, list_rows, message_page

Prepare = Callable[[MessageRow], MessageRow]
"""What may be kept of a row; a privacy mode's `apply`."""

_MAY_BE_PRICED_FOR = CHECK_AFTER[-1]


def plan_repair(found: Sequence[RowGap], sides: DaySides) -> DayRepair:
    """Twilio's rows for what is missing or differs, and marks for what is gone there. Pure.

    What only lags behind is left to the next sync. A status that a callback told is not overwritten: of two
    answers of Twilio's that contradict each other, people shall see both.
    """
    leave = ("twilio_lag", "deleted_upstream", "before_retention", "undated", "quarantined")
    wanted = {gap.message_sid for gap in found if gap.kind != "callback" and gap.reason not in leave}
    contested = {
        gap.message_sid
        for gap in found
        if gap.kind == "status" and gap.reason == UNEXPLAINED and _was_told(gap.message_sid, sides)
    }
    current = {**sides.fetched, **sides.listed}
    rows = [row for sid in sorted(wanted - contested) if (row := current.get(sid)) is not None]
    gone = sorted(sid for sid in wanted if sid in current and current[sid] is None)
    return DayRepair(tuple(rows), tuple(gone))


def _was_told(message_sid: str, sides: DaySides) -> bool:
    """Whether a callback told the status that the lake holds."""
    status = sides.held[message_sid].row.status
    return any(event.status == status for event in sides.callbacks.get(message_sid, ()))


class DayComparer:
    """Brings the two sides of a day together; safe to share between threads."""

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
        """One day, and what would repair it.

        Raises:
            TwilioError: Twilio could not be asked.
        """
        held = state.read_held(self.lake, self.account_sid, day)
        if not self.horizons.keeps_day(day):
            return _day_check(day, self._present(held), None, None, [_removed_gap(day)]), DayRepair()
        usage = self._read_usage(day)
        if day < clamp_since(day, self.now.date()):
            return self._compare_unlisted(day, held, usage), DayRepair()
        sides = self._read_sides(day, held)
        found = compare_rows(sides, self.now)
        gaps = sum_up(day, found, lake_rows=len(held), twilio_rows=len(sides.listed))
        gaps += self._compare_spend(day, held, sides.listed, usage)
        check = _day_check(day, self._present(held), len(sides.listed), usage, gaps)
        return check, plan_repair(found, sides)

    def _compare_unlisted(self, day: date, held: Mapping[str, HeldRow], usage: DayUsage | None) -> DayCheck:
        """A day that Twilio lists no more: callbacks and spend are all there is to compare with."""
        told = state.read_callbacks(self.lake, self.account_sid, day, held)
        found = [gap for sid, events in told.items() for gap in compare_callbacks(held[sid], events)]
        rows = self._present(held)
        gaps = sum_up(day, found, lake_rows=len(held), twilio_rows=0)
        if rows:
            gaps.append(_unlisted_gap(day, len(rows)))
        gaps += self._compare_spend(day, held, None, usage)
        return _day_check(day, rows, None, usage, gaps)

    def _present(self, held: Mapping[str, HeldRow]) -> list[MessageRow]:
        """The messages that Twilio still has, as far as the lake knows."""
        return [row.row for sid, row in held.items() if sid not in self.deleted]

    # --- read ---

    def _read_sides(self, day: date, held: dict[str, HeldRow]) -> DaySides:
        listed_rows, unread = self._list(day)
        listed = self._kept(listed_rows)
        strangers = [row for sid, row in listed.items() if sid not in held]
        held = held | state.read_held_elsewhere(self.lake, self.account_sid, strangers)
        sides = DaySides(
            day,
            held,
            listed,
            deleted=self.deleted,
            callbacks=state.read_callbacks(self.lake, self.account_sid, day, held),
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
        """By SID, but for people who were erased: what Twilio keeps of them is no gap here."""
        with self.lake.cursor() as cursor:
            erased = find_erased(cursor, sorted({row.contact for row in rows if row.contact}))
        return {row.message_sid: row for row in rows if row.contact not in erased}

    def _list(self, day: date) -> tuple[list[MessageRow], dict[str, str]]:
        """What Twilio lists of the day, and what is wrong with rows that cannot be read, by SID."""
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
        """What may be kept of a row: by the privacy mode, and by its age."""
        kept = self.prepare(row)
        return self.horizons.row(kept) or kept

    def _reaches_from(self, day: date, listed: Iterable[MessageRow]) -> datetime | None:
        if lists_before(self.client, self.account_sid, day):
            return datetime.combine(day, time(), UTC)
        return min((began_at(row) for row in listed), default=None)

    def _read_usage(self, day: date) -> DayUsage | None:
        """What usage records charge for the day; None, with a notice, where they may not be read."""
        if self.usage_is_refused:
            return None
        params: dict[str, str | int] = {
            "StartDate": day.isoformat(),
            "EndDate": day.isoformat(),
            "IncludeSubaccounts": "false",
        }
        try:
            listed = list_rows(self.client, USAGE_DAYS, self.account_sid, params)
            found, bad = read_each(listed, lambda row: checked_usage(row) and row)
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
        return usage_of_days(usage_rows(found)).get(day, DayUsage(self.currency or ""))

    # --- spend ---

    def _compare_spend(
        self,
        day: date,
        held: Mapping[str, HeldRow],
        listed: Mapping[str, MessageRow] | None,
        usage: DayUsage | None,
    ) -> list[Gap]:
        if usage is None:
            return []
        present = self._present(held)
        spends = _day_spends(
            lake=_sums(present),
            listed=None if listed is None else _sums(listed.values()),
            deleted=_sums(row.row for sid, row in held.items() if sid in self.deleted),
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
    found: Sums = {}
    for row in rows:
        if row.price is not None:
            currency = row.currency or ""
            found[currency] = found.get(currency, NOTHING) + abs(row.price)
    return found


def _may_be_priced(row: MessageRow, now: datetime) -> bool:
    is_young = now - began_at(row) <= _MAY_BE_PRICED_FOR
    return row.price is None and row.status not in NEVER_PRICED and is_young

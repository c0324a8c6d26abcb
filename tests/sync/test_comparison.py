"""The pure comparison: whatever differs is found once and for its own reason, and sums add up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies

from tests.messages import payload
from tests.sync.gap_kinds import KINDS
from workbench.messaging.message import MessageRow, message_row
from workbench.messaging.status import STATUS_RANK
from workbench.sync.reconcile.compare import (
    Callback,
    DayRead,
    DaySides,
    StoredRow,
    compare_callbacks,
    compare_row,
    compare_rows,
    unlisted,
)
from workbench.sync.reconcile.day import plan_repair
from workbench.sync.reconcile.discrepancies import REASONS, UNEXPLAINED, RowGap, sum_up
from workbench.sync.reconcile.spend import DaySpend, DayUsage, compare_spend, is_about_messages, usage_of_days

DAY = date(2026, 9, 1)
SENT_AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
READ_AT = datetime(2026, 9, 3, tzinfo=UTC)
NOW = datetime(2026, 9, 9, tzinfo=UTC)


def row(number: int = 1, **changes: Any) -> MessageRow:
    return message_row(payload(number, **changes))


def stored(message: MessageRow, read_at: datetime | None = READ_AT) -> StoredRow:
    return StoredRow(message, read_at)


def sides(
    ours: list[MessageRow], theirs: list[MessageRow], gone: list[MessageRow] | None = None, **changes: Any
) -> DaySides:
    """One day on both sides; `gone` are ours that a single fetch does not find."""
    day = DaySides(
        DAY,
        {item.message_sid: stored(item) for item in ours},
        {item.message_sid: item for item in theirs},
        fetched={item.message_sid: None for item in gone or ()},
        read=DayRead(READ_AT, is_finished=True),
        reaches_from=datetime(2026, 9, 1, tzinfo=UTC),
    )
    return replace(day, **changes)


def told(gaps: list[RowGap]) -> set[tuple[str, str, str]]:
    return {(gap.message_sid, gap.kind, gap.reason) for gap in gaps}


# --- one message on both sides ---

AFTER_READING = READ_AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({}, {}, []),
        (
            {"status": "sent", "price": None},
            {"date_updated": AFTER_READING},
            [("status", "in_flight"), ("price", "not_priced_yet")],
        ),
        ({"status": "sent"}, {}, [("status", UNEXPLAINED)]),
        ({"price": None}, {}, [("price", UNEXPLAINED)]),
        ({"price": None}, {"date_updated": AFTER_READING}, [("price", "not_priced_yet")]),
        ({}, {"price": None}, [("price", UNEXPLAINED)]),
        ({}, {"price": "-0.00840"}, [("price", UNEXPLAINED)]),
        ({}, {"price_unit": "EUR"}, [("price", UNEXPLAINED)]),
        ({}, {"price": "-0.00840", "date_updated": AFTER_READING}, [("price", "after_last_sync")]),
        ({}, {"status": "read", "date_updated": AFTER_READING}, [("status", "after_last_sync")]),
        ({}, {"status": "sent"}, [("status", UNEXPLAINED)]),
        ({}, {"body": ""}, [("body", "redacted_upstream")]),
        ({}, {"body": "", "price": "-1"}, [("price", UNEXPLAINED), ("body", "redacted_upstream")]),
        ({"body": ""}, {}, [("body", UNEXPLAINED)]),
        ({}, {"num_segments": "2"}, [("fields", UNEXPLAINED)]),
        ({}, {"date_updated": READ_AT - timedelta(hours=9)}, [("fields", UNEXPLAINED)]),
        ({}, {"from": None}, []),
        (
            {"status": "accepted", "from": None, "num_segments": "0", "date_sent": None},
            {"date_updated": AFTER_READING},
            [("status", "in_flight")],
        ),
    ],
)
def test_how_a_row_differs(
    ours: dict[str, Any], theirs: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    gaps = compare_row(stored(row(**ours)), row(**theirs), (), NOW)
    assert [(gap.kind, gap.reason) for gap in gaps] == expected


@given(minutes=strategies.integers(-10_000, 10_000))
def test_in_flight_is_only_what_changed_since_it_was_read(minutes: int) -> None:
    """Five minutes of grace for clocks and a list that lags; before that the sync should have seen it."""
    fresh = row(date_updated=READ_AT + timedelta(minutes=minutes))
    (gap,) = compare_row(stored(row(status="sent", date_updated=fresh.date_updated)), fresh, (), NOW)
    assert gap.reason == ("in_flight" if minutes >= -5 else UNEXPLAINED)


def test_a_row_that_only_a_webhook_brought_was_not_read_yet() -> None:
    (gap,) = compare_row(stored(row(status="sent"), None), row(), (), NOW)
    assert gap.reason == "in_flight"


def test_no_note_quotes_texts_or_numbers_of_people() -> None:
    ours = stored(row(body="My secret", to="+14155550188"))
    notes = " ".join(gap.note for gap in compare_row(ours, row(), (), NOW))
    assert "body" in notes
    assert not [text for text in ("secret", "parcel", "555") if text in notes]


def test_a_missing_row_by_when_it_came() -> None:
    young, old = row(1, date_sent=READ_AT, date_created=READ_AT), row(2)
    assert told(compare_rows(sides([], [young, old]), NOW)) == {
        (young.message_sid, "missing_row", "after_last_sync"),
        (old.message_sid, "missing_row", UNEXPLAINED),
    }


def test_an_extra_row_by_what_a_single_fetch_says() -> None:
    young = NOW - timedelta(minutes=2)
    moved = {"date_sent": datetime(2026, 9, 2, 0, 0, 1, tzinfo=UTC), "date_updated": AFTER_READING}
    cases: list[tuple[MessageRow, MessageRow | None, set[tuple[str, str]]]] = [
        (row(1), None, {("extra_row", UNEXPLAINED)}),
        (row(2), row(2), {("extra_row", UNEXPLAINED)}),
        (row(3, date_sent=None), row(3, date_sent=None), {("extra_row", "undated")}),
        (row(4, status="queued", date_sent=None), row(4, **moved), {("status", "in_flight")}),
    ]
    day = sides([ours for ours, _, _ in cases], [])
    assert unlisted(day) == sorted(ours.message_sid for ours, _, _ in cases)
    day = replace(day, fetched={ours.message_sid: fresh for ours, fresh, _ in cases})
    gaps = compare_rows(day, NOW)
    for ours, _, expected in cases:
        assert {(g.kind, g.reason) for g in gaps if g.message_sid == ours.message_sid} == expected
    new = row(5, date_created=young, date_sent=young, date_updated=young)
    today = replace(sides([new], []), day=NOW.date() - timedelta(days=1), fetched={new.message_sid: new})
    assert told(compare_rows(today, NOW)) == {(new.message_sid, "extra_row", "twilio_lag")}


@pytest.mark.parametrize(
    ("reaches_from", "reason"),
    [
        (None, "before_retention"),
        (SENT_AT + timedelta(seconds=1), "before_retention"),
        (SENT_AT, UNEXPLAINED),
    ],
)
def test_what_is_older_than_all_that_is_listed_may_just_have_run_out(
    reaches_from: datetime | None, reason: str
) -> None:
    gaps = compare_rows(sides([row()], [], gone=[row()], reaches_from=reaches_from), NOW)
    assert [gap.reason for gap in gaps] == [reason]


@given(statuses=strategies.lists(strategies.sampled_from(sorted(STATUS_RANK)), min_size=1, max_size=4))
def test_callbacks_that_came_before_the_row_was_read_never_know_more(statuses: list[str]) -> None:
    """A row that ended as far as any callback told is no gap; one that is behind is."""
    events = [Callback(status, None, SENT_AT) for status in statuses]
    top = max(statuses, key=lambda status: STATUS_RANK[status])
    assert compare_callbacks(stored(row(status=top)), events) == []
    gaps = compare_callbacks(stored(row(status="receiving")), events)
    assert [gap.reason for gap in gaps] == ([] if top == "receiving" else [UNEXPLAINED])


# --- a whole day ---

INJECTIONS: dict[str, tuple[str, str] | None] = {
    "nothing": None,
    "missing": ("missing_row", UNEXPLAINED),
    "extra": ("extra_row", UNEXPLAINED),
    "wrong status": ("status", UNEXPLAINED),
    "wrong price": ("price", UNEXPLAINED),
    "wrong text": ("body", UNEXPLAINED),
    "redacted": ("body", "redacted_upstream"),
    "marked and gone": ("extra_row", "deleted_upstream"),
    "marked and listed": ("missing_row", UNEXPLAINED),
}


def day_with(injected: list[str]) -> DaySides:
    ours, theirs, gone, marked = [], [], [], set()
    for number, what in enumerate(injected):
        plain = row(number)
        changed = {
            "wrong status": row(number, status="failed"),
            "wrong price": row(number, price="-9"),
            "wrong text": row(number, body="?"),
        }
        if what != "missing":
            ours.append(changed.get(what, plain))
        if what not in ("extra", "marked and gone"):
            theirs.append(row(number, body="") if what == "redacted" else plain)
        if what == "extra":
            gone.append(plain)
        if what.startswith("marked"):
            marked.add(plain.message_sid)
    return sides(ours, theirs, gone, deleted=frozenset(marked))


days = strategies.lists(strategies.sampled_from(sorted(INJECTIONS)), max_size=12)


@given(injected=days)
def test_every_injected_gap_is_found_and_nothing_else(injected: list[str]) -> None:
    expected = {
        (row(number).message_sid, *gap)
        for number, what in enumerate(injected)
        if (gap := INJECTIONS[what]) is not None
    }
    gaps = compare_rows(day_with(injected), NOW)
    assert told(gaps) == expected
    assert len(gaps) == len(expected)


@given(injected=days)
def test_gaps_of_a_day_hold_every_message_once(injected: list[str]) -> None:
    row_gaps = compare_rows(day_with(injected), NOW)
    gaps = sum_up(DAY, row_gaps, lake_rows=len(injected), twilio_rows=len(injected))
    assert sum(gap.messages for gap in gaps) == len(row_gaps)
    assert len({(gap.kind, gap.reason, gap.unit) for gap in gaps}) == len(gaps)
    for gap in gaps:
        assert gap.kind in KINDS
        assert gap.reason == UNEXPLAINED or gap.reason in REASONS
        assert len(gap.examples) == min(gap.messages, 5)
        assert gap.detail


@given(injected=days)
def test_a_repair_leaves_nothing_unexplained_and_nothing_to_repair(injected: list[str]) -> None:
    before = day_with(injected)
    plan = plan_repair(compare_rows(before, NOW), before)
    fixed = {item.message_sid: stored(item) for item in plan.rows}
    deleted = (before.deleted - fixed.keys()) | set(plan.gone)
    after = replace(before, stored={**before.stored, **fixed}, deleted=deleted)
    left = compare_rows(after, NOW)
    assert {gap.reason for gap in left} <= {"deleted_upstream"}
    assert plan_repair(left, after).size == 0


# --- spend ---

cents = strategies.integers(0, 5000).map(lambda value: Decimal(value) / 1000)


@given(
    lake=cents,
    listed=cents,
    deleted=cents,
    missing=cents,
    messages=cents,
    carrier=cents,
    fee=cents,
    waiting=strategies.integers(0, 3),
    is_recent=strategies.booleans(),
    is_listed=strategies.booleans(),
)
def test_the_differences_add_up_to_the_whole_one(
    lake: Decimal,
    listed: Decimal,
    deleted: Decimal,
    missing: Decimal,
    messages: Decimal,
    carrier: Decimal,
    fee: Decimal,
    waiting: int,
    is_recent: bool,
    is_listed: bool,
) -> None:
    spend = DaySpend("USD", lake, listed, deleted, missing, waiting)
    usage = DayUsage("USD", messages, carrier, {"failed-message-processing-fee": fee})
    gaps = compare_spend(DAY, spend, usage, is_recent=is_recent, is_listed=is_listed)
    assert sum((gap.difference for gap in gaps), Decimal(0)) == messages + carrier + fee - lake
    assert len({gap.reason for gap in gaps}) == len(gaps)
    if is_recent or not is_listed:
        assert all(gap.is_explained for gap in gaps)


D = Decimal


@pytest.mark.parametrize(
    ("spend", "usage", "expected"),
    [
        (DaySpend("USD", D(10), D(10)), DayUsage("USD", D(7), D(3)), {}),
        (DaySpend("USD", D(7), D(7)), DayUsage("USD", D(7), D(3)), {"carrier_fees": D(3)}),
        (
            DaySpend("USD", D(10), D(10)),
            DayUsage("USD", D(7), D(3), {"failed-message-processing-fee": D("0.002")}),
            {"fee_only_in_usage": D("0.002")},
        ),
        (
            DaySpend("USD", D(7), D(7)),
            DayUsage("USD", D(7), D(3), {"failed-message-processing-fee": D("0.002")}),
            {"fee_only_in_usage": D("0.002"), "carrier_fees": D(3)},
        ),
        (DaySpend("USD", D(9), D(9), deleted=D(1)), DayUsage("USD", D(10)), {"deleted_upstream": D(1)}),
        (
            DaySpend("USD", D(6), D(6), deleted=D(1)),
            DayUsage("USD", D(7), D(3)),
            {"deleted_upstream": D(1), "carrier_fees": D(3)},
        ),
        (DaySpend("USD", D(9), D(10)), DayUsage("USD", D(10)), {"rows_differ": D(1)}),
        (DaySpend("USD", D(9), D(10)), DayUsage("USD", D(12)), {"rows_differ": D(1), UNEXPLAINED: D(2)}),
        (DaySpend("USD", D(9), D(9), unpriced=2), DayUsage("USD", D(10)), {"not_priced_yet": D(1)}),
        (DaySpend("USD", D(9), D(9), unpriced=2), DayUsage("USD", D(8)), {UNEXPLAINED: D(-1)}),
        (DaySpend("USD", D(10), D(10)), DayUsage("USD", D("10.004")), {"rounding": D("0.004")}),
        (DaySpend("USD", D(10), D(10)), DayUsage("USD", D("10.006")), {UNEXPLAINED: D("0.006")}),
        (DaySpend("EUR", D(10), D(10)), DayUsage("EUR"), {UNEXPLAINED: D(-10)}),
    ],
    ids=[
        "prices-with-carrier-fees",
        "prices-without",
        "failed-fee",
        "both",
        "deleted",
        "deleted-and-carrier",
        "rows",
        "rows-and-more",
        "unpriced",
        "unpriced-but-less",
        "rounding",
        "not-rounding",
        "another-currency",
    ],
)
def test_what_explains_a_days_spend(spend: DaySpend, usage: DayUsage, expected: dict[str, Decimal]) -> None:
    gaps = compare_spend(DAY, spend, usage, is_recent=False)
    assert {gap.reason: gap.difference for gap in gaps} == expected
    assert {(gap.lake, gap.twilio, gap.unit) for gap in gaps} <= {(spend.lake, usage.total, spend.currency)}


def test_usage_of_a_day_by_what_its_charges_are_for() -> None:
    def record(category: str, price: str | None, *, is_leaf: bool = True) -> dict[str, Any]:
        amount = None if price is None else Decimal(price)
        return {"day": DAY, "category": category, "price": amount, "currency": "USD", "is_leaf": is_leaf}

    usage = usage_of_days(
        [
            record("sms", "3", is_leaf=False),
            record("totalprice", "99", is_leaf=False),
            record("sms-outbound-longcode", "2"),
            record("sms-inbound-shortcode", "1"),
            record("mms-outbound-longcode", "0.5"),
            record("channels-messaging-outbound", "0.25"),
            record("sms-messages-carrierfees", "0.125"),
            record("mms-messages-carrierfees", "0.125"),
            record("failed-message-processing-fee", "0.01"),
            record("sms-messages-features-senderid", "0.02"),
            record("calls-outbound", "7"),
            record("phonenumbers-local", "8"),
            record("mms-inbound-longcode", None),
        ]
    )
    fees = {"failed-message-processing-fee": D("0.01"), "sms-messages-features-senderid": D("0.02")}
    assert usage == {DAY: DayUsage("USD", D("3.75"), D("0.25"), fees)}
    assert usage[DAY].total == D("4.03")


@pytest.mark.parametrize(
    ("category", "expected"),
    [("sms-outbound-longcode", True), ("mms", True), ("smsx", False), ("authy-sms-outbound", False)],
)
def test_which_categories_are_about_messages(category: str, expected: bool) -> None:
    assert is_about_messages(category) is expected

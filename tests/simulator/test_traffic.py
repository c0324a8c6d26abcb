"""Traffic like a company's: the same from a seed, stable as it grows, believable, its mistakes countable."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from phonenumbers import timezone

from tests.simulator.conftest import START, build
from workbench.messaging.keywords import keyword
from workbench.messaging.segments import count_segments
from workbench.simulator import COMPANY, Account, Clock, breaches, generate_traffic, summary, truth_rows

Row = dict[str, Any]


@pytest.fixture(scope="module")
def company() -> Account:
    """The usual 90 days, seen the day after."""
    return Account.build(start="2026-01-05", clock=Clock.frozen("2026-04-06T00:00:00"))


@pytest.fixture(scope="module")
def rows(company: Account) -> list[Row]:
    return [row for ledger in company.ledgers for row in truth_rows(ledger, company.now())]


def instant(row: Row, field: str) -> datetime:
    return parsedate_to_datetime(row[field])


def test_the_same_seed_gives_the_same_account() -> None:
    first, second = (list(truth_rows(build(messages=500).main, 1_788_279_600)) for _ in range(2))
    assert first == second
    assert len(first) > 300


def test_another_seed_gives_another_account() -> None:
    first, second = build(messages=500), build(messages=500, seed=8)
    assert first.account_sid != second.account_sid
    assert first.auth_token != second.auth_token
    sids = [{row["sid"] for row in truth_rows(account.main, account.now())} for account in (first, second)]
    assert not sids[0] & sids[1]


def test_earlier_days_do_not_change_as_time_goes_on() -> None:
    short, long = build(), build(clock=Clock.frozen("2026-09-20T00:00:00"))
    assert list(long.main.log.everything(short.now())) == list(short.main.log.everything(short.now()))
    stepwise = build(clock=(clock := Clock.frozen(START.isoformat())))
    for _ in range(48):
        clock.advance(86_400)
        stepwise.tick()
    assert list(stepwise.main.log.everything(long.now())) == list(long.main.log.everything(long.now()))


def test_size_and_mix(company: Account, rows: list[Row]) -> None:
    assert 48_000 < len(rows) < 52_000
    counts = summary(company)
    assert counts["messages"] == len(rows)
    share = {name: count / len(rows) for name, count in counts["by_status"].items()}
    assert 0.80 < share["delivered"] < 0.90
    assert 0.02 < share["undelivered"] < 0.08
    assert 0.005 < share["failed"] < 0.02
    assert 0.05 < share["received"] < 0.10
    assert 0.008 < share["sent"] < 0.03
    assert {"canceled", "read"} < set(share)
    assert set(counts["by_direction"]) == {"inbound", "outbound-api", "outbound-reply"}
    # A tenth of the codes make most of the failures, but many codes occur.
    assert len(counts["by_error_code"]) >= 15


def test_every_kind_of_sender_and_country_takes_part(rows: list[Row]) -> None:
    ours = Counter(row["to"] if row["direction"] == "inbound" else row["from"] for row in rows)
    assert {sender.address for sender in COMPANY.senders} < set(ours)
    theirs = {row["from"] if row["direction"] == "inbound" else row["to"] for row in rows}
    numbers = [phonenumbers.parse(address.removeprefix("whatsapp:")) for address in theirs]
    assert all(phonenumbers.is_valid_number(number) for number in numbers)
    regions = Counter(phonenumbers.region_code_for_number(number) for number in numbers)
    assert set(regions) == {"US", "CA", "GB", "DE", "FR", "AU", "MX", "IN"}
    assert regions["US"] / len(theirs) > 0.6


def test_weekends_and_nights_are_quieter(rows: list[Row]) -> None:
    by_weekday = Counter(instant(row, "date_created").weekday() for row in rows)
    assert by_weekday[6] < 0.7 * by_weekday[1]
    hours = Counter(
        instant(row, "date_created").astimezone(ZoneInfo("America/New_York")).hour for row in rows
    )
    assert hours[3] < 0.2 * hours[14]


def test_segments_are_what_the_body_needs(rows: list[Row]) -> None:
    for row in rows[:4000]:
        if row["num_segments"] != "0":
            assert int(row["num_segments"]) == count_segments(row["body"]).segments, row["body"]


def test_one_template_pays_for_a_curly_apostrophe(rows: list[Row]) -> None:
    reminders = [
        row["body"] for row in rows if row["truth"]["purpose"] == "reminder" and "studio" in row["body"]
    ]
    english = [body for body in reminders if "\N{RIGHT SINGLE QUOTATION MARK}" in body]
    assert len(english) > 1000
    assert {count_segments(body).segments for body in english} == {3}
    assert {count_segments(body.replace("’", "'")).segments for body in english} == {1}


def test_a_campaign_makes_a_queue_at_its_sender(rows: list[Row]) -> None:
    waits = [
        (instant(row, "date_sent") - instant(row, "date_created")).total_seconds()
        for row in rows
        if row["from"] == "+18335550108" and row["date_sent"]
    ]
    assert max(waits) > 60
    assert sorted(waits)[len(waits) // 10] <= 10


def test_no_sender_exceeds_its_segments_per_second(company: Account) -> None:
    """Within a minute: a long message is counted in the second in which it begins."""
    for index, sender in enumerate(company.profile.senders):
        per_minute: Counter[int] = Counter()
        for message in company.main.log.everything(company.now()):
            if message.sender == index and message.direction and message.sent >= 0 and message.scheduled < 0:
                per_minute[(message.created + message.sent) // 60] += 1 if message.media else message.segments
        assert max(per_minute.values()) <= sender.mps * 60 + 3, sender


def test_a_bad_day_of_carrier_filtering(rows: list[Row]) -> None:
    filtered = Counter(instant(row, "date_created").date() for row in rows if row["error_code"] == 30007)
    worst = [day for day, _ in filtered.most_common(2)]
    assert sorted(worst) == [date(2026, 1, 27), date(2026, 3, 13)]
    assert filtered[worst[1]] > 5 * sorted(filtered.values())[len(filtered) // 2]


def test_prices_come_late_and_some_never(rows: list[Row]) -> None:
    unpriced = [
        row for row in rows if row["price"] is None and row["status"] in ("delivered", "undelivered", "sent")
    ]
    old = [row for row in unpriced if instant(row, "date_created") < datetime(2026, 4, 4, tzinfo=UTC)]
    assert 0 < len(old) < len(rows) * 0.005
    assert all(row["price"] is None for row in rows if row["status"] in ("failed", "canceled"))
    assert {row["price_unit"] for row in rows} == {"USD"}
    assert all(float(row["price"]) < 0 for row in rows if row["price"] is not None)


def test_rows_without_date_sent_are_of_the_right_kinds(rows: list[Row]) -> None:
    undated = Counter((row["status"], row["error_code"]) for row in rows if row["date_sent"] is None)
    statuses = {status for status, _ in undated}
    assert (
        {"failed", "canceled"}
        <= statuses
        <= {"failed", "canceled", "scheduled", "accepted", "queued", "sending"}
    )
    assert undated["failed", 21211] > 0
    assert undated["failed", 21610] > 0
    never_picked = [row for row in rows if row["from"] is None]
    assert {row["num_segments"] for row in never_picked} == {"0"}


def test_conversations_go_back_and_forth(rows: list[Row]) -> None:
    desk = "+14155550104"
    talks: dict[str, list[str]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: instant(row, "date_created")):
        if desk in (row["from"], row["to"]):
            talks[row["from"] if row["direction"] == "inbound" else row["to"]].append(row["direction"])
    turns = Counter(sum(a != b for a, b in pairwise(talk)) for talk in talks.values())
    assert sum(count for changes, count in turns.items() if changes >= 3) > 100
    assert any(talk[-1] == "inbound" for talk in talks.values())


def test_media_in_both_directions(rows: list[Row]) -> None:
    media = [row for row in rows if row["num_media"] != "0"]
    assert {row["sid"][:2] for row in media} == {"MM"}
    assert {row["direction"] for row in media} >= {"inbound", "outbound-api"}


def test_opt_outs_in_many_wordings_are_honoured(company: Account, rows: list[Row]) -> None:
    """Counted from the rows alone: after a keyword the same service or number sends nothing more."""
    scope = {
        sender.address: sender.service if sender.service >= 0 else sender.address
        for sender in COMPANY.senders
    }
    kinds = {sender.address: sender.kind for sender in COMPANY.senders}
    left: dict[tuple[str, Any], datetime] = {}
    wordings = set()
    mine = [row for row in rows if row["account_sid"] == company.account_sid]
    for row in sorted(mine, key=lambda row: instant(row, "date_created")):
        if row["direction"] == "inbound":
            meaning = keyword(row["body"], toll_free=kinds[row["to"]] == "toll-free")
            if meaning == "opt-out":
                left[row["from"], scope[row["to"]]] = instant(row, "date_created")
                wordings.add(row["body"].strip().upper())
            elif meaning == "opt-in":
                left.pop((row["from"], scope[row["to"]]), None)
        elif row["from"] and row["date_sent"]:
            assert (row["to"], scope[row["from"]]) not in left, row["sid"]
    assert len(wordings) >= 4


def test_breaches_are_what_they_are_called(company: Account, rows: list[Row]) -> None:
    """Each kind again, by its definition, from rows and not from flags."""
    sids_by_kind = breaches(company)
    by_sid = {row["sid"]: row for row in rows}
    assert all(len(sids) > 5 for sids in sids_by_kind.values()), {
        name: len(sids) for name, sids in sids_by_kind.items()
    }
    unregistered = {"+17135550105", "+18445550109"}
    sent = [
        row
        for row in rows
        if row["direction"] == "outbound-api" and row["date_sent"] and row["status"] != "failed"
    ]
    assert set(sids_by_kind["sent_by_unregistered_sender"]) == {
        row["sid"] for row in sent if row["from"] in unregistered
    }
    at_night = {row["sid"] for row in sent if row["truth"]["purpose"] == "promotion" and _at_night(row)}
    assert set(sids_by_kind["marketing_in_quiet_hours"]) == at_night
    elsewhere = [by_sid[sid] for sid in sids_by_kind["marketing_after_opt_out_from_another_sender"]]
    assert {row["truth"]["purpose"] for row in elsewhere} == {"promotion"}
    for row in elsewhere:
        stops = [by_sid[sid] for sid in sids_by_kind["opt_out"] if by_sid[sid]["from"] == row["to"]]
        assert min(instant(stop, "date_created") for stop in stops) < instant(row, "date_sent")
    asked: dict[str, datetime] = {}
    for sid in sids_by_kind["free_text_revocation"]:
        row = by_sid[sid]
        assert keyword(row["body"]) is None
        asked[row["from"]] = min(
            instant(row, "date_created"), asked.get(row["from"], datetime.max.replace(tzinfo=UTC))
        )
    late = {row["sid"] for row in sent if row["to"] in asked and instant(row, "date_sent") > asked[row["to"]]}
    assert set(sids_by_kind["sent_after_free_text_revocation"]) == late


def _at_night(row: Row) -> bool:
    (zone, *_) = timezone.time_zones_for_number(phonenumbers.parse(row["to"]))
    return not 8 <= instant(row, "date_sent").astimezone(ZoneInfo(zone)).hour < 21


def test_rows_for_lakes_equal_the_served_ones() -> None:
    account = build(messages=800)
    account.clock.set("2026-09-20T00:00:00")
    served = {row["sid"]: row for ledger in account.ledgers for row in truth_rows(ledger, account.tick())}
    exported = list(generate_traffic(account.profile, 7, START, date(2026, 9, 1)))
    assert len(exported) == len({row.message_sid for row in exported})
    for row in exported:
        same = served[row.message_sid]
        assert (row.status, row.error_code, row.body) == (same["status"], same["error_code"], same["body"])
        assert (row.from_address, row.to_address) == (same["from"], same["to"])
        assert row.date_created == instant(same, "date_created")
        assert row.date_updated == instant(same, "date_updated")
        assert (row.date_sent and row.date_sent) == (same["date_sent"] and instant(same, "date_sent"))
        assert (None if row.price is None else f"{row.price:.5f}") == same["price"]
        assert (row.segments, row.media_count) == (int(same["num_segments"]), int(same["num_media"]))


def test_rows_for_lakes_can_be_as_of_an_instant() -> None:
    account, at = build(messages=800), datetime(2026, 8, 20, 18, 2, tzinfo=UTC)
    account.clock.set(at)
    served = [row for ledger in account.ledgers for row in truth_rows(ledger, account.tick())]
    exported = list(generate_traffic(account.profile, 7, START, date(2026, 8, 20), as_of=at))
    assert sorted((row.message_sid, row.status) for row in exported) == sorted(
        (row["sid"], row["status"]) for row in served
    )
    assert any(row.date_created > at - timedelta(days=1) for row in exported)

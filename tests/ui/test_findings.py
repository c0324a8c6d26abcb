"""What changed: each sentence on a lake where it must be said, and silence where nothing moved."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.messages import payload
from tests.ui.known import OURS, at, note_days, note_sync, save
from workbench.display.periods import Period
from workbench.findings.finding import Finding
from workbench.lake import Lake
from workbench.ui.page_data import PageData
from workbench.ui.panels.findings import what_changed
from workbench.ui.store import Store

DAY = timedelta(days=1)
PERIOD = Period(date(2025, 3, 3), date(2025, 3, 10))


def covered(lake: Lake) -> PageData:
    """The page of a lake that was read since long before."""
    save(lake, [payload(90_000, **at(2, 3))])
    note_days(lake)
    return PageData(Store(lake), PERIOD)


def findings_of(lake: Lake) -> dict[str, Finding]:
    return {finding.title: finding for finding in what_changed(covered(lake))}


def many(first: int, number: int, day: dict[str, datetime], **fields: Any) -> list[dict[str, Any]]:
    return [payload(first + n, **day, **{"from": OURS, **fields}) for n in range(number)]


def test_nothing_is_said_when_nothing_moved(lake: Lake) -> None:
    save(lake, many(0, 200, at(2, 26)) + many(1000, 200, at(3, 4)))
    assert findings_of(lake) == {}


def test_nothing_is_said_of_an_empty_lake(lake: Lake) -> None:
    assert findings_of(lake) == {}


def test_more_failures_name_their_largest_reason(lake: Lake) -> None:
    fail: dict[str, Any] = {"status": "undelivered", "error_code": 30007}
    save(lake, many(0, 200, at(2, 26)) + many(1000, 180, at(3, 4)) + many(2000, 20, at(3, 5), **fail))
    findings = findings_of(lake)
    finding = findings["30007 Message filtered: 20 messages on 5 Mar"]
    assert finding.sense == "bad"
    assert finding.text.startswith("Usually none. Twilio or the carrier filtered the message")
    assert "Paid for: $0.166." in finding.text
    assert (finding.page, finding.query) == (
        "messages",
        {
            "outcome": ["undelivered", "failed"], "error_code": ["30007"], "period": "custom",
            "since": "2025-03-05", "until": "2025-03-06",
        },
    )  # fmt: skip
    assert "$0.166 was paid for messages that did not arrive" in findings


def test_a_few_more_failures_may_be_chance(lake: Lake) -> None:
    fail: dict[str, Any] = {"status": "failed", "error_code": 30008, "price": None}
    before = many(0, 197, at(2, 26)) + many(300, 3, at(2, 27), **fail)
    save(lake, before + many(1000, 194, at(3, 4)) + many(2000, 6, at(3, 5), **fail))
    assert findings_of(lake) == {}


def test_spend_is_taken_apart_into_messages_and_price(lake: Lake) -> None:
    save(lake, many(0, 100, at(2, 26), price="-0.01") + many(1000, 150, at(3, 4), price="-0.02"))
    finding = findings_of(lake)["Spend rose 200 %: $3.00 against $1.00 before"]
    assert finding.text == (
        "150 messages against 100; each $0.0200 against $0.0100. "
        "Most of it went to United States: $3.00 against $1.00."
    )
    assert (finding.sense, finding.page) == ("bad", "cost")


def test_a_sender_at_its_limit_leads_to_its_throughput(lake: Lake) -> None:
    start = datetime.fromisoformat("2025-03-04T09:00:00+00:00")
    moments = [{"date_created": start, "date_sent": start + timedelta(seconds=n)} for n in range(60)]
    save(lake, [payload(n, **moment, **{"from": OURS}) for n, moment in enumerate(moments)])
    lake.write(
        lambda cursor: cursor.execute(
            "insert into senders (account_sid, sender, sender_type, mps_limit, mps_limit_source, read_at) "
            "select distinct account_sid, sender, sender_type, 1, 'configuration', now() from raw_messages"
        )
    )
    finding = findings_of(lake)["+12025550110 was at its limit for 1 minute"]
    assert finding.text == "95 % of its 60 messages left within 56 s of being created."
    assert (finding.page, finding.query) == ("throughput", {"sender": ["+12025550110"]})


def test_special_characters_are_named_where_they_cost(lake: Lake) -> None:
    save(lake, many(0, 40, at(3, 4), body="It’s here") + many(100, 60, at(3, 4)))
    finding = findings_of(lake)["Special characters touch $0.332 of spend"]
    assert finding.text.startswith("40.0 % of 100 messages go out as UCS-2")


def test_nothing_is_said_of_a_few_messages(lake: Lake) -> None:
    save(lake, many(0, 29, at(3, 4), body="It’s here", status="undelivered", error_code=30003))
    assert findings_of(lake) == {}


def test_opt_outs_that_jump(lake: Lake) -> None:
    fields: dict[str, Any] = {"direction": "inbound", "status": "received", "body": "STOP", "to": OURS}
    stops = [payload(n, **at(3, 4), **{**fields, "from": f"+1415555{n:04d}"}) for n in range(30)]
    save(lake, stops)
    assert "More people opted out: 30 against 0 before" in findings_of(lake)


def test_nothing_is_compared_with_days_before_history_begins(lake: Lake) -> None:
    save(lake, many(0, 20, at(3, 1), price="-0.01") + many(1000, 600, at(3, 4), price="-0.02"))
    data = PageData(Store(lake), PERIOD)
    assert data.not_compared == "history begins 2 Mar 2025"
    assert what_changed(data) == []


@pytest.mark.parametrize(
    ("first", "last", "gap"),
    [
        (date(2025, 1, 9), date(2025, 4, 2), ()),  # eight days into the period
        (date(2025, 2, 15), date(2025, 4, 2), ()),  # in its middle
        (date(2025, 1, 1), date(2025, 4, 2), (date(2025, 2, 10), date(2025, 2, 21))),  # twelve were not read
        (date(2025, 1, 1), date(2025, 3, 28), ()),  # the last sync was five days ago
    ],
)
def test_days_that_were_not_read_are_no_days_without_messages(
    lake: Lake, first: date, last: date, gap: tuple[date, ...]
) -> None:
    """60 messages and 12 opt-outs on every day that was read: nothing moved, so nothing is told of a day."""
    stop: dict[str, Any] = {"direction": "inbound", "status": "received", "body": "STOP", "to": OURS}
    spans = [(first, gap[0] - DAY), (gap[1] + DAY, last)] if gap else [(first, last)]
    # The day that the last sync was in is half over, and had its messages by noon.
    note_sync(lake, last, last, finished=datetime(last.year, last.month, last.day, 18, tzinfo=UTC))
    messages = []
    for since, until in spans:
        note_days(lake, since, until - DAY if until == last else until)
        for number in range((until - since).days + 1):
            day, serial = since + number * DAY, 1000 * (since - first + number * DAY).days
            messages += many(serial, 60, at(day.month, day.day))
            for n in range(12):
                fields = {**stop, **at(day.month, day.day), "from": f"+1415{serial + n:07d}"}
                messages.append(payload(serial + 100 + n, **fields))
    save(lake, messages)
    told = what_changed(PageData(Store(lake), Period(date(2025, 1, 1), date(2025, 4, 3))))
    assert [finding.title for finding in told] == []


def test_what_is_bad_comes_first(lake: Lake) -> None:
    fail: dict[str, Any] = {"status": "undelivered", "error_code": 30007, "body": "It’s here"}
    save(lake, many(0, 200, at(2, 26)) + many(1000, 100, at(3, 4), **fail))
    senses = [finding.sense for finding in what_changed(covered(lake))]
    assert senses == sorted(senses, key=("bad", "neutral", "good").index)
    assert len(senses) > 2


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland"])
def test_findings_hold_in_any_zone(lake: Lake, zone: str) -> None:
    save(lake, many(0, 50, at(3, 4)))
    period = Period(PERIOD.since, PERIOD.until, zone)
    assert isinstance(what_changed(PageData(Store(lake), period)), list)

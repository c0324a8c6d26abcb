"""Percentiles, peaks and waste against what plain Python counts, and the shape of their SQL."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.messages import payload
from tests.metrics.random_lake import random_messages
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row, parse_date
from workbench.metrics import compile_metric, query_metric
from workbench.metrics.queues import query_busiest, query_queues

NOW = datetime(2026, 9, 20, tzinfo=UTC)
EXEMPT = {30008}
"""Of the codes in the random lake, the one for which Twilio waives its fee."""


def fill(lake: Lake, messages: list[dict[str, Any]]) -> None:
    table = message_table([message_row(item) for item in messages])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=NOW))


@pytest.fixture
def messages(lake: Lake) -> list[dict[str, Any]]:
    made = random_messages(seed=7)
    fill(lake, made)
    return made


def moments(message: dict[str, Any]) -> tuple[datetime, datetime]:
    return parse_date(message["date_created"]), parse_date(message["date_sent"])


def test_percentiles_are_of_the_messages_themselves(lake: Lake, messages: list[dict[str, Any]]) -> None:
    waits = defaultdict(list)
    for message in messages:
        created, sent = moments(message)
        if message["status"] != "canceled" and (sent - created).total_seconds() <= 36_000:
            waits[message["from"]].append((sent - created).total_seconds())
    for name, share in (("p50", 50), ("p90", 90), ("p95", 95), ("p99", 99)):
        frame = query_metric(lake, f"queue_wait_{name}", ["sender"]).frame
        found = dict(zip(frame["sender"], frame[f"queue_wait_{name}"], strict=True))
        assert found == pytest.approx({sender: np.percentile(all_, share) for sender, all_ in waits.items()})
        assert dict(zip(frame["sender"], frame["sample_size"], strict=True)) == {
            sender: len(all_) for sender, all_ in waits.items()
        }


def test_a_second_is_as_busy_as_its_segments(lake: Lake, messages: list[dict[str, Any]]) -> None:
    seconds: dict[str, Counter[datetime]] = defaultdict(Counter)
    for message in messages:
        if message["status"] != "canceled":
            segments = 1 if message["num_media"] != "0" else int(message["num_segments"])
            seconds[message["from"]][moments(message)[1]] += segments
    frame = query_metric(lake, "peak_speed", ["sender"]).frame
    assert dict(zip(frame["sender"], frame["peak_speed"], strict=True)) == {
        sender: max(counts.values()) for sender, counts in seconds.items()
    }
    frame = query_metric(lake, "p95_speed", ["sender"]).frame
    assert dict(zip(frame["sender"], frame["p95_speed"], strict=True)) == pytest.approx(
        {sender: np.percentile(list(counts.values()), 95) for sender, counts in seconds.items()}
    )


def test_waste_is_the_price_of_what_did_not_arrive_and_the_fee(
    lake: Lake, messages: list[dict[str, Any]]
) -> None:
    wasted: dict[tuple[str, str], float] = defaultdict(float)
    for message in messages:
        pair = message["from"], message["price_unit"]
        wasted[pair] += 0
        if message["status"] == "undelivered":
            wasted[pair] += -float(message["price"])
        charged = message["status"] == "failed" and message["error_code"] not in EXEMPT
        if charged and message["price_unit"] == "USD":
            wasted[pair] += 0.001
    frame = query_metric(lake, "wasted_spend", ["sender"]).frame
    pairs = zip(frame["sender"], frame["currency"], strict=True)
    found = dict(zip(pairs, frame["wasted_spend"].astype(float), strict=True))
    assert found == pytest.approx(dict(wasted))


def test_the_longest_queue_is_the_most_that_waited_at_once(
    lake: Lake, messages: list[dict[str, Any]]
) -> None:
    found = query_queues(lake, None, None, None, timezone="UTC")
    for sender in {message["from"] for message in messages}:
        waiting = []
        for message in messages:
            created, sent = moments(message)
            is_queued = created < sent and (sent - created).total_seconds() <= 36_000
            if is_queued and message["from"] == sender and message["status"] != "canceled":
                segments = 1 if message["num_media"] != "0" else int(message["num_segments"])
                waiting.append((created, sent, segments))
        at = {moment: sum(n for a, b, n in waiting if a <= moment < b) for moment, _, _ in waiting}
        assert found[sender].segments == max(at.values())
        assert at[found[sender].at] == max(at.values())


def test_the_busiest_minute_and_its_seconds(lake: Lake) -> None:
    start = datetime(2026, 9, 1, 12, tzinfo=UTC)
    sent = [0, 0, 0, 1, 2, 61]
    fill(
        lake,
        [
            payload(n, date_created=start, date_sent=start + timedelta(seconds=second), num_segments="2")
            for n, second in enumerate(sent, start=1)
        ],
    )
    found = query_busiest(lake, None, None, None, timezone="UTC")
    assert [(minute.start, minute.segments, minute.peak) for minute in found.minutes] == [
        (start, 10, 6),
        (start + timedelta(minutes=1), 2, 2),
    ]
    assert found.minutes[0].share is None, "nobody said a limit"
    assert [segments for _, segments in found.seconds] == [6, 2, 2, 2]


def test_messages_sent_at_once_have_no_queue(lake: Lake) -> None:
    fill(lake, [payload(1), payload(2)])
    assert query_queues(lake, None, None, None, timezone="UTC") == {}


def test_an_empty_lake_has_no_speed(lake: Lake) -> None:
    for name in ("peak_speed", "p95_speed", "utilisation", "minute_utilisation", "queue_wait_p95"):
        frame = query_metric(lake, name).frame
        assert frame[name].isna().all()
        assert frame["sample_size"].sum() == 0
    assert query_busiest(lake, None, None, None, timezone="UTC").minutes == []


def test_the_sql_of_a_peak_reads_well() -> None:
    compiled = compile_metric("peak_speed", ["sender"], {"country": "US"}, date(2026, 9, 1))
    assert compiled.sql == (
        "select\n"
        "    sender as sender,\n"
        "    max(bin_segments) as peak_speed,\n"
        "    count(*) as sample_size\n"
        "from (\n"
        "    select\n"
        "        sender as sender,\n"
        "        epoch_us(date_sent) // 1000000 as bin_start,\n"
        "        sum((case when media_count > 0 then 1 else greatest(coalesce(segments, 1), 1) end)) "
        "as bin_segments\n"
        "    from message_facts\n"
        "    where list_contains($where_country, cast(country as varchar))\n"
        "      and date_created >= $since\n"
        "      and (is_outbound and status <> 'canceled' and date_sent >= date_created)\n"
        "    group by all\n"
        ") bins\n"
        "group by all\n"
        "order by sender nulls last"
    )
    assert compiled.columns == ("sender", "peak_speed", "sample_size")

"""Metrics against numbers counted by hand, and every metric by every dimension against raw sums."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from tests.messages import ACCOUNT, payload
from workbench.compliance.checks import prepare_audits
from workbench.errors import UnknownName, UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.messaging.status import is_final
from workbench.metrics import DIMENSIONS, METRICS, compile_metric, freshness, query_metric
from workbench.settings import load_settings

LONG_CODE, TOLL_FREE, SERVICE = "+12025550110", "+18885550111", "MG" + "5" * 32
US, GERMANY = "+14155550123", "+4915123456789"
RECENT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)


def at(day: int, hour: int = 12, wait: int = 0) -> dict[str, datetime]:
    """Created at this hour and sent ``wait`` seconds later."""
    moment = datetime(2026, 9, day, hour, tzinfo=UTC)
    return {"date_created": moment, "date_sent": moment + timedelta(seconds=wait), "date_updated": moment}


def inbound(body: str, contact: str, sender: str) -> dict[str, Any]:
    return {"direction": "inbound", "status": "received", "body": body, "from": contact, "to": sender}


#: September 2026: 10 outbound (8 final: 4 delivered, 1 read, 1 undelivered, 1 failed, 1 old sent; 1 canceled;
#: 1 in flight); 4 inbound of which 3 are stop keywords of 2 people. Prices in two currencies.
MESSAGES = [
    payload(1, **at(1), price="-0.0100", num_segments="1"),
    payload(2, **at(1, wait=10), price="-0.0200", num_segments="2", to=GERMANY),
    payload(3, **at(2), price="-0.0300", price_unit="EUR", num_segments="3", to=GERMANY, body="“Hallo”"),
    payload(4, **at(2, wait=1), price="-0.0100", **{"from": TOLL_FREE}),
    payload(5, **at(7), status="read", price=None),
    payload(6, **at(7), status="undelivered", error_code=30003, price="-0.0100"),
    payload(7, **at(8), status="failed", error_code=30007, price=None, num_segments="1"),
    payload(8, **at(8), status="sent", price="-0.0100", messaging_service_sid=SERVICE),
    payload(9, **at(8), status="canceled", price=None, num_segments="0"),
    payload(10, status="queued", price=None, num_segments="1", date_created=RECENT, date_sent=None),
    payload(11, **at(8, 23), **inbound("STOP", US, LONG_CODE), price="-0.0075"),
    payload(12, **at(9), **inbound("stop ", US, LONG_CODE), price="-0.0075"),
    payload(13, **at(9), **inbound("Unsubscribe", GERMANY, LONG_CODE), price="-0.0075"),
    payload(14, **at(9), **inbound("please stop texting me", "+14155550199", LONG_CODE), price="-0.0075"),
]
#: Those of our replies are counted in tests/conversations, those of people's in test_engagement.py.
OF_MESSAGES = [
    name for name, metric in METRICS.items() if metric.source not in ("reply_blocks", "engagement_facts")
]
#: Counted by hand from the list above.
TOTALS = {
    "messages": 14,
    "segments": 1 + 2 + 3 + 1 + 1 + 1 + 1 + 1 + 0 + 1 + 4,
    "in_flight": 1,
    "opt_outs": 2,
    "delivered": 5,
    "not_delivered": 2,
    "backlog": 1,
    # The long code may send 3 segments a minute, and sent 3 on the 1st and on the 2nd.
    "minutes_at_limit": 2,
    # Seven went out, five of them at 05:00 in California; no opt-in is on record, no opt-out was earlier.
    "messages_in_quiet_hours": 5,
    "messages_without_consent": 7,
    "messages_after_opt_out": 0,
    "messages_after_opt_out_elsewhere": 0,
    # The first of each of two contacts from the long code, and of one from toll-free number and service.
    "first_contacts_without_opt_out_line": 4,
    "messages_from_unregistered_senders": 0,
    # Messages 1, 4, 5, 6 and 8, from Tuesday noon to Tuesday noon.
    "most_messages_in_a_week": 5,
    # Message 14 of Wednesday the 9th; the tenth business day is the 23rd.
    "revocations_waiting": 1,
    "revocations_late": int(datetime.now(UTC) >= datetime(2026, 9, 24, tzinfo=UTC)),
}
PER_PERSON = {"messages_per_person": (7, 2)}  # messages, people
RATES = {  # numerator, denominator
    "segments_per_message": (11, 8),
    "priced_share": (6, 8),
    "delivery_rate": (5, 8),
    "failed_rate": (1, 8),
    "undelivered_rate": (1, 8),
    "unknown_rate": (1, 8),
    "error_rate": (2, 8),
    "error_rate_without_opt_outs": (2, 8),
    "multi_segment_share": (2, 8),
    "ucs2_share": (1, 8),
}
MONEY = {
    "spend": {"EUR": 0.03, "USD": 0.09},
    # USD: 0.06 over messages 1, 2, 4 and 5; EUR: 0.03 over message 3.
    "cost_per_delivered": {"EUR": 0.03 / 1, "USD": 0.06 / 4},
    # Message 6, and the fee of 0.001 for message 7.
    "wasted_spend": {"EUR": 0, "USD": 0.011},
    # One of two segments of message 2; two of three of message 3.
    "extra_segment_spend": {"EUR": 0.02, "USD": 0.01},
    "ucs2_spend": {"EUR": 0.03, "USD": 0},
}
SPREADS = {  # value, number of values
    # Eight were sent and not canceled; they waited six times 0 s, 1 s and 10 s.
    "queue_wait_p50": (0, 8),
    "queue_wait_p90": (1 + 0.3 * 9, 8),
    "queue_wait_p95": (1 + 0.65 * 9, 8),
    "queue_wait_p99": (1 + 0.93 * 9, 8),
    # Callbacks came 5 and 7 s after sending.
    "delivery_time_p50": (6, 2),
    "delivery_time_p90": (6.8, 2),
    "delivery_time_p95": (6.9, 2),
    "delivery_time_p99": (6.98, 2),
    # Segments in the six seconds with any: 1 and 2, 3 and 1, 2, 2.
    "peak_speed": (3, 6),
    "p95_speed": (2.75, 6),
    # The long code alone has a limit: 0.05 a second. Message 4 is not its.
    "utilisation": (60, 5),
    "minute_utilisation": (1, 4),
}


@pytest.fixture(scope="module")
def september(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("metrics"))})
    with open_lake(settings) as lake:
        table = message_table([message_row(item) for item in MESSAGES])
        lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=RECENT))
        lake.write(_add_limit_and_callbacks)
        prepare_audits(lake)
        yield lake


def _add_limit_and_callbacks(cursor: Any) -> None:
    cursor.execute(
        "insert into senders (account_sid, sender, sender_type, mps_limit, mps_limit_source, read_at) "
        "values (?, ?, 'long code', 0.05, 'configuration', now())",
        [ACCOUNT, LONG_CODE],
    )
    for number, seconds in ((1, 5), (2, 17)):
        seen = datetime(2026, 9, 1, 12, 0, seconds, tzinfo=UTC)
        # The same receipt twice: the first counts.
        for moment in (seen, seen + timedelta(minutes=3)):
            cursor.execute(
                "insert into status_events values (?, ?, 'delivered', null, 'callback', ?)",
                [f"SM{number:032x}", ACCOUNT, moment],
            )


def one(frame: pd.DataFrame, column: str) -> Any:
    assert len(frame) == 1
    return frame[column].iloc[0]


def test_every_metric_has_a_hand_counted_total() -> None:
    assert set(TOTALS) | set(RATES) | set(MONEY) | set(SPREADS) | set(PER_PERSON) == set(OF_MESSAGES)


@pytest.mark.parametrize("name", PER_PERSON)
def test_numbers_per_person_with_how_many_people(september: Lake, name: str) -> None:
    frame = query_metric(september, name).frame
    messages, people = PER_PERSON[name]
    assert one(frame, name) == pytest.approx(messages / people)
    assert one(frame, "sample_size") == people


@pytest.mark.parametrize("name", TOTALS)
def test_counts(september: Lake, name: str) -> None:
    assert one(query_metric(september, name).frame, name) == TOTALS[name]


@pytest.mark.parametrize("name", RATES)
def test_rates_with_their_sample_and_what_is_in_flight(september: Lake, name: str) -> None:
    frame = query_metric(september, name).frame
    numerator, denominator = RATES[name]
    assert one(frame, name) == pytest.approx(numerator / denominator)
    assert one(frame, "sample_size") == denominator
    assert one(frame, "in_flight") == 1


@pytest.mark.parametrize("name", SPREADS)
def test_percentiles_and_peaks_with_how_many_values_they_are_of(september: Lake, name: str) -> None:
    frame = query_metric(september, name).frame
    value, sample = SPREADS[name]
    assert one(frame, name) == pytest.approx(value)
    assert one(frame, "sample_size") == sample


@pytest.mark.parametrize("name", MONEY)
def test_money_by_currency_never_added(september: Lake, name: str) -> None:
    frame = query_metric(september, name).frame
    found = dict(zip(frame["currency"], frame[name], strict=True))
    assert found == pytest.approx(MONEY[name])


def test_priced_share_travels_with_money_in_each_currency(september: Lake) -> None:
    frame = query_metric(september, "spend").frame
    assert dict(zip(frame["currency"], frame["priced_share"], strict=True)) == pytest.approx(
        {"EUR": 1.0, "USD": 5 / 7}
    )


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("name", OF_MESSAGES)
def test_every_metric_by_every_dimension_adds_up_to_the_whole(
    september: Lake, name: str, dimension: str
) -> None:
    """Groups are disjoint and complete: their sums are the hand-counted totals."""
    frame = query_metric(september, name, [dimension], timezone="America/New_York").frame
    assert next(iter(frame.columns)) == dimension
    if name in MONEY:
        amounts, whole = frame[name].astype(float), {"EUR": 0.03, "USD": 0.06}
        if name != "cost_per_delivered":
            sums, whole = amounts.groupby(frame["currency"]).sum(), MONEY[name]
        else:
            sums = (amounts * frame["sample_size"]).groupby(frame["currency"]).sum()
        found = {str(currency): float(amount) for currency, amount in sums.items()}
        if name != "cost_per_delivered" or dimension in ("currency", "direction"):
            assert found == pytest.approx(whole)
        else:  # spend of a group in which nothing was delivered has no quotient, so the parts may miss it
            assert all(found[currency] <= whole[currency] + 1e-9 for currency in found)
    elif name in SPREADS:
        value, sample = SPREADS[name]
        values = frame[name].dropna()
        if METRICS[name].bins is None:  # a percentile of the whole lies between those of its parts
            assert frame["sample_size"].sum() == sample
            assert values.min() - 1e-9 <= value <= values.max() + 1e-9
        else:  # a second can be in several groups, in each with fewer segments
            assert frame["sample_size"].sum() >= sample
            assert name == "p95_speed" or values.max() <= value + 1e-9
    elif name in PER_PERSON:  # a person can be in several groups, each message is in one
        messages, people = PER_PERSON[name]
        assert (frame[name] * frame["sample_size"]).sum() == pytest.approx(messages)
        assert frame["sample_size"].sum() >= people
    elif name in RATES:
        numerator, denominator = RATES[name]
        assert frame["sample_size"].sum() == denominator
        assert (frame[name] * frame["sample_size"]).sum() == pytest.approx(numerator)
        assert frame["in_flight"].sum() == 1
    elif METRICS[name].is_additive:
        assert frame[name].sum() == TOTALS[name]
    elif METRICS[name].bins:  # a minute that two groups share is at the limit in neither
        found_total, total = frame[name].sum(), TOTALS[name]
        assert found_total == total if dimension in ("sender", "day") else found_total <= total
    else:  # distinct people: never fewer than the whole when a person is in two groups
        assert frame[name].sum() >= TOTALS[name]


def test_a_day_is_a_day_of_the_reporting_time_zone(september: Lake) -> None:
    """Message 11 came at 23:00 UTC on the 8th, which is the 9th in Berlin."""
    where = {"direction": "inbound"}
    utc = query_metric(september, "messages", ["day"], where).frame
    berlin = query_metric(september, "messages", ["day"], where, timezone="Europe/Berlin").frame
    assert [(day.date(), n) for day, n in utc.itertuples(index=False)] == [
        (date(2026, 9, 8), 1),
        (date(2026, 9, 9), 3),
    ]
    assert [(day.date(), n) for day, n in berlin.itertuples(index=False)] == [(date(2026, 9, 9), 4)]


def test_the_25_hour_day_has_25_hours(lake: Lake) -> None:
    """New York left summer time on 2026-11-01: its day lasts from 04:00 to 05:00 UTC of the next."""
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    moments = [start + timedelta(hours=hour, minutes=30) for hour in range(-1, 26)]
    rows = [message_row(payload(n, date_created=moment)) for n, moment in enumerate(moments, start=1)]
    lake.write(lambda cursor: save_messages(cursor, message_table(rows), source="sync", received_at=start))
    frame = query_metric(lake, "messages", ["day"], timezone="America/New_York").frame
    assert frame["messages"].tolist() == [1, 25, 1]
    one_day = query_metric(
        lake, "messages", since="2026-11-01", until="2026-11-02", timezone="America/New_York"
    )
    assert one(one_day.frame, "messages") == 25


def test_until_is_not_included(september: Lake) -> None:
    frame = query_metric(september, "messages", since="2026-09-01", until="2026-09-02").frame
    assert one(frame, "messages") == 2


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"error_code": 30007}, 1),
        ({"error_code": "30007"}, 1),
        ({"error_code": [30003, 30007]}, 2),
        ({"error_code": None}, 12),
        ({"country": "DE"}, 3),
        ({"day": date(2026, 9, 1)}, 2),
        ({"sender_type": "toll-free"}, 1),
        ({"messaging_service": SERVICE}, 1),
        ({"outcome": ["unknown", "canceled", "in flight"]}, 3),
        ({"country": "DE", "direction": "inbound"}, 1),
        ({"sender": "'; drop table raw_messages; --"}, 0),
        ({"country": []}, 0),
    ],
)
def test_filters(september: Lake, where: dict[str, Any], count: int) -> None:
    assert one(query_metric(september, "messages", where=where).frame, "messages") == count


def test_an_empty_lake_has_zero_messages_and_no_rate(lake: Lake) -> None:
    assert one(query_metric(lake, "messages").frame, "messages") == 0
    rate = query_metric(lake, "delivery_rate").frame
    assert one(rate, "sample_size") == 0
    assert pd.isna(one(rate, "delivery_rate"))
    assert query_metric(lake, "spend").frame.empty


def test_unknown_names_list_the_known_ones_and_guess() -> None:
    with pytest.raises(UnknownName, match=r"'delivry_rate'.*Did you mean 'delivery_rate'.*segments"):
        compile_metric("delivry_rate")
    with pytest.raises(UnknownName, match="Did you mean 'country'"):
        compile_metric("messages", ["contry"])
    with pytest.raises(UnknownName, match="dimension"):
        compile_metric("messages", where={"1=1; --": "x"})


@pytest.mark.parametrize(
    ("since", "until", "named"),
    [
        ("yesterday", None, "'yesterday'"),
        (None, "2026-13-01", "'2026-13-01'"),
        ("2026-09-02", "2026-09-02", "before"),
    ],
)
def test_wrong_periods_are_named(since: str | None, until: str | None, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        compile_metric("messages", since=since, until=until)


def test_compiled_sql_reads_well() -> None:
    compiled = compile_metric("delivery_rate", ["sender"], {"country": "US"}, "2026-09-01", "2026-10-01")
    assert compiled.sql == (
        "select\n"
        "    sender as sender,\n"
        "    count(*) filter ((is_outbound and status in ('delivered', 'read'))) / nullif("
        "count(*) filter ((is_outbound and is_final and status <> 'canceled')), 0) as delivery_rate,\n"
        "    count(*) filter ((is_outbound and is_final and status <> 'canceled')) as sample_size,\n"
        "    count(*) filter ((is_outbound and not is_final)) as in_flight\n"
        "from message_facts\n"
        "where list_contains($where_country, cast(country as varchar))\n"
        "  and date_created >= $since\n"
        "  and date_created < $until\n"
        "group by all\n"
        "order by sender nulls last"
    )
    assert compiled.parameters == {
        "where_country": ["US"],
        "since": datetime(2026, 9, 1, tzinfo=UTC),
        "until": datetime(2026, 10, 1, tzinfo=UTC),
    }
    assert compiled.columns == ("sender", "delivery_rate", "sample_size", "in_flight")


def test_the_view_and_the_python_rule_agree_on_final(september: Lake) -> None:
    now = datetime.now(UTC)
    for status, sent, final in september.rows("select status, date_sent, is_final from messages"):
        assert final == is_final(status, sent, now), status


def test_freshness_says_the_same_as_the_metrics(september: Lake) -> None:
    found = freshness(september)
    assert (found.messages, found.open_messages, found.priced_share) == (14, 1, 0.75)
    assert found.last_sync_at is None
    assert found.newest_message_at == RECENT


def test_metrics_load_neither_panel_nor_http() -> None:
    code = (
        "import sys, workbench.metrics; bad = {'panel', 'httpx', 'twilio', 'plotly'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)

"""Spark says the same as DuckDB: every metric by every dimension, on a cluster and on this machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.lakes import begin_lake
from tests.metrics.conftest import as_payload
from tests.spark_cluster import require_spark_here, spark_cluster, spark_environment
from tests.ui.known import save
from workbench.compliance.checks import prepare_audits
from workbench.lake import Lake
from workbench.metrics import DIMENSIONS, METRICS, query_metric
from workbench.metrics.audits import AUDITS
from workbench.metrics.compile import dimension_sql, plan_metric
from workbench.metrics.engines import read_engine
from workbench.metrics.queues import query_busiest, query_queues
from workbench.metrics.run import query_audit
from workbench.metrics.spark.reader import SparkReader
from workbench.settings import load_settings
from workbench.simulator import TWO_CURRENCIES, generate_traffic

BERLIN = "Europe/Berlin"
#: The days of the change to summer time in Berlin.
FIRST, LAST, AS_OF = date(2025, 3, 28), date(2025, 4, 1), datetime(2025, 4, 1, 18, tzinfo=UTC)
#: None: every definition has a counterpart.
REFUSED: dict[str, str] = {}


@pytest.fixture(scope="module")
def varied_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """About 1,600 messages in files, with deleted and changed rows, and what the catalog holds itself."""
    home = tmp_path_factory.mktemp("a home [with] 50%")
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [as_payload(row) for row in generate_traffic(TWO_CURRENCIES, 5, FIRST, LAST, as_of=AS_OF)])
        lake.write(_add_variety)
        for wanted in (300, 4):
            # Many go into a delete file, a few into the catalog.
            lake.write(partial(_delete_some, wanted))
        lake.write(
            lambda cursor: cursor.execute(
                "update raw_messages set status = 'undelivered', error_code = 30007 where message_sid in "
                "(select message_sid from raw_messages where status = 'delivered' order by message_sid "
                "limit 3)"
            )
        )
        prepare_audits(lake, AS_OF + timedelta(days=1))
        yield lake


def _delete_some(wanted: int, cursor: Any) -> None:
    cursor.execute(
        "delete from raw_messages where message_sid in "
        "(select message_sid from raw_messages order by hash(message_sid) limit ?)",
        [wanted],
    )


def _add_variety(cursor: Any) -> None:
    """What other parts of the product leave in a lake: receipts, batches, limits, memberships, decisions."""
    for statement in (
        "insert into status_events select message_sid, account_sid, 'delivered', null, 'callback', "
        "date_sent + to_seconds(hash(message_sid) % 90) from raw_messages where status = 'delivered'",
        "insert into senders (account_sid, sender, sender_type, country, registration, registration_status, "
        "mps_limit, read_at) select account_sid, sender, any_value(sender_type), 'US', 'a2p', "
        "case when hash(sender) % 2 = 0 then 'VERIFIED' else 'PENDING' end, 1 + hash(sender) % 3, "
        "timestamptz '2025-03-01 00:00:00+00' from raw_messages where sender is not null group by all",
        "insert into membership_spans select account_sid, sender, max(messaging_service_sid), "
        "min(date_created), "
        "max(date_created), null from raw_messages where messaging_service_sid is not null and sender is "
        "not null "
        "group by all",
        "insert into outbox_events (key, attempt, state, happened_at, intended_at, batch, account_sid, "
        "contact, "
        "segments, media_count, actor, owner, message_sid) select message_sid, 1, 'accepted', date_created, "
        "date_created, 'spring', account_sid, contact, 1, 0, case when hash(message_sid) % 3 = 0 then "
        "'rule:hours' "
        "else 'ann' end, 'ann', message_sid from raw_messages where is_outbound and hash(message_sid) % 5 "
        "= 0",
        "insert into conversation_events select 'E' || message_sid, conversation_id, 'state', 'resolved', "
        "null, "
        "'ann', date_created + interval 1 hour from raw_messages where not is_outbound and "
        "hash(message_sid) % 4 = 0",
        "insert into consent_events (event_id, account_sid, address, scope, kind, source, happened_at, "
        "recorded_at, "
        "said_to) select 'C' || contact || sender, any_value(account_sid), contact, sender, 'opt-out', "
        "'keyword', "
        "min(date_created) + interval 3 hours, now(), sender from raw_messages "
        "where is_outbound and sender is not null and hash(contact) % 6 = 0 group by contact, sender",
        "insert into consent_events (event_id, account_sid, address, scope, kind, source, happened_at, "
        "recorded_at) "
        "select 'I' || contact, any_value(account_sid), contact, '*', 'opt-in', 'import', "
        "min(date_created) + interval 1 day, now() from raw_messages where hash(contact) % 4 = 0 group by "
        "contact",
        "update raw_messages set revocation = 'leave me alone', revocation_language = 'en' "
        "where not is_outbound and hash(message_sid) % 3 = 0",
        "insert into tombstones select message_sid, account_sid, timestamptz '2025-04-01 00:00:00+00', "
        "'gone' "
        "from raw_messages where hash(message_sid) % 97 = 0",
    ):
        cursor.execute(statement)


@pytest.fixture(scope="module")
def here(varied_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkReader]:
    """Spark on this machine."""
    require_spark_here()
    with pytest.MonkeyPatch.context() as patched:
        for name, value in spark_environment(tmp_path_factory.mktemp("conf")).items():
            patched.setenv(name, value)
        reader = SparkReader(varied_lake, read_engine("spark=local[1]"), varied_lake.home)
        yield reader
        reader.close()
        assert list((varied_lake.home / "tmp").glob("spark-*")) == []


def test_metrics_on_this_machine(varied_lake: Lake, here: SparkReader) -> None:
    for name, by, where in (
        ("messages", ("day", "status"), {"country": ["US", "DE"]}),
        ("spend", (), {}),
        ("delivery_time_p90", ("sender",), {}),
    ):
        expected = query_metric(varied_lake, name, by, where, FIRST, LAST, timezone=BERLIN).frame
        answer = query_metric(here, name, by, where, FIRST, LAST, timezone=BERLIN).frame
        assert len(expected) > 0
        pd.testing.assert_frame_equal(answer, expected, check_exact=False, rtol=1e-9, atol=0)


def test_rows_are_those_of_the_version(varied_lake: Lake, here: SparkReader) -> None:
    """Deletions in a file and in the catalog, changed rows, and a table whose columns changed with time."""
    varied_lake.write(_make_changing_table)
    question = "select message_sid, price, date_created, body from raw_messages order by message_sid"
    assert here.rows(question) == varied_lake.rows(question)
    assert here.rows("select id, called, since, places from changing order by id") == [
        *((number, f"n{number}", 7, ["a", "b"]) for number in range(20) if number != 3),
        *((number, f"n{number}", 9, None) for number in range(20, 40)),
        (3_000_000_000, "in the catalog", 9, None),
    ]
    varied_lake.write(lambda cursor: cursor.execute("delete from changing where id < 39"))
    assert here.rows("select id from changing order by id") == [(39,), (3_000_000_000,)]


def _make_changing_table(cursor: Any) -> None:
    for statement in (
        "create table changing (id integer, name varchar, places varchar[])",
        "alter table changing set partitioned by (name)",
        "insert into changing select i, 'n' || i, ['a', 'b'] from range(20) r(i)",
        "alter table changing rename column name to called",
        "alter table changing add column since integer default 7",
        "alter table changing alter column id type bigint",
        "insert into changing by name select i as id, 'n' || i as called, 9 as since from range(20, 40) r(i)",
        "insert into changing by name select 3000000000 as id, 'in the catalog' as called, 9 as since",
        "delete from changing where id = 3",
    ):
        cursor.execute(statement)


@pytest.fixture(scope="module")
def cluster(varied_lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkReader]:
    """Spark on a master and two workers."""
    require_spark_here()
    folder = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as patched, spark_cluster(folder) as master:
        for name, value in spark_environment(folder).items():
            patched.setenv(name, value)
        reader = SparkReader(varied_lake, read_engine(f"spark={master}"), varied_lake.home)
        yield reader
        reader.close()


SOURCES = sorted({metric.source for metric in METRICS.values() if metric.bins is None})


def test_every_metric_by_every_dimension_on_a_cluster(varied_lake: Lake, cluster: SparkReader) -> None:
    """One query for each view: all its metrics by each dimension alone, and over all."""
    compared = 0
    for source in SOURCES:
        sql = _every_metric_sql(source)
        expected = varied_lake.rows(sql, {"timezone": BERLIN})
        answer = cluster.rows(sql, {"timezone": BERLIN})
        assert_same_rows(answer, expected, source)
        compared += len(expected)
    assert compared > 1_000
    assert REFUSED == {}


def _every_metric_sql(source: str) -> str:
    dimensions = list(DIMENSIONS)
    columns = ", ".join(f"{dimension_sql(name)} as by_{name}" for name in dimensions)
    values = {
        f"{name}__{column}": expression
        for name, metric in METRICS.items()
        if metric.source == source and metric.bins is None
        for column, expression in plan_metric(name).values.items()
    }
    totals = ", ".join(f"{expression} as {column}" for column, expression in values.items())
    sets = ", ".join(["()", *(f"(by_{name})" for name in dimensions), "(by_currency, by_day)"])
    grouped = ", ".join(f"by_{name}" for name in dimensions)
    return (
        f"with picked as (select *, {columns} from {source}) select {grouped}, {totals} from picked "
        f"group by grouping sets ({sets})"
    )


def assert_same_rows(answer: list[tuple[Any, ...]], expected: list[tuple[Any, ...]], about: str) -> None:
    """The same rows in any order: counts and money exactly, floating point to 1e-9."""
    assert len(answer) == len(expected), about
    for given, wanted in zip(sorted(answer, key=_sorting), sorted(expected, key=_sorting), strict=True):
        for value, right in zip(given, wanted, strict=True):
            assert type(value) is type(right), (about, given, wanted)
            if isinstance(right, float):
                # A wait that goes on is longer by the time between the two questions.
                near = 600 if about == "reply_blocks" and right > 1e6 else 0
                assert math.isclose(value, right, rel_tol=1e-9, abs_tol=near), (about, given, wanted)
            else:
                assert value == right, (about, given, wanted)


def _sorting(row: tuple[Any, ...]) -> tuple[str, ...]:
    exact = [f"{value is None}{value}" for value in row if not isinstance(value, float)]
    return (*exact, *(f"{value:.4g}" for value in row if isinstance(value, float)))


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.bins is not None])
def test_metrics_over_seconds_and_minutes_on_a_cluster(
    varied_lake: Lake, cluster: SparkReader, name: str
) -> None:
    for by in ((), ("day", "sender"), tuple(DIMENSIONS)):
        expected = query_metric(varied_lake, name, by, timezone=BERLIN).frame
        answer = query_metric(cluster, name, by, timezone=BERLIN).frame
        pd.testing.assert_frame_equal(answer, expected, check_exact=False, rtol=1e-9, atol=0)


def test_audits_on_a_cluster(varied_lake: Lake, cluster: SparkReader) -> None:
    """The rows behind every count of the page Compliance."""
    rows = 0
    for name in AUDITS:
        expected = query_audit(varied_lake, name, since=FIRST)
        answer = query_audit(cluster, name, since=FIRST)
        pd.testing.assert_frame_equal(answer, expected)
        rows += len(expected)
    assert rows > 100


def test_queues_and_busy_minutes_on_a_cluster(varied_lake: Lake, cluster: SparkReader) -> None:
    """What the page Throughput shows beside its metrics."""
    waiting = query_queues(varied_lake, None, FIRST, LAST, timezone=BERLIN)
    answer = query_queues(cluster, None, FIRST, LAST, timezone=BERLIN)
    assert {sender: queue.segments for sender, queue in answer.items()} == {
        sender: queue.segments for sender, queue in waiting.items()
    }
    assert len(waiting) > 3
    expected = query_busiest(varied_lake, None, FIRST, LAST, timezone=BERLIN)
    busiest = query_busiest(cluster, None, FIRST, LAST, timezone=BERLIN)
    assert (busiest.minutes, busiest.seconds) == (expected.minutes, expected.seconds)
    assert Decimal(0) < sum(minute.segments for minute in expected.minutes)


def test_hostile_texts_are_values(varied_lake: Lake, here: SparkReader) -> None:
    question = (
        "select $text as text, list_contains([$text], $text) as is_in, regexp_matches($text, 'b$') as ends"
    )
    for text in ("it's", "a\\'b", 'say "b', "${x} -- ;", "b\n", "ünï😀b", "\\"):
        assert here.rows(question, {"text": text}) == varied_lake.rows(question, {"text": text})


def test_files_of_the_home_are_left_alone(varied_lake: Lake, here: SparkReader, tmp_path: Path) -> None:
    before = {path for path in varied_lake.home.rglob("*") if "tmp" not in path.parts}
    here.value("select count(*) from raw_messages")
    assert {path for path in varied_lake.home.rglob("*") if "tmp" not in path.parts} == before

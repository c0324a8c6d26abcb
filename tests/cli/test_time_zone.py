"""The time zone of the machine changes no number: commands run under three zones, one off by 45 minutes."""

from __future__ import annotations

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

Run = Callable[..., "CompletedProcess[str]"]

ZONES = ("Asia/Kathmandu", "America/New_York", "Pacific/Apia")

#: Each of the zones has another day for some of these five minutes around midnight in UTC.
MIDNIGHT_SQL = """
    select t::date as day, count(*) as n
    from (
        select unnest(generate_series(
            timestamptz '2026-11-01 23:50:00+00', timestamptz '2026-11-02 00:10:00+00', interval 5 minutes
        )) as t
    )
    group by 1 order by 1
"""
QUESTIONS = (
    (
        "sql",
        "select date_created::date as day, count(*), min(date_created) from messages group by 1 order by 1",
    ),
    ("sql", "select day, rows, finished_at is not null as is_read from sync_windows order by all"),
    ("metric", "messages", "--by", "day,hour"),
    ("metric", "most_messages_in_a_week", "--by", "day"),
)


@pytest.mark.parametrize("zone", ZONES)
def test_sql_counts_the_days_of_utc(run: Run, zone: str) -> None:
    assert run("sync", "--messages-only").returncode == 0
    counted = run("sql", MIDNIGHT_SQL, "--format", "json", TZ=zone)
    days = [(row["day"][:10], row["n"]) for row in json.loads(counted.stdout)]
    assert days == [("2026-11-01", 2), ("2026-11-02", 3)]


def test_numbers_are_the_same_under_every_zone(run: Run) -> None:
    """Days of a metric, of plain SQL, and what the sync takes for read."""
    printed = []
    for zone in ("UTC", *ZONES):
        assert run("sync", TZ=zone).returncode == 0
        results = [run(*question, "--format", "json", TZ=zone) for question in QUESTIONS]
        assert [result.returncode for result in results] == [0, 0, 0, 0], results
        printed.append([result.stdout for result in results])
    assert printed[1:] == printed[:1] * 3

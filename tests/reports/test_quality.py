"""What speaks against a report's numbers: read from a real lake, judged by literal facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.messages import ACCOUNT, payload
from tests.ui.known import at, note_sync, save
from workbench.display.periods import Period
from workbench.lake import Lake, open_lake
from workbench.reports.quality import DataQuality, judge, read_facts
from workbench.settings import Settings

WEEK = Period(date(2025, 3, 3), date(2025, 3, 10))
NOW = datetime(2025, 3, 20, 12, tzinfo=UTC)
SOUND = DataQuality(
    as_of=NOW, last_sync_at=NOW - timedelta(hours=1), newest_message_at=NOW, messages=100, open_messages=0,
    billed=100, unpriced=0, days=7,
)  # fmt: skip


def kinds(facts: DataQuality, period: Period = WEEK) -> list[str]:
    return [problem.kind for problem in judge(facts, period)]


def test_facts_of_the_known_week(known_settings: Settings) -> None:
    with open_lake(known_settings, read_only=True) as lake:
        facts = read_facts(lake, WEEK)
    # 72 messages, 4 queued; 50 delivered, 8 undelivered and 3 unknown are billed, all with a price.
    assert (facts.messages, facts.open_messages, facts.billed, facts.unpriced, facts.days) == (
        72,
        4,
        61,
        0,
        7,
    )
    assert (facts.unread_days, facts.unreconciled_days) == ((), ())


def test_conditions_narrow_the_counts(known_settings: Settings) -> None:
    with open_lake(known_settings, read_only=True) as lake:
        facts = read_facts(lake, WEEK, {"country": ["DE"]})
    assert (facts.messages, facts.open_messages, facts.billed) == (12, 0, 10)


def test_days_that_were_not_read_to_their_end_are_gaps(lake: Lake) -> None:
    save(lake, [payload(1, **at(3, 5))])
    note_sync(lake, date(2025, 3, 3), date(2025, 3, 5))
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_windows values (?, '2025-03-06', '2025-03-06 12:00:00+00', 1, null, now())",
            [ACCOUNT],
        )
    )
    facts = read_facts(lake, WEEK)
    assert facts.unread_days == (date(2025, 3, 6), date(2025, 3, 7), date(2025, 3, 8), date(2025, 3, 9))
    [problem] = judge(replace(facts, as_of=NOW, last_sync_at=NOW), WEEK)
    assert problem.text == (
        "The data has gaps: 4 days of this period (GMT) were not read from Twilio to their end: "
        "2025-03-06 to 2025-03-09. Messages of those days may be missing."
    )


def test_imported_days_count_as_read(lake: Lake) -> None:
    note_sync(lake, date(2025, 3, 3), date(2025, 3, 7))
    lake.write(
        lambda cursor: cursor.execute(
            "insert into imports values (?, 'f', 'csv', 'x', 1, 1, 0, 0, 0, '2025-03-08', '2025-03-09', null,"
            " null, now())",
            [ACCOUNT],
        )
    )
    assert read_facts(lake, WEEK).unread_days == ()


def test_an_unexplained_difference_is_found(lake: Lake) -> None:
    note_sync(lake, date(2025, 3, 3), date(2025, 3, 9))
    lake.write(
        lambda cursor: (
            cursor.execute(
                "insert into reconcile_days values (?, '2025-03-04', now(), 1, 1, 2, 0, 0, 'USD', 1)",
                [ACCOUNT],
            ),
            cursor.execute(
                "insert into reconcile_gaps select account_sid, day, checked_at, round, 'rows',"
                " 'unexplained', 1, 2, 1, 'messages', 1, 'one is missing', [] from reconcile_days"
            ),
        )
    )
    assert read_facts(lake, WEEK).unreconciled_days == (date(2025, 3, 4),)


def test_sound_data_has_no_problem() -> None:
    assert kinds(SOUND) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"last_sync_at": None}, ["stale"]),
        ({"last_sync_at": datetime(2025, 3, 12, 23, tzinfo=UTC)}, []),  # 72 hours after the end, less a day
        ({"last_sync_at": datetime(2025, 3, 11, 23, tzinfo=UTC)}, ["stale"]),
        ({"unpriced": 2}, []),
        ({"unpriced": 3}, ["unpriced"]),
        ({"billed": 0, "unpriced": 0}, []),
        ({"unread_days": (date(2025, 3, 4),)}, ["gap"]),
        ({"unreconciled_days": (date(2025, 3, 4),)}, ["unreconciled"]),
        ({"as_of": datetime(2025, 3, 9, 12, tzinfo=UTC)}, ["unfinished"]),
        (
            {"as_of": datetime(2025, 3, 9, 12, tzinfo=UTC), "last_sync_at": datetime(2025, 3, 8, tzinfo=UTC)},
            ["stale", "unfinished"],
        ),
    ],
)
def test_each_fact_is_judged(changes: dict[str, object], expected: list[str]) -> None:
    assert kinds(replace(SOUND, **changes)) == expected  # type: ignore[arg-type]


def test_a_version_of_the_lake_stays_as_it_was(lake: Lake, settings: Settings, home: Path) -> None:
    save(lake, [payload(1, **at(3, 5))])
    snapshot = lake.snapshot_id()
    save(lake, [payload(2, **at(3, 5))])
    with open_lake(settings, read_only=True, snapshot=snapshot) as pinned:
        assert pinned.value("select count(*) from messages") == 1
    assert lake.value("select count(*) from messages") == 2

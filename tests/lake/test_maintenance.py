"""A lake that is looked after: fewer files, the same rows, and nothing pulled away from under a reader."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.messages import payload
from tests.ui.known import save
from workbench.lake import Lake
from workbench.lake.maintenance import count_files, maintain

EVERYTHING = "select message_sid, status, body, date_created from raw_messages order by 1"


def files(lake: Lake) -> int:
    return len(list(Path(lake.address.data).rglob("*.parquet")))


def test_small_files_become_one_and_old_ones_go_only_when_nobody_needs_them(lake: Lake) -> None:
    for start in range(0, 120, 20):
        save(lake, [payload(start + number, status="sent") for number in range(20)])
    save(lake, [payload(number) for number in range(60)])
    before, rows, on_disk = count_files(lake), lake.rows(EVERYTHING), files(lake)
    done = maintain(lake)
    assert done.files_before == before
    assert done.files_after == count_files(lake) < before
    assert lake.rows(EVERYTHING) == rows
    assert len(rows) == 120
    # A reader that began a moment ago may still be at the old ones.
    assert (done.files_deleted, done.snapshots_expired) == (0, 0)
    assert files(lake) > on_disk
    later = maintain(lake, now=datetime.now(UTC) + timedelta(days=3))
    assert later.files_deleted >= before - 1
    assert later.snapshots_expired > 6
    assert lake.rows(EVERYTHING) == rows
    assert files(lake) == count_files(lake)


def test_a_second_time_there_is_nothing_to_do(lake: Lake) -> None:
    save(lake, [payload(number) for number in range(40)])
    maintain(lake)
    files_then = count_files(lake)
    assert maintain(lake).files_after == files_then


def test_it_can_be_stopped_between_its_steps(lake: Lake) -> None:
    save(lake, [payload(number) for number in range(40)])
    assert maintain(lake, stop=lambda: True).rows_flushed == 0
    assert lake.value("select count(*) from raw_messages") == 40

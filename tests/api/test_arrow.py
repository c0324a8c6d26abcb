"""What is asked for goes to other libraries through Arrow; large results part by part."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import narwhals
import pyarrow as pa
import pytest

from tests.ui.known import known_messages, save
from workbench import LakeError, UsageError, Workbench, load_settings
from workbench.lake import open_lake
from workbench.metrics import DIMENSIONS, METRICS


@pytest.fixture(scope="module")
def wb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("lake") / "home")})
    with open_lake(settings) as lake:
        save(lake, list(known_messages()))
    with Workbench(settings) as opened:
        yield opened


def through_arrow(frame: Any) -> pa.Table:
    """By the PyCapsule interface alone, as Polars, DuckDB and others read it."""
    return pa.RecordBatchReader.from_stream(frame).read_all()


@pytest.mark.parametrize("name", sorted(METRICS.built_in))
def test_every_metric_goes_through(wb: Workbench, name: str) -> None:
    for by in ([], ["day"], ["sender", "error_code"]):
        frame = wb.metric(name, by=by)
        table = through_arrow(frame)
        assert table.column_names == list(frame.columns)
        assert table.num_rows == len(frame)


@pytest.mark.parametrize("name", sorted(DIMENSIONS.built_in))
def test_every_dimension_goes_through_with_its_values(wb: Workbench, name: str) -> None:
    frame = wb.metric("messages", by=name)
    table = through_arrow(frame)
    assert sum(table["messages"].to_pylist()) == 122
    assert table[name].null_count == frame[name].isna().sum()


def test_every_table_and_view_goes_through(wb: Workbench) -> None:
    names = wb.sql("select table_name as name from information_schema.tables where table_catalog = 'lake'")
    assert len(names) > 60
    for name in names["name"]:
        frame = wb.sql(f'from "{name}"')
        assert through_arrow(frame).num_rows == len(frame)
        assert wb.sql.batches(f'from "{name}"').read_all().num_rows == len(frame)


def test_other_frames_go_through(wb: Workbench) -> None:
    for frame in (
        wb.metrics(), wb.dimensions(), wb.conversations(), wb.contacts.list(), wb.consent.blocked(),
        wb.compliance.counts(), wb.compliance.rows("after-opt-out"), wb.audit.show(), wb.reports.list(),
        wb.outbox.list(), wb.templates.list(),
    ):  # fmt: skip
        assert through_arrow(frame).column_names == list(frame.columns)


def test_other_libraries_take_a_frame_and_a_reader_as_they_are(wb: Workbench) -> None:
    days = wb.metric("messages", by="day", since="2025-03-03", until="2025-03-10")
    assert narwhals.from_native(days).select(narwhals.col("messages").sum()).item() == 72
    reader = wb.sql.batches("select segments, spend from messages")
    assert duckdb.from_arrow(reader).aggregate("count(*), sum(segments)").fetchall() == [(122, 132)]


def test_batches_keep_the_types_that_a_frame_loses(wb: Workbench) -> None:
    table = wb.sql.batches(
        "select 9007199254740993 as big, 0.1::decimal(9, 4) as amount, null::integer as gap, "
        "timestamptz '2026-11-02 00:30:00+00' as moment"
    ).read_all()
    (row,) = table.to_pylist()
    assert row["big"] == 9007199254740993
    assert row["amount"] == Decimal("0.1000")
    assert row["gap"] is None
    assert row["moment"] == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


def test_batches_have_at_most_so_many_rows_and_lose_none(wb: Workbench) -> None:
    sizes = [batch.num_rows for batch in wb.sql.batches("from range(?)", [10_000], rows=2048)]
    assert sum(sizes) == 10_000
    assert max(sizes) <= 2048
    assert len(sizes) > 1
    assert wb.sql.batches("from messages where false").read_all().num_rows == 0
    with pytest.raises(UsageError, match="rows is 0"):
        wb.sql.batches("from messages", rows=0)


def test_what_is_no_query_is_refused_before_a_reader_is_given(wb: Workbench, tmp_path: Path) -> None:
    for query in ("", "delete from raw_messages", f"copy messages to '{tmp_path}/x.csv'", "from nothing"):
        with pytest.raises(UsageError):
            wb.sql.batches(query)
    file = tmp_path / "x.csv"
    file.write_text("n\n7\n")
    assert wb.sql.batches(f"from '{file}'", allow_files=True).read_all().to_pylist() == [{"n": 7}]


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("cast(if(range = 3000000, 'x', '1') as integer)", UsageError),
        ("sqrt(3000000 - range)", UsageError),
        ("if(range = 3000000, error('a bad row'), '1')", UsageError),
    ],
)
def test_an_error_in_a_later_row_is_ours(wb: Workbench, expression: str, error: type[LakeError]) -> None:
    reader = wb.sql.batches(f"select {expression} as n from range(4000000)", rows=2048)
    assert next(reader).num_rows > 0
    with pytest.raises(error, match="SQL:"):
        reader.read_all()


def test_an_error_of_the_reader_is_the_readers(wb: Workbench, tmp_path: Path) -> None:
    """Writing to a folder that is not there is no fault of the lake, and lets go of it."""

    def write_each() -> None:
        for batch in wb.sql.batches("from messages"):
            (tmp_path / "away" / "x.txt").write_text(str(batch.num_rows))

    with pytest.raises(FileNotFoundError):
        write_each()
    assert wb.sql("select count(*) as n from messages").n[0] == 122


def test_a_large_result_is_never_held_whole(tmp_path: Path) -> None:
    """400 MB of rows pass through less than 150 MB of memory."""
    code = """
import resource, sys
from workbench import Workbench
wb = Workbench(sys.argv[1])
wb._installation.begin_lake()
query = "select range as i, repeat('x', 30) || range as t from range(10000000)"
wb.sql.batches(query.replace("10000000", "10")).read_all()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
total = sum(batch.nbytes for batch in wb.sql.batches(query))
print(total // 2**20, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "home")], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    megabytes, grown = map(int, done.stdout.split())
    assert megabytes > 400
    assert grown < 150

"""Files that are read back by other programs: whole, stamped, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.ui.table_export import TableExport, write_csv, write_parquet, write_xlsx

STAMP = [("What", "Messages"), ("SQL", "select 1\nfrom x")]
WHEN = datetime(2025, 3, 3, 12, 30, tzinfo=UTC)
MORE = "+1 and\n\"more\", 'so' 😀"
OBEYED = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
LINK = '=HYPERLINK("http://203.0.113.9","x")'
ROWS: list[dict[str, Any]] = [
    {"text": "plain", "when": WHEN, "spend": Decimal("0.008300"), "segments": 1, "final": True},
    {"text": LINK, "when": None, "spend": None, "segments": None, "final": False},
    {"text": MORE, "when": WHEN, "spend": Decimal("-1.5"), "segments": 3, "final": None},
]  # fmt: skip
SCHEMA = pa.schema(
    [
        ("text", pa.string()), ("when", pa.timestamp("us", tz="UTC")), ("spend", pa.decimal128(12, 6)),
        ("segments", pa.int32()), ("final", pa.bool_()),
    ]
)  # fmt: skip


def sheet(
    rows: list[dict[str, Any]] = ROWS, name: str = "Messages", schema: pa.Schema = SCHEMA
) -> TableExport:
    table = pa.Table.from_pylist(rows, schema=schema)
    return TableExport(name, schema, len(rows), table.to_batches(max_chunksize=2))


def read_csv(chunks: Any) -> tuple[list[str], list[list[str]]]:
    """The stamp's lines, and the cells below them."""
    text = b"".join(chunks).decode()
    first = text.split("\n", 1)[0]
    skipped = int(first.split()[5]) if first.startswith("# The data begins after") else 0
    lines = text.split("\n")
    return lines[:skipped], list(csv.reader(io.StringIO("\n".join(lines[skipped:]))))


def test_csv_has_no_character_that_ends_a_line_or_a_file_for_some_readers() -> None:
    body = "a\x00b\x1b[2Jc\rd\x85e\u202ef\r\ng\th 😀"
    rows: list[dict[str, Any]] = [{**ROWS[0], "text": body}, {**ROWS[0], "text": "\r=1"}, ROWS[1]]
    raw = b"".join(write_csv([sheet(rows)], STAMP))
    assert not set(raw) & {*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F}
    _, (_, *cells) = read_csv([raw])
    assert [row[0] for row in cells] == [
        "a\\x00b\\x1b[2Jc\\rd\\x85e\\u202ef\r\ng\th 😀", "'\\r=1", f"'{LINK}",
    ]  # fmt: skip


def test_csv_is_stamped_and_its_first_line_says_where_the_data_begins() -> None:
    stamp, rows = read_csv(write_csv([sheet()], STAMP))
    assert stamp == [
        "# The data begins after 3 lines like this one",
        "# What: Messages",
        "# SQL: select 1 from x",
    ]
    assert rows == [
        ["text", "when", "spend", "segments", "final"],
        ["plain", "2025-03-03T12:30:00.000000Z", "0.008300", "1", "true"],
        ['\'=HYPERLINK("http://203.0.113.9","x")', "", "", "", "false"],
        ["'+1 and\n\"more\", 'so' 😀", "2025-03-03T12:30:00.000000Z", "-1.500000", "3", ""],
    ]


def test_csv_can_come_without_its_stamp() -> None:
    stamp, rows = read_csv(write_csv([sheet()], STAMP, is_stamped=False))
    assert stamp == []
    assert rows[0][0] == "text"


def test_csv_of_nothing_has_its_heading() -> None:
    assert read_csv(write_csv([sheet([])], STAMP))[1] == [["text", "when", "spend", "segments", "final"]]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=5))
def test_no_cell_of_a_csv_begins_like_a_formula(texts: list[str]) -> None:
    schema = pa.schema([("text", pa.string())])
    written = sheet([{"text": text} for text in texts], schema=schema)
    data = b"".join(write_csv([written], STAMP, is_stamped=False)).decode()
    cells = [row[0] for row in csv.reader(io.StringIO(data, newline="")) if row][1:]
    assert len(cells) == len(texts)
    for cell, text in zip(cells, texts, strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not OBEYED.search(cell)
        if not OBEYED.search(text):
            assert cell in (text, f"'{text}")


def book(chunks: Any) -> Any:
    return openpyxl.load_workbook(io.BytesIO(b"".join(chunks)))


def test_xlsx_keeps_types_and_runs_nothing() -> None:
    written = book(write_xlsx([sheet()], STAMP))
    assert written.sheetnames == ["Messages", "About"]
    rows = list(written["Messages"].iter_rows())
    assert [cell.value for cell in rows[0]] == ["text", "when", "spend", "segments", "final"]
    assert [cell.value for cell in rows[1]] == ["plain", datetime(2025, 3, 3, 12, 30), 0.0083, 1, True]
    formula = rows[2][0]
    assert (formula.data_type, formula.value) == ("s", '=HYPERLINK("http://203.0.113.9","x")')
    assert formula.quotePrefix
    assert [cell.value for cell in written["About"]["A"]] == ["What", "SQL"]
    assert written["About"]["B2"].value == "select 1\nfrom x"


def test_xlsx_goes_on_in_the_next_sheet_and_says_so() -> None:
    rows = [{**ROWS[0], "segments": number} for number in range(7)]
    written = book(write_xlsx([sheet(rows)], STAMP, sheet_rows=3))
    assert written.sheetnames == ["Messages", "Messages (2)", "Messages (3)", "About"]
    values = [
        row[3]
        for name in written.sheetnames[:3]
        for row in written[name].iter_rows(min_row=2, values_only=True)
    ]
    assert values == [0, 1, 2, 3, 4, 5, 6]
    assert written["Messages (3)"]["A1"].value == "text"
    assert written["About"]["B3"].value == "Messages goes on over 3 sheets of up to 3 rows"


def test_xlsx_says_which_texts_a_cell_could_not_hold() -> None:
    written = book(write_xlsx([sheet([{**ROWS[0], "text": "x" * 40_000}])], STAMP))
    assert len(written["Messages"]["A2"].value) == 32_767
    assert written["About"]["B3"].value.startswith("1 texts are longer than a cell can be")


@pytest.mark.parametrize("name", ["a/b:c?*[d]\\'e", "x" * 60, "", "About"])
def test_xlsx_takes_any_title(name: str) -> None:
    assert len(book(write_xlsx([sheet(name=name), sheet(name=name)], STAMP)).sheetnames) == 3


def test_parquet_keeps_everything_and_carries_its_stamp() -> None:
    file = pq.ParquetFile(io.BytesIO(b"".join(write_parquet([sheet()], STAMP))))
    assert file.read().to_pylist() == ROWS
    metadata = file.schema_arrow.metadata
    assert metadata[b"workbench.what"] == b"Messages"
    assert json.loads(metadata[b"workbench"]) == {"What": "Messages", "SQL": "select 1\nfrom x"}

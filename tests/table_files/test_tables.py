"""Tables as other programs write them: Excel, Numbers, Google Sheets, LibreOffice; and hostile bytes."""

from __future__ import annotations

import codecs
import csv
import datetime
import gzip
import io
import sys
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.errors import UsageError
from workbench.table_files import (
    ADDRESS_COLUMNS,
    find_column,
    plain_name,
    read_table,
    read_table_bytes,
    recipient_column,
)
from workbench.table_files import read as reading
from workbench.table_files import table as tables

Cells = list[tuple[int, tuple[str, ...]]]


def cells(data: bytes, name: str = "people.csv") -> Cells:
    """Every row with its line."""
    table = read_table_bytes(data, name)
    assert table.problems == ()
    return [(row.line, row.cells) for row in table.rows]


@pytest.mark.parametrize(
    ("data", "form", "columns", "rows"),
    [
        pytest.param(
            "to;first_name;Betrag\r\n+4915123456789;Jürgen;1,50\r\n+4915123456790;Änne;\r\n".encode("cp1252"),
            "CSV with semicolons, Windows-1252",
            ("to", "first_name", "Betrag"),
            [(2, ("+4915123456789", "Jürgen", "1,50")), (3, ("+4915123456790", "Änne", ""))],
            id="Excel, German: CSV",
        ),
        pytest.param(
            codecs.BOM_UTF8 + "to;first_name\r\n+4915123456789;Zoë\r\n".encode(),
            "CSV with semicolons, UTF-8",
            ("to", "first_name"),
            [(2, ("+4915123456789", "Zoë"))],
            id="Excel: CSV UTF-8",
        ),
        pytest.param(
            codecs.BOM_UTF16_LE + 'to\tfirst_name\r\n14155550123\t"Ann ""A"" Lee"\r\n'.encode("utf-16-le"),
            "CSV with tabs, UTF-16",
            ("to", "first_name"),
            [(2, ("14155550123", 'Ann "A" Lee'))],
            id="Excel: Unicode text",
        ),
        pytest.param(
            b'sep=;\r\nto;first_name\r\n"+14155550123";"Ann; Lee"\r\n',
            "CSV with semicolons, UTF-8",
            ("to", "first_name"),
            [(3, ("+14155550123", "Ann; Lee"))],
            id="Excel: sep=",
        ),
        pytest.param(
            b"to,first_name\r+14155550123,Ann\r+14155550124,Bob\r",
            "CSV with commas, UTF-8",
            ("to", "first_name"),
            [(2, ("+14155550123", "Ann")), (3, ("+14155550124", "Bob"))],
            id="Excel on an old Mac: CR",
        ),
        pytest.param(
            b'Table 1,,\nPhone Number,Name,\n+14155550123,"Smith, Ann",\n,,\n',
            None,
            (),
            [],
            id="Numbers: the name of the table before it",
        ),
        pytest.param(
            "Phone Number,Name\r\n+1 415-555-0123,Ann 🎉\r\n".encode(),
            "CSV with commas, UTF-8",
            ("Phone Number", "Name"),
            [(2, ("+1 415-555-0123", "Ann 🎉"))],
            id="Google Sheets",
        ),
        pytest.param(
            b'"to"|"note"\n"+14155550123"|"two\r\nlines"\n"+14155550124"|"a|b"\n',
            "CSV with bars, UTF-8",
            ("to", "note"),
            [(2, ("+14155550123", "two\r\nlines")), (4, ("+14155550124", "a|b"))],
            id="LibreOffice: bars, all quoted, a line end in a cell",
        ),
        pytest.param(
            b'to, first_name, "note"\n+14155550123, Ann, "a, b"\n',
            "CSV with commas, UTF-8",
            ("to", "first_name", "note"),
            [(2, ("+14155550123", "Ann", "a, b"))],
            id="spaces behind the commas, quotes behind the spaces",
        ),
        pytest.param(
            b"\n\n \nto,first_name,\n\n+14155550123,Ann,\n,,\n+14155550124,Bob,\n",
            "CSV with commas, UTF-8",
            ("to", "first_name"),
            [(6, ("+14155550123", "Ann")), (8, ("+14155550124", "Bob"))],
            id="blank lines, and a comma at the end of every line",
        ),
        pytest.param(
            "to\u00a0,\u200bname \n+1,NA\n+2,None\n+3,null\n+4,NaN\n+5,#N/A\n+6,0012\n".encode(),
            "CSV with commas, UTF-8",
            ("to", "name"),
            [(2, ("+1", "NA")), (3, ("+2", "None")), (4, ("+3", "null")), (5, ("+4", "NaN")),
             (6, ("+5", "#N/A")), (7, ("+6", "0012"))],
            id="nothing is guessed: Namibia, None, leading zeros",
        ),
        pytest.param(
            gzip.compress(b"to\n", mtime=0) + gzip.compress(b"+14155550123\n", mtime=0),
            "CSV with commas, UTF-8",
            ("to",),
            [(2, ("+14155550123",))],
            id="gzip in two parts",
        ),
        pytest.param(
            "to;note\r\n+1;« été »\r\n+2;déjà…\r\n+3;“là”\r\n".encode("cp1252"),
            "CSV with semicolons, Windows-1252",
            ("to", "note"),
            [(2, ("+1", "« été »")), (3, ("+2", "déjà…")), (4, ("+3", "“là”"))],
            id="Excel, French: CSV",
        ),
    ],
)  # fmt: skip
def test_files_of_other_programs(
    data: bytes, form: str | None, columns: tuple[str, ...], rows: Cells
) -> None:
    if form is None:
        with pytest.raises(UsageError, match="column 2 has no name, and a value in line 2"):
            read_table_bytes(data, "people.csv")
        return
    table = read_table_bytes(data, "people.csv")
    assert (table.form.text, table.columns, table.problems) == (form, columns, ())
    assert [(row.line, row.cells) for row in table.rows] == rows
    assert table.form.is_certain == ("1252" not in form)


def workbook(*sheets: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Sheet {number + 1}")
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_a_workbook_with_numbers_dates_and_blanks() -> None:
    data = workbook(
        [
            ["Phone Number", "name", "since", "at", "share", "vip", None],
            [14155550123, "Ann", datetime.date(2026, 3, 1), datetime.datetime(2026, 3, 1, 9, 30), 0.5, True],
            [],
            ["+14155550124", "NA", None, datetime.time(9, 30), 1e21, False, None],
        ],
        [],
    )
    table = read_table_bytes(data, "people.xlsx")
    assert table.form.text == "XLSX, sheet 'Sheet 1'"
    assert table.columns == ("Phone Number", "name", "since", "at", "share", "vip")
    assert [(row.line, row.cells) for row in table.rows] == [
        (2, ("14155550123", "Ann", "2026-03-01", "2026-03-01 09:30:00", "0.5", "true")),
        (4, ("+14155550124", "NA", "", "09:30:00", "1e+21", "false")),
    ]


def test_a_value_beyond_the_header_of_a_workbook_is_a_problem_of_its_line() -> None:
    table = read_table_bytes(workbook([["to", "name"], ["+1", "Ann", "x"], ["+2"]]), "people.xlsx")
    assert [(problem.line, problem.reason) for problem in table.problems] == [
        (2, "it has 3 cells where the header has 2")
    ]
    assert [(row.line, row.cells) for row in table.rows] == [(3, ("+2", ""))]


def test_a_formula_without_its_result_is_no_blank() -> None:
    data = workbook([["to", "name"], ["+14155550123", '="A"&"nn"']])
    with pytest.raises(UsageError, match=r"people.xlsx, line 2: a formula whose result was never stored"):
        read_table_bytes(data, "people.xlsx")


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        (
            b"to,alt_phone,first_name\n+14155551234,+14155559999,Ann,\n+14155551235,+14155558888,Bob,\n",
            [(2, "it has 4 cells where the header has 3 (it ends with an empty one)"),
             (3, "it has 4 cells where the header has 3 (it ends with an empty one)")],
        ),
        (b"to,name\n+1,Ann\n+2\n+3,Bob,x\n", [(3, "it has 1 cell where the header has 2"),
                                              (4, "it has 3 cells where the header has 2")]),
        (b'to,name\n+1,"two\nlines"\n+2\n', [(4, "it has 1 cell where the header has 2")]),
    ],
)  # fmt: skip
def test_a_row_that_does_not_fit_its_header_is_a_problem_of_its_line(
    data: bytes, problems: list[tuple[int, str]]
) -> None:
    table = read_table_bytes(data, "people.csv")
    assert [(problem.line, problem.reason) for problem in table.problems] == problems
    with pytest.raises(UsageError, match=f"people.csv: line {problems[0][0]}: it has .* Nothing was done"):
        table.require_clean()


def test_the_first_twenty_problems_are_named_and_all_counted() -> None:
    table = read_table_bytes(b"to,name\n" + b"+1\n" * 2500, "people.csv")
    with pytest.raises(UsageError) as refused:
        table.require_clean()
    assert "line 21: it has 1 cell where the header has 2; and 2,480 more (2,500 in all)." in str(
        refused.value
    )
    assert "line 22" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty; its first line must be the names"),
        (b"\n ,\n", "is empty"),
        (b"to,To \n+1,+2\n", "two columns of one name: 'to' and 'To'"),
        (b"to,name,\n+1,Ann,x\n", "column 3 has no name, and a value in line 2"),
        (b"a;b,c;d\n1;2,3;4\n", "can be read with commas and with semicolons"),
        (b'to,name\n+1,"Ann\n+2,Bob\n', "line 2: a quote is opened and never closed"),
        (b'to,name\n+1,"Ann" Lee\n', "line 2: quotes do not pair"),
        (b"to,name\n+1," + b"x" * 200_000 + b"\n", "line 2: a cell has more than 131,072 characters"),
        ("to,name\n+1,Zoë\n".encode() + b"+2,Zo\xeb\n", r"is not text in UTF-8 \(line 3\)"),
        (b"address,kind\n\xff\xfe\x00", "not text in UTF-8"),
        (b"to,na\x00me\n", "holds zero bytes"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel workbook"),
        (b"PK\x03\x04nonsense", "damaged archive"),
        (b'[{"to": "+1"}, 7]', "row 2 is no object; each row is one object"),
        (b'{"to": "+1"}\n{"to": "+2"', r"line 2 is not JSON \(wrong at line 1, character 12\)"),
        (b'{"to": "+1", "to": "+2"}', "line 1 has the key 'to' twice in one row"),
        (b'{"to": ["+1"]}', "line 1: 'to' holds a list; a cell is a text, a number, true, false or null"),
        (b'{"to": "+1", "name": {"first": "Ann"}}', "'name' holds an object"),
        (rb'{"to": "\ud83d"}', "'to' holds half of a surrogate pair"),
        (rb'{"to": "a\u0000"}', "or a zero byte"),
        (b'{"to": "+1", "To": "+2"}', "two columns of one name: 'to' and 'To'"),
        (b"[" * 100_000, "is nested too deep"),
        (b"[]", "is empty"),
        (b"+14155550123\n+14155550124\n", "begins with a phone number where the names"),
        (b"whatsapp:+14155550123,Ann\n", "begins with a phone number"),
        (b"name,(415) 555-0123\n", "begins with a phone number"),
        (b"<html><table>", "is HTML or XML"),
        (b"PAR1....", "is a Parquet file"),
        (gzip.compress(b"to\n+1\n", mtime=0)[:-9], "was cut off"),
        (b"\x1f\x8bnonsense", "a damaged gzip file"),
        (workbook([["to"], ["+1"]], [["to"], ["+2"]]), "has 2 sheets"),
        (workbook([]), "has 0 sheets"),
        (b",".join(b"c%d" % number for number in range(1500)), "has 1,500 columns; allowed are 1,000"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_its_name_with_the_fix(data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        read_table_bytes(data, "people.csv")
    assert "people.csv" in str(refused.value)


FIRST = b'{"to": "+1", "n": 1.50, "vip": true}'
SECOND = b'{"to": "+2", "more": null, "n": 30003}'


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (FIRST + b"\n\n" + SECOND + b"\n", "JSON lines, UTF-8"),
        (b"\xef\xbb\xbf[" + FIRST + b",\n " + SECOND + b"]", "a JSON list"),
        (gzip.compress(FIRST + b"\r\n" + SECOND, mtime=0), "JSON lines"),
    ],
)  # fmt: skip
def test_json_is_a_table_whose_keys_are_the_columns(data: bytes, form: str) -> None:
    table = read_table_bytes(data, "people.jsonl")
    assert table.form.text.startswith(form)
    assert table.records() == [
        {"to": "+1", "n": "1.50", "vip": "true", "more": ""},
        {"to": "+2", "n": "30003", "vip": "", "more": ""},
    ]
    assert table.problems == ()


def test_one_object_over_several_lines_is_one_row() -> None:
    table = read_table_bytes(b'{\n  "to": "+1",\n  "name": "Zo\xc3\xab"\n}\n', "one.json")
    assert table.records() == [{"to": "+1", "name": "Zoë"}]


def test_an_archive_that_is_no_workbook() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    with pytest.raises(UsageError, match=r"people.ods is no XLSX workbook"):
        read_table_bytes(data.getvalue(), "people.ods")


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", 1000)
    path = tmp_path / "people.csv"
    path.write_bytes(b"to\n" + b"+14155550123\n" * 100)
    with pytest.raises(UsageError, match="larger than 1,000 bytes; split it"):
        read_table(path)
    with pytest.raises(UsageError, match="larger than 1,000 bytes; split it"):
        read_table_bytes(gzip.compress(b"\0" * 100_000, mtime=0), "bomb.gz")
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    with pytest.raises(UsageError, match="more than 10 rows; split it"):
        read_table_bytes(b"to\n" + b"+1\n" * 11, "people.csv")


def test_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"to;name\n+1;Ann\n")))
    table = read_table("-")
    assert (table.name, table.columns, table.rows[0].cells) == ("stdin", ("to", "name"), ("+1", "Ann"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none.csv cannot be read: No such file"):
        read_table(tmp_path / "none.csv")


# --- whatever csv.writer writes ---

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=5, unique=True)


@st.composite
def written(draw: st.DrawFn) -> tuple[list[str], list[list[str]], bytes]:
    """A table, and its bytes in one of the dialects and encodings that are read."""
    header = draw(names)
    row = st.lists(texts, min_size=len(header), max_size=len(header))
    rows = [cells for cells in draw(st.lists(row, max_size=6)) if any(cell.strip() for cell in cells)]
    # With less than all quoted, the writer leaves a line end bare that is not its own.
    quotes_all = draw(st.booleans())
    ends = draw(st.sampled_from(["\r\n", "\n", "\r"])) if quotes_all else "\r\n"
    file = io.StringIO(newline="")
    writer = csv.writer(
        file,
        delimiter=draw(st.sampled_from(",;\t|")),
        lineterminator=ends,
        quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows([header, *rows])
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
    return header, rows, file.getvalue().encode(encoding)


@settings(deadline=None, max_examples=500)
@given(written())
def test_what_csv_writes_reads_back_equal(table: tuple[list[str], list[list[str]], bytes]) -> None:
    header, rows, data = table
    assume(len(header) > 1 or not any(set(cell) & set(",;\t|\"'") for row in rows for cell in row))
    assume(not any(name.startswith("sep") for name in header))
    told = read_table_bytes(data, "table.csv")
    assert told.columns == tuple(header)
    assert [list(row.cells) for row in told.rows] == rows
    assert told.problems == ()
    assert told.form.is_certain


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=300) | st.text("to,;\t|\"'\r\n+1x ", max_size=120).map(str.encode))
def test_any_bytes_are_a_table_or_are_refused(data: bytes) -> None:
    try:
        table = read_table_bytes(data, "hostile.csv")
    except UsageError:
        return
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert len({row.line for row in table.rows}) == len(table.rows)


WORKBOOK = workbook([["to", "name"], [14155550123, "Ann"], ["+14155550124", None]])


@settings(deadline=None, max_examples=150)
@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=8), st.booleans())
def test_a_damaged_workbook_is_read_or_refused(place: int, damage: bytes, is_cut: bool) -> None:
    data = WORKBOOK[:place] + damage + (b"" if is_cut else WORKBOOK[place + len(damage) :])
    try:
        table = read_table_bytes(data, "damaged.xlsx")
    except UsageError:
        return
    assert all(len(row.cells) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("sheet", [b"<worksheet", b"<worksheet/>", b"<a><b>", b""])
def test_a_sheet_that_is_no_sheet(sheet: bytes) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as whole, zipfile.ZipFile(data, "w") as broken:
        for name in whole.namelist():
            broken.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else whole.read(name))
    with pytest.raises(UsageError, match=r"damaged.xlsx (is no XLSX workbook|has 0 sheets)"):
        read_table_bytes(data.getvalue(), "damaged.xlsx")


# --- which column ---


@pytest.mark.parametrize(
    ("columns", "chosen", "column"),
    [
        (("to", "phone"), None, "to"),
        (("name", "To"), None, "To"),
        (("Phone Number", "name"), None, "Phone Number"),
        (("name", "MOBILE-NUMBER"), None, "MOBILE-NUMBER"),
        (("phone", "alt_phone", "name"), None, "phone"),
        (("phone", "mobile"), "mobile", "mobile"),
        (("to", "alt_phone"), "ALT phone", "alt_phone"),
        (("address", "name"), None, "address"),
    ],
)
def test_the_recipients_column(columns: tuple[str, ...], chosen: str | None, column: str) -> None:
    assert recipient_column(columns, chosen=chosen, option="--to-column") == column


@pytest.mark.parametrize(
    ("columns", "chosen", "message"),
    [
        (
            ("phone", "mobile"),
            None,
            r"two columns for the recipient: phone, mobile\. Choose one with --to-column",
        ),
        (("name", "address", "phone"), None, "two columns for the recipient: address, phone"),
        (("Customer phone", "name"), None, r"Choose it with --to-column, for instance 'Customer phone'"),
        (("number", "name"), None, "no column 'to'; it has number, name"),
        (("to",), "phone", "no column 'phone'; it has to"),
    ],
)
def test_a_recipients_column_that_is_not_clear(
    columns: tuple[str, ...], chosen: str | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        recipient_column(columns, chosen=chosen, option="--to-column")


def test_names_of_columns() -> None:
    assert plain_name(" Teléfono-Nr. 1 ") == "telefononr1"
    assert find_column(("a", "b"), "address", ADDRESS_COLUMNS) is None


def test_a_digest_is_of_the_reading() -> None:
    table = read_table_bytes(b"to,name\n+1,Ann\n", "a.csv")
    same = read_table_bytes("to;name\r\n+1;Ann\r\n".encode("utf-16"), "b.csv")
    other = read_table_bytes(b"to,name\n+1,Ben\n", "a.csv")
    assert table.digest("to") == same.digest("to")
    assert len({table.digest("to"), table.digest("name"), other.digest("to")}) == 3

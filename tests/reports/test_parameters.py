"""Parameters: read from the cell, typed, checked, and never a secret."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from workbench.errors import UnknownName, UsageError, WorkbenchError
from workbench.reports.parameters import check_parameters, read_parameters, read_rows

CELL = """from datetime import date
from typing import Literal

since: date | None = None  # first day
per: Literal["sender", "country"] = "sender"  # a line for each
client: str = ""
at_least: float = 0.9  # lowest share
rows: int = 10
is_final: bool = False
senders: list[str] = []  # only these
"""
KNOWN = read_parameters(CELL, "trial.ipynb")


def test_the_cell_declares_name_type_default_and_help() -> None:
    declared = {item.name: (item.kind, item.default, item.help, item.choices) for item in KNOWN}
    assert declared == {
        "since": ("date", None, "first day", ()),
        "per": ("str", "sender", "a line for each", ("sender", "country")),
        "client": ("str", "", "", ()),
        "at_least": ("float", 0.9, "lowest share", ()),
        "rows": ("int", 10, "", ()),
        "is_final": ("bool", False, "", ()),
        "senders": ("list[str]", [], "only these", ()),
    }


@pytest.mark.parametrize(
    "line", ["rows = 10", "rows: dict = {}", "rows: int", "rows: int = len('x')", "print(1)"]
)
def test_a_line_that_declares_nothing_is_named(line: str) -> None:
    with pytest.raises(WorkbenchError, match=r"trial.ipynb: line 2 "):
        read_parameters(f"client: str = ''\n{line}", "trial.ipynb")


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("since", "2026-09-01", "2026-09-01"),
        ("since", date(2026, 9, 1), "2026-09-01"),
        ("per", "country", "country"),
        ("at_least", "0.5", 0.5),
        ("at_least", 1, 1.0),
        ("rows", "20", 20),
        ("is_final", "yes", True),
        ("is_final", False, False),
        ("senders", "+12025550110, 55501,", ["+12025550110", "55501"]),
        ("senders", ["55501"], ["55501"]),
        ("client", "", ""),
        ("rows", None, 10),
    ],
)
def test_a_value_becomes_its_type(name: str, given: Any, value: Any) -> None:
    assert check_parameters(KNOWN, {name: given})[name] == value


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("since", "September", "since is 'September'; allowed is a date as 2026-09-01."),
        ("per", "sendr", "per is 'sendr'; allowed is one of sender, country."),
        ("at_least", "much", "at_least is 'much'; allowed is a number."),
        ("at_least", "nan", "at_least is 'nan'; allowed is a number."),
        ("rows", 1.5, "rows is 1.5; allowed is a whole number."),
        ("rows", True, "rows is True; allowed is a whole number."),
        ("is_final", "perhaps", "is_final is 'perhaps'; allowed is true or false."),
        ("client", 7, "client is 7; allowed is text."),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(name: str, given: Any, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        check_parameters(KNOWN, {name: given})
    assert str(raised.value) == said


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"No parameter named 'sender'. Did you mean 'senders'?"):
        check_parameters(KNOWN, {"sender": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client", "0123456789abcdef0123456789ABCDEF"),
        ("client", "SK0123456789abcdef0123456789abcdef"),
        ("senders", ["55501", "0123456789abcdef0123456789abcdef"]),
        ("client", "-----BEGIN PRIVATE KEY-----"),
        ("client", "it is hunter2!"),
        ("auth_token", "x"),
        ("smtp_password", "x"),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_repeated(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match="looks like a secret") as raised:
        check_parameters(KNOWN, {name: value}, secrets=["hunter2!"])
    assert str(value) not in str(raised.value)


def test_the_sid_of_a_service_is_no_secret() -> None:
    sid = "MG0123456789abcdef0123456789abcdef"
    assert check_parameters(KNOWN, {"senders": sid})["senders"] == [sid]


def test_a_notebook_may_not_ask_for_a_secret() -> None:
    with pytest.raises(WorkbenchError, match="'api_secret' looks like a secret"):
        read_parameters('api_secret: str = ""', "trial.ipynb")


def test_rows_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text('\ufeffclient,senders\nACME,"+12025550110,55501"\n\nÖzil & Co,\n', encoding="utf-8")
    assert read_rows(file) == [
        {"client": "ACME", "senders": "+12025550110,55501"},
        {"client": "Özil & Co", "senders": ""},
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("client,senders\n", "has no rows"),
        ("client,senders\nACME\n", "line 2: it has 1 cell where the header has 2"),
        ('client\n"ACME\n', "line 2"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_rows(file)


def test_rows_of_a_spreadsheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["client", "senders", "since"], ["ACME", 12025550110, date(2026, 9, 1)]):
        book.active.append(row)
    book.save(tmp_path / "clients.xlsx")
    (tmp_path / "clients.csv").write_bytes("client;senders\r\nÖzil;+1,+2\r\n".encode("cp1252"))
    assert read_rows(tmp_path / "clients.xlsx") == [
        {"client": "ACME", "senders": "12025550110", "since": "2026-09-01"}
    ]
    assert read_rows(tmp_path / "clients.csv") == [{"client": "Özil", "senders": "+1,+2"}]

"""What strangers write reaches a terminal or a spreadsheet as text, never as a command to it."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Run
from tests.messages import payload
from tests.ui.known import save
from workbench.display.control_characters import json_as_text, shown_as_text
from workbench.lake import open_lake
from workbench.render import FORMATS, render_frame
from workbench.settings import Settings
from workbench.simulator import Server

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066 \x00\r!"
SHOWN = r"\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066 \x00\r!"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


def _obeyed(text: str) -> set[str]:
    bidi = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return {char for char in text if char in bidi or unicodedata.category(char) == "Cc"} - {"\n", "\t"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (HOSTILE, SHOWN),
        ("\x7f", r"\x7f"),
        ("a\x85b", r"a\x85b"),
        ("two\r\nlines\tand a tab", "two\r\nlines\tand a tab"),
        (FAMILY, FAMILY),
        ("Grüße, Ünal, 東京, שלום", "Grüße, Ünal, 東京, שלום"),
    ],
)
def test_only_what_is_obeyed_is_written_as_text(text: str, shown: str) -> None:
    assert shown_as_text(text) == shown


@given(st.text())
def test_nothing_is_left_that_a_terminal_obeys(text: str) -> None:
    assert _obeyed(shown_as_text(text.replace("\r\n", "\n"))) == set()


@given(st.text())
def test_json_means_the_same_afterwards(text: str) -> None:
    written = json_as_text(json.dumps({"a": text}, ensure_ascii=False, indent=2))
    assert json.loads(written) == {"a": text}
    assert _obeyed(written) == set()


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "parquet"])
def test_a_frame_in_any_text_form(format: str) -> None:
    content = render_frame(pd.DataFrame({f"b{HOSTILE}": [HOSTILE]}), format).content.decode()
    assert _obeyed(content) == set()


def test_a_csv_cell_keeps_its_lines_and_tabs() -> None:
    content = render_frame(pd.DataFrame({"body": ["one\ntwo\tthree\r\nfour"]}), "csv").content.decode()
    assert list(csv.reader(io.StringIO(content, newline=""))) == [["body"], ["one\ntwo\tthree\r\nfour"]]


def test_no_command_passes_on_what_a_terminal_obeys(run: Run, settings: Settings, tmp_path: Path) -> None:
    with open_lake(settings) as lake:
        save(lake, [payload(1, body=HOSTILE, error_message=HOSTILE)])
    (tmp_path / "contacts.csv").write_text(f"number,name\n{HOSTILE[:9]},x\n", encoding="utf-8")
    (tmp_path / f"bad{HOSTILE[:9]}.csv").write_bytes(b"\x00\x01")
    for arguments in [
        ("sql", "select body from messages", "--format", "csv"),
        ("sql", "select body from messages", "--format", "json"),
        ("sql", "select body from messages"),
        ("sql", f"select 1 as \"{HOSTILE[:9]}\"", "--format", "csv"),
        ("sql", f"select \"{HOSTILE[:9]}\" from messages"),
        ("metric", HOSTILE[:9]),
        ("conversation", "+15551230001"),
        ("conversations",),
        ("contacts", "import", "contacts.csv"),
        ("contacts", "import", f"bad{HOSTILE[:9]}.csv"),
        ("consent", "import", "contacts.csv"),
        ("sync", "import", f"bad{HOSTILE[:9]}.csv"),
        ("status",),
        ("status", "--json"),
    ]:  # fmt: skip
        done = run(*arguments)
        assert _obeyed(done.stdout + done.stderr) == set(), arguments
        assert done.stdout + done.stderr != ""


def test_a_clock_that_went_back_says_so(run: Run, settings: Settings, server: Server) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    with open_lake(settings) as lake:
        save(lake, [payload(1, account_sid=server.account.account_sid)])
        before = run("status")
        lake.write(
            lambda cursor: cursor.execute(
                "insert into sync_runs (run_id, account_sid, started_at, finished_at, outcome, listed, "
                "added, changed, requests) values ('r1', ?, ?, ?, 'done', 0, 0, 0, 0)",
                [server.account.account_sid, tomorrow, tomorrow],
            )
        )
    assert "machine's clock" not in before.stdout + before.stderr
    done = run("status")
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    said = (
        f"The newest write of the lake was at {tomorrow:%Y-%m-%d %H:%M:%S} UTC and this machine's clock says"
    )
    assert said in shown
    assert "(still to come by this machine's clock)" in shown
    assert said in json.loads(run("status", "--json").stdout)["clock"]
    synced = run("sync", "--messages-only", "--since", f"{datetime.now(UTC):%Y-%m-%d}")
    assert f"Notice: {said}" in synced.stderr, synced.stderr

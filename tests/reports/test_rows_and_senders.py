"""Rows that can be followed up: the message, why its day surprises, and our own senders by name."""

from __future__ import annotations

import subprocess
import sys
from ctypes.util import find_library
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.messages import ACCOUNT, CONTACT, SENDER, payload
from tests.ui.known import save
from workbench import Workbench, load_settings
from workbench.display.names import sender_label
from workbench.lake import open_lake
from workbench.reports.document import cleaned
from workbench.reports.row_notes import day_note
from workbench.reports.senders import read_own_senders, read_sender_names


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("shown_at", "created_at", "contact", "timezone", "note"),
    [
        ("2026-10-31 12:00", "2026-10-31 11:59", "+14155550123", "UTC", ""),
        # Written on the last of October, sent on the first of November.
        (
            "2026-11-01 12:10", "2026-10-31 23:50", "+12125550123", "UTC",
            "written 31 Oct 2026, 23:50 UTC, which the period counts by",
        ),
        (
            "2026-11-01 03:10", "2026-11-01 03:09", "+12125550123", "UTC",
            "31 Oct 2026 at the recipient (New York)",
        ),
        ("2026-11-01 03:10", "2026-11-01 03:09", "+12125550123", "America/New_York", ""),
        (
            "2026-11-01 03:10", "2026-10-31 23:50", "+12125550123", "UTC",
            "written 31 Oct 2026, 23:50 UTC, which the period counts by; "
            "31 Oct 2026 at the recipient (New York)",
        ),
        ("2026-11-01 03:10", None, "+4915123456789", "UTC", ""),
        # Australia is Saturday still in Perth, and Sunday already in Sydney.
        ("2026-10-31 14:30", None, "+61412345678", "UTC", "31 Oct 2026 or 1 Nov 2026 at the recipient"),
        ("2026-11-01 03:10", None, "whatsapp:+12125550123", "UTC", "31 Oct 2026 at the recipient (New York)"),
        ("2026-11-01 03:10", None, "wb-contact:0123456789", "UTC", ""),
        ("2026-11-01 03:10", None, None, "UTC", ""),
    ],
)  # fmt: skip
def test_why_a_day_surprises(
    shown_at: str, created_at: str | None, contact: str | None, timezone: str, note: str
) -> None:
    assert day_note(at(shown_at), at(created_at) if created_at else None, contact, timezone) == note


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One opted-out person, whom a scheduled message reached a day after it was written."""
    home = tmp_path_factory.mktemp("home")
    stop = payload(
        1, direction="inbound", status="received", body="STOP", date_created=at("2026-10-20 12:00"),
        **{"from": CONTACT, "to": SENDER},
    )  # fmt: skip
    late = payload(2, date_created=at("2026-10-31 23:50"), date_sent=at("2026-11-01 12:10"))
    from_whatsapp = payload(3, date_created=at("2026-10-05 10:00"), **{"from": "whatsapp:+12025550177"})
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, [stop, late, from_whatsapp])
        insert = (
            "insert into senders (account_sid, sender, sender_type, friendly_name, read_at) "
            "values (?, ?, 'long code', ?, now())"
        )
        names = {SENDER: "<b>East</b> desk", "+12125550199": "(212) 555-0199", "+12125550198": ""}
        rows = [[ACCOUNT, sender, name] for sender, name in names.items()]
        lake.write(lambda cursor: cursor.executemany(insert, rows))
    return home


def test_a_name_that_is_only_the_number_again_is_none(home: Path) -> None:
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        names = read_sender_names(lake)
        assert sender_label(SENDER, names[SENDER]) == f"<b>East</b> desk ({SENDER})"
        assert sender_label("+12125550199", names["+12125550199"]) == "+12125550199"
        ours = read_own_senders(lake)
    assert {SENDER, "+12125550199", "whatsapp:+12025550177", "+12025550177"} <= ours
    assert CONTACT not in ours
    text = f"from {SENDER} and whatsapp:+12025550177 to {CONTACT}"
    assert cleaned(text, (), ours) == "from +12025550110 and whatsapp:+12025550177 to +1415***0123"


@pytest.mark.skipif(find_library("pango-1.0") is None, reason="a PDF needs the Pango library")
def test_a_report_names_message_day_and_sender(home: Path, tmp_path: Path) -> None:
    with Workbench(home) as wb:
        run = wb.reports.run(
            "compliance", since="2026-10-01", until="2026-11-01", formats=["html", "ipynb", "pdf"],
            out=tmp_path, paper="Letter", per="sender",
        )  # fmt: skip
    html, notebook, pdf = (path.read_bytes() for path in run.files)
    text = html.decode()
    assert "SM00000000000000000000000000000002" in text
    assert "written 31 Oct 2026, 23:50 UTC, which the period counts by" in text
    assert "&lt;b&gt;East&lt;/b&gt; desk (+12025550110)" in text
    assert "<b>East" not in text
    assert "whatsapp:+12025550177" in text
    assert "+1415***0123" in text
    assert CONTACT not in text
    assert CONTACT[1:].encode() not in notebook + pdf
    shown = subprocess.run(
        [sys.executable, "-c", READ_PDF, str(run.files[2])], capture_output=True, text=True, check=True
    ).stdout
    assert shown.splitlines()[0] == "[0, 0, 612, 792]"
    assert "/Alt (Opt-outs by day" in shown
    assert "/Marked true" in shown
    assert "/H1" in shown
    assert "/TH" in shown


#: Every object of the PDF as text, and the size of its first page.
READ_PDF = r"""
import re, sys, zlib
data = open(sys.argv[1], "rb").read()
text = data
for match in re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S):
    try:
        text += zlib.decompress(match[1])
    except zlib.error:
        pass
text = text.decode("latin-1")
box = re.search(r"/MediaBox\s*\[([^]]+)\]", text)[1].split()
print([round(float(number)) for number in box])
print(text)
"""

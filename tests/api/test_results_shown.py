"""What a notebook shows of results and of long calls: escaped, masked, and not a flood."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from tests.cli.conftest import environ, server  # noqa: F401
from workbench.api.live_line import live_line
from workbench.display.result_html import ResultTable, result_html
from workbench.reports.run import ReportRun
from workbench.simulator import Server
from workbench.sync.imports.bulk_export import BulkExportSummary
from workbench.sync.imports.export_files import BadLine
from workbench.sync.imports.summary import FileImport, ImportSummary
from workbench.sync.reconcile.discrepancies import Gap
from workbench.sync.reconcile.run import ReconcileReport
from workbench.sync.reconcile.state import DayCheck
from workbench.sync.shared.request import Progress, SyncSummary

HOSTILE = "<img src=x onerror=alert(1)> +14155550123 \x1b[31m\u202e"
ACCOUNT = "AC" + "0" * 32
DAY = date(2026, 11, 2)


def reconciled(gaps: int = 1) -> ReconcileReport:
    gap = Gap(
        DAY, "status", "unexplained", Decimal(3), Decimal(4), Decimal(1), "messages", 1, HOSTILE, ("SM1",)
    )
    check = DayCheck(DAY, 3, 4, None, None, None, (gap,) * gaps)
    return ReconcileReport(
        ACCOUNT, DAY, date(2026, 11, 3), datetime(2026, 11, 3, tzinfo=UTC), (check,), notices=(HOSTILE,)
    )


def imported() -> ImportSummary:
    file = FileImport(HOSTILE, rows=5, added=5, rejected={"no date": 1}, bad_lines=[BadLine(7, "no date")])
    return ImportSummary(ACCOUNT, [file], notices=[HOSTILE])


RESULTS = {
    "sync": SyncSummary(
        ACCOUNT, DAY, date(2026, 11, 3), listed=1234, notices=[HOSTILE],
        subaccounts=[SyncSummary("AC" + "1" * 32, DAY, date(2026, 11, 3), notices=[HOSTILE])],
    ),
    "reconcile": reconciled(),
    "import": imported(),
    "bulk export": BulkExportSummary(ACCOUNT, imported=imported(), failed_days={"2026-11-01": HOSTILE}),
    "report": ReportRun("cost", HOSTILE, Path("a.manifest.json"), (Path("a.html"),), (HOSTILE,), (HOSTILE,)),
}  # fmt: skip


class Tags(HTMLParser):
    """The tags and the visible text of some HTML."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.shown = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.shown += data


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_shown_escaped_and_masked(name: str) -> None:
    result: Any = RESULTS[name]
    shown = Tags(result._repr_html_())
    assert shown.tags <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}
    assert "<img src=x onerror=alert(1)> +1415***0123" in shown.shown
    assert "4155550123" not in result._repr_html_()
    assert "\x1b" not in shown.shown
    assert "\u202e" not in shown.shown
    assert "(" not in repr(result).partition(" ")[0], "no dump of the fields"


def test_a_result_says_what_was_done() -> None:
    assert repr(RESULTS["sync"]).startswith(f"{ACCOUNT}: 2026-11-02 to 2026-11-02 (GMT), 1,234 messages read")
    assert repr(reconciled()).splitlines()[0] == (
        f"{ACCOUNT}: 2026-11-02 to 2026-11-02 (GMT), 3 messages here, 4 at Twilio; "
        "1 difference, 1 without an explanation."
    )
    assert reconciled().frame().to_dict("records")[0]["reason"] == "unexplained"
    assert list(reconciled(0).frame().columns)[:3] == ["day", "kind", "reason"]
    shown = Tags(reconciled(53)._repr_html_())
    assert shown.shown.count("unexplained") == 50
    assert "… and 3 more." in shown.shown


@given(st.text(), st.text())
def test_no_text_becomes_markup(sentence: str, value: str) -> None:
    made = result_html(
        sentence, facts={value: value}, tables=[ResultTable(value, ["a"], [{"a": value}])], notices=[value]
    )
    assert Tags(made).tags <= {"div", "p", "b", "table", "thead", "tbody", "tr", "th", "td"}


def test_no_line_is_written_outside_a_notebook(capsys: pytest.CaptureFixture[str]) -> None:
    given_progress: list[Progress] = []
    with live_line("Sync", given_progress.append, str) as tell:
        tell(Progress("x", 1, 2, 3))
    with live_line("Sync", None, str) as tell:
        tell(Progress("x", 1, 2, 3))
    assert given_progress == [Progress("x", 1, 2, 3)]
    assert capsys.readouterr() == ("", "")


CELLS = [
    "from workbench import Workbench\nwb = Workbench()",
    "summary = wb.sync()",
    "summary",
    "wb.reconcile()",
    "quiet = wb.sync(on_progress=lambda progress: None)",
    "from workbench.api.live_line import live_line\n"
    "with live_line('Long', None, str) as tell:\n    for n in range(100_000):\n        tell(n)",
    "try:\n    with live_line('Failing', None, str) as tell:\n        raise KeyError\n"
    "except KeyError:\n    pass",
]


def test_progress_is_one_line_of_a_notebook(
    server: Server,  # noqa: F811
    environ: dict[str, str],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    updates: list[str] = []

    class Client(NotebookClient):
        def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
            if msg["msg_type"] == "update_display_data":
                updates.append(msg["content"]["data"]["text/plain"])
            return super().process_message(msg, cell, cell_index)

    Client(notebook, timeout=120, kernel_name="python3").execute()
    sync, summary, reconcile, quiet, long, failing = (cell.outputs for cell in notebook.cells[1:])
    assert [output.data["text/plain"].partition(",")[0] for output in sync] == ["Sync: done"]
    assert "messages read with" in summary[0].data["text/html"]
    assert [output.output_type for output in reconcile] == ["display_data", "execute_result"]
    assert reconcile[0].data["text/plain"].startswith("Reconcile: done, ")
    assert ", reconciled." in reconcile[1].data["text/html"]
    assert quiet == []
    assert [output.data["text/plain"].partition(",")[0] for output in long] == ["Long: done"]
    assert [output.data["text/plain"].partition(",")[0] for output in failing] == ["Failing: ended early"]
    assert any(text.startswith("Sync: ") and " of " in text for text in updates)
    assert len(updates) < 200

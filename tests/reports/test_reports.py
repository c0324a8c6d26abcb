"""Every report there is, made by the real command of a lake that was counted by hand."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
import subprocess
from ctypes.util import find_library
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.reports.conftest import SECRET, Command
from tests.ui.known import OURS
from workbench.reports.notebooks import FOLDER, discover_reports

REPORTS = sorted(discover_reports())
WEEK = ("--since", "2025-03-03", "--until", "2025-03-10")
#: Everything a machine can make: a PDF needs the Pango library.
FORMATS = ("html", "pdf", "ipynb") if find_library("pango-1.0") else ("html", "ipynb")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


@dataclass(frozen=True)
class Made:
    """A report's files by their suffix."""

    folder: Path
    stderr: str

    def path(self, suffix: str) -> Path:
        [path] = self.folder.glob(f"*{suffix}")
        return path

    @property
    def html(self) -> str:
        return self.path(".html").read_text()

    @property
    def manifest(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.path(".manifest.json").read_text())
        return loaded


class _Text(HTMLParser):
    """The words of a document, without its style."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.words.append(data)


def parsed(html: str) -> _Text:
    parser = _Text()
    parser.feed(html)
    return parser


def words(html: str) -> str:
    return " ".join(" ".join(parsed(html).words).split())


@pytest.fixture(scope="module")
def made(command: Command, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """Each report once; the run is the expensive part."""
    reports = {}
    for name in REPORTS:
        out = tmp_path_factory.mktemp(name)
        arguments = ("--format", ",".join(FORMATS), "--param", "senders=", "--out", str(out))
        done = command("report", "run", name, *WEEK, *arguments)
        assert done.returncode == 0, done.stderr
        assert sorted(done.stdout.split()) == sorted(str(path) for path in out.iterdir())
        reports[name] = Made(out, done.stderr)
    return reports


def test_there_are_the_five_reports() -> None:
    assert set(REPORTS) >= {"account-health", "campaign", "compliance", "cost", "delivery"}


@pytest.mark.parametrize("name", REPORTS)
def test_a_notebook_is_kept_clean_and_holds_no_query(name: str) -> None:
    text = (FOLDER / f"{name}.ipynb").read_text()
    cells = json.loads(text)["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
    code = " ".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert not re.search(r"\b(select|from\s+\w+\s+where|group by)\b", code, re.IGNORECASE)
    assert not re.search(r"\.sql\(|duckdb|\blake\b", code)


@pytest.mark.parametrize("name", REPORTS)
def test_files_are_for_their_owner_only_and_as_the_manifest_says(name: str, made: dict[str, Made]) -> None:
    report = made[name]
    assert {path.suffix for path in report.folder.iterdir()} == {
        ".json",
        *(f".{format}" for format in FORMATS),
    }
    for path in report.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for file in report.manifest["files"]:
        assert hashlib.sha256((report.folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]


@pytest.mark.parametrize("name", REPORTS)
def test_no_secret_and_no_persons_whole_number_anywhere(name: str, made: dict[str, Made]) -> None:
    """The sender of the account is no secret: it stands in full."""
    for path in made[name].folder.iterdir():
        content = path.read_bytes()
        assert SECRET.encode() not in content
        if path.suffix != ".pdf":
            assert set(NUMBER.findall(content.decode())) <= {OURS}


@pytest.mark.parametrize("name", REPORTS)
def test_html_has_no_code_no_script_and_nothing_from_elsewhere(name: str, made: dict[str, Made]) -> None:
    document = parsed(made[name].html)
    assert not {"script", "link", "iframe", "img", "b"} & {tag for tag, _ in document.tags}
    for _, attributes in document.tags:
        for attribute in ("src", "href", "xlink:href"):
            assert (attributes.get(attribute) or "#").startswith("#")
    assert "url(http" not in made[name].html
    text = " ".join(document.words)
    assert "open_report" not in text
    assert "report.head" not in text
    assert "<b>ACME</b>" in text or "<b>ACME" not in made[name].html


@pytest.mark.parametrize("name", REPORTS)
def test_manifest_says_what_it_stands_on(name: str, made: dict[str, Made]) -> None:
    manifest = made[name].manifest
    assert manifest["period"] == {"since": "2025-03-03", "until": "2025-03-10", "timezone": "UTC"}
    assert manifest["rows"] == {"messages": 72, "open": 4, "billed": 61, "unpriced": 0}
    assert manifest["parameters"]["since"] == "2025-03-03"
    assert manifest["problems"] == []
    assert manifest["watermark"]["newest_message_at"] == "2025-03-08T12:00:00+00:00"
    assert manifest["watermark"]["snapshot"] > 0
    assert len(manifest["sql"]["queries"]) >= 5
    assert len(manifest["code"]["sha256"]) == 64
    assert manifest["packages"]["duckdb"] == "1.5.5"


@pytest.mark.parametrize("name", REPORTS)
def test_pdf_has_the_same_words_and_charts(name: str, made: dict[str, Made]) -> None:
    if "pdf" not in FORMATS:
        pytest.skip("NO PANGO on this machine: no PDF was made")
    pdf = made[name].path(".pdf")
    assert pdf.read_bytes().startswith(b"%PDF-")
    if shutil.which("pdftotext") is None:
        pytest.skip("NO POPPLER on this machine: what the PDF says was not read")
    text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, text=True, check=True).stdout
    assert "3 to 9 March 2025 (UTC)" in text
    assert "How the numbers are counted" in text
    assert "72, of which 4 in flight" in text
    assert "8 Mar" in text  # on the axis of a chart
    assert set(NUMBER.findall(text)) <= {OURS}


def test_cost_shows_what_was_counted_by_hand(made: dict[str, Made]) -> None:
    text = words(made["cost"].html)
    # 51 × 0.0083 + 5 × 0.0079 USD and 10 × 0.05 EUR; 0.4233 USD for 40 delivered, 0.50 EUR for 10.
    assert "Spend €0.500 $0.463" in text
    assert "Cost per delivered €0.0500 $0.0106" in text
    assert "<b>ACME</b> 10 20" in text  # messages and segments of a sender with a hostile name
    assert "Total 72" in text


def test_delivery_shows_what_was_counted_by_hand(made: dict[str, Made]) -> None:
    text = words(made["delivery"].html)
    assert "Delivery rate 79.4 % of 63 final, 4 in flight 24 February 2025 to 2 March 2025: 80.0 %" in text
    assert "Delivery rate: 79.4 %, below the limit of 90.0 %." in text
    assert "30003 · Unreachable destination handset" in text
    assert "<b>ACME</b>" in text
    assert "Delivery rate: 79.4 %, below the limit of 90.0 %." in made["delivery"].stderr


def test_compliance_names_every_check(made: dict[str, Made]) -> None:
    from workbench.metrics.audits import AUDITS

    text = words(made["compliance"].html)
    for audit in AUDITS.values():
        assert audit.headline in text


def test_the_same_snapshot_gives_the_same_report(
    command: Command, made: dict[str, Made], tmp_path: Path
) -> None:
    done = command("report", "run", "cost", *WEEK, "--format", "html", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    again = Made(tmp_path, done.stderr)
    stated = re.compile(r"\d+ \w+ \d{4}, \d\d:\d\d UTC")
    assert stated.sub("", again.html) == stated.sub("", made["cost"].html)
    assert again.manifest["sql"] == made["cost"].manifest["sql"]
    assert again.manifest["code"] == made["cost"].manifest["code"]

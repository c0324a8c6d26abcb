"""The report of campaigns on a lake counted by hand: 80 people got one text, 80 another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.lakes import begin_lake
from tests.reports.conftest import Command
from tests.reports.test_reports import words
from tests.ui.known import note_sync, save
from tests.ui.test_campaigns_page import PARCEL, SALE, messages
from workbench.display.periods import Period
from workbench.errors import NotFound, UnknownName, UsageError
from workbench.lake import Lake, open_lake
from workbench.lake.text_templates import read_template_words
from workbench.reports.report_builder import ReportBuilder
from workbench.settings import load_settings

SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
#: The sale went out on the 1st, the parcel on the 2nd.
SECOND_DAY = Period(date(2026, 9, 2), date(2026, 9, 3))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("campaign-report")
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, list(messages()))
        note_sync(lake, date(2026, 7, 1), date(2026, 10, 2))
    return home


@pytest.fixture
def shop(home: Path) -> Iterator[Lake]:
    with open_lake(load_settings({"WORKBENCH_HOME": str(home)}), read_only=True) as lake:
        yield lake


def ids(lake: Lake) -> dict[str, str]:
    return {text[:4]: id for id, text in read_template_words(lake).items()}


def test_it_ranks_and_compares_texts(shop: Lake, home: Path, command: Command, tmp_path: Path) -> None:
    chosen = ids(shop)
    parameters = [f"first={chosen['Sale']}", f"second={chosen['Your']}", "senders="]
    asked = ["--since", "2026-09-01", "--until", "2026-10-01", "--format", "html,ipynb"]
    asked += [word for parameter in parameters for word in ("--param", parameter)]
    done = command("report", "run", "campaign", *asked, "--out", str(tmp_path), home=home)
    assert done.returncode == 0, done.stderr
    [html] = tmp_path.glob("*.html")
    text = words(html.read_text())
    # Wilson's interval for 20 and for 10 of 80; health is 40 + 0 + 15 + 15.
    assert f"{SALE.format('⟨…⟩')} {chosen['Sale']} 80 100 % of 80 25.0 % 16.8 % to 35.5 % of 80" in text
    assert (
        "70 delivery rate 40 of 40, opt-out rate 0 of 30, reply rate 15 of 15, unresponsive 15 of 15" in text
    )
    assert "100 % priced" in text
    assert "B has fewer replies than A: 5.0 % against 25.0 %, unlikely to be chance." in text
    assert f"A: {SALE.format('⟨…⟩')}. B: {PARCEL.format('⟨…⟩')}." in text
    assert "As of" in text
    [manifest] = tmp_path.glob("*.manifest.json")
    queries = json.loads(manifest.read_text())["sql"]["queries"]
    assert [query["asked"] for query in queries].count("campaigns") == 1


def test_one_text_is_compared_with_the_period_before(shop: Lake) -> None:
    chosen = ids(shop)
    report = ReportBuilder(shop, SECOND_DAY)
    html = words(report.compare_campaigns(chosen["Your"]).html)
    assert "No message of 1 September 2026 belongs to it." in html
    report = ReportBuilder(shop, Period(date(2026, 7, 1), date(2026, 10, 1)))
    assert "Not compared with the period before" in words(report.compare_campaigns(chosen["Sale"]).html)


def test_a_comparison_that_cannot_be_is_refused(shop: Lake) -> None:
    report = ReportBuilder(shop, SEPTEMBER)
    with pytest.raises(NotFound, match="T0"):
        report.compare_campaigns("T0", ids(shop)["Sale"])
    with pytest.raises(UsageError, match="there is no first"):
        report.compare_campaigns("", "T0")
    with pytest.raises(UnknownName, match="colour"):
        report.campaigns("colour")


def test_a_hostile_text_is_shown_as_it_is(tmp_path: Path) -> None:
    from tests.messages import payload
    from tests.ui.known import at

    with begin_lake(load_settings({"WORKBENCH_HOME": str(tmp_path)})) as lake:
        save(lake, [payload(1, body="<script>alert(1)</script> now", **at(3, 3))])
        html = ReportBuilder(lake, Period(date(2025, 3, 1), date(2025, 4, 1))).campaigns().html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html

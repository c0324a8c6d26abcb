"""A lake small enough to count by hand, for everything that draws numbers.

The week from Monday 3 to Sunday 9 March 2025 (UTC), and the week before it to compare with.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from tests.messages import ACCOUNT, payload
from workbench.lake import Lake
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row

OURS = "+12025550110"
HOSTILE = "<b>ACME</b>"
"""An alphanumeric sender that would become bold were it drawn as HTML."""
AMERICAN = "+14155550123"
GERMAN = "+4915123456789"
WEEK = "since=2025-03-03&until=2025-03-10"


def at(month: int, day: int, hour: int = 12) -> dict[str, datetime]:
    moment = datetime(2025, month, day, hour, tzinfo=UTC)
    return {"date_created": moment, "date_sent": moment, "date_updated": moment}


def known_messages() -> Iterator[dict[str, Any]]:
    """72 messages of the week, 50 of the week before."""
    numbers = count(1)

    def several(how_many: int, **fields: Any) -> Iterator[dict[str, Any]]:
        for _ in range(how_many):
            yield payload(next(numbers), **{"from": OURS, "to": AMERICAN, **fields})

    def received(body: str, contact: str) -> Iterator[dict[str, Any]]:
        fields = {"direction": "inbound", "status": "received", "body": body, "price": "-0.0079"}
        yield payload(next(numbers), **at(3, 8), **fields, **{"from": contact, "to": OURS})

    # Week: 63 final outbound, of which 50 delivered, 8 undelivered, 2 failed, 3 unknown.
    yield from several(40, **at(3, 3), price="-0.0083")
    yield from several(6, **at(3, 4), status="undelivered", error_code=30003, price="-0.0083")
    yield from several(2, **at(3, 4), status="undelivered", error_code=30007, price="-0.0083")
    yield from several(2, **at(3, 4), status="failed", error_code=21610, price=None)
    yield from several(3, **at(3, 5), status="sent", price="-0.0083")
    yield from several(4, **at(3, 6), status="queued", price=None)
    german = {"from": HOSTILE, "to": GERMAN, "price": "-0.05", "price_unit": "EUR", "num_segments": "2"}
    yield from several(10, **at(3, 7), **german)
    # Five inbound, three of them stop keywords of two people.
    for body, contact in (
        ("STOP", AMERICAN), ("stop", AMERICAN), ("Unsubscribe", GERMAN), ("Thanks!", GERMAN), ("?", AMERICAN)
    ):  # fmt: skip
        yield from received(body, contact)
    # The week before: 50 final outbound, 40 delivered; the first of all on its first day.
    yield from several(1, **at(2, 24), price="-0.0083")
    yield from several(39, **at(2, 26), price="-0.0083")
    yield from several(10, **at(2, 26), status="undelivered", error_code=30005, price="-0.0083")


def save(lake: Lake, messages: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> None:
    table = message_table([message_row(message) for message in messages])
    now = datetime.now(UTC)
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=now))


def note_days(
    lake: Lake,
    first: date = date(2025, 2, 1),
    last: date = date(2025, 3, 31),
    finished: datetime | None = None,
    account: str = ACCOUNT,
) -> None:
    """Say that every day was read after its end."""
    finished = finished or datetime.now(UTC)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    lake.write(
        lambda cursor: cursor.executemany(
            "insert into sync_windows values (?, ?, ?, 0, null, ?)",
            [[account, day, finished, finished] for day in days],
        )
    )


def note_sync(lake: Lake, first: date, last: date, *, finished: datetime | None = None) -> None:
    """Say that every day was read after its end, by a sync that ended at `finished`."""
    finished = finished or datetime.now(UTC)
    note_days(lake, first, last, finished)
    lake.write(
        lambda cursor: cursor.execute(
            "insert into sync_runs values ('run', ?, ?, ?, 'done', 0, 0, 0, 0, null)",
            [ACCOUNT, finished, finished],
        )
    )

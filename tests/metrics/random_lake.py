"""A few hundred messages made by chance, with the totals that plain Python makes of them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.messages import payload

SENDERS = ("+12025550110", "+18885550111", "ACME")
START = datetime(2026, 9, 1, tzinfo=UTC)


def random_messages(seed: int, number: int = 400) -> list[dict[str, Any]]:
    """Outbound messages with crowded seconds, waits, all outcomes and both currencies."""
    chance = random.Random(seed)
    return [_message(chance, serial) for serial in range(1, number + 1)]


def _message(chance: random.Random, serial: int) -> dict[str, Any]:
    created = START + timedelta(seconds=chance.randrange(0, 40))
    status = chance.choice(["delivered"] * 5 + ["undelivered", "failed", "canceled"])
    codes = {"undelivered": [30003, 30007], "failed": [30008, 30034, 21610]}
    return payload(
        serial,
        status=status,
        date_created=created,
        date_sent=created + timedelta(seconds=chance.choice([0, 0, 1, 3, 9, 60, 50_000])),
        num_segments=str(chance.randrange(1, 5)),
        num_media=chance.choice(["0", "0", "0", "1"]),
        price=None if status in ("failed", "canceled") else f"-0.0{chance.randrange(10, 90)}",
        price_unit=chance.choice(["USD", "USD", "EUR"]),
        error_code=chance.choice(codes[status]) if status in codes else None,
        **{"from": chance.choice(SENDERS)},
    )

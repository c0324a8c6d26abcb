"""A lake of simulated traffic that tests of this folder read; those that write bring it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from tests.messages import twilio_date
from tests.ui.known import known_messages, save
from workbench.lake import Lake, open_lake
from workbench.settings import load_settings
from workbench.simulator import TWO_CURRENCIES, generate_traffic

FIRST, LAST = date(2025, 3, 20), date(2025, 4, 5)


@pytest.fixture(scope="module")
def traffic_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """About 6,000 messages of two accounts in two currencies, some of them still in the air."""
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("home"))})
    as_of = datetime(2025, 4, 5, 18, tzinfo=UTC)
    with open_lake(settings) as lake:
        save(lake, [as_payload(row) for row in generate_traffic(TWO_CURRENCIES, 5, FIRST, LAST, as_of=as_of)])
        yield lake


def as_payload(row: Any) -> dict[str, Any]:
    moments = {name: getattr(row, name) for name in ("date_created", "date_sent", "date_updated")}
    return {
        **row._asdict(),
        **{name: moment and twilio_date(moment) for name, moment in moments.items()},
        "sid": row.message_sid, "from": row.from_address, "to": row.to_address, "price_unit": row.currency,
        "num_segments": str(row.segments), "num_media": str(row.media_count),
        "price": None if row.price is None else str(row.price),
    }  # fmt: skip


@pytest.fixture
def known_lake(lake: Lake) -> Lake:
    save(lake, known_messages())
    return lake

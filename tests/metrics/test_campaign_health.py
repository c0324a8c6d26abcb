"""The health of a campaign: points by hand, and people who never answer, counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.lakes import begin_lake
from tests.messages import SENDER, payload
from tests.ui.known import save
from workbench.lake import Lake
from workbench.metrics import query_metric
from workbench.metrics.campaign_frame import campaign_frame
from workbench.metrics.campaign_health import RULES, campaign_health
from workbench.metrics.campaigns import Campaign, query_campaigns, with_texts
from workbench.metrics.proportions import Proportion
from workbench.settings import load_settings

BEGIN = datetime(2026, 9, 1, 12, tzinfo=UTC)
SALE, PARCEL = "Sale until Sunday in our shop", "Your parcel leaves our house today"
#: 40 people got the sale once, and 20 of them twice more: 6 of these replied, 2 opted out, 12 did neither.
PEOPLE, OFTEN, REPLIED, OPTED_OUT = 40, 20, 6, 2
#: Five more sales did not arrive.
LOST = 5


def messages() -> Iterator[dict[str, Any]]:
    numbers = iter(range(1, 1_000))

    def message(day: int, person: int, **fields: Any) -> dict[str, Any]:
        at = BEGIN + timedelta(days=day)
        contact = {"to": f"+1415555{person:04d}", **fields}
        return payload(next(numbers), date_created=at, date_sent=at, **contact)

    def said(day: int, person: int, body: str) -> dict[str, Any]:
        fields = {"direction": "inbound", "status": "received", "from": f"+1415555{person:04d}", "to": SENDER}
        return message(day, person, body=body, price=None, **fields)

    for person in range(PEOPLE):
        yield message(0, person, body=SALE)
    for day in (1, 2):
        for person in range(OFTEN):
            yield message(day, person, body=SALE)
    for person in range(REPLIED):
        yield said(3, person, "thanks")
    for person in range(REPLIED, REPLIED + OPTED_OUT):
        yield said(3, person, "STOP")
    for person in range(LOST):
        yield message(2, 900 + person, body=SALE, status="undelivered", error_code=30003)
    for person in range(10):
        yield message(4, 500 + person, body=PARCEL)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("campaign-health") / "home"
    with begin_lake(load_settings({"WORKBENCH_HOME": str(home)})) as lake:
        save(lake, list(messages()))
        yield lake


def test_people_who_got_three_and_answered_none(shop: Lake) -> None:
    row = query_metric(shop, "unresponsive_rate", where={"sender": SENDER}).frame.iloc[0]
    assert (row["unresponsive_rate"], row["sample_size"], row["in_flight"]) == (12 / 50, 50, 0)


def test_a_campaign_has_its_health_and_the_parts(shop: Lake) -> None:
    frame = campaign_frame(with_texts(shop, query_campaigns(shop))).set_index("text")
    sale = frame.loc[SALE]
    # Delivered 80 of 85: (80/85 − 0.5) / 0.5 × 40. Opted out 2 of 40, more than 3 %. Replied 6 of 40, more
    # than 10 %. Unresponsive 12 of 40: (0.5 − 0.3) / 0.5 × 15.
    parts = ["health_of_delivery", "health_of_opt_out", "health_of_reply", "health_of_unresponsive"]
    assert list(sale[parts]) == pytest.approx([35.294, 0, 15, 6], abs=5e-4)
    assert sale["health"] == pytest.approx(56.294, abs=5e-4)
    assert (sale["delivery_rate_sample"], sale["people"], sale["priced_share"]) == (85, 40, 1)
    # Ten people are too few for any part.
    assert frame.loc[PARCEL, ["health", *parts]].isna().all()


def health(delivered: tuple[int, int], opt_outs: int, replies: int, silent: int, people: int) -> Campaign:
    return Campaign(
        "T1", "Sale", delivered[1], delivered[0], delivered[1] - delivered[0], 0, Proportion(*delivered), 1,
        {}, {}, 1.0, people, 0, Proportion(replies, people), Proportion(opt_outs, people),
        Proportion(silent, people), None, 0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("campaign", "points"),
    [
        (health((1000, 1000), 0, 100, 0, 1000), [40, 30, 15, 15]),
        (health((900, 1000), 10, 20, 100, 1000), [32, 20, 3, 12]),
        (health((400, 1000), 30, 0, 600, 1000), [0, 0, 0, 0]),
        (health((28, 29), 0, 3, 0, 30), [None, 30, 15, 15]),
        (health((0, 0), 0, 0, 0, 0), [None] * 4),
    ],
)
def test_points_by_hand(campaign: Campaign, points: list[float | None]) -> None:
    worked_out = campaign_health(campaign)
    assert [part.points for part in worked_out.parts] == pytest.approx(points)
    total = None if None in points else sum(point or 0 for point in points)
    assert worked_out.score == pytest.approx(total)


def test_all_parts_make_a_hundred() -> None:
    assert sum(rule.most for rule in RULES) == 100

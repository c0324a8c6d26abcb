"""Replies and opt-outs after messages, counted by hand: each person once, within seven days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from tests.messages import ACCOUNT, payload
from workbench.errors import NotFound, UnknownName
from workbench.lake import Lake, open_lake
from workbench.lake.save import message_table, save_messages
from workbench.lake.text_templates import read_template_words
from workbench.messaging.message import message_row
from workbench.metrics import METRICS, query_metric
from workbench.metrics.campaign_comparison import compare_campaigns
from workbench.metrics.campaign_frame import campaign_frame
from workbench.metrics.campaigns import Campaign, find_campaign, query_campaigns, with_texts
from workbench.metrics.proportions import Proportion
from workbench.metrics.slices import Slice
from workbench.settings import load_settings

LONG_CODE, TOLL_FREE, SERVICE = "+12025550110", "+18885550111", "MG" + "5" * 32
ANA, BEN, CEM, DEE, EVA = (f"+1415555020{number}" for number in range(5))
RECENT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
SALE = "Sale until Sunday: {} off everything in our shop"
PARCEL = "Your parcel with the {} leaves our house tomorrow morning"
CALL = "Please call us back about your appointment"


def sent(number: int, moment: datetime, to: str, body: str, **fields: Any) -> dict[str, Any]:
    return payload(
        number, to=to, body=body, date_created=moment, date_sent=moment, **{"from": LONG_CODE, **fields}
    )


def heard(number: int, moment: datetime, contact: str, body: str) -> dict[str, Any]:
    fields = {"direction": "inbound", "status": "received", "from": contact, "to": LONG_CODE}
    return payload(number, body=body, date_created=moment, date_sent=moment, **fields)


def on(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 9, day, hour, tzinfo=UTC)


MESSAGES = [
    sent(1, on(1), ANA, SALE.format("20 %"), messaging_service_sid=SERVICE),
    sent(2, on(1), BEN, SALE.format("30 %")),
    sent(3, on(1), CEM, SALE.format("20 %"), status="undelivered", error_code=30003),
    sent(4, on(1), DEE, SALE.format("20 %")),
    # From another sender, between the sale and the STOP: the opt-out is not of this one.
    sent(5, on(1, 13), BEN, CALL, **{"from": TOLL_FREE}),
    heard(6, on(2), BEN, "STOP"),
    # Dee opted out some time before this refusal; nobody knows when.
    sent(7, on(2), DEE, PARCEL.format("mug"), status="failed", error_code=21610),
    sent(8, on(3), ANA, PARCEL.format("kettle")),
    heard(9, on(4), ANA, "Where is it?"),
    heard(10, on(4, 15), ANA, "Hello??"),
    heard(11, on(9), DEE, "Is the sale still on?"),  # eight days later
    sent(12, RECENT, EVA, SALE.format("40 %")),
    heard(13, RECENT + timedelta(hours=1), EVA, "Nice"),
]
#: Ana, Ben and Dee were reached more than seven days ago, Eva today.
RATES = {  # above the line, sample, in flight
    "reply_rate": (1, 3, 1), "opt_out_rate": (2, 3, 1), "unresponsive_rate": (0, 3, 1),
}  # fmt: skip
SPREADS = {"time_to_reply_p50": (86_400, 1), "time_to_reply_p90": (86_400, 1)}  # value, replies


@pytest.fixture(scope="module")
def engaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("engaged"))})
    with open_lake(settings) as lake:
        save(lake, MESSAGES)
        lake.write(_opt_out_on_the_web)
        yield lake


def save(lake: Lake, messages: list[dict[str, Any]]) -> None:
    table = message_table([message_row(item) for item in messages])
    lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=RECENT))


def _opt_out_on_the_web(cursor: Any) -> None:
    cursor.execute(
        "insert into consent_events (event_id, account_sid, address, scope, kind, source, happened_at, "
        "recorded_at) values ('web', ?, ?, '*', 'opt-out', 'web', ?, now())",
        [ACCOUNT, ANA, on(5)],
    )


def test_every_metric_of_engagement_has_a_hand_counted_total() -> None:
    named = {name for name, metric in METRICS.items() if metric.source == "engagement_facts"}
    assert named == {"reach", *RATES, *SPREADS}


def test_a_person_who_was_reached_counts_once(engaged: Lake) -> None:
    assert list(query_metric(engaged, "reach").frame["reach"]) == [4]


@pytest.mark.parametrize("name", RATES)
def test_rates_of_people_with_who_is_too_young(engaged: Lake, name: str) -> None:
    above, sample, young = RATES[name]
    row = query_metric(engaged, name).frame.iloc[0]
    assert (row[name], row["sample_size"], row["in_flight"]) == (pytest.approx(above / sample), sample, young)


@pytest.mark.parametrize("name", SPREADS)
def test_time_to_the_first_reply(engaged: Lake, name: str) -> None:
    row = query_metric(engaged, name).frame.iloc[0]
    assert (row[name], row["sample_size"]) == SPREADS[name]


def by_words(lake: Lake, frame: pd.DataFrame, metric: str) -> dict[str | None, tuple[float | None, int, int]]:
    words = read_template_words(lake)
    return {
        words.get(row.template): (
            None if pd.isna(row[metric]) else row[metric],
            row.sample_size,
            row.in_flight,
        )
        for _, row in frame.iterrows()
    }


def test_a_reply_or_opt_out_belongs_to_the_text_of_the_last_message(engaged: Lake) -> None:
    sale, parcel = SALE.format("⟨…⟩ %"), PARCEL.format("⟨…⟩")
    frames = {name: query_metric(engaged, name, ["template"]).frame for name in RATES}
    assert by_words(engaged, frames["reply_rate"], "reply_rate") == {
        sale: (0, 3, 1), parcel: (1, 1, 0), CALL: (0, 1, 0)
    }  # fmt: skip
    assert by_words(engaged, frames["opt_out_rate"], "opt_out_rate") == {
        sale: (pytest.approx(1 / 3), 3, 1), parcel: (1, 1, 0), CALL: (0, 1, 0)
    }  # fmt: skip


def test_a_slice_in_memory_gives_the_same(engaged: Lake) -> None:
    part = Slice(engaged, timezone="UTC")
    for name in ("reach", *RATES):
        for by in (["template"], ["batch"]):
            expected = query_metric(engaged, name, by).frame
            for _ in range(2):  # the second time from memory
                pd.testing.assert_frame_equal(query_metric(part, name, by).frame, expected)
    part.close()


def test_messages_are_counted_by_text_and_by_batch(engaged: Lake) -> None:
    engaged.write(_sent_in_a_batch)
    words = read_template_words(engaged)
    by_text = query_metric(engaged, "messages", ["template"]).frame
    counts = {words.get(template): count for template, count in by_text.itertuples(index=False)}
    assert counts == {
        SALE.format("⟨…⟩ %"): 5, PARCEL.format("⟨…⟩"): 2, CALL: 1, None: 5
    }  # fmt: skip
    by_batch = query_metric(engaged, "messages", ["batch"]).frame
    assert by_batch.fillna("").values.tolist() == [["autumn", 2], ["", 11]]
    only = query_metric(engaged, "delivered", where={"batch": "autumn"}).frame
    assert list(only["delivered"]) == [2]


def _sent_in_a_batch(cursor: Any) -> None:
    for number, states in ((1, ("intended", "accepted")), (2, ("accepted",))):
        for state in states:
            cursor.execute(
                "insert into outbox_events (key, attempt, state, happened_at, intended_at, batch, "
                "account_sid, contact, segments, media_count, actor, owner, message_sid) "
                "values (?, 1, ?, now(), now(), 'autumn', ?, ?, 1, 0, 'test', 'test', ?)",
                [f"key{number}", state, ACCOUNT, ANA, f"SM{number:032x}"],
            )


# --- campaigns ---


def test_a_campaign_has_the_numbers_of_its_metrics(engaged: Lake) -> None:
    campaigns = with_texts(engaged, query_campaigns(engaged))
    frame = campaign_frame(campaigns).set_index("text")
    assert list(frame.index) == [SALE.format("⟨…⟩ %"), PARCEL.format("⟨…⟩"), CALL]
    counts = ["messages", "delivered", "not_delivered", "reach", "people", "people_in_flight"]
    assert frame[counts].values.tolist() == [[5, 4, 1, 4, 3, 1], [2, 1, 1, 1, 1, 0], [1, 1, 0, 1, 1, 0]]
    assert list(frame["spend"]) == pytest.approx([5 * 0.0083, 2 * 0.0083, 0.0083])
    assert list(frame["cost_per_delivered"]) == pytest.approx([5 * 0.0083 / 4, 2 * 0.0083, 0.0083])
    assert list(frame["reply_rate"]) == [0, 1, 0]
    # Wilson's interval for 1 of 3.
    sale = frame.iloc[0]
    assert (sale["opt_out_rate_low"], sale["opt_out_rate_high"]) == pytest.approx((0.0615, 0.7923), abs=5e-5)
    assert campaigns.without == 0


def test_services_and_batches_are_campaigns_too(engaged: Lake) -> None:
    by_service = query_campaigns(engaged, kind="messaging_service")
    assert [(item.campaign, item.messages) for item in by_service.campaigns] == [(SERVICE, 1)]
    assert by_service.without == 7
    with pytest.raises(UnknownName, match="batch, messaging_service, template"):
        query_campaigns(engaged, kind="colour")
    with pytest.raises(NotFound, match="MG9"):
        find_campaign(by_service, "MG9")


def campaign(replies: tuple[int, int], opt_outs: tuple[int, int], delivered: int, of: int) -> Campaign:
    return Campaign(
        "T1", "Sale", of, delivered, of - delivered, 0, Proportion(delivered, of), 1, {}, {}, 1.0, replies[1],
        0, Proportion(*replies), Proportion(*opt_outs), Proportion(0, replies[1]), None, 0,
    )  # fmt: skip


def test_two_campaigns_are_compared_in_sentences() -> None:
    first = campaign((100, 5_000), (70, 5_000), 5_000, 5_200)
    second = campaign((104, 5_000), (40, 5_000), 5_000, 5_200)
    findings = compare_campaigns(first, second, ("A", "B"))
    assert [finding.sentence for finding in findings] == [
        "B has more replies than A: 2.1 % against 2.0 %. The difference may be chance: "
        "about 490,000 more people in each would tell.",
        "B has fewer opt-outs than A: 0.80 % against 1.4 %, unlikely to be chance.",
        "Both have the same share of deliveries: 96.2 %.",
    ]
    few = campaign((1, 12), (0, 12), 12, 12)
    assert compare_campaigns(first, few, ("A", "B"))[0].sentence == (
        "B has too few people to compare replies: 12, at least 30 are needed."
    )

"""The panel beside a thread: one person over all their conversations, with what they cost and said."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.conversations.known import BEN, DESK, SERVICE, WEST, save_known
from tests.messages import ACCOUNT, payload
from workbench.conversations.customer import read_customer
from workbench.conversations.find import find_conversation
from workbench.conversations.inbox_session import InboxSession
from workbench.conversations.inbox_tools import InboxTools
from workbench.lake import Lake, open_lake
from workbench.lake.consent import ConsentEvent, save_consent_events
from workbench.lake.save import message_table, save_messages
from workbench.messaging.message import message_row
from workbench.roles import Actor, acting_as
from workbench.settings import load_settings
from workbench.settings.model import Settings

LATER = datetime(2026, 9, 8, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lake, Settings]]:
    settings = load_settings({"WORKBENCH_HOME": str(tmp_path_factory.mktemp("customer"))})
    with open_lake(settings) as lake:
        save_known(lake)
        # Ben has another conversation, in another currency; its second message has no price yet.
        sent = {"to": BEN, "from": DESK, "date_created": LATER, "date_sent": LATER, "date_updated": LATER}
        more = [
            payload(801, **sent, price="-0.0500", price_unit="EUR"),
            payload(802, **sent, price=None, price_unit="EUR", status="sent"),
        ]
        table = message_table([message_row(message) for message in more])
        lake.write(lambda cursor: save_messages(cursor, table, source="sync", received_at=LATER))
        event = ConsentEvent(
            ACCOUNT, BEN, "*", "opt-in", "web form", datetime(2026, 9, 1, tzinfo=UTC), "form 12, 203.0.113.9",
            actor="user:ana",
        )  # fmt: skip
        lake.write(lambda cursor: save_consent_events(cursor, [event], LATER))
        yield lake, settings


def test_a_person_is_counted_over_all_conversations_and_currencies_are_not_added(
    opened: tuple[Lake, Settings],
) -> None:
    lake, _ = opened
    customer = read_customer(lake, find_conversation(lake, BEN, our_side=SERVICE))
    assert (customer.received, customer.sent, customer.failed, customer.unpriced) == (1, 4, 1, 1)
    # 0.0083 each: one delivered, one refused, and what Ben wrote, which Twilio charges for, too.
    assert customer.costs == (("EUR", Decimal("0.05")), ("USD", Decimal("0.0249")))
    assert [(step.kind, step.scope, step.source) for step in customer.consent] == [
        ("opt-out", SERVICE, "twilio-21610"), ("opt-out", WEST, "keyword"), ("opt-in", "*", "web form"),
    ]  # fmt: skip
    assert [scope for scope, _, _ in customer.blocked] == [SERVICE, WEST]
    assert [(other.our_side, other.messages) for other in customer.others] == [(DESK, 2)]


@pytest.mark.parametrize(
    ("role", "detail"), [("viewer", "web form by ana"), ("agent", "web form by ana: form 12, 203.0.113.9")]
)
def test_the_proof_of_consent_is_for_agents(opened: tuple[Lake, Settings], role: str, detail: str) -> None:
    lake, settings = opened
    session = InboxSession(lake, settings, InboxTools())
    with acting_as(Actor("vic", role)):
        session.answer({"id": 1, "ask": "open", "conversation": find_conversation(lake, BEN).conversation_id})
        answer = session.answer({"id": 2, "ask": "customer"})["ok"]
    assert answer["consent"][-1]["detail"] == detail
    assert answer["consent"][-1]["text"] == "Opted in of everything"
    assert answer["costs"] == ["€0.0500", "$0.0249"]
    assert BEN not in str(answer)

"""The life of a message, second by second, against a table written by hand."""

from __future__ import annotations

import pytest

from workbench.simulator.messages import (
    CANCELED,
    DELIVERED,
    FAILED,
    INBOUND,
    NEVER,
    OUTBOUND_API,
    RECEIVED,
    SENT,
    UNDELIVERED,
    Message,
    State,
    final_position,
    position_at,
    settled_at,
    state_at,
    timeline,
)

T = 1_000_000


def message(**fields: int) -> Message:
    usual = {"status": DELIVERED, "service": NEVER, "sent": 4, "done": 9, "priced": 60}
    chosen = usual | fields
    return Message(
        serial=5,
        created=T,
        direction=chosen.pop("direction", OUTBOUND_API),
        status=chosen.pop("status"),
        sender=chosen.pop("sender", 0),
        contact="+14155550100",
        service=chosen.pop("service"),
        body="x",
        segments=1,
        media=0,
        price=830,
        **chosen,
    )


FROM_NUMBER = message()
BY_SERVICE = message(service=0, picked=2, sent=5)
SCHEDULED = message(service=0, scheduled=600, picked=602, sent=604, done=609, priced=700)
UNDELIVERED_LATE = message(status=UNDELIVERED, error=30003, done=50)
FAILED_EARLY = message(status=FAILED, error=30032, sent=NEVER, done=3, priced=NEVER)
REFUSED_BY_SERVICE = message(
    status=FAILED, error=21610, sender=NEVER, service=0, sent=NEVER, done=2, priced=NEVER
)
NO_RECEIPT = message(status=SENT, done=NEVER)
READ_LATER = message(read=100)
CANCELED_ONE = message(
    status=CANCELED, sender=NEVER, service=0, scheduled=600, sent=NEVER, done=90, priced=NEVER
)
INCOMING = message(direction=INBOUND, status=RECEIVED, sent=0, done=1, service=0)


@pytest.mark.parametrize(
    ("subject", "after", "expected"),
    [
        (FROM_NUMBER, 0, State("queued", True, None, T, False, 0)),
        (FROM_NUMBER, 3, State("sending", True, None, T + 3, False, 0)),
        (FROM_NUMBER, 4, State("sent", True, T + 4, T + 4, False, 0)),
        (FROM_NUMBER, 8, State("sent", True, T + 4, T + 4, False, 0)),
        (FROM_NUMBER, 9, State("delivered", True, T + 4, T + 9, False, 0)),
        (FROM_NUMBER, 59, State("delivered", True, T + 4, T + 9, False, 0)),
        (FROM_NUMBER, 60, State("delivered", True, T + 4, T + 60, True, 0)),
        (BY_SERVICE, 1, State("accepted", False, None, T, False, 0)),
        (BY_SERVICE, 2, State("queued", True, None, T + 2, False, 0)),
        (BY_SERVICE, 5, State("sent", True, T + 5, T + 5, False, 0)),
        (SCHEDULED, 599, State("scheduled", False, None, T, False, 0)),
        (SCHEDULED, 600, State("accepted", False, None, T + 600, False, 0)),
        (SCHEDULED, 602, State("queued", True, None, T + 602, False, 0)),
        (SCHEDULED, 609, State("delivered", True, T + 604, T + 609, False, 0)),
        (UNDELIVERED_LATE, 49, State("sent", True, T + 4, T + 4, False, 0)),
        (UNDELIVERED_LATE, 50, State("undelivered", True, T + 4, T + 50, False, 30003)),
        (FAILED_EARLY, 2, State("queued", True, None, T, False, 0)),
        (FAILED_EARLY, 99999, State("failed", True, None, T + 3, False, 30032)),
        (REFUSED_BY_SERVICE, 1, State("accepted", False, None, T, False, 0)),
        (REFUSED_BY_SERVICE, 2, State("failed", False, None, T + 2, False, 21610)),
        (NO_RECEIPT, 999_999, State("sent", True, T + 4, T + 60, True, 0)),
        (READ_LATER, 99, State("delivered", True, T + 4, T + 60, True, 0)),
        (READ_LATER, 100, State("read", True, T + 4, T + 100, True, 0)),
        (CANCELED_ONE, 89, State("scheduled", False, None, T, False, 0)),
        (CANCELED_ONE, 999_999, State("canceled", False, None, T + 90, False, 0)),
        (INCOMING, 0, State("receiving", True, T, T, False, 0)),
        (INCOMING, 1, State("received", True, T, T + 1, False, 0)),
    ],
)
def test_state_at_each_instant(subject: Message, after: int, expected: State) -> None:
    assert state_at(subject, T + after) == expected


def test_a_message_settles_with_its_last_change() -> None:
    assert settled_at(FROM_NUMBER) == T + 60
    assert settled_at(READ_LATER) == T + 100
    assert settled_at(CANCELED_ONE) == T + 90


def test_place_in_the_log_moves_once_it_is_sent() -> None:
    assert position_at(BY_SERVICE, T + 4) == (T, 5)
    assert position_at(BY_SERVICE, T + 5) == final_position(BY_SERVICE) == (T + 5, 5)
    assert final_position(FAILED_EARLY) == (T, 5)


def test_statuses_come_in_order() -> None:
    for subject in (FROM_NUMBER, BY_SERVICE, SCHEDULED, READ_LATER, CANCELED_ONE, INCOMING):
        instants = [at for at, _ in timeline(subject)]
        assert instants == sorted(instants)

"""The log's order at any instant, against sorting everything by hand."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from tests.simulator.conftest import build
from workbench.simulator import Account
from workbench.simulator.account.arrivals import receive
from workbench.simulator.clock import epoch
from workbench.simulator.messages import Message, state_at

INSTANTS = [
    "2026-08-03T00:00:01",
    "2026-08-06T17:31:30",
    "2026-08-13T17:30:20",
    "2026-08-20T18:00:00",
    "2026-09-01T16:20:00",
]


def by_hand(account: Account, now: int) -> list[Message]:
    """Newest first by date_sent, date_created where that is null."""

    def place(message: Message) -> tuple[int, int]:
        sent = state_at(message, now).sent
        return message.created if sent is None else sent, message.serial

    return sorted(account.main.log.everything(now), key=place, reverse=True)


@pytest.mark.parametrize("instant", INSTANTS)
def test_newest_first_at_any_instant(quiet_account: Account, instant: str) -> None:
    now, log = epoch(instant), quiet_account.main.log
    assert list(log.newest_first(now, 0, now)) == by_hand(quiet_account, now)


@pytest.mark.parametrize("instant", INSTANTS)
def test_oldest_first_is_the_reverse(quiet_account: Account, instant: str) -> None:
    now, log = epoch(instant), quiet_account.main.log
    assert list(log.oldest_first(now, 0, now, (0, 0))) == by_hand(quiet_account, now)[::-1]


def test_somebody_waits_in_a_queue_at_the_instants_tested(quiet_account: Account) -> None:
    """Otherwise the tests above would not meet the difficult case."""
    waiting = [len(quiet_account.main.log.waiting(epoch(instant))) for instant in INSTANTS]
    assert max(waiting) > 5


def test_windows_and_edges(quiet_account: Account) -> None:
    now, log = epoch("2026-08-20T18:00:00"), quiet_account.main.log
    everything = by_hand(quiet_account, now)
    rng = random.Random(3)
    for _ in range(40):
        low, high = sorted(rng.randrange(epoch("2026-08-03"), now) for _ in range(2))
        expected = [m for m in everything if low <= (state_at(m, now).sent or m.created) <= high]
        assert list(log.newest_first(now, low, high)) == expected
        dated = [m for m in expected if state_at(m, now).sent is not None]
        assert list(log.newest_first(now, low, high, undated=False)) == dated


def test_changed_and_deleted_rows_keep_the_order() -> None:
    account = build(messages=300)
    now, ledger = account.now(), account.main
    rng = random.Random(5)
    for _ in range(30):
        message = rng.choice(list(ledger.log.everything(now)))
        if rng.random() < 0.5:
            ledger.put(message._replace(body=""))
        else:
            ledger.change({"op": "delete", "serial": message.serial, "at": now})
        receive(ledger, now - rng.randrange(9), sender=0, contact="+14155550199", body="hello")
    assert list(ledger.log.newest_first(now, 0, now)) == by_hand(account, now)
    assert len(by_hand(account, now)) == len({m.serial for m in by_hand(account, now)})


def test_a_deleted_row_still_serves_as_a_page_token() -> None:
    account = build(messages=300)
    now, ledger = account.now(), account.main
    first, second, third = islice(ledger.log.newest_first(now, 0, now), 3)
    ledger.change({"op": "delete", "serial": second.serial, "at": now})
    edge = ledger.log.token_position(second.serial, now)
    assert next(ledger.log.newest_first(now, 0, now, edge)) == third
    assert next(ledger.log.newest_first(now, 0, now)) == first
